"""What stands against a deployment that begins now, by the words of the rules: separately from the guards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from envctl.domain.plan.changes import StackPlan
from tests.usecases.laws.oracle.account import (
    Command,
    Given,
    Made,
    Place,
    Proof,
    accepted,
    count_people,
    covered,
    losses,
)
from tests.usecases.laws.oracle.rulebook import Document

BEFORE = {"staging": "dev", "prod": "staging"}
"""By the book."""
HOLDS_DATA = frozenset({"aws_db_instance", "aws_s3_bucket"})
NEVER = "never"
DELAY = timedelta(days=7)
"""After which a reset of rules counts."""
FRIDAY, EVENING = 5, 16
YEAR_END = datetime(2026, 12, 20), datetime(2027, 1, 4)


@dataclass(frozen=True)
class Case:
    """One release on its way into one environment, at one moment. `before` is the environment right before it, `entry`
    where code enters, and `known` are all releases. `asked` is what the tree asks of the target, and what else has to
    be satisfied; `recorded` what it was deployed with, where that counts. `wrote` are those
    who ever changed its settings.
    """

    command: Command
    release: str
    made: Made
    target: Place
    source: Place
    now: datetime
    before: Place
    entry: Place
    known: Mapping[str, Made]
    asked: tuple[Document, ...]
    recorded: Document | None
    wrote: frozenset[str] = frozenset()

    @property
    def tree(self) -> Document:
        return self.command.document

    @property
    def plans(self) -> Mapping[str, StackPlan]:
        """Those that are carried out: what is forgotten is only listed."""
        return carried_out(self.command.plans, self.made)


def carried_out(plans: Mapping[str, StackPlan], made: Made) -> dict[str, StackPlan]:
    return {name: plan for name, plan in plans.items() if name not in made.forgets}


def objections(case: Case) -> Iterator[tuple[str, str]]:
    """Each with the code of the guard that would have to be waived."""
    verb, target = case.command.verb, case.target
    if case.command.vouched == "schedule":
        yield NEVER, "a schedule acts for nobody, and no rule names it"
    if target.open is not None:
        yield "G109", "another deployment is unfinished"
    if target.locked:
        yield "G108", "the environment is locked"
    if case.release in target.held and verb != "destroy" and not _is_lifted(case):
        yield "G108", "the release is on hold there"
    if verb == "rollback":
        yield from _of_return(case)
    if verb == "promote":
        yield from _of_way(case)
    if verb in ("promote", "apply"):
        if case.tree.before:
            yield from _of_age(case)
        yield from _of_both(case)
    for asked in case.asked:
        yield from _by(case, asked)


def _is_lifted(case: Case) -> bool:
    """Whether the gates have approved what is on hold. What they said before it does not count."""
    gates = [
        (gate, count, standing(case, asked), list_writers(case, asked))
        for asked in case.asked
        for gate, count in asked.rules.gates
    ]
    return bool(gates) and all(count_people(found[gate], who) >= count for gate, count, found, who in gates)


def _of_both(case: Case) -> Iterator[tuple[str, str]]:
    if case.command.verb == "apply" and case.tree.before and case.release != case.target.current:
        yield NEVER, "new code outside of the entry without a promotion"
    if case.recorded is not None and not case.tree.can_hold_beside(case.recorded):
        yield NEVER, "it is in another account or place of the order than it was deployed to"


def _by(case: Case, asked: Document) -> Iterator[tuple[str, str]]:
    """What stands against it by one document."""
    verb, rules = case.command.verb, asked.rules
    if rules.only_ci and case.command.vouched != "job":
        yield NEVER, "it is changed by CI alone"
    if verb == "promote":
        yield from _of_time(case, asked)
        if rules.committed and case.made.uncommitted:
            yield "G206", "it was made from an uncommitted tree"
    if verb in ("promote", "apply"):
        if rules.windows and (window := denied(case.now)):
            yield "G107", f"the window {window} is open"
        yield from _of_approvals(case, asked)
    if verb == "destroy" and asked.is_guarded:
        yield "G301", "it is never destroyed as a whole"
    elif is_too_much_lost(case.plans, asked):
        yield "G301", f"it would lose {len(losses(case.plans))} resources"


def _of_age(case: Case) -> Iterator[tuple[str, str]]:
    """What runs there in fact is what counts, stack by stack."""
    if case.command.older or case.release == case.target.last:
        return
    there = {name for name, made in case.known.items() if made.content in case.target.runs.values()}
    for newer in there - {case.release} - case.target.given_up:
        if _is_older(case, newer):
            yield "G111", f"the newer release {case.known[newer].number} runs there"


def _is_older(case: Case, other: str) -> bool:
    """In the order in which both last came into the environment before, or else where code enters."""
    for place in (case.before, case.entry):
        if {case.release, other} <= place.came.keys():
            if place is case.before and place.last == case.release:
                return False
            return place.came[case.release] < place.came[other]
    return case.known[case.release].number < case.known[other].number


def _of_way(case: Case) -> Iterator[tuple[str, str]]:
    proof = case.source.proofs.get(case.release)
    if case.command.source != case.tree.before:
        yield "G101", "it does not come from the environment right before"
    if proof is None or not proof.whole:
        yield "G102", "it was not deployed to its end in the source"
    elif proof.verified_at is None:
        yield "G103", "it is not verified in the source"
    if case.source.drifted:
        yield "G110", "the source has drifted"


def _of_time(case: Case, asked: Document) -> Iterator[tuple[str, str]]:
    proof: Proof = case.source.proofs.get(case.release, Proof())
    if proof.verified_at is None:
        return
    if missing := asked.checks - proof.passed.keys():
        yield "G103", f"{', '.join(sorted(missing))} did not pass in the source"
    oldest = min((proof.passed[each] for each in asked.checks - missing), default=proof.verified_at)
    if asked.rules.max_age is not None and case.now - oldest > asked.rules.max_age:
        yield "G105", "the proof is too old"
    if proof.soaked(case.now) < asked.rules.soak:
        yield "G104", "it has not soaked"


def _of_return(case: Case) -> Iterator[tuple[str, str]]:
    proof = case.target.proofs.get(case.release)
    if case.release == case.target.returning and not case.target.doubted:
        return
    if proof is None or not proof.whole:
        yield "G102", "it was never deployed there to its end"
    elif proof.verified_at is None:
        yield "G102", "it is not verified there"
    if case.release == case.target.last:
        yield "G102", "it is not an earlier one"


def of_stacks(case: Case, there: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is there was made there; and where the target is protected, somebody says what becomes of a stack that
    leaves. `there` are those of it.
    """
    made = case.made
    if strange := there - case.target.begun:
        yield "G304", f"nobody deployed {sorted(strange)} there"
    said = {name for name, _ in made.third.fates} | {made.third.was}
    unsaid = there - made.stacks - said - case.target.forgotten
    if case.command.verb != "destroy" and unsaid and any(asked.rules.protected for asked in case.asked):
        yield "G305", f"nobody said what becomes of {sorted(unsaid)}"


