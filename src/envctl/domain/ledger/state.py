"""State of the ledger as values: running releases, evidence, approvals and blocks of each environment.

The package `projection` computes it from the entries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from envctl.domain.ledger.entries import GENESIS, is_future
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.people.person_names import is_machine, is_same_person
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.operation import Operation
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rollout.traffic import Shift, Traffic

if TYPE_CHECKING:
    from envctl.domain.plan.changes import StackPlan

WAIVER_LIFETIME = timedelta(hours=1)
Outcome = Literal["unfinished", "succeeded", "partial", "failed", "interrupted", "abandoned"]
COMPLETED: frozenset[Outcome] = frozenset({"succeeded", "partial"})
"""*partial*: success of some stacks only; parts of several releases may run."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment of a release to an environment."""

    seq: int  # Number of its *started* entry, and its name within the ledger
    release: str
    settings: str
    action: Operation
    source: str
    by: Actor
    started_at: datetime
    outcome: Outcome = "unfinished"
    ended_at: datetime | None = None
    changed: int = 0
    reason: str = ""
    waiver: int = 0  # Number of its waiver entry, or 0
    only: tuple[str, ...] = ()  # The deployed stacks, unless all of the release
    unpinned: tuple[str, ...] = ()  # Providers other than those pinned by the release
    place: str = ""  # Digest of its place; empty if not recorded
    older: bool = False  # True if it replaced a newer release, with --older
    lost: tuple[str, ...] = ()  # Stacks with a missing state at a destroy: their resources may remain
    rules: str = ""  # Digest of its rules; empty if not recorded
    rules_before: str = ""  # Digest of the rules before it, if they differ
    behind: str = ""  # The newer release of the entry, for an earlier commit without --older
    least_version: str = ""  # Least version of envctl for this project; may be empty
    program: str = ""  # Program and version of Terraform; empty if not recorded
    program_sha256: str = ""  # Of its executable; empty if not recorded
    commit: str = ""  # Commit of the tree with its settings and rules; empty if unknown
    existing: tuple[str, ...] = ()  # What may be imported after its failure, as in `DeploymentFailed`


def to_label(known: KnownRelease) -> ReleaseLabel:
    """Return what people know a release by."""
    return ReleaseLabel(known.release, known.commit, known.uncommitted, known.subject, known.request, known.at)


