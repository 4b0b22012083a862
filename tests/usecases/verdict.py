"""What stands against a deployment that begins now, by the words of the rules: separately from the guards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from envctl.domain.changes import StackPlan
from tests.usecases.account import Command, Given, Made, Place, Proof, account_of, covered, losses
from tests.usecases.rulebook import Asked

BEFORE = {"staging": "dev", "prod": "staging"}
HOLDS_DATA = frozenset({"aws_db_instance", "aws_s3_bucket"})
NEVER = "never"
FRIDAY, EVENING = 5, 16
YEAR_END = datetime(2026, 12, 20), datetime(2027, 1, 4)


@dataclass(frozen=True)
class Case:
    """One release on its way into one environment, at one moment. `before` is the environment right before it, `entry`
    where code enters, and `known` are all releases. `asked` is what the tree asks of prod, and what prod was
    deployed with, where that counts: both have to be satisfied.
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
    asked: tuple[Asked, ...]

    @property
    def plans(self) -> Mapping[str, StackPlan]:
        """Those that are carried out: what is forgotten is only listed."""
        return carried_out(self.command.plans, self.made)

    @property
    def prod(self) -> bool:
        return self.command.environment == "prod"


def carried_out(plans: Mapping[str, StackPlan], made: Made) -> dict[str, StackPlan]:
    return {name: plan for name, plan in plans.items() if name not in made.forgets}


def objections(case: Case) -> Iterator[tuple[str, str]]:
    """Each with the code of the guard that would have to be waived."""
    verb, target = case.command.verb, case.target
    if target.open is not None:
        yield "G109", "another deployment is unfinished"
    if target.locked:
        yield "G108", "the environment is locked"
    if case.release in target.held and verb != "destroy":
        yield "G108", "the release is on hold there"
    if verb == "rollback":
        yield from _of_return(case)
    if verb in ("promote", "apply") and case.command.environment != "dev":
        yield from _of_age(case)
    for asked in case.asked:
        yield from _by(case, asked)


def _by(case: Case, asked: Asked) -> Iterator[tuple[str, str]]:
    """What stands against it by one document."""
    environment, verb = case.command.environment, case.command.verb
    if verb == "promote":
        yield from _of_proof(case, asked)
    if verb == "apply" and asked.before(environment) and case.release != case.target.current:
        yield NEVER, "new code outside of the entry without a promotion"
    if case.prod:
        yield from _of_prod(case, asked)


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


def _of_proof(case: Case, asked: Asked) -> Iterator[tuple[str, str]]:
    proof = case.source.proofs.get(case.release)
    if case.command.source != asked.before(case.command.environment):
        yield "G101", "it does not come from the environment right before"
    if proof is None or not proof.whole:
        yield "G102", "it was not deployed to its end in the source"
    elif proof.verified_at is None:
        yield "G103", "it is not verified in the source"
    elif case.prod:
        yield from _of_time(case, asked, proof, proof.verified_at)
    if case.source.drifted:
        yield "G110", "the source has drifted"
    if case.prod and asked.committed and case.made.uncommitted:
        yield "G206", "it was made from an uncommitted tree"


def _of_time(case: Case, asked: Asked, proof: Proof, verified_at: datetime) -> Iterator[tuple[str, str]]:
    wanted = asked.checks_of(asked.before("prod") or "dev")
    if missing := wanted - proof.passed.keys():
        yield "G103", f"{', '.join(sorted(missing))} did not pass in the source"
    oldest = min((proof.passed[each] for each in wanted - missing), default=verified_at)
    if asked.max_age is not None and case.now - oldest > asked.max_age:
        yield "G105", "the proof is too old"
    if proof.soaked(case.now) < asked.soak:
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