def find_recorded(place: Place, command: Command, now: datetime) -> Document | None:
    """What the environment was deployed with, where it has to be satisfied beside what the tree asks."""
    recorded = place.asked
    if recorded is None or recorded.is_entry or recorded == command.document:
        return None
    if place.reset is not None and now - place.reset.at >= DELAY:
        return None
    return None if is_replaced(recorded, place, command, now) else recorded


def find_owners(places: Mapping[str, Place], command: Command) -> tuple[Document, ...]:
    """What is asked in the account of the environment, as long as it was never deployed with rules of its own."""
    account = dict(command.document.account).get("account_id")
    if account is None or places[command.environment].asked is not None:
        return ()
    found = (place.asked for place in places.values() if place.asked is not None)
    return tuple(
        each
        for each in found
        if dict(each.account).get("account_id") == account and each.is_guarded and not each.is_entry
    )


def is_replaced(recorded: Document, place: Place, command: Command, now: datetime) -> bool:
    """Whether enough people of the recorded gates have said that what the tree asks may take their place."""
    rules = recorded.rules
    given = [
        each
        for each in place.said
        if each.asked == command.document
        and (rules.expires is None or now - each.at <= rules.expires)
        and (rules.self_approval or not rules.gates or each.person != command.person)
        and each.vouched != "schedule"
        and (each.vouched == rules.approvers or not rules.approvers or each.gate != "business")
    ]
    if not rules.gates:
        return bool(given)
    people = {gate: {each.person for each in given if each.gate == gate} for gate, _ in rules.gates}
    return all(len(people[gate]) >= count for gate, count in rules.gates)


