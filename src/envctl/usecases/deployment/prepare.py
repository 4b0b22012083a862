"""Prepare working directories for Terraform: render a release with an environment's settings, and run init.

The ledger records the live color of a stack with a rollout. Root modules are rendered with the end position: the live
color for an unchanged artifact, else the other one. So drift checks find no difference, and plans show the final
result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.config.project import Project
from envctl.domain.config.settings_places import list_settings_places
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import NO_CHANGEOVER, Changeover
from envctl.domain.release.artifacts import find_rollout_artifact
from envctl.domain.release.bundle import Release
from envctl.domain.release.installed_modules import list_installed_files
from envctl.domain.release.place.backend import Backend, list_reads
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.rendering.root_module import RootModule, render_module_record, render_root_module
from envctl.domain.release.rendering.root_override import list_stack_inputs, list_tree_files
from envctl.domain.release.wiring import Wiring
from envctl.domain.rollout.traffic import Traffic, TrafficWeight, find_final_weight
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.provider_lock import find_version_mismatches, merge_locks, split_provider_blocks
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE
from envctl.usecases.account import account_check
from envctl.usecases.account.secret_values import (
    NO_VALUES,
    list_public_names,
    list_value_sources,
    merge_values,
    read_secret_values,
    redact_secret_values,
)
from envctl.usecases.concurrency.dag_runner import run_stack_jobs
from envctl.usecases.deployment.known_clusters import add_known_clusters
from envctl.usecases.deployment.prepared_objects import write_objects
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack
from envctl.usecases.project import earlier_states, module_checks, remote_modules, root_modules, working_tree
from envctl.usecases.project.project_file import find_cost_source
from envctl.usecases.project.settings.artifact_values import find_tagged_images
from envctl.usecases.project.settings.environment_settings import find_rollout_stacks, find_traffic, load_valid_settings
from envctl.usecases.release import deploy_request
from envctl.usecases.release.deploy_request import FittingRelease

StackTraffic = Mapping[str, Traffic | None]
"""The recorded traffic of each stack with a rollout."""


@dataclass(frozen=True)
class PreparedRelease:
    """A release with its prepared root modules and their settings."""

    prepared: PreparedEnvironment
    release: Release
    settings: EnvironmentSettings
    changeover: Changeover = NO_CHANGEOVER
    present: LedgerState = field(default_factory=LedgerState)  # The state of the ledger at that time.


def prepare_working_tree(context: Context, environment: str) -> PreparedRelease:
    """Return the release of the working tree with initialized root modules, and cache them.

    The mark is taken before reading the files: saving a file in between invalidates the cache.
    """
    ports = context.ports
    unmarked = working_tree.build_release(context)
    environments = {environment, context.project.entry}
    settings_files = {place.path for name in environments for place in list_settings_places(context.project, name)}
    inputs = working_tree.list_code_paths(unmarked, ports.provider_lock, sorted(settings_files))
    mark = ports.workspace.hash_inputs(inputs)
    written = working_tree.build_release(context)
    pinned = account_check.pin_digests(context, written)
    settings = load_valid_settings(context, environment, pinned)
    completed = remote_modules.complete_release(context, pinned)
    release = completed.release
    present = journal.load(ports)
    earlier_states.require_known_states(context, release, environment, present)
    root_modules.report_overridden(context, release)
    over = deploy_request.find_changeover(context, present, environment, release.wiring)
    digest = settings.digest(present.find_environment(environment).known_settings)
    prepared = write_workdirs(context, release, settings, "", digest=digest, changeover=over)
    init_working_tree(context, prepared)
    if not (
        over.leaving
        # The next plan looks: with another role, it needs other root modules.
        or context.project.find_acting_role(environment) != context.project.for_looking().find_acting_role(environment)
        or over.former_names
        or over.new_addresses
        or over.former_clusters
        or find_tagged_images(context.project, written)
        or completed.floating
    ):
        # Not cached with tags: a tag may move although no file of the project changes.
        kept = _replace_values(context, prepared, settings, release) if context.project.secrets.values else prepared
        has_account = account_check.has_checks(context, environment)
        ports.workspace.save_prepared(replace(kept, has_account=has_account), inputs, mark)
    # Init may have added providers to the lock of the release.
    release = release.with_lock(ports.tree.read_contents(ports.provider_lock))
    return PreparedRelease(prepared, release, settings, over, present)


def _replace_values(
    context: Context, prepared: PreparedEnvironment, settings: EnvironmentSettings, release: Release
) -> PreparedEnvironment:
    """Return the preparation with the sources of secret values in place of the values."""
    from envctl.domain.aws.secret_values import list_secret_variables

    sources = list_value_sources(context, settings, release.wiring)
    valued = {(each.stack, each.variable) for each in sources}
    stacks = tuple(
        replace(stack, secrets={name: v for name, v in stack.secrets.items() if (stack.name, name) not in valued})
        for stack in prepared.stacks
    )
    withheld = list_secret_variables(context.project)
    public = list_public_names(context, release.wiring)
    return replace(prepared, stacks=stacks, value_sources=sources, withheld=withheld, public_names=public)


def prepare_stored_release(context: Context, found: FittingRelease, *, with_values: bool = True) -> PreparedEnvironment:
    """Return the initialized root modules of a stored release, as `write_workdirs` writes them."""
    over, identity, digest = found.request.changeover, found.request.identity, found.request.settings
    prepared = write_workdirs(
        context, found.release, found.settings, identity, digest=digest, changeover=over, with_values=with_values
    )
    init_release(context, prepared, found.release)
    return prepared


def write_workdirs(
    context: Context,
    release: Release,
    settings: EnvironmentSettings,
    identity: str,
    *,
    digest: str,
    changeover: Changeover = NO_CHANGEOVER,
    with_values: bool = True,
) -> PreparedEnvironment:
    """Write the working directories of all stacks of a release. A new release has an empty `identity`. `digest` names
    the settings in the ledger. Without `with_values`, Terraform gets no secret values, and they need not be there:
    outputs need none.
    """
    ports, project = context.ports, context.project
    environment = settings.environment
    for name in release.wiring.stacks:
        ports.terraform.require_idle(environment, PreparedStack(name))
    values = NO_VALUES
    if settings.sources and with_values:
        values = read_secret_values(context, settings, release.wiring)
    elif settings.sources:
        redact_secret_values(context, settings, release.wiring)
    # Others have a tree of their own: without stacks around modules, nothing reads the code beside.
    has_modules = any(stack.is_module for stack in release.wiring.stacks.values())
    ports.workspace.write_code(environment, release.bundled_files if has_modules else {})
    if identity:
        ports.workspace.save_code_release(environment, identity)
    stacks, wiring = [], release.wiring
    live = load_traffic(context, release, environment, changeover)
    backend = resolve_place(project, environment, changeover.moves, acting=True).backend
    roots = {root.stack: root for root in render_stacks(project, release, settings, live, changeover)}
    for name, wired in wiring.stacks.items():
        needs, after = wired.upstream, wired.after
        if wired.kubernetes is not None:
            objects = write_objects(ports, project, release, settings, name, needs=needs, after=after)
            stacks.append(replace(objects, former_cluster=changeover.former_clusters.get(name, "")))
            continue
        root = roots[name]
        check_secrets(root)
        ports.observer.redact(tuple(root.secrets.values()), (environment, *wiring.stacks))
        write_root_module(ports, environment, release, root)
        secrets = merge_values(root.secrets, values, name) if values else root.secrets
        stacks.append(
            describe_stack(project, environment, wiring, root, backend, secrets=secrets, needs=needs, after=after)
        )
    source = find_cost_source(project, environment, release.wiring.stack_regions)
    traffic = format_traffic(live)
    prepared = PreparedEnvironment(
        environment=environment,
        release=identity,
        settings=digest,
        stacks=tuple(stacks),
        traffic=traffic,
        costs=source,
    )
    return add_known_clusters(ports, prepared)


def write_root_module(ports: Ports, environment: str, release: Release, root: RootModule) -> None:
    """Write a root module of a release where Terraform runs: rendered, or as it is in its tree."""
    if root.generated is not None:
        files = {**list_tree_files(release, root.stack), **list_installed_files(release, root.stack)}
        ports.workspace.write_tree(environment, root.stack, root.root, files, root.generated)
    else:
        ports.workspace.write_stack(environment, root.stack, root.encode())
    record = render_module_record(release.wiring, root.stack)
    ports.workspace.write_module_record(environment, root.stack, record, root.root)


def describe_stack(
    project: Project,
    environment: str,
    wiring: Wiring,
    root: RootModule,
    backend: Backend,
    *,
    secrets: Mapping[str, str],
    needs: tuple[str, ...],
    after: tuple[str, ...] = (),
) -> PreparedStack:
    """Return the stack of a root module. `needs` and `after` are the stacks to apply before it."""
    terraform = project.terraform
    return PreparedStack(
        root.stack,
        upstream=needs,
        secrets=secrets,
        binary=terraform.binary or "",
        profile=project.environments[environment].profile or "",
        after=after,
        plan_keys=terraform.plan_keys,
        base=wiring.base,
        workspace=root.workspace,
        root=root.root,
        # A rendered root module reads outputs itself.
        inputs=list_stack_inputs(wiring, root.stack, backend) if root.generated is not None else (),
        reads=list_reads(wiring, root.stack, backend) if root.generated is None and needs else (),
        warm=terraform.warm,
        region=root.region,
    )


def rewrite_root_module(ports: Ports, environment: str, root: RootModule) -> None:
    """Write a root module again, with other arguments. Files that Terraform made beside the code stay."""
    if root.generated is not None:
        ports.workspace.write_generated(environment, root.stack, root.root, root.generated)
    else:
        ports.workspace.write_stack(environment, root.stack, root.encode())


def init_working_tree(context: Context, prepared: PreparedEnvironment) -> None:
    """Run `terraform init` as needed for a new release, adding providers to its lock."""
    ports = context.ports
    module_checks.require_pinned(context, prepared.environment)
    account_check.require_account(context, prepared.environment)
    root_modules.adopt_lock(context)
    stacks = list(prepared.stacks)
    if not split_provider_blocks(ports.tree.read_contents(ports.provider_lock) or b""):
        # The first stack chooses the provider versions for all others.
        _init_and_lock(ports, prepared, [stacks.pop(0)])
    # Concurrent inits may have chosen different versions.
    for stack in _init_and_lock(ports, prepared, stacks):
        _init_and_lock(ports, prepared, [stack])


def _init_and_lock(ports: Ports, prepared: PreparedEnvironment, stacks: Sequence[PreparedStack]) -> list[PreparedStack]:
    """Initialize the stacks and add their providers to the project's lock. Return the stacks in conflict with it."""
    _init_concurrently(ports, prepared.environment, stacks, ports.tree.read_contents(ports.provider_lock))
    differing = []
    for stack in stacks:
        known = ports.tree.read_contents(ports.provider_lock)
        written = ports.workspace.read_provider_lock(prepared.environment, stack.name, stack.root)
        if written is None or not split_provider_blocks(written):
            continue
        if len(stacks) > 1 and set(find_version_mismatches(known, written)) & set(split_provider_blocks(known or b"")):
            differing.append(stack)
        elif (merged := merge_locks(known, written)) != known:
            ports.tree.write_contents(ports.provider_lock, merged)
    return differing


