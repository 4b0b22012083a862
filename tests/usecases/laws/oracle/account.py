"""What the oracle knows: its own account of what happened, in words of its own, made of what it saw happen."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from envctl.domain.ledger.events import WaiverUsed
from envctl.domain.plan.changes import Action, EnvironmentPlan, ResourceChange, StackPlan
from tests.usecases.laws.machines import STACKS, Content
from tests.usecases.laws.oracle.rulebook import NOWHERE, Account, Asked, Document, Vouched
from tests.usecases.project_text import BESIDE, NO_THIRD, USUAL_ACCOUNT, Third


@dataclass
class Command:
    """One command of one person, and what was seen while it ran. `settings` are those of the files it read, `place`
    what the project file said of where the environment is, `asked` what it asks, and `unseen` the stacks that an
    approval names. `person` is the name that the command goes by, `truly` who gives it in truth, and `vouched` who
    knows that.
    """

    verb: str
    environment: str
    person: str
    truly: str
    settings: bytes
    tree: Content
    asked: Asked
    source: str = ""
    gate: str = ""
    break_glass: str = ""
    dry_run: bool = False
    only: frozenset[str] = frozenset()
    place: frozenset[tuple[str, str]] = frozenset()
    unseen: frozenset[str] = frozenset()
    foreign: bool = False
    older: bool = False
    partial: bool = False
    third: Third = NO_THIRD
    vouched: Vouched = ""
    replaced: bool = False
    plans: dict[str, StackPlan] = field(default_factory=dict)
    contents: dict[str, Content | None] = field(default_factory=dict)
    shown: list[tuple[EnvironmentPlan, str]] = field(default_factory=list)
    probed: dict[str, str] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    drifted: int = 0
    waivers: dict[int, WaiverUsed] = field(default_factory=dict)
    before: list["Given"] = field(default_factory=list)
    granted: list[tuple[Document, dict[str, list["Given"]], frozenset[str]]] = field(default_factory=list)
    started: int = 0
    release: str = ""
    wrote: list[str] = field(default_factory=list)

    @property
    def spelt(self) -> str:
        words = [
            self.verb,
            self.source,
            self.environment,
            *sorted(self.only),
            self.gate,
            f"by {self.person.partition('@')[0]}",
        ]
        return " ".join(word for word in words if word) + f" breaking glass: {self.break_glass}" * bool(
            self.break_glass
        )

    @property
    def document(self) -> Document:
        """What the tree asks of the environment."""
        return self.asked.document(self.environment, account_of(self.place))

    @property
    def is_beside(self) -> bool:
        return self.environment in self.asked.outside

    @property
    def waived(self) -> set[str]:
        return {code for waiver in self.waivers.values() for code in waiver.guards}


@dataclass(frozen=True)
class Made:
    """A release as it was first made, for the pipeline or `beside` it. `number` counts them."""

    number: int
    content: Content
    makers: frozenset[str]
    uncommitted: bool
    third: Third = NO_THIRD
    beside: bool = False

    @property
    def stacks(self) -> frozenset[str]:
        if self.beside:
            return frozenset({BESIDE})
        return frozenset({*STACKS, self.third.name} - {""})

    @property
    def waits_for(self) -> frozenset[str]:
        """What is asked of its objects beside the checks of the project: that they get ready."""
        has_objects = self.third.kind == "kubernetes" and not self.beside
        return frozenset({f"{self.third.name} is ready"}) if has_objects else frozenset()

    @property
    def forgets(self) -> frozenset[str]:
        """The stacks that stay as they are once the release has them no more."""
        return frozenset(name for name, fate in self.third.fates if fate == "forget") - self.stacks


@dataclass
class Proof:
    """What is known of a release in an environment since it was last deployed there to its end. `passed` says when each
    check passed last since then.
    """

    whole: bool = False
    verified_at: datetime | None = None
    since: datetime | None = None
    longest: timedelta = timedelta()
    replaced: bool = False
    passed: dict[str, datetime] = field(default_factory=dict)

    def soaked(self, now: datetime) -> timedelta:
        return max(self.longest, now - self.since) if self.since else self.longest

    def leave(self, now: datetime) -> None:
        self.longest, self.since = self.soaked(now), None

    def revoke(self) -> None:
        self.passed = {}
        self.verified_at, self.since, self.longest = None, None, timedelta()


@dataclass(frozen=True)
class Given:
    """An approval: who has seen which plan of which release, made with which settings for which place, and said yes;
    and to which stacks they said yes without a plan. `asked` is what the tree asked of the environment then, and
    `recorded` what it was deployed with; `vouched` says who knows them. Its deployment has `ended` it: it
    is for nothing more that would change.
    """

    person: str
    gate: str
    release: str
    settings: bytes
    plan: EnvironmentPlan
    at: datetime
    place: frozenset[tuple[str, str]]
    unseen: frozenset[str]
    asked: Document
    recorded: Document | None
    vouched: Vouched = ""
    ended: bool = False


@dataclass(frozen=True)
class Said:
    """Somebody has said at a gate that what the tree asks may take the place of what was asked before."""

    person: str
    gate: str
    asked: Document
    at: datetime
    vouched: Vouched


@dataclass(frozen=True)
class Reset:
    """Somebody has asked that what was asked before shall count no longer."""

    person: str
    at: datetime


def account_of(place: frozenset[tuple[str, str]]) -> Account:
    """What of a place can't be two things at once. A role acts in its own account, named or not."""
    known = {name: value for name, value in place if name in ("account_id", "region")}
    if any(name == "assume_role" for name, _ in place):
        known.setdefault("account_id", USUAL_ACCOUNT)
    return frozenset(known.items()) or NOWHERE


