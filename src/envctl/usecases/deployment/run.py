"""The options, progress and result of one deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from envctl.domain.config.project import Project
from envctl.domain.guards import Refusal, Request
from envctl.domain.ledger.state import Deployment, DriftCheck
from envctl.domain.operation import Operation
from envctl.domain.plan.changes import EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.leaving_stacks import Changeover
from envctl.domain.release.contents import Release
from envctl.domain.rollout.traffic import Traffic
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.concurrency.stack_selection import ALL_STACKS, StackSelection
from envctl.usecases.deployment.traffic.rollout_model import RolledOut, Share, StackRollout
from envctl.usecases.deployment.verification import Verification
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import PreparedEnvironment
from envctl.usecases.ports.terraform import PreparedStack

T = TypeVar("T")


@dataclass(frozen=True)
class Deployed:
    """The result of a deployment; a dry run fills `stages` alone.

    Attributes:
        warnings: remarks of guards without a refusal.
        waived: refusals overridden by break-glass.
        held: the release put on hold by a rollback.
        up_to_date: true if neither a change nor an entry was needed.
        only: the deployed stacks, if not all of the release.
        rollouts: stacks with traffic moved to another color.
        lost: destroyed stacks with a lost state; their resources may remain.
        forgotten: stacks no longer tracked by envctl; their resources may remain.
    """

    environment: str
    release: str
    action: Operation = "apply"
    stages: tuple[str, ...] = ()
    plan: EnvironmentPlan | None = None
    deployment: Deployment | None = None
    verification: Verification | None = None
    warnings: tuple[Refusal, ...] = ()
    waived: tuple[Refusal, ...] = ()
    held: str = ""
    up_to_date: bool = False
    dry_run: bool = False
    only: tuple[str, ...] = ()
    rollouts: tuple[RolledOut, ...] = ()
    lost: tuple[str, ...] = ()
    next: str = ""
    forgotten: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeployOptions:
    """The options of a deployment, as given by the operator."""

    dry_run: bool = False
    verify: bool = True
    break_glass: str = ""  # The reason, or empty.
    undo: bool = False  # Undo all drift: raise an error instead of accepting drift outside the plan.
    selection: StackSelection = ALL_STACKS
    older: bool = False  # Allow an older release than the current one.
    state_lost: bool = False  # Destroy although states are lost; their resources may remain.


DEFAULT = DeployOptions()


@dataclass
class Run:
    """The progress of one deployment, filled in by its stages."""

    ports: Ports
    project: Project
    action: Operation
    target: str
    options: DeployOptions
    source: str = ""
    request: Request | None = None
    release: Release | None = None
    settings: EnvironmentSettings | None = None
    identity: str = ""
    only: tuple[str, ...] = ()
    bundle: bytes = b""
    prepared: PreparedEnvironment | None = None
    plans: dict[str, StackPlan] = field(default_factory=dict)
    # The last deployment of the target, and its last drift check if it found drift, at planning time.
    seen: Deployment | None = None
    drifted: DriftCheck | None = None
    warnings: dict[str, Refusal] = field(default_factory=dict)
    disbelieved: set[int] = field(default_factory=set)  # Reported numbers of untrusted ledger entries.
    waived: dict[str, Refusal] = field(default_factory=dict)
    held: str = ""
    started: int = 0  # The number of the ledger entry for the start.
    applied: list[str] = field(default_factory=list)
    all_applied: bool = False  # From here on, no error makes it a failed deployment.
    up_to_date: bool = False
    verification: Verification | None = None
    traffic: Mapping[str, Traffic] = field(default_factory=dict)  # At planning time.
    # Rollouts: planned, in progress, their traffic weights so far, and completed.
    rolling: dict[str, StackRollout] = field(default_factory=dict)
    shifting: dict[str, StackRollout] = field(default_factory=dict)
    shares: dict[str, list[Share]] = field(default_factory=dict)
    rolled_out: list[RolledOut] = field(default_factory=list)
    mute: set[str] = field(default_factory=set)  # Alarms reported to have no data.
    returned: set[str] = field(default_factory=set)  # Stacks with restored traffic, recorded or not.
    # To undo drift: the changes found, by ledger name, and the names still drifted after the apply.
    found: Mapping[str, ResourceChange] = field(default_factory=dict)
    remaining: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()  # Stacks to destroy with a lost state.
    begun: set[str] = field(default_factory=set)  # Stacks with at least one started apply.
    creates: tuple[str, ...] = ()  # Stacks never applied before.
    gone: list[str] = field(default_factory=list)  # Destroyed leaving stacks.
    # State moves, new name to old name, and the new names already used in the root modules.
    moves: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    @property
    def plan(self) -> EnvironmentPlan | None:
        return EnvironmentPlan(self.target, self.identity, tuple(self.plans.values())) if self.plans else None

    @property
    def changeover(self) -> Changeover:
        """Return the changeover for rendering root modules, without the moves already done."""
        over = require(self.request).changeover
        return replace(over, moves={new: old for new, old in over.moves.items() if new not in self.moved})

    @property
    def command(self) -> str:
        return f"envctl promote {self.source} {self.target}" if self.source else f"envctl {self.action} {self.target}"

    def find_stack(self, name: str) -> PreparedStack:
        return next(stack for stack in require(self.prepared).all_stacks if stack.name == name)

    def list_finished_plans(self) -> list[StackPlan]:
        """Return the plans of all applied and destroyed stacks."""
        return [self.plans[name] for name in (*self.applied, *self.gone)]


def require(value: T | None) -> T:
    """Return the value set by an earlier stage. Raise AssertionError if it is missing: the stages are out of order."""
    if value is None:
        raise AssertionError("a stage ran before the one that it stands on")
    return value
