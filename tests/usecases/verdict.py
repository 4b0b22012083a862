"""What stands against a deployment that begins now, by the words of the rules: separately from the guards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from envctl.domain.changes import StackPlan
from tests.usecases.account import Command, Given, Made, Place, covered, losses

BEFORE = {"staging": "dev", "prod": "staging"}
GATES = {"peer": 1, "business": 2}
EXPIRES, SOAK, MAX_AGE = timedelta(hours=8), timedelta(hours=24), timedelta(days=14)
MAX_DESTROYS = 1
HOLDS_DATA = frozenset({"aws_db_instance", "aws_s3_bucket"})
NEVER = "never"
FRIDAY, EVENING = 5, 16
YEAR_END = datetime(2026, 12, 20), datetime(2027, 1, 4)


@dataclass(frozen=True)
class Case:
    """One release on its way into one environment, at one moment. `before` is the environment right before it, `entry`
    where code enters, and `known` are all releases.
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


def objections(case: Case) -> Iterator[tuple[str, str]]:
    """Each with the code of the guard that would have to be waived."""
    verb, target = case.command.verb, case.target
    if target.open is not None:
        yield "G109", "another deployment is unfinished"
    if target.locked:
        yield "G108", "the environment is locked"
    if case.release in target.held and verb != "destroy":
        yield "G108", "the release is on hold there"
    if verb == "promote":
        yield from _of_proof(case)
    if verb == "rollback":
        yield from _of_return(case)
    if verb == "apply" and case.command.environment != "dev" and case.release != target.current:
        yield NEVER, "new code outside of the entry without a promotion"
    if verb in ("promote", "apply") and case.command.environment != "dev":
        yield from _of_age(case)
    if case.command.environment == "prod":
        yield from _of_prod(case)


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


def _of_proof(case: Case) -> Iterator[tuple[str, str]]:
    proof, prod = case.source.proofs.get(case.release), case.command.environment == "prod"
    if case.command.source != BEFORE.get(case.command.environment):
        yield "G101", "it does not come from the environment right before"
    if proof is None or not proof.whole:
        yield "G102", "it was not deployed to its end in the source"
    elif proof.verified_at is None:
        yield "G103", "it is not verified in the source"
    elif prod and case.now - proof.verified_at > MAX_AGE:
        yield "G105", "the proof is too old"
    elif prod and proof.soaked(case.now) < SOAK:
        yield "G104", "it has not soaked"
    if case.source.drifted:
        yield "G110", "the source has drifted"
    if prod and case.made.uncommitted:
        yield "G206", "it was made from an uncommitted tree"


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


def _of_prod(case: Case) -> Iterator[tuple[str, str]]:
    if case.command.verb in ("promote", "apply"):
        if window := denied(case.now):
            yield "G107", f"the window {window} is open"
        yield from _of_approvals(case)
    lost = losses(case.command.plans)
    if case.command.verb == "destroy" or len(lost) > MAX_DESTROYS or any(r.type in HOLDS_DATA for r in lost):
        yield "G301", f"it would lose {len(lost)} resources"


def _of_approvals(case: Case) -> Iterator[tuple[str, str]]:
    granted = standing(case)
    for gate, count in GATES.items():
        if len({given.person for given in granted[gate]}) < count:
            yield "G106", f"gate {gate} lacks approvals"
        elif too_few(granted[gate], case.command.plans, count):
            yield "G302", f"gate {gate} has approved another plan"


def standing(case: Case) -> dict[str, list[Given]]:
    """The approvals of each gate that hold now, whatever plan they were given for."""
    barred = case.made.makers | {case.command.person}
    holding = [
        given
        for given in case.target.approvals
        if given.release == case.release
        and given.settings == case.command.settings
        and given.place == case.command.place
        and given.person not in barred
        and case.now - given.at <= EXPIRES
    ]
    return {gate: [given for given in holding if given.gate == gate] for gate in GATES}


def too_few(granted: list[Given], plans: Mapping[str, StackPlan], count: int) -> bool:
    return len({given.person for given in granted if covered(plans, given)}) < count


def denied(now: datetime) -> str:
    """The name of the window in which prod may not be changed now."""
    tokyo = now.astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None)
    berlin = now.astimezone(ZoneInfo("Europe/Berlin"))
    if YEAR_END[0] <= tokyo < YEAR_END[1]:
        return "year end"
    return "friday" if berlin.isoweekday() == FRIDAY and berlin.hour >= EVENING else ""