def is_too_much_lost(plans: Mapping[str, StackPlan], asked: Document) -> bool:
    lost, rules = losses(plans), asked.rules
    return rules.protected and (len(lost) > rules.max_destroys or any(each.type in HOLDS_DATA for each in lost))


def _of_approvals(case: Case, asked: Document) -> Iterator[tuple[str, str]]:
    granted, writers = standing(case, asked), list_writers(case, asked)
    for gate, count in asked.rules.gates:
        if count_people(granted[gate], writers) < count:
            yield "G106", f"gate {gate} lacks approvals"
        elif too_few(granted[gate], writers, case.plans, count):
            yield "G302", f"gate {gate} has approved another plan"
        elif not (case.command.partial or case.command.break_glass) and (
            left := _left_out(granted[gate], writers, case, count)
        ):
            yield "G113", f"gate {gate} has left out {left}, and nobody said that a part is meant"


def standing(case: Case, asked: Document) -> dict[str, list[Given]]:
    """The approvals of each gate that hold now, whatever plan they were given for."""
    rules = asked.rules
    barred = frozenset() if rules.self_approval else {case.command.person}
    holding = [
        given
        for given in case.target.approvals
        if given.release == case.release
        and given.settings == case.command.settings
        and given.place == case.command.place
        and given.person not in barred
        and (not given.ended or _is_there(case))
        and (rules.expires is None or case.now - given.at <= rules.expires)
        and _of_these_rules(case, given)
        and given.vouched != "schedule"
        and (given.vouched == rules.approvers or not rules.approvers or given.gate != "business")
    ]
    return {gate: [given for given in holding if given.gate == gate] for gate, _ in rules.gates}


def list_writers(case: Case, asked: Document) -> frozenset[str]:
    """All who wrote what would be new there since the deployment before, or took it back: at nothing else does a gate
    look. Where nothing runs yet, what came before the release is not asked about.
    """
    if asked.rules.self_approval:
        return frozenset()
    by, found = case.target.by, set(case.made.makers)
    if by is None:
        return frozenset(found)
    runs = case.known[case.target.current]
    between = range(min(runs.number, case.made.number) + 1, max(runs.number, case.made.number) + 1)
    for each in case.known.values():
        # What a waiver let in was approved by nobody yet.
        if each.beside == case.made.beside and (each.number in between or (each is runs and by.waivers)):
            found |= each.makers
    return frozenset(found | (case.wrote if case.command.settings != by.settings else set()))


def _is_there(case: Case) -> bool:
    """Whether the target runs it already, and nothing would change."""
    target = case.target
    return case.release == target.current == target.last and not any(plan.changes for plan in case.plans.values())


def _of_these_rules(case: Case, given: Given) -> bool:
    """Who approved knew both documents. Once the tree's rules are the recorded ones, those of before do not matter."""
    tree, recorded = case.tree, case.target.asked
    return given.asked == tree and (recorded in (given.recorded, tree))


def too_few(granted: list[Given], writers: frozenset[str], plans: Mapping[str, StackPlan], count: int) -> bool:
    return count_people([given for given in granted if covered(plans, given)], writers) < count


def _left_out(granted: list[Given], writers: frozenset[str], case: Case, count: int) -> list[str]:
    """The stacks that can't be planned yet, and that too few people have seen before, or have accepted unseen."""
    waiting = sorted((case.command.only or case.made.stacks) - case.command.plans.keys())
    return [name for name in waiting if count_people([g for g in granted if accepted(name, g)], writers) < count]


def denied(now: datetime) -> str:
    """The name of the window in which prod may not be changed now."""
    tokyo = now.astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None)
    berlin = now.astimezone(ZoneInfo("Europe/Berlin"))
    if YEAR_END[0] <= tokyo < YEAR_END[1]:
        return "year end"
    return "friday" if berlin.isoweekday() == FRIDAY and berlin.hour >= EVENING else ""
