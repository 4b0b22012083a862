"""Events of the ledger, as values.

Entries are permanent. A later field has a default, and is left out of the bytes if it has this value: old entries keep
their bytes.
"""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, replace
from typing import ClassVar, Literal, get_args

from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.later_fields import later_field as _later
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed
from envctl.domain.operation import Operation


@dataclass(frozen=True)
class Actor:
    """The author of an entry."""

    name: str  # ARN of the caller on AWS, login of the actor in GitHub Actions or GitLab CI
    _: KW_ONLY
    via: Literal["aws", "github", "gitlab", "local"] = "local"
    verified: bool = False  # True if a service vouches for the name, not only the local machine
    run_url: str = ""
    arn: str = _later("")  # ARN of the caller, in a job of CI too
    teams: tuple[str, ...] = _later(())  # Teams of the actor by the GitHub token, like `acme/operators`
    environment: str = _later("")  # Environment of the job by its token; in GitHub guarded by reviewers
    # Unverified other names of the person: they bar from approving own changes, and permit nothing
    also: tuple[str, ...] = _later(())

    @property
    def person_name(self) -> str:
        """The name without its account: the session or user name, equal in all accounts under single sign-on."""
        return self.name.rpartition("/")[2] if self.via == "aws" else self.name

    def __str__(self) -> str:
        return self.name if self.verified else f"{self.name} (unverified)"


ANONYMOUS = Actor("")
"""The actor of a request that any person may send: it bars no approver."""


@dataclass(frozen=True, kw_only=True)
class DeploymentStarted:
    """A deployment started."""

    kind: ClassVar[str] = "deployment started"
    environment: str
    release: str
    settings: str  # Digest of the applied settings
    action: Operation
    source: str = ""  # Source environment of a promotion
    plan: str = _later("")  # Fingerprint of the plan
    waiver: int = _later(0)  # Number of its waiver entry, or 0
    only: tuple[str, ...] = _later(())  # The selected stacks, unless all of the release
    unpinned: tuple[str, ...] = _later(())  # Addresses of providers other than the pinned ones
    place: str = _later("")  # Digest of its place; empty in old entries
    older: bool = _later(False)  # True if it replaces a newer release, with --older
    stacks: tuple[str, ...] = _later(())  # All stacks it may change, if `only` is empty; empty in old entries
    rules: str = _later("")  # Digest of the rules of the tree; empty for actions without approval, and in old entries
    rules_before: str = _later("")  # Digest of the rules recorded before, if they differ
    creates: tuple[str, ...] = _later(())  # Its stacks never applied completely there
    behind: str = _later("")  # The newer release of the entry, for an earlier commit without --older
    # Stacks of Kubernetes objects, each with its cluster (`encode_clusters`); without one if it is new or replaced
    clusters: tuple[str, ...] = _later(())
    program: str = _later("")  # Program and version of Terraform, like "OpenTofu 1.10.2"; empty in old entries
    program_sha256: str = _later("")  # Of the executable of Terraform; empty for a script and the embedded one
    program_pinned: bool = _later(False)  # True if `[terraform.pin]` names this executable
    commit: str = _later("")  # Commit of the tree with its settings and rules; empty if they were not committed
    authors: tuple[str, ...] = _later(())  # Who changed these since the deployment before; not those of the release
    least_version: str = _later("")  # Least version of envctl for this project; empty if it names none


@dataclass(frozen=True, kw_only=True)
class DeploymentSucceeded:
    """A deployment succeeded."""

    kind: ClassVar[str] = "deployment succeeded"
    environment: str
    release: str
    started: int
    stacks: tuple[str, ...]  # The deployed stacks
    changed: int = 0  # Number of changed resources
    performed: tuple[str, ...] = _later(())  # Kinds of changes by resource type, like "create aws_vpc"
    partial: bool = _later(False)  # True if the release has more stacks
    lost: tuple[str, ...] = _later(())  # Stacks with a missing state at a destroy: their resources may remain
    left: tuple[str, ...] = _later(())  # Stacks no longer in the release, destroyed completely
    forgot: tuple[str, ...] = _later(())  # Stacks no longer in the release, left in place and no longer managed
    clusters: tuple[str, ...] = _later(())  # Clusters that were not known at its start


@dataclass(frozen=True, kw_only=True)
class DeploymentFailed:
    """A deployment failed."""

    kind: ClassVar[str] = "deployment failed"
    environment: str
    release: str
    started: int
    reason: str
    stacks: tuple[str, ...] = ()  # Stacks applied completely before the failure
    interrupted: bool = False
    # Kinds of changes by resource type; those of a stack that stopped in between too, unless old
    performed: tuple[str, ...] = _later(())
    left: tuple[str, ...] = _later(())  # Stacks no longer in the release, destroyed completely before the failure
    untouched: tuple[str, ...] = _later(())  # New stacks not started
    # Resources that were to be created, exist already and are in no state: `STACK:ADDRESS`
    existing: tuple[str, ...] = _later(())