def describe_outcome(deployment: Deployment) -> str:
    """Describe the outcome as the predicate of `its last deployment …`."""
    match deployment.outcome:
        case "unfinished":
            return "is unfinished"
        case "interrupted" | "abandoned":
            return f"was {deployment.outcome}"
        case "partial":
            return f"was only for {' and '.join(deployment.only)}"
        case _:
            return deployment.outcome


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Evidence of an environment about one deployed release. A *stay* is a period of verified running."""

    deployment: Deployment
    verified_at: datetime | None = None  # Last passed verification; None if it never passed or was revoked
    checks: tuple[str, ...] = ()
    revoked: str = ""  # Reason for the loss of the verification, if any
    since: datetime | None = None  # Start of the current stay
    longest: timedelta = timedelta()  # Duration of the longest finished stay
    until: datetime | None = None  # End of that stay
    # Last pass of each check, by its mark, or by its name in old entries
    passed: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        return self.verified_at is not None

    def measure_soak(self, now: datetime) -> timedelta:
        """Return the longest verified stay, including the current one. An end in the future does not count."""
        ended = timedelta() if self.until and is_future(self.until, now) else self.longest
        return max(ended, now - self.since) if self.since else ended

    def end_stay(self, now: datetime) -> "Evidence":
        """Return the evidence with its current stay ended."""
        if self.since is None or now - self.since <= self.longest:
            return replace(self, since=None)
        return replace(self, since=None, longest=now - self.since, until=now)


@dataclass(frozen=True, kw_only=True)
class Approval:
    """An approval at a gate. The fields from `plan` on are empty in entries from before they were recorded."""

    gate: str
    release: str
    settings: str
    by: Actor
    at: datetime
    plan: str = ""  # Fingerprint of the approved plan
    place: str = ""  # Digest of the approved place
    unseen: tuple[str, ...] = ()  # Stacks approved although they could not be planned
    rules: str = ""  # Digest of the rules of the tree
    recorded: str = ""  # Digest of the recorded rules of the environment
    reading: str = ""  # Digest of the page that the person read
    # The envctl that recorded it showed less than an approval binds, and was too old for this ledger
    unread: bool = False
    seq: int = 0  # Number of its entry
    key: str = ""  # Fingerprint of the key that signed it; empty for none
    # Number of the deployment that ended it: deployed as a whole, it covers no further change; 0 while it counts
    ended: int = 0


@dataclass(frozen=True)
class Lock:
    by: Actor
    at: datetime
    reason: str


@dataclass(frozen=True)
class Hold:
    release: str
    by: Actor
    at: datetime
    reason: str


@dataclass(frozen=True)
class OpenImport:
    """A started import into a stack without a recorded end. `seq` is the number of its entry."""

    seq: int
    stack: str
    address: str
    by: Actor
    at: datetime


@dataclass(frozen=True, kw_only=True)
class DriftCheck:
    """A drift check."""

    release: str
    by: Actor
    at: datetime
    drifted: int  # Number of differences from the state
    resources: tuple[str, ...] = ()  # Names of the first resources and outputs that differ
    # Time of the last look without the lock that found no drift, although drift is recorded
    not_seen_at: datetime | None = None
    unplanned: tuple[str, ...] = ()  # Names of drift in no plan: deploying again does not undo it


@dataclass(frozen=True, kw_only=True)
class GivenWaiver:
    """A waiver that a person gave, for one deployment that starts before it ends."""

    number: int  # Number of its entry
    release: str
    settings: str  # Digest of the settings
    place: str  # Digest of the place
    guards: tuple[str, ...]  # Codes of the guards that it may override
    reason: str
    by: Actor
    at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.at + WAIVER_LIFETIME


@dataclass(frozen=True, kw_only=True)
class Debt:
    """A deployment despite refusals, under a waiver. It stays open until a review, or, without `given`, until a normal
    promotion.
    """

    waiver: int  # Number of the entry of its use
    release: str
    by: Actor
    at: datetime
    reason: str
    guards: tuple[str, ...]
    refusals: tuple[str, ...]
    given: int = 0  # Number of the entry that gave the waiver; 0 with --break-glass
    giver: Actor | None = None  # Who gave it

    def explain_bar(self, actor: Actor) -> str:
        """Return why the actor may not review it; empty if they may."""
        if is_machine(actor):
            return f"{actor.person_name} is no person"
        if self.giver is not None and is_same_person(actor, self.giver):
            return f"{actor.person_name} gave the waiver"
        return f"{actor.person_name} used the waiver" if is_same_person(actor, self.by) else ""


@dataclass(frozen=True)
class DistrustedEntry:
    """A distrusted entry: neither its content nor its author is certain."""

    seq: int
    environment: str  # Empty for a release event
    what: str  # Kind of its event
    by: Actor
    at: datetime
    why: str

    def __str__(self) -> str:
        about = f" about {self.environment}" if self.environment else ""
        return f"entry {self.seq} of the ledger ({self.what}{about})"


@dataclass(frozen=True)
class ForeignObject:
    """An object in the folder of the entries that is not an entry. It changes nothing."""

    key: str
    why: str


@dataclass(frozen=True, kw_only=True)
class EnvironmentState:
    """State of one environment."""

    current: Deployment | None = None  # Last successful deployment of a whole release, unless destroyed
    last: Deployment | None = None  # Last deployment of any outcome
    # By release, if its latest deployment here succeeded
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    # By release, its kinds of changes by resource type
    performed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    stacks: frozenset[str] = frozenset()  # Stacks applied completely at least once
    lock: Lock | None = None
    holds: Mapping[str, Hold] = field(default_factory=dict)
    drift: DriftCheck | None = None  # Last drift check since the last deployment
    drift_checked_at: datetime | None = None  # Time of the last drift check, also one before the last deployment
    given_waivers: tuple[GivenWaiver, ...] = ()  # Neither used nor ended when the last one was given
    waivers: tuple[Debt, ...] = ()
    debts: tuple[Debt, ...] = ()
    # By stack, the color with the traffic, if managed by envctl
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    imports: tuple[OpenImport, ...] = ()  # Imports without a recorded end
    begun: frozenset[str] = frozenset()  # Stacks with any started deployment or import
    unnamed: tuple[int, ...] = ()  # Numbers of unsuccessful deployments without recorded stacks
    half_made: frozenset[str] = frozenset()  # Stacks with possible resources, but without a complete apply
    forgotten: frozenset[str] = frozenset()  # Stacks left in place by a release, and no longer managed
    # By stack of Kubernetes objects, its cluster; stacks without one are taken over by their next deployment
    clusters: Mapping[str, str] = field(default_factory=dict)
    # By stack, the earlier name of its state, until its next apply
    renamed: Mapping[str, str] = field(default_factory=dict)
    # Rules of the last successful deployment of a whole release subject to approval and without a waiver, or None
    rules: RulesRecord | None = None
    rules_approvals: tuple[RulesApproval, ...] = ()  # Approvals of other rules in their place
    rules_reset: RulesReset | None = None  # Requested reset of the rules
    began_with_rules: bool = False  # True if the first deployment recorded its rules
    vouched: int = 0  # number of the last entry that its people vouch for

    @property
    def held_stacks(self) -> frozenset[str]:
        """The stacks with possible resources in their states."""
        return self.stacks | self.half_made

    def has_begun(self, stack: str) -> bool:
        """Check if a deployment or import of the stack ever started, or one of unrecorded stacks."""
        return bool(self.unnamed) or stack in self.stacks or stack in self.begun

    def find_unknown(self, plans: Iterable["StackPlan"]) -> tuple["StackPlan", ...]:
        """Return the plans of stacks with resources but without any started deployment. Forgotten stacks are known."""
        known = self.forgotten
        return tuple(p for p in plans if p.in_state and p.stack not in known and not self.has_begun(p.stack))

    def find_forgotten(self, plans: Iterable["StackPlan"]) -> tuple["StackPlan", ...]:
        """Return the plans of forgotten stacks with remaining resources."""
        if not self.forgotten:
            return ()
        return tuple(plan for plan in plans if plan.in_state and plan.stack in self.forgotten)

    def apply_moves(self, moves: Mapping[str, str]) -> "EnvironmentState":
        """Return the environment after the state moves of a plan. `moves` maps each new stack name to the old one."""
        if not moves:
            return self
        names = {old: new for new, old in moves.items()}
        return replace(
            self,
            stacks=self.stacks | {new for new, old in moves.items() if old in self.stacks},
            begun=self.begun | {new for new, old in moves.items() if self.has_begun(old)},
            traffic={names.get(name, name): traffic for name, traffic in self.traffic.items()},
        )

    @property
    def open_shifts(self) -> Mapping[str, Shift]:
        """The stacks with an unfinished shift of traffic to another color."""
        return {stack: traffic.shift for stack, traffic in self.traffic.items() if traffic.shift}

    @property
    def unfinished_deployment(self) -> Deployment | None:
        return self.last if self.last and self.last.outcome == "unfinished" else None

    @property
    def whole(self) -> bool:
        """True if exactly one release runs here, applied completely."""
        return self.current is not None and self.last == self.current

    @property
    def drifted(self) -> bool:
        return self.drift is not None and self.drift.drifted > 0

    @property
    def current_evidence(self) -> Evidence | None:
        """The evidence of the running release, if it runs whole."""
        return self.evidence.get(self.current.release) if self.current and self.last == self.current else None

    @property
    def known_settings(self) -> frozenset[str]:
        """The digests of settings in its deployments and approvals."""
        ran = (self.current, self.last, *(proof.deployment for proof in self.evidence.values()))
        return frozenset(each.settings for each in (*ran, *self.approvals) if each)

    @property
    def standing_rollback(self) -> Deployment | None:
        """The last deployment, if it is a rollback without waiver or revoked evidence: its repetition is permitted."""
        if self.last is None or self.last.action != "rollback" or self.last.waiver:
            return None
        return None if self.current_evidence and self.current_evidence.revoked else self.last


EMPTY_ENVIRONMENT = EnvironmentState()


@dataclass(frozen=True)
class NewerEntries:
    """The entries from the first one of a newer format on: they are in the chain, and not read."""

    first: int  # Number of the first one
    last: int  # Number of the last entry of the ledger
    version: str  # Version of the envctl that wrote the first one

    def __str__(self) -> str:
        many = f"entries {self.first} to {self.last} are" if self.last > self.first else f"entry {self.first} is"
        return f"{many} not read: it takes envctl {self.version}, which wrote entry {self.first}, or a newer one"


@dataclass(frozen=True, kw_only=True)
class LedgerState:
    """State of the ledger after its last entry, or after the last one before `newer`."""

    seq: int = 0  # number of the last entry
    head: str = GENESIS  # SHA-256 of its bytes
    releases: Mapping[str, KnownRelease] = field(default_factory=dict)
    environments: Mapping[str, EnvironmentState] = field(default_factory=dict)
    unbelieved: tuple[DistrustedEntry, ...] = ()  # last distrusted entries, oldest first
    at: datetime | None = None  # latest time of a trusted entry
    # By release and environment: number of the deployment of its last arrival by promotion, or by apply to the entry.
    # Rollbacks do not count. An earlier commit has the number of the release it is behind, or its own earlier one.
    came: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    newer: NewerEntries | None = None
    has_readings: bool = False  # an envctl that records what approvers read has written to it
    # By environment and role of a key, the number of the first trusted entry that it signed
    began: Mapping[str, int] = field(default_factory=dict)
    foreign: tuple[ForeignObject, ...] = ()  # what was found beside the entries just read; in no checkpoint

    def find_environment(self, environment: str) -> EnvironmentState:
        return self.environments.get(environment, EMPTY_ENVIRONMENT)

    def find_label(self, release: str | None) -> ReleaseLabel | None:
        """Return what people know a release by; None if it is unknown."""
        known = self.releases.get(release) if release else None
        return to_label(known) if known else None

    def is_newer(self, release: str, than: str) -> bool:
        """Check if `release` was created after `than`."""
        one, other = self.releases.get(release), self.releases.get(than)
        return one is not None and other is not None and one.seq > other.seq

    def is_older(self, source: str, entry: str, release: str, other: str) -> bool:
        """Check if `release` is older than `other`: by last arrival in `source`, else in `entry`, else by creation. The
        release last deployed to `source` counts as the newest there, unless it is marked as behind another."""
        one, two = self.came.get(release, {}), self.came.get(other, {})
        last = self.environments.get(source, EMPTY_ENVIRONMENT).last
        if source in one and source in two:
            is_newest = last is not None and last.release == release and not last.behind
            return not is_newest and one[source] <= two[source]
        if entry in one and entry in two:
            return one[entry] <= two[entry]
        return self.is_newer(other, release)
