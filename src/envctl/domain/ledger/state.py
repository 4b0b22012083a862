"""The present, as values: what each environment runs, what is proven there, and what stands in the way.

`fold.py` makes it of the ledger's entries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from envctl.domain.ledger.clocks import is_future
from envctl.domain.ledger.entries import GENESIS
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.operation import Move
from envctl.domain.rollout.traffic import Shift, Traffic

Outcome = Literal["unfinished", "succeeded", "partial", "failed", "interrupted", "abandoned"]
"""*partial* went well, and was of some stacks only: what runs then may be of more than one release."""


@dataclass(frozen=True)
class KnownRelease:
    """`made_for` names the environments beside the pipeline that it was made for; an empty name is the pipeline.
    `others` have a part in it, beside its author.
    """

    release: str
    seq: int
    at: datetime
    by: Actor
    commit: str
    uncommitted: bool
    author: str
    made_for: tuple[str, ...] = ("",)
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """`seq` is the number of its *started* entry, and its name within the ledger; `waiver` that of the waiver which it
    needed, or 0. `only` names the stacks where they are not all of the release; `unpinned` are providers that were not
    those which it pins. `place` is the digest of where it landed; empty where it was not recorded. `older` is true
    where it went over a newer release, and --older said that this is meant. `lost` are stacks whose state was gone when
    the environment was destroyed: what they held may remain. `rules` is the digest of the
    rules that it was deployed with, empty where they were not recorded, and `rules_before` that of those before it,
    where they were others. `behind` is the release that the entry had, where this one was made of
    an earlier commit and --older did not say that this is meant.
    """

    seq: int
    release: str
    settings: str
    action: Move
    source: str
    by: Actor
    started_at: datetime
    outcome: Outcome = "unfinished"
    ended_at: datetime | None = None
    changed: int = 0
    reason: str = ""
    waiver: int = 0
    only: tuple[str, ...] = ()
    unpinned: tuple[str, ...] = ()
    place: str = ""
    older: bool = False
    lost: tuple[str, ...] = ()
    rules: str = ""
    rules_before: str = ""
    behind: str = ""


def ended(deployment: Deployment) -> str:
    """What became of it, as what `its last deployment …` did."""
    match deployment.outcome:
        case "unfinished":
            return "is unfinished"
        case "interrupted" | "abandoned":
            return f"was {deployment.outcome}"
        case "partial":
            return f"was of {' and '.join(deployment.only)} alone"
        case _:
            return deployment.outcome


@dataclass(frozen=True)
class Evidence:
    """What an environment proves about one release: its latest deployment there succeeded, and was verified or not.

    `verified_at` is the last check that passed; None where none did since, and then `revoked` says what took the proof
    away, if anything did. A *stay* is the time in which a release runs somewhere and is verified: `since` is the
    beginning of the one that goes on, and `longest` the longest of those that ended; `until` is when that one ended.
    `passed` says for each check, by its mark, when it passed last; by its name where marks were not recorded yet.
    """

    deployment: Deployment
    verified_at: datetime | None = None
    checks: tuple[str, ...] = ()
    revoked: str = ""
    since: datetime | None = None
    longest: timedelta = timedelta()
    until: datetime | None = None
    passed: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        return self.verified_at is not None

    def soaked(self, now: datetime) -> timedelta:
        """How long it has run there, verified, without a break. A stay that ended in the future counts for nothing: the
        clock was wrong that told its end.
        """
        ended = timedelta() if self.until and is_future(self.until, now) else self.longest
        return max(ended, now - self.since) if self.since else ended

    def rest(self, now: datetime) -> "Evidence":
        """The same once the stay that goes on has ended."""
        if self.since is None or now - self.since <= self.longest:
            return replace(self, since=None)
        return replace(self, since=None, longest=now - self.since, until=now)


@dataclass(frozen=True)
class Approval:
    """`plan` is the fingerprint of what was approved; empty where it was given before plans were looked at. `place` is
    the digest of the place that it was given for; empty where places were not recorded yet. `unseen` names stacks that
    could not be planned, and were approved all the same. `rules` and `recorded` are the digests of the rules of the
    tree and of those that the environment was deployed with; empty where rules were not recorded yet.
    """

    gate: str
    release: str
    settings: str
    by: Actor
    at: datetime
    plan: str = ""
    place: str = ""
    unseen: tuple[str, ...] = ()
    rules: str = ""
    recorded: str = ""


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
    """Something is taken into the state of a stack: it began, and its end is not recorded. `seq` is the number of its
    entry.
    """

    seq: int
    stack: str
    address: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class DriftCheck:
    """`drifted` counts what differed from the state, and `resources` names the first of it, resources and outputs."""

    release: str
    by: Actor
    at: datetime
    drifted: int
    resources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Debt:
    """A release reached an environment although guards said no. It is owed until a normal promotion clears it."""

    waiver: int
    release: str
    by: Actor
    at: datetime
    reason: str
    guards: tuple[str, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True)
class Unbelieved:
    """An entry that does not count. Neither what it says is known to be so, nor who said it.

    `what` is the kind of its event; `environment` is empty where it speaks of a release alone.
    """

    seq: int
    environment: str
    what: str
    by: Actor
    at: datetime
    why: str

    def __str__(self) -> str:
        about = f" about {self.environment}" if self.environment else ""
        return f"entry {self.seq} of the ledger ({self.what}{about})"


@dataclass(frozen=True)
class EnvironmentPresent:
    """`current` is the last deployment of a whole release that succeeded and still stands, `last` the last one of all.

    `evidence` is there for each release whose latest deployment here succeeded: a later failure of the same release
    takes it away. `performed` is what each release did here to which types of resources. `stacks` are those that were
    ever applied to their end, and `begun` those that a deployment or an import ever began with; `half_made` are those
    that may hold something although none ended, and `unnamed` the numbers of deployments that did not succeed and of
    which it was not recorded which stacks they were of. `forgotten` are stacks that a release left as they are, and
    that are looked after no longer. `renamed` are those whose state was that of another stack, by that name, as long as
    they were not applied since. `drift` is the last look at reality since the last deployment. `traffic` is which
    colour of a stack has the requests, where envctl sends them. `imports` are those whose end is not recorded.

    `rules` are those of the last deployment of a whole release that asked for approval and succeeded without a waiver;
    None where there was none yet. `rules_approvals` are for others in their place, and `rules_reset` is what was asked
    for against them. `began_with_rules` says whether the first deployment there named its rules, whatever became of it:
    one by an envctl of before did not.
    """

    current: Deployment | None = None
    last: Deployment | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    performed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    stacks: frozenset[str] = frozenset()
    lock: Lock | None = None
    holds: Mapping[str, Hold] = field(default_factory=dict)
    drift: DriftCheck | None = None
    waivers: tuple[Debt, ...] = ()
    debts: tuple[Debt, ...] = ()
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    imports: tuple[OpenImport, ...] = ()
    begun: frozenset[str] = frozenset()
    unnamed: tuple[int, ...] = ()
    half_made: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    rules: RulesRecord | None = None
    rules_approvals: tuple[RulesApproval, ...] = ()
    rules_reset: RulesReset | None = None
    began_with_rules: bool = False

    @property
    def held(self) -> frozenset[str]:
        """The stacks whose states may hold something."""
        return self.stacks | self.half_made

    def has_begun(self, stack: str) -> bool:
        """Whether a deployment or an import ever began with it. One of unrecorded stacks may have been of any."""
        return bool(self.unnamed) or stack in self.stacks or stack in self.begun

    @property
    def shifts(self) -> Mapping[str, Shift]:
        """The stacks whose requests are on their way from one colour to the other, or were left there."""
        return {stack: traffic.shift for stack, traffic in self.traffic.items() if traffic.shift}

    @property
    def unfinished(self) -> Deployment | None:
        return self.last if self.last and self.last.outcome == "unfinished" else None

    @property
    def whole(self) -> bool:
        """Whether what runs is one release, applied to its end."""
        return self.current is not None and self.last == self.current

    @property
    def drifted(self) -> bool:
        return self.drift is not None and self.drift.drifted > 0

    @property
    def proof(self) -> Evidence | None:
        """What is proven of the release that runs, where one does, whole."""
        return self.evidence.get(self.current.release) if self.whole and self.current else None

    @property
    def brought_back(self) -> Deployment | None:
        """The rollback that was begun last, as long as nothing speaks against it. It was allowed when it began: so the
        same is allowed again, whether it got to its end or not.
        """
        if self.last is None or self.last.action != "rollback" or self.last.waiver:
            return None
        return None if self.proof and self.proof.revoked else self.last


NOTHING = EnvironmentPresent()


@dataclass(frozen=True)
class Present:
    """`seq` and `head` are the number of the last entry and the SHA-256 of its bytes. `unbelieved` are the last entries
    that do not count, oldest first. `at` is the latest time of any entry that counts; None where there is none.

    `came` says for each release, by environment, the number of the deployment with which it came there last: by a
    promotion, or into the entry by an apply. A rollback, and a deployment of what runs already, bring nothing. What an
    earlier commit brought has the number of the release that it is behind, or that which it had before.
    """

    seq: int = 0
    head: str = GENESIS
    releases: Mapping[str, KnownRelease] = field(default_factory=dict)
    environments: Mapping[str, EnvironmentPresent] = field(default_factory=dict)
    unbelieved: tuple[Unbelieved, ...] = ()
    at: datetime | None = None
    came: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, environment: str) -> EnvironmentPresent:
        return self.environments.get(environment, NOTHING)

    def newer(self, release: str, than: str) -> bool:
        """Whether a release was made after another one."""
        one, other = self.releases.get(release), self.releases.get(than)
        return one is not None and other is not None and one.seq > other.seq

    def came_before(self, source: str, entry: str, release: str, other: str) -> bool:
        """Whether a release is older than another one: by the order in which they last came into `source`, or where
        one of them never did, into the entry environment, or else by the order in which they were made.

        What `source` deployed last is the newest of all that came there, unless it is behind one of those.
        """
        one, two, last = self.came.get(release, {}), self.came.get(other, {}), self.of(source).last
        if source in one and source in two:
            is_newest = last is not None and last.release == release and not last.behind
            return not is_newest and one[source] <= two[source]
        if entry in one and entry in two:
            return one[entry] <= two[entry]
        return self.newer(other, release)
