"""What can happen, as values: the events of the ledger.

Entries are for ever. A field that came later has a default, and is left out of the bytes where it has that: so entries
that were written before it still are what they were.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from envctl.domain.ledger.later_fields import later as _later
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved
from envctl.domain.operation import Move


@dataclass(frozen=True)
class Actor:
    """Who did it. `verified` is true only where somebody else than the person's own machine vouches for the name.

    On AWS the name is the caller's ARN, and in GitHub Actions that of the actor; `arn` is the caller's there too, and
    `teams` are those that GitHub's token says the actor is in, like `acme/operators`, and `environment` is GitHub's own
    that the token says the job is for: whom that one's reviewers let in. `also` are other names of the same person,
    which only the machine gives: they bar from approving one's own, and never permit anything.
    """

    name: str
    via: Literal["aws", "github", "local"] = "local"
    verified: bool = False
    run_url: str = ""
    arn: str = _later("")
    teams: tuple[str, ...] = _later(())
    environment: str = _later("")
    also: tuple[str, ...] = _later(())

    @property
    def person(self) -> str:
        """The name without where it comes from: that of the session or of the user, which single sign-on makes the same
        in every account.
        """
        return self.name.rpartition("/")[2] if self.via == "aws" else self.name

    def __str__(self) -> str:
        return self.name if self.verified else f"{self.name} (unverified)"


@dataclass(frozen=True)
class ReleaseCreated:
    """`beside` is the environment beside the pipeline that it was made for; empty where that was the pipeline. `author`
    wrote the commit, and `others` have a part in it: who committed or merged it, co-authors, the authors of what was
    merged with it, and those of its pull requests.
    """

    kind: ClassVar[str] = "release created"
    release: str
    commit: str = ""
    uncommitted: bool = False
    author: str = ""
    beside: str = _later("")
    others: tuple[str, ...] = _later(())


@dataclass(frozen=True)
class DeploymentStarted:
    """`settings` is the digest of the settings that are applied, `source` the environment a promotion comes from,
    `plan` the fingerprint of what is going to be done, and `waiver` the number of the waiver that it needed, or 0.
    `only` names the stacks where they are not all of the release. `unpinned` are the addresses of providers that were
    not those which the release pins. `place` is the digest of the place that it lands in; it is empty in entries of
    before places were recorded. `older` is true where the release goes over a newer one, and --older said that it is
    meant. `stacks` are all that it may change, where `only` names none; entries of before they were recorded have
    neither. `rules` is the digest of the rules that the tree has for the environment; empty for what asks for no
    approval, and in entries of before rules were recorded. `rules_before` is the digest of those that were recorded
    until then, where they were others. `creates` are the stacks of it that were
    never applied to their end there.
    """

    kind: ClassVar[str] = "deployment started"
    environment: str
    release: str
    settings: str
    action: Move
    source: str = ""
    plan: str = _later("")
    waiver: int = _later(0)
    only: tuple[str, ...] = _later(())
    unpinned: tuple[str, ...] = _later(())
    place: str = _later("")
    older: bool = _later(False)
    stacks: tuple[str, ...] = _later(())
    rules: str = _later("")
    rules_before: str = _later("")
    creates: tuple[str, ...] = _later(())
    behind: str = _later("")


@dataclass(frozen=True)
class DeploymentSucceeded:
    """`stacks` are those that were deployed: all of the release, or those that its start named. `changed` counts the
    resources that were touched, and `performed` says what was done to which types of them, like "create aws_vpc".
    `partial` says that the release has more stacks than those. `lost` are stacks of a destruction whose state was gone:
    what they held may remain. `left` are stacks that the release has no more, and all of which was destroyed; `forgot`
    those that stay as they are, and are looked after no longer.
    """

    kind: ClassVar[str] = "deployment succeeded"
    environment: str
    release: str
    started: int
    stacks: tuple[str, ...]
    changed: int = 0
    performed: tuple[str, ...] = _later(())
    partial: bool = _later(False)
    lost: tuple[str, ...] = _later(())
    left: tuple[str, ...] = _later(())
    forgot: tuple[str, ...] = _later(())


@dataclass(frozen=True)
class DeploymentFailed:
    """`stacks` are those that were applied to their end before it failed. `left` are stacks that the release has no
    more, and all of which was destroyed by then; `untouched` those that it would have created, and did not begin with.
    """

    kind: ClassVar[str] = "deployment failed"
    environment: str
    release: str
    started: int
    reason: str
    stacks: tuple[str, ...] = ()
    interrupted: bool = False
    performed: tuple[str, ...] = _later(())
    left: tuple[str, ...] = _later(())
    untouched: tuple[str, ...] = _later(())


@dataclass(frozen=True)
class DeploymentAbandoned:
    """Nobody recorded its end; a person looked, and said that it is over."""

    kind: ClassVar[str] = "deployment abandoned"
    environment: str
    release: str
    started: int
    reason: str


@dataclass(frozen=True)
class VerificationPassed:
    """`started` is the number of the deployment that was verified. `marks` says for each check that the environment
    has what it asked, by a digest; none in entries of before that was recorded.
    """

    kind: ClassVar[str] = "verification passed"
    environment: str
    release: str
    started: int
    checks: tuple[str, ...] = ()
    marks: tuple[str, ...] = _later(())


@dataclass(frozen=True)
class VerificationFailed:
    """`checks` are those that failed."""

    kind: ClassVar[str] = "verification failed"
    environment: str
    release: str
    started: int
    checks: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class ApprovalGiven:
    """Bound to the release, to the digests of the settings and of the place, and to the fingerprint of the plan that it
    was given for. An entry of before places were recorded has no `place`.

    `unseen` names stacks that could not be planned yet, and that were approved all the same. `reviewer` is who gave it
    in GitHub, as a reviewer of the job that records it; empty where the actor gave it.

    `rules` is the digest of the rules that the tree had for the environment, and `recorded` of those that it was
    deployed with before; both are empty in entries of before rules were recorded.
    """

    kind: ClassVar[str] = "approval given"
    environment: str
    gate: str
    release: str
    settings: str
    plan: str = _later("")
    reviewer: str = _later("")
    place: str = _later("")
    unseen: tuple[str, ...] = _later(())
    rules: str = _later("")
    recorded: str = _later("")


@dataclass(frozen=True)
class ApprovalWithdrawn:
    """Whoever gave it takes it back."""

    kind: ClassVar[str] = "approval withdrawn"
    environment: str
    gate: str
    release: str


@dataclass(frozen=True)
class EnvironmentLocked:
    kind: ClassVar[str] = "environment locked"
    environment: str
    reason: str


@dataclass(frozen=True)
class EnvironmentUnlocked:
    kind: ClassVar[str] = "environment unlocked"
    environment: str
    reason: str = ""


@dataclass(frozen=True)
class HoldSet:
    """The release must not come (back) there."""

    kind: ClassVar[str] = "hold set"
    environment: str
    release: str
    reason: str


@dataclass(frozen=True)
class HoldLifted:
    kind: ClassVar[str] = "hold lifted"
    environment: str
    release: str
    reason: str


@dataclass(frozen=True)
class DriftChecked:
    """`drifted` counts what differs from the state; `resources` names the first of it, resources and outputs."""

    kind: ClassVar[str] = "drift checked"
    environment: str
    release: str
    drifted: int
    resources: tuple[str, ...] = ()


@dataclass(frozen=True)
class WaiverUsed:
    """Break-glass: the refusals that were overridden, each by its guard's code and its message.

    `started` is the number of the deployment that was under way, or 0 where the waiver comes before it.
    """

    kind: ClassVar[str] = "waiver used"
    environment: str
    release: str
    reason: str
    guards: tuple[str, ...]
    refusals: tuple[str, ...]
    started: int = 0


@dataclass(frozen=True)
class RolloutStarted:
    """The requests of a stack begin to go over to `color`, which gets the artifact `value`. The other colour has all of
    them until now and runs `stable`: that is where they go back to. `started` is the number of the deployment.
    """

    kind: ClassVar[str] = "rollout started"
    environment: str
    release: str
    started: int
    stack: str
    color: str
    value: str
    stable: str


@dataclass(frozen=True)
class TrafficShifted:
    """`percent` of the requests go to `color`, which runs `value`, and the rest to the other colour, which runs
    `stable`. Without `stable` the stack is at rest: the other colour is given up. Without a `color` nothing is known of
    the stack any more.
    """

    kind: ClassVar[str] = "traffic shifted"
    environment: str
    release: str
    started: int
    stack: str
    color: str = ""
    value: str = ""
    percent: int = 0
    stable: str = ""


Ending = DeploymentSucceeded | DeploymentFailed | DeploymentAbandoned
LocalEvent = (
    DeploymentStarted
    | Ending
    | VerificationPassed
    | VerificationFailed
    | ApprovalGiven
    | ApprovalWithdrawn
    | RulesApproved
    | RulesResetRequested
    | RulesResetWithdrawn
    | EnvironmentLocked
    | EnvironmentUnlocked
    | HoldSet
    | HoldLifted
    | DriftChecked
    | WaiverUsed
    | RolloutStarted
    | TrafficShifted
    | ImportStarted
    | ImportEnded
    | StateMoved
)
Event = ReleaseCreated | LocalEvent
EVENTS: dict[str, type[Event]] = {event.kind: event for event in get_args(Event)}
