"""Root modules that lie ready for Terraform: the release's code, rendered with an environment's settings, and init."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem
from envctl.domain.guards import RefusedError, refusals
from envctl.domain.ledger.state import Present
from envctl.domain.plan.leaving_stacks import NO_CHANGEOVER, Changeover
from envctl.domain.release.contents import Release
from envctl.domain.release.remote_modules import manifest
from envctl.domain.release.root_module import RootModule
from envctl.domain.settings.values import EnvironmentSettings
from envctl.domain.terraform.provider_lock import merge, providers, strays
from envctl.domain.terraform.workdir_names import SESSION
from envctl.usecases.account import account_check, image_check
from envctl.usecases.concurrency.dag_runner import Steps, side_by_side
from envctl.usecases.deployment import cost_estimate
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import image_tags, load, remote_modules, unpinned_providers, working_tree
from envctl.usecases.release import stack_changes
from envctl.usecases.release.deploy_request import Candidate


@dataclass(frozen=True)
class Made:
    """What was made of the working tree: the release, and its root modules with those settings, which lie ready.
    `present` is what was known when that was done.
    """

    prepared: Prepared
    release: Release
    settings: EnvironmentSettings
    changeover: Changeover = NO_CHANGEOVER
    present: Present = field(default_factory=Present)


def from_working_tree(ports: Ports, project: Project, environment: str) -> Made:
    """Root modules of the working tree, initialised and remembered, with the very release that they were made from.

    The mark is taken before the files are read for good: a file that is saved in between makes the next plan read
    everything anew, and can't be remembered as if it were in what lies ready.
    """
    inputs = working_tree.inputs(working_tree.release(ports, project), project, environment, ports.provider_lock)
    mark = ports.workspace.mark(inputs)
    written = working_tree.release(ports, project)
    pinned = image_check.pin(ports, project, written)
    settings = load.settings(ports, project, environment, pinned.wiring)
    completed = remote_modules.complete(ports, project, pinned)
    release = completed.release
    present = journal.present(ports)
    over = stack_changes.find_changeover(ports, project, present, environment, release.wiring)
    prepared = lay_out(ports, project, release, settings, "", changeover=over)
    initialise(ports, project, prepared)
    if not (over.leaving or over.called or image_tags.tagged(project, written) or completed.moving):
        # A tag may mean something else by the next time, though no file of the project has changed.
        ports.workspace.remember(prepared, inputs, mark)
    # The lock is part of the release, and init may have added to it.
    return Made(prepared, release.with_lock(ports.tree.read(ports.provider_lock)), settings, over, present)


def from_store(ports: Ports, project: Project, candidate: Candidate) -> Prepared:
    """Root modules of a stored release, initialised. Raises RefusedError where there is none to be believed, or where
    the settings do not fit it.
    """
    request, release = candidate.request, candidate.release
    if release is None or candidate.settings is None:
        raise RefusedError(refusals(request))
    prepared = lay_out(ports, project, release, candidate.settings, request.identity, changeover=request.changeover)
    initialise_from(ports, project, prepared, release)
    return prepared


def lay_out(
    ports: Ports,
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    identity: str,
    *,
    changeover: Changeover = NO_CHANGEOVER,
) -> Prepared:
    """Writes the working directories of the stacks that the release has. `identity` is the name of the release, or
    empty where it has none yet.
    """
    environment = settings.environment
    for stack in release.wiring.stacks:
        ports.terraform.at_rest(environment, PreparedStack(stack))
    ports.workspace.lay_code(environment, release.files)
    if identity:
        ports.workspace.name_code(environment, identity)
    stacks = []
    live = rendering.known(ports, project, release, environment, changeover)
    for root in rendering.root_modules(project, release, settings, live, changeover):
        check_secrets(root)
        ports.observer.hides(tuple(root.secrets.values()), (environment, *release.wiring.stacks))
        ports.workspace.lay_stack(environment, root.stack, root.encode())
        ports.workspace.lay_modules(environment, root.stack, manifest(release.wiring, root.stack))
        wired, profile = release.wiring.stacks[root.stack], project.environments[environment].profile or ""
        stacks.append(
            PreparedStack(
                root.stack,
                wired.upstream,
                root.secrets,
                project.terraform.binary or "",
                profile,
                after=wired.after,
                plan_keys=project.terraform.plan_keys,
            )
        )
    asked = cost_estimate.source(project, environment, release.wiring.regions)
    return Prepared(environment, identity, settings.digest(), tuple(stacks), rendering.spelt(live), asked)


def initialise(ports: Ports, project: Project, prepared: Prepared) -> None:
    """Runs `terraform init` where it is needed, for a release that is being made: its lock may gain providers."""
    unpinned_providers.require_pinned(ports, project, prepared.environment)
    account_check.demand(ports, project, prepared.environment)
    stacks = list(prepared.stacks)
    if not providers(ports.tree.read(ports.provider_lock) or b""):
        # Somebody has to say first which versions there are; the others are given them.
        _lock(ports, prepared, [stacks.pop(0)])
    # Two that had to choose a version at the same time may have chosen differently.
    for stack in _lock(ports, prepared, stacks):
        _lock(ports, prepared, [stack])


def _lock(ports: Ports, prepared: Prepared, stacks: Sequence[PreparedStack]) -> list[PreparedStack]:
    """Initialises them and adds to the project's lock what they were initialised with; gives those that it does not
    fit.
    """
    _init(ports, prepared.environment, stacks, ports.tree.read(ports.provider_lock))
    differing = []
    for stack in stacks:
        known = ports.tree.read(ports.provider_lock)
        written = ports.workspace.provider_lock(prepared.environment, stack.name)
        if written is None or not providers(written):
            continue
        if len(stacks) > 1 and set(strays(known, written)) & set(providers(known or b"")):
            differing.append(stack)
        elif (merged := merge(known, written)) != known:
            ports.tree.write(ports.provider_lock, merged)
    return differing


def initialise_from(ports: Ports, project: Project, prepared: Prepared, release: Release) -> None:
    """Runs `terraform init` where it is needed, with the providers that the release carries and no others."""
    unpinned_providers.require_pinned(ports, project, prepared.environment)
    account_check.demand(ports, project, prepared.environment)
    initialise_pinned(ports, prepared.environment, prepared.stacks, release)


def initialise_pinned(ports: Ports, environment: str, stacks: Sequence[PreparedStack], release: Release) -> None:
    """As `initialise_from`, of some stacks, for who has asked already whether that may be done there."""
    _init(ports, environment, stacks, release.lock())
    for stack in stacks:
        remote_modules.demand_carried(ports, release, environment, stack.name)
        written = ports.workspace.provider_lock(environment, stack.name)
        if written is not None and (foreign := strays(release.lock(), written)):
            raise OperationFailedError(
                Problem(
                    "E320",
                    f"stack {stack.name} needs {', '.join(foreign)} in a version that the release does not carry",
                    "make a new release with today's providers in the entry environment, and promote that one",
                )
            )


def _init(ports: Ports, environment: str, stacks: Sequence[PreparedStack], lock: bytes | None) -> None:
    """Side by side. Raises what went wrong with any."""
    by_name = {stack.name: stack for stack in stacks}

    def steps(name: str) -> Steps:
        yield lambda: ports.terraform.init(environment, by_name[name], lock)

    if len(stacks) == 1:
        ports.terraform.init(environment, stacks[0], lock)
    elif stacks:
        with ports.terraform.at_once() as crew:
            course = side_by_side(crew, dict.fromkeys(by_name, ()), steps, lambda name: f"{environment}/{name}")
        course.demand_whole()


def check_secrets(root: RootModule) -> None:
    """A process can't be given a variable with a NUL character in it, and one name is envctl's own."""
    if SESSION in root.secrets:
        message = f"{root.stack}: the sensitive variable {SESSION} has a name that envctl needs for itself"
        raise ConfigurationError(Problem("E118", message, "give it another name in the module"))
    problems = [
        Problem(
            "E117",
            f"{root.stack}: the value of {name} holds a NUL character",
            "encode it, for example as base64, and decode it in the module",
        )
        for name, value in root.secrets.items()
        if "\0" in value
    ]
    if problems:
        raise ConfigurationError(*problems)
