"""One deployment on its way, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from envctl.domain.config.project import Project
from envctl.domain.guards import Refusal, Request
from envctl.domain.ledger.state import Deployment, DriftCheck
from envctl.domain.operation import Move
from envctl.domain.plan.changes import EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.leaving_stacks import Changeover
from envctl.domain.release.contents import Release
from envctl.domain.rollout.traffic import Traffic
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.concurrency.stack_selection import ALL, Selection
from envctl.usecases.deployment.traffic.rollout_model import RolledOut, Rolling, Share
from envctl.usecases.deployment.verification import Verification
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared
from envctl.usecases.ports.terraform import PreparedStack

T = TypeVar("T")


@dataclass(frozen=True)
class Deployed:
    """`stages` alone is filled for a dry run. `up_to_date` means that there was nothing to do and nothing to record.

    `waived` is what break-glass overrode, `warnings` what guards remarked without refusing, and `held` the release
    that a rollback put on hold. `only` names the stacks, where they are not all of the release, and `rollouts` are
    those whose requests went over to another colour. `lost` are the stacks whose state was gone when the environment
    was destroyed: what they held may remain. `forgotten` are stacks that envctl tracks no longer, and whose resources
    may still be there.
    """

    environment: str
    release: str
    action: Move = "apply"
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
class Wishes:
    """What the person who deploys wants beyond the deployment itself. `break_glass` is the reason, or empty, and
    `undo` asks that all drift is undone: what no plan undoes shall not be taken over in silence. `selection` leaves
    stacks out. `older` says that the release is meant although a newer one runs there. `state_lost` says of a
    destruction that what lost states held may remain.
    """

    dry_run: bool = False
    verify: bool = True
    break_glass: str = ""
    undo: bool = False
    selection: Selection = ALL
    older: bool = False
    state_lost: bool = False


PLAINLY = Wishes()


@dataclass
class Run:
    """What the stages have found out so far. `seen` is the last deployment of the target when it was planned, and
    `drifted` what the last look there before that had found, if it was drift.

    `through` means that all of it was applied: whatever goes wrong after that, it did not fail.

    `traffic` is which colours had the requests then, `rolling` are the stacks that are going to be rolled out, and
    `shifting` those of them that have begun and not ended; `shares` says how far those got, and `rolled_out` is what
    came to its end. `returned` are those that went back in fact, be it recorded or not, and `mute` the alarms
    of which it was said that they have no data.

    `begun` are the stacks with which something was begun, `gone` those that left and were destroyed, and `moves` those
    that take over the state of another one, each with the name of that one. `moved` are those of them whose root
    modules name the state under its new name.

    Where drift is to be undone, `found` is what a look has found, by the names of the ledger, and `remaining` names
    what is not as it was before, although all is applied. `lost` are the stacks of a destruction whose state is gone.
    """

    ports: Ports
    project: Project
    action: Move
    target: str
    wishes: Wishes
    source: str = ""
    request: Request | None = None
    release: Release | None = None
    settings: EnvironmentSettings | None = None
    identity: str = ""
    only: tuple[str, ...] = ()
    bundle: bytes = b""
    prepared: Prepared | None = None
    plans: dict[str, StackPlan] = field(default_factory=dict)
    seen: Deployment | None = None
    drifted: DriftCheck | None = None
    warnings: dict[str, Refusal] = field(default_factory=dict)
    disbelieved: set[int] = field(default_factory=set)
    waived: dict[str, Refusal] = field(default_factory=dict)
    held: str = ""
    started: int = 0
    applied: list[str] = field(default_factory=list)
    through: bool = False
    up_to_date: bool = False
    verification: Verification | None = None
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    rolling: dict[str, Rolling] = field(default_factory=dict)
    shifting: dict[str, Rolling] = field(default_factory=dict)
    shares: dict[str, list[Share]] = field(default_factory=dict)
    rolled_out: list[RolledOut] = field(default_factory=list)
    mute: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    found: Mapping[str, ResourceChange] = field(default_factory=dict)
    remaining: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    begun: set[str] = field(default_factory=set)
    creates: tuple[str, ...] = ()
    gone: list[str] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    @property
    def plan(self) -> EnvironmentPlan | None:
        return EnvironmentPlan(self.target, self.identity, tuple(self.plans.values())) if self.plans else None

    @property
    def changeover(self) -> Changeover:
        """What root modules are rendered with by now: a state that was moved lies under its new name."""
        over = there(self.request).changeover
        return replace(over, moves={new: old for new, old in over.moves.items() if new not in self.moved})

    @property
    def command(self) -> str:
        return f"envctl promote {self.source} {self.target}" if self.source else f"envctl {self.action} {self.target}"

    def stack(self, name: str) -> PreparedStack:
        return next(stack for stack in there(self.prepared).all_stacks if stack.name == name)

    def done(self) -> list[StackPlan]:
        """The plans of the stacks that were applied to their end."""
        return [self.plans[name] for name in (*self.applied, *self.gone)]


def there(value: T | None) -> T:
    """The stages are built so that what a stage needs was found by one before it."""
    if value is None:
        raise AssertionError("a stage ran before the one that it stands on")
    return value