def init_release(context: Context, prepared: PreparedEnvironment, release: Release) -> None:
    """Run `terraform init` as needed, with the locked providers of the release only."""
    module_checks.require_pinned(context, prepared.environment)
    account_check.require_account(context, prepared.environment)
    init_release_stacks(context.ports, prepared.environment, prepared.stacks, release)


def init_release_stacks(ports: Ports, environment: str, stacks: Sequence[PreparedStack], release: Release) -> None:
    """Initialize some stacks of a release, like `init_release`, without checking account and providers."""
    _init_concurrently(ports, environment, stacks, release.lock_bytes())
    for stack in stacks:
        module_checks.require_carried_modules(ports, release, environment, stack.name)
        written = ports.workspace.read_provider_lock(environment, stack.name, stack.root)
        if written is not None and (foreign := find_version_mismatches(release.lock_bytes(), written)):
            message = f"stack {stack.name} needs {', '.join(foreign)} in a version missing from the release"
            hint = "make a new release with today's providers in the first environment, and promote it"
            raise OperationFailedError(Problem("E320", message, hint))


def _init_concurrently(ports: Ports, environment: str, stacks: Sequence[PreparedStack], lock: bytes | None) -> None:
    """Run `terraform init` concurrently. Raise all errors together."""
    if len(stacks) == 1:
        ports.terraform.init(environment, stacks[0], lock)
    elif stacks:
        _, report = run_stack_jobs(
            ports, environment, stacks, lambda stack: ports.terraform.init(environment, stack, lock)
        )
        report.raise_failure()


