"""What is known of a deployment after each of its stages: one type each, so that mypy proves their order.

`DeployRequest` → `SelectedRelease` → `Prepared` → `PlannedDeployment` → `Attempt`. All but the last are immutable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from envctl.domain.guards import Request
from envctl.domain.ledger.state import Deployment, DriftCheck
from envctl.domain.plan.changes import Changeover, EnvironmentPlan, StackPlan
from envctl.domain.release.bundle import Release
from envctl.domain.rollout.traffic import Traffic
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.deployment.guard_runner import GuardRunner
from envctl.usecases.deployment.request import DeployRequest
from envctl.usecases.deployment.rollout_model import RolledOut, Share, StackRollout
from envctl.usecases.deployment.verification import Verification
from envctl.usecases.ports.project import PreparedEnvironment


@dataclass(frozen=True)
class WorkingTreeRelease:
    """The release of the working tree before it has an identity, with its initialized root modules."""

    request: DeployRequest
    release: Release
    settings: EnvironmentSettings
    environment: PreparedEnvironment
    only: tuple[str, ...]


@dataclass(frozen=True)
class SelectedRelease:
    """The release to deploy.

    Attributes:
        guards: the guards of this deployment, with what they have said so far.
        guard_request: what the guards know of it.
        only: the selected stacks, if not all of the release.
    """

    request: DeployRequest
    guards: GuardRunner
    guard_request: Request
    release: Release
    bundle: bytes
    settings: EnvironmentSettings
    only: tuple[str, ...]


@dataclass(frozen=True)
class Prepared(SelectedRelease):
    """The release with its root modules in `environment`, written and initialized."""

    environment: PreparedEnvironment


@dataclass(frozen=True)
class PlannedDeployment:
    """The plans of all selected stacks.

    Attributes:
        seen: the last deployment of the target at planning time.
        drifted: its last drift check, if that found drift.
        traffic: the recorded traffic by stack.
        rollouts: the planned rollouts by stack.
        moves: state moves, new name to old name.
        lost: stacks to destroy with a lost state.
        held: the release put on hold by this rollback.
    """

    prepared: Prepared
    plans: Mapping[str, StackPlan]
    seen: Deployment | None
    drifted: DriftCheck | None
    traffic: Mapping[str, Traffic]
    rollouts: Mapping[str, StackRollout]
    moves: Mapping[str, str]
    lost: tuple[str, ...]
    is_up_to_date: bool = False
    held: str = ""

    @property
    def plan(self) -> EnvironmentPlan:
        return join_plans(self.prepared, self.plans)


@dataclass(frozen=True)
class UpToDate:
    """The early end of a deployment without anything to do."""

    planned: PlannedDeployment
    verification: Verification | None


@dataclass
class RolloutProgress:
    """A rollout in progress: its traffic shifts so far, and whether its traffic was restored, recorded or not."""

    rollout: StackRollout
    shares: list[Share] = field(default_factory=list)
    is_restored: bool = False

    @property
    def percent(self) -> int:
        """The traffic weight of the new color."""
        return self.shares[-1].percent if self.shares else 0


@dataclass
class Attempt:
    """A deployment with a recorded start. It changes while stacks are applied.

    Attributes:
        started: the number of the ledger entry of the start.
        leftovers: new names whose old states may remain from an interrupted deployment, each with the old name.
        creates: stacks never applied before.
        plans: the plans by stack, replaced where a stack is replanned.
        begun: stacks with at least one started apply.
        applied, gone: applied stacks, and destroyed leaving stacks.
        moved: new names already used in the root modules.
        is_complete: all stacks are applied: from here on, no error makes it a failed deployment.
        shifting: the rollouts in progress, by stack.
        muted: alarms reported to have no data.
        remaining: the names still drifted after a fix.
    """

    planned: PlannedDeployment
    guard_request: Request
    plans: dict[str, StackPlan]
    started: int = 0
    leftovers: Mapping[str, str] = field(default_factory=dict)
    creates: tuple[str, ...] = ()
    begun: set[str] = field(default_factory=set)
    applied: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    is_complete: bool = False
    shifting: dict[str, RolloutProgress] = field(default_factory=dict)
    rolled_out: list[RolledOut] = field(default_factory=list)
    muted: set[str] = field(default_factory=set)
    remaining: tuple[str, ...] = ()
    verification: Verification | None = None

    @property
    def request(self) -> DeployRequest:
        return self.planned.prepared.request

    @property
    def prepared(self) -> Prepared:
        return self.planned.prepared

    @property
    def plan(self) -> EnvironmentPlan:
        return join_plans(self.prepared, self.plans)

    @property
    def changeover(self) -> Changeover:
        """Return the changeover for rendering root modules, without the moves already done."""
        over = self.guard_request.changeover
        return replace(over, moves={new: old for new, old in over.moves.items() if new not in self.moved})

    def list_finished_plans(self) -> list[StackPlan]:
        """Return the plans of all applied and destroyed stacks."""
        return [self.plans[name] for name in (*self.applied, *self.gone)]


def join_plans(prepared: Prepared, plans: Mapping[str, StackPlan]) -> EnvironmentPlan:
    return EnvironmentPlan(prepared.request.target, prepared.guard_request.identity, tuple(plans.values()))