@dataclass(frozen=True)
class DeploymentAbandoned:
    """A deployment without a recorded end was closed by a person."""

    kind: ClassVar[str] = "deployment abandoned"
    environment: str
    release: str
    started: int
    reason: str
    # Kinds of changes that it planned, and that were no longer to do; empty in old entries
    performed: tuple[str, ...] = _later(())


@dataclass(frozen=True)
class VerificationPassed:
    """A verification passed."""

    kind: ClassVar[str] = "verification passed"
    environment: str
    release: str
    started: int  # Number of the verified deployment
    checks: tuple[str, ...] = ()
    marks: tuple[str, ...] = _later(())  # Digest of each check of the environment; empty in old entries


@dataclass(frozen=True)
class VerificationFailed:
    """A verification failed. `checks` are the failed checks."""

    kind: ClassVar[str] = "verification failed"
    environment: str
    release: str
    started: int
    checks: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class ApprovalGiven:
    """An approval at a gate, bound to release, settings, place, plan and rules."""

    kind: ClassVar[str] = "approval given"
    environment: str
    gate: str
    release: str
    settings: str  # Digest of the settings
    plan: str = _later("")  # Fingerprint of the approved plan
    reviewer: str = _later("")  # Reviewer of the GitHub job behind this entry; empty for the actor
    place: str = _later("")  # Digest of the place; empty in old entries
    unseen: tuple[str, ...] = _later(())  # Stacks approved although they could not be planned
    rules: str = _later("")  # Digest of the rules of the tree; empty in old entries
    recorded: str = _later("")  # Digest of the recorded rules; empty in old entries
    reading: str = _later("")  # Digest of the page that the person read; empty in old entries


@dataclass(frozen=True)
class ApprovalWithdrawn:
    """An approval was withdrawn by its approver."""

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
    """The release must not be deployed there."""

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


@dataclass(frozen=True, kw_only=True)
class DriftChecked:
    """A drift check."""

    kind: ClassVar[str] = "drift checked"
    environment: str
    release: str
    drifted: int  # Number of differences from the state
    resources: tuple[str, ...] = ()  # Names of the first resources and outputs that differ
    # False for a look without the lock of the state. Found drift counts then too, but not its absence.
    locked: bool = _later(True)
    # Names of drift that `drift --fix` found in no plan: deploying again does not undo it
    unplanned: tuple[str, ...] = _later(())
    # Other environments in which a look of the same command found nothing, each as `NAME RELEASE`
    also: tuple[str, ...] = _later(())

    @property
    def other_looks(self) -> tuple["DriftChecked", ...]:
        """The looks of `also`, whatever this check found: an entry can claim no more for other environments."""
        named = (each.partition(" ") for each in self.also)
        return tuple(
            DriftChecked(environment=name, release=release, drifted=0, locked=False) for name, _, release in named
        )

    def add_looks(self, others: Iterable["DriftChecked"]) -> "DriftChecked":
        """Return this check with the looks of other environments that found nothing."""
        return replace(self, also=tuple(f"{each.environment} {each.release}" for each in others))


@dataclass(frozen=True, kw_only=True)
class WaiverUsed:
    """Break-glass was used."""

    kind: ClassVar[str] = "waiver used"
    environment: str
    release: str
    reason: str
    guards: tuple[str, ...]  # Codes of the overridden guards
    refusals: tuple[str, ...]  # Their messages
    started: int = 0  # Number of the running deployment, or 0 before its start
    given: int = _later(0)  # Number of the entry that gave the waiver; 0 with --break-glass
    giver: str = _later("")  # Name of the person who gave it


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
    | WaiverGiven
    | WaiverReviewed
    | RolloutStarted
    | TrafficShiftStarted
    | TrafficShifted
    | ImportStarted
    | ImportEnded
    | StateMoved
    | HistoryVouched
)
Event = ReleaseCreated | LocalEvent


def split_event(event: LocalEvent) -> tuple[LocalEvent, ...]:
    """Return the event of each environment that it is about."""
    return (event, *event.other_looks) if isinstance(event, DriftChecked) else (event,)


def list_environments(event: Event) -> tuple[str, ...]:
    """Return the environments that an event is about; none for a release."""
    return () if isinstance(event, ReleaseCreated) else tuple(each.environment for each in split_event(event))


EVENTS: dict[str, type[Event]] = {event.kind: event for event in get_args(Event)}