def check_secrets(root: RootModule) -> None:
    """Raise ConfigurationError for a reserved variable name, or a value with a NUL character."""
    if SESSION_VARIABLE in root.secrets:
        message = f"{root.stack}: the name of the sensitive variable {SESSION_VARIABLE} is reserved by envctl"
        raise ConfigurationError(Problem("E118", message, "rename it in the module"))
    broken = [f"{root.stack}: the value of {name}" for name, value in root.secrets.items() if "\0" in value]
    if broken:
        hint = "encode it, for example as base64, and decode it in the module"
        raise ConfigurationError(*(Problem("E117", f"{value} holds a NUL character", hint) for value in broken))


def load_traffic(
    context: Context, release: Release, environment: str, changeover: Changeover = NO_CHANGEOVER
) -> StackTraffic:
    """Return the recorded traffic by stack. Read the ledger only if a stack has a rollout."""
    stacks = find_rollout_stacks(context, release.wiring, environment, changeover.moves)
    if not stacks:
        return {}
    traffic = find_traffic(context.ports, environment, changeover.moves)
    return {name: traffic.get(name) for name in stacks}


def format_traffic(live: StackTraffic) -> dict[str, str]:
    """Return the parts relevant to rendering as texts, for storing and comparing."""
    return {name: f"{traffic.live.color} {traffic.live.value}" if traffic else "" for name, traffic in live.items()}


