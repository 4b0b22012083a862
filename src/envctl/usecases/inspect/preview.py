"""`envctl preview`, `envctl plan ENV --release R`: what a release would do somewhere, asked before it may go there.

Nothing is recorded, and no guard is asked: it is planned as if it were allowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, ExitCode, InterruptedByUserError, Problem, worst
from envctl.domain.ledger.known_states import remark_unknown_states
from envctl.domain.ledger.projection.stacks import with_moves
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.release.contents import Release
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.account import image_check
from envctl.usecases.deployment import cost_estimate, prepare
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.planning import plan_stacks
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load, provider_accounts, remote_modules, self_contained, working_tree
from envctl.usecases.release import bundle_store, deploy_request, stack_changes


@dataclass(frozen=True)
class EnvironmentPreview:
    """The plan, or the problems because of which there is none."""

    environment: str
    plan: EnvironmentPlan | None = None
    problems: tuple[Problem, ...] = ()
    exit_code: ExitCode = ExitCode.DONE


class OfEach:
    """What holds of plans of several environments, whoever asked for them."""

    environments: tuple[EnvironmentPreview, ...]

    @property
    def changes(self) -> bool:
        return any(each.plan and each.plan.changes for each in self.environments)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for each in self.environments for problem in each.problems)

    def exit_code(self, *, detailed: bool = False) -> ExitCode:
        """With `detailed`, changes count as well."""
        changes = [ExitCode.CHANGES] if detailed and self.changes else []
        return worst([*changes, *(each.exit_code for each in self.environments)])


@dataclass(frozen=True)
class Preview(OfEach):
    """`release` is empty where it is the working tree that was planned."""

    release: str
    environments: tuple[EnvironmentPreview, ...]


@dataclass(frozen=True)
class Previewed:
    """A release that is not deployed for now. `identity` is empty where it is the working tree."""

    release: Release
    identity: str

    @property
    def made(self) -> bool:
        return bool(self.identity)


def preview(ports: Ports, environments: Sequence[str] = (), *, release: str | None = None) -> Preview:
    """Of the working tree, or of a release, in those environments or in all of the pipeline. What is wrong in one does
    not keep the others from being planned.
    """
    project = load.project(ports)
    wanted = load.find_environments(ports, project, environments) if environments else project.pipeline.order
    made = {"": stored(ports, release)} if release else {}
    plans = []
    for each in wanted:
        seen = project.seen_from(each)
        of = "" if release else seen.pipeline.makes_for
        made[of] = made.get(of) or of_working_tree(ports, seen)
        plans.append(_plan(ports, seen, made[of], each))
    return Preview(next(iter(made.values())).identity, tuple(plans))


def stored(ports: Ports, prefix: str) -> Previewed:
    """The release whose name begins like that. Raises UsageError, or OperationFailedError where it is damaged."""
    identity = deploy_request.named(journal.present(ports), prefix)
    state, release, _ = bundle_store.look(ports, identity)
    if release is None:
        raise bundle_store.unusable(identity, state)
    return Previewed(release, identity)


def of_working_tree(ports: Ports, project: Project) -> Previewed:
    pinned = image_check.pin(ports, project, working_tree.release(ports, project))
    return Previewed(remote_modules.complete(ports, project, pinned).release, "")


def plan_release(ports: Ports, project: Project, what: Previewed, target: str) -> EnvironmentPlan:
    """Raises ConfigurationError where the settings of the environment do not fit the release."""
    with ports.workspace.lock(target, f"envctl plan {target} by {ports.identity.actor().name}"):
        plan = plan_with(ports, project, what, load.settings(ports, project, target, what.release.wiring))
    return cost_estimate.priced(ports, plan, cost_estimate.source(project, target, what.release.wiring.regions))


def plan_of(ports: Ports, environment: str, release: str) -> EnvironmentPlan:
    """`release` is what the name of a release begins with."""
    project, target = load.seen_from(ports, environment)
    return plan_release(ports, project, stored(ports, release), target)


def plan_with(
    ports: Ports, project: Project, what: Previewed, settings: EnvironmentSettings, *, left: bool = True
) -> EnvironmentPlan:
    """For who holds the lock of the environment's work directory. Without `left` nothing is planned of the stacks that
    the release has no more.
    """
    target, present = settings.environment, journal.present(ports)
    over = stack_changes.find_changeover(ports, project, present, target, what.release.wiring, release=what.identity)
    prepared = prepare.lay_out(ports, project, what.release, settings, what.identity, changeover=over)
    if what.made:
        self_contained.check_stored(ports, project, what.release, what.identity)
        provider_accounts.check_stored(ports, project, what.release, what.identity, target)
        prepare.initialise_from(ports, project, prepared, what.release)
    else:
        prepare.initialise(ports, project, prepared)
    if left:
        prepared = leaving_stacks.add_leaving(ports, project, present, prepared, release=what.release, changeover=over)
    here = with_moves(present.of(target), over.moves)
    try:
        plans = plan_stacks(ports, target, prepared.all_stacks, here.stacks)
        return EnvironmentPlan(target, what.identity, remark_unknown_states(target, here, plans))
    finally:
        for stack in prepared.all_stacks:
            ports.terraform.discard(target, stack)


def _plan(ports: Ports, project: Project, what: Previewed, target: str) -> EnvironmentPreview:
    try:
        return EnvironmentPreview(target, plan_release(ports, project, what, target))
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return EnvironmentPreview(target, problems=tuple(error.problems), exit_code=error.exit_code)