@dataclass
class Place:
    """One environment. `current` is what was last deployed to its end, `last` what was last begun, and `returning` a
    release that was brought back last: unless it is `doubted` by now, the same may be done again. `asked` is what was
    asked of it when it was deployed last by a way that needs approvals, and `where` it was then. `came` numbers the
    releases in the order in which they last came there, and `given_up` those that somebody meant to leave. `said` is
    what people have said of other rules since then, and `reset` that what was asked shall count no longer. `forgotten`
    are stacks that were said to stay as they are, and are looked after no longer; `begun` are those that a deployment
    there ever began with. `by` is the command that brought `current`.
    """

    runs: dict[str, Content] = field(default_factory=dict)
    proofs: dict[str, Proof] = field(default_factory=dict)
    current: str = ""
    last: str = ""
    returning: str = ""
    doubted: bool = False
    open: Command | None = None
    held: set[str] = field(default_factory=set)
    locked: bool = False
    drifted: bool = False
    approvals: list[Given] = field(default_factory=list)
    owed: dict[int, WaiverUsed] = field(default_factory=dict)
    came: dict[str, int] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    asked: Document | None = None
    where: frozenset[tuple[str, str]] = frozenset()
    forgotten: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)
    reset: Reset | None = None
    by: Command | None = None

    def hold(self, release: str) -> None:
        """What was said before that is for nothing any more."""
        self.held.add(release)
        self.approvals = [given for given in self.approvals if given.release != release]

    def proof(self, release: str) -> Proof:
        return self.proofs.setdefault(release, Proof())


def count_people(given: Iterable[Given], writers: frozenset[str]) -> int:
    """How many have said yes to what each writer wrote: the least of it. Nobody counts for their own."""
    people = {each.person for each in given}
    return min(len(people - {writer}) for writer in ("", *writers))


def losses(plans: Mapping[str, StackPlan]) -> list[ResourceChange]:
    """The resources that are gone, or there anew, after the plan."""
    gone = (Action.DELETE, Action.REPLACE)
    return [resource for plan in plans.values() for resource in plan.resources if resource.action in gone]


def covered(plans: Mapping[str, StackPlan], given: Given) -> bool:
    """Whether somebody who said yes to one plan has said yes to all that these ones do."""
    known = {stack.stack: stack for stack in given.plan.stacks}
    return all(
        name in known and all(_within(each, known[name], given.unseen) for each in _wanted(plans[name]))
        for name in plans
    )


def accepted(stack: str, given: Given) -> bool:
    """Whether somebody who said yes has seen a plan of the stack, or has named it."""
    known = next((each for each in given.plan.stacks if each.stack == stack), None)
    return known is not None and (not known.waits_for or (stack in given.unseen and not known.behind))


def _wanted(plan: StackPlan) -> Iterator[ResourceChange]:
    yield from (resource for resource in plan.resources if resource.action is not Action.READ)


def _within(change: ResourceChange, approved: StackPlan, unseen: frozenset[str]) -> bool:
    if approved.waits_for:
        # Nothing of the stack was there, and none of it was seen: who named it has said that all of it may be made.
        return change.action is Action.CREATE and approved.stack in unseen
    return any(
        (change.address, change.type, change.action) == (seen.address, seen.type, seen.action)
        and {(a.path, repr(a.after)) for a in change.attributes} <= {(a.path, repr(a.after)) for a in seen.attributes}
        for seen in approved.resources
    )