def resolve_artifact(project: Project, release: Release, settings: EnvironmentSettings, stack: str) -> str:
    """Return the artifact of a stack in the release and environment."""
    return str(settings.arguments[stack][_require_artifact_variable(project, release, stack)])


def _require_artifact_variable(project: Project, release: Release, stack: str) -> str:
    variable = find_rollout_artifact(project, release.wiring, stack)
    if variable is None:
        raise AssertionError(f"{stack} has a position but no artifact")
    return variable


def render_stacks(
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    live: StackTraffic,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[RootModule, ...]:
    """Return the root module of each stack for Terraform, in order of application."""
    ends = {
        name: find_final_weight(traffic.live if traffic else None, resolve_artifact(project, release, settings, name))
        for name, traffic in live.items()
    }
    roots: list[RootModule] = []
    for name, stack in release.wiring.stacks.items():
        if stack.kubernetes is None:
            root = render_stack(project, release, settings, name, ends.get(name), changeover=changeover)
            roots.append(root)
    return tuple(roots)


def render_stack(
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    stack: str,
    position: TrafficWeight | None,
    *,
    changeover: Changeover = NO_CHANGEOVER,
) -> RootModule:
    arguments = dict(settings.arguments[stack])
    if position is not None:
        arguments |= position.to_arguments(_require_artifact_variable(project, release, stack))
    where = resolve_place(project, settings.environment, changeover.moves, acting=True)
    root = render_root_module(
        release.wiring,
        stack,
        where,
        arguments,
        called=changeover.former_names.get(stack, ""),
        secret_values=settings.sources.get(stack, {}).keys(),
        moved=changeover.new_addresses.get(stack, {}),
    )
    return replace(root, workspace=where.backend.workspace_for_stack(stack))


def prepare_empty_stack(context: Context, environment: str, name: str) -> PreparedStack:
    """Write and initialize a root module with nothing but the backend of that stack."""
    project = context.project
    backend = resolve_place(project, environment, acting=True).backend
    root = RootModule(stack=name, document={"terraform": {"backend": {backend.kind: backend.settings_for_stack(name)}}})
    context.ports.workspace.write_stack(environment, name, root.encode())
    profile = project.environments[environment].profile or ""
    workspace = backend.workspace_for_stack(name)
    stack = PreparedStack(name, binary=project.terraform.binary or "", profile=profile, workspace=workspace)
    context.ports.terraform.init(environment, stack, None)
    return stack