def _of_prod(case: Case, asked: Asked) -> Iterator[tuple[str, str]]:
    if case.command.verb in ("promote", "apply"):
        if asked.windows and (window := denied(case.now)):
            yield "G107", f"the window {window} is open"
        if asked == case.target.asked and account_of(case.target.where) != account_of(case.command.place):
            yield NEVER, "it is in another account or region than it was deployed to"
        yield from _of_approvals(case, asked)
    if case.command.verb == "destroy" and (asked.protected or asked.gates):
        yield "G301", "it is never destroyed as a whole"
    elif is_too_much_lost(case.plans, asked):
        yield "G301", f"it would lose {len(losses(case.plans))} resources"


def of_stacks(case: Case, there: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Where prod is protected, somebody says what becomes of a stack that leaves. `there` are those of the target."""
    made = case.made
    said = {name for name, _ in made.third.fates} | {made.third.was}
    unsaid = there - made.stacks - said - case.target.forgotten
    if case.prod and case.command.verb != "destroy" and unsaid and any(asked.protected for asked in case.asked):
        yield "G305", f"nobody said what becomes of {sorted(unsaid)}"


def is_replaced(place: Place, command: Command, now: datetime) -> bool:
    """Whether enough people of the recorded gates have said that what the tree asks may take their place."""
    recorded, wanted = place.asked, (command.asked, account_of(command.place))
    if recorded is None:
        return False
    given = [
        each
        for each in place.said
        if (each.asked, each.account) == wanted
        and (recorded.expires is None or now - each.at <= recorded.expires)
        and (recorded.self_approval or not recorded.gates or each.person != command.person)
        and (each.vouched or not recorded.approvers or each.gate != "business")
    ]
    if not recorded.gates:
        return bool(given)
    people = {gate: {each.person for each in given if each.gate == gate} for gate, _ in recorded.gates}
    return all(len(people[gate]) >= count for gate, count in recorded.gates)


def is_too_much_lost(plans: Mapping[str, StackPlan], asked: Asked) -> bool:
    lost = losses(plans)
    return asked.protected and (len(lost) > asked.max_destroys or any(each.type in HOLDS_DATA for each in lost))


def _of_approvals(case: Case, asked: Asked) -> Iterator[tuple[str, str]]:
    granted = standing(case, asked)
    for gate, count in asked.gates:
        if len({given.person for given in granted[gate]}) < count:
            yield "G106", f"gate {gate} lacks approvals"
        elif too_few(granted[gate], case.plans, count):
            yield "G302", f"gate {gate} has approved another plan"


def standing(case: Case, asked: Asked) -> dict[str, list[Given]]:
    """The approvals of each gate that hold now, whatever plan they were given for."""
    barred = frozenset() if asked.self_approval else case.made.makers | {case.command.person}
    holding = [
        given
        for given in case.target.approvals
        if given.release == case.release
        and given.settings == case.command.settings
        and given.place == case.command.place
        and given.person not in barred
        and (asked.expires is None or case.now - given.at <= asked.expires)
        and _of_these_rules(case, given)
        and (given.vouched or not asked.approvers or given.gate != "business")
    ]
    return {gate: [given for given in holding if given.gate == gate] for gate, _ in asked.gates}


def _of_these_rules(case: Case, given: Given) -> bool:
    """Who approved knew both documents. Once the tree's rules are the recorded ones, those of before do not matter."""
    tree, recorded = case.command.asked, case.target.asked
    return given.asked == tree and (recorded in (given.recorded, tree))


def too_few(granted: list[Given], plans: Mapping[str, StackPlan], count: int) -> bool:
    return len({given.person for given in granted if covered(plans, given)}) < count


def denied(now: datetime) -> str:
    """The name of the window in which prod may not be changed now."""
    tokyo = now.astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None)
    berlin = now.astimezone(ZoneInfo("Europe/Berlin"))
    if YEAR_END[0] <= tokyo < YEAR_END[1]:
        return "year end"
    return "friday" if berlin.isoweekday() == FRIDAY and berlin.hour >= EVENING else ""
