"""All guards at once: who is asked, in which order, and what their answers come to."""

from dataclasses import replace

import pytest

from envctl.domain.aws.secret_status import NeededSecret, Sighting
from envctl.domain.errors import ExitCode, Location, Problem
from envctl.domain.guards import (
    GUARDS,
    Refusal,
    RefusedError,
    Request,
    check_guards,
    list_refusals,
    list_unwaivable,
    list_warnings,
)
from envctl.domain.ledger.state import EMPTY_ENVIRONMENT, DriftCheck, Hold, LedgerState, Lock
from envctl.domain.plan.changes import Action
from envctl.domain.text.short_ids import shorten_id
from tests.unit.guards.asked import (
    ANN,
    BACK,
    DESTRUCTION,
    ENTRY,
    HOUR,
    NOW,
    PROMOTION,
    R1,
    R2,
    SAME_CODE,
    TICK,
    TO_PROD,
    approval,
    change,
    deployed,
    here,
    made,
    plan,
    proof,
    ruled,
    there,
)
from tests.unit.guards.test_target import FREEZE

OTHER = Problem("E204", "size is not a number", "write 1", Location("environments/prod/terraform.tfvars", 3))
ALL_WELL = {
    "a promotion": PROMOTION,
    "a promotion to the last environment": TO_PROD,
    "what enters": ENTRY,
    "the same code again": SAME_CODE,
    "a rollback": BACK,
    "a destruction": DESTRUCTION,
    "a promotion with a plan": replace(
        there(PROMOTION, performed={R1: frozenset({"create aws_vpc"})}), plan=plan(change(Action.CREATE))
    ),
}
DRIFT = DriftCheck(R1, ANN, NOW, 1, ("network: aws_vpc.main",))
STRICT = ruled(
    TO_PROD,
    approvals={"peer": 1},
    soak=HOUR + TICK,
    max_age=HOUR - TICK,
    windows=(FREEZE,),
    committed=True,
    may_differ=frozenset(),
    protected=True,
    rehearsed="refuse",
)
MUCH_WRONG = replace(
    here(
        there(STRICT, drift=DRIFT),
        lock=Lock(ANN, NOW, "we migrate"),
        last=deployed(R2, outcome="unfinished"),
    ),
    bundle="damaged",
    unfit=(OTHER,),
    differing={"size": ()},
    secrets=(Sighting(NeededSecret("ssm", "key", "key"), "absent"),),
    plan=plan(*[change(Action.DELETE, f"aws_vpc.v[{number}]") for number in range(6)]),
)
MUCH_WRONG = replace(MUCH_WRONG, present=replace(MUCH_WRONG.present, releases={R1: made(R1, 1, uncommitted=True)}))
WITHOUT_PROOF = ["G102", "G106", "G107", "G108", "G109", "G110", "G202", "G204", "G205", "G206", "G301", "G302", "G303"]
AT_ONCE: dict[str, tuple[Request, list[str]]] = {
    "the proof is too young and too old": (MUCH_WRONG, sorted([*WITHOUT_PROOF, "G104", "G105"])),
    "the proof was taken away": (
        there(MUCH_WRONG, evidence={R1: proof(verified_at=None, since=None)}),
        sorted([*WITHOUT_PROOF, "G103"]),
    ),
    "the way is wrong and nothing is proven": (
        replace(MUCH_WRONG, source="dev", release=R2, bundle="intact"),
        ["G101", "G102", "G106", "G107", "G108", "G109", "G202", "G204", "G205", "G301", "G302", "G303"],
    ),
}


@pytest.mark.parametrize("request_", ALL_WELL.values(), ids=ALL_WELL.keys())
def test_where_all_is_well_nobody_says_anything(request_: Request) -> None:
    assert check_guards(request_) == ()


@pytest.mark.parametrize(("request_", "codes"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_codes(request_: Request, codes: list[str]) -> None:
    assert [refusal.code for refusal in check_guards(request_)] == codes


@pytest.mark.parametrize(("request_", "codes"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_every_answer_is_that_of_its_guard_and_names_a_command(request_: Request, codes: list[str]) -> None:
    names = {guard.code: guard.name for guard in GUARDS}
    for refusal in check_guards(request_):
        assert refusal.guard == names[refusal.code]
        assert "envctl " in refusal.hint


def test_a_warning_refuses_nothing() -> None:
    request = here(STRICT, drift=DRIFT)
    assert {refusal.code for refusal in list_refusals(request)} == {"G104", "G105", "G106", "G107"}
    assert [refusal.code for refusal in list_warnings(request)] == ["G110"]
    assert sorted(list_refusals(request) + list_warnings(request), key=lambda r: r.code) == list(check_guards(request))
    assert list_refusals(here(PROMOTION, drift=DRIFT)) == ()
    assert list_warnings(PROMOTION) == ()


GUARDS_AS_THEY_ARE = [
    ("G101", "order", "", False),
    ("G102", "provenance", "", False),
    ("G103", "verified", "G102", False),
    ("G104", "soak", "G103", False),
    ("G105", "max_age", "G103", False),
    ("G106", "approvals", "", False),
    ("G107", "window", "", False),
    ("G108", "lock", "", False),
    ("G109", "busy", "", False),
    ("G110", "drift", "", False),
    ("G111", "older", "", False),
    ("G112", "rules", "", False),
    ("G201", "artifact", "", False),
    ("G202", "secrets", "", False),
    ("G203", "account", "", True),
    ("G204", "settings", "", False),
    ("G205", "parity", "", False),
    ("G206", "clean", "", False),
    ("G207", "allowed", "", False),
    ("G301", "protection", "", True),
    ("G302", "same_plan", "G106", True),
    ("G303", "rehearsed", "", True),
    ("G304", "known_state", "", True),
    ("G305", "removed", "", False),
]


def test_the_guards_are_these() -> None:
    assert [(guard.code, guard.name, guard.depends_on, guard.needs_plan) for guard in GUARDS] == GUARDS_AS_THEY_ARE


def test_a_guard_rests_on_one_that_is_asked_before_it() -> None:
    codes = [guard.code for guard in GUARDS]
    assert all(codes.index(guard.depends_on) < codes.index(guard.code) for guard in GUARDS if guard.depends_on)


def test_without_a_plan_no_guard_of_the_plan_says_anything_but_that_some_things_are_never_destroyed() -> None:
    of_plan = {guard.code for guard in GUARDS if guard.needs_plan}
    assert not of_plan & {refusal.code for refusal in check_guards(replace(MUCH_WRONG, plan=None))}
    assert [refusal.code for refusal in check_guards(ruled(DESTRUCTION, protected=True))] == ["G301"]


LISTED = frozenset({"G102", "G104", "G106", "G109", "G204", "G301"})
WAIVERS: dict[str, tuple[frozenset[str], list[str]]] = {
    "nothing is listed": (
        frozenset(),
        [
            "G102",
            "G104",
            "G105",
            "G106",
            "G107",
            "G108",
            "G109",
            "G110",
            "G202",
            "G204",
            "G205",
            "G206",
            "G301",
            "G302",
            "G303",
        ],
    ),
    "what is listed, but for what nobody can waive": (
        LISTED,
        ["G102", "G105", "G107", "G108", "G109", "G110", "G202", "G204", "G205", "G206", "G302", "G303"],
    ),
    "all is listed": (frozenset(guard.code for guard in GUARDS), ["G102", "G109", "G204"]),
}


@pytest.mark.parametrize(("waivable", "left"), WAIVERS.values(), ids=WAIVERS.keys())
def test_what_break_glass_does_not_override(waivable: frozenset[str], left: list[str]) -> None:
    request = ruled(MUCH_WRONG, waivable=waivable)
    assert [refusal.code for refusal in list_unwaivable(request, list_refusals(request))] == left


def test_a_missing_proof_can_be_waived_and_missing_bytes_can_not() -> None:
    unproven = ruled(replace(PROMOTION, release=R2), waivable=frozenset({"G102"}))
    assert list_unwaivable(unproven, list_refusals(unproven)) == ()
    assert list_unwaivable(replace(unproven, release=R1, bundle="missing"), list_refusals(unproven)) == ()
    missing = replace(unproven, release=R1, bundle="missing")
    assert [refusal.code for refusal in list_unwaivable(missing, list_refusals(missing))] == ["G102"]


ENDS: dict[str, tuple[Request, ExitCode]] = {
    "approvals can still come": (ruled(TO_PROD, approvals={"peer": 1}), ExitCode.REFUSED_FOR_NOW),
    "several things can still come": (
        ruled(TO_PROD, approvals={"peer": 1}, soak=2 * HOUR, windows=(FREEZE,)),
        ExitCode.REFUSED_FOR_NOW,
    ),
    "an unproven release stays unproven": (replace(PROMOTION, release=R2), ExitCode.REFUSED),
    "the worst of several counts, be it first": (
        replace(ruled(TO_PROD, approvals={"peer": 1}), source="dev"),
        ExitCode.REFUSED,
    ),
    "the worst of several counts, be it last": (
        ruled(here(replace(TO_PROD, differing={"size": ()}), lock=Lock(ANN, NOW, "x")), may_differ=frozenset()),
        ExitCode.REFUSED,
    ),
    "a hold stays, and a lock goes": (here(PROMOTION, holds={R1: Hold(R1, ANN, NOW, "x")}), ExitCode.REFUSED),
}


@pytest.mark.parametrize(("request_", "code"), ENDS.values(), ids=ENDS.keys())
def test_exit_codes(request_: Request, code: ExitCode) -> None:
    assert RefusedError(list_refusals(request_)).exit_code == code


def test_a_refusal_is_a_problem_and_so_is_all_that_it_stands_for() -> None:
    refused = list_refusals(replace(PROMOTION, release=R2, unfit=(OTHER,)))
    error = RefusedError(refused)
    assert error.refusals == refused
    assert error.problems == (
        Problem(
            "G102",
            "provenance: release 222222222222 is not proven in dev: it was never deployed there",
            "envctl apply dev",
        ),
        Problem(
            "G204",
            "settings: 1 setting does not fit release 222222222222 in staging",
            "correct what is listed, and look at it with: envctl settings staging",
        ),
        OTHER,
    )
    assert str(error).startswith("G102 provenance: release 222222222222 is not proven in dev")


def test_a_refusal_is_plain_unless_it_says_otherwise() -> None:
    plain = Refusal("G101", "order", "no", "envctl why prod")
    assert (plain.for_now, plain.opens, plain.since, plain.who) == (False, None, None, "")
    assert (plain.warns, plain.waivable, plain.because) == (False, True, ())


def test_a_request_knows_its_places() -> None:
    assert PROMOTION.target_state == PROMOTION.present.find_environment("staging")
    assert PROMOTION.source_state == PROMOTION.present.find_environment("dev")
    assert SAME_CODE.source_state == EMPTY_ENVIRONMENT
    assert replace(SAME_CODE, present=LedgerState()).target_state == EMPTY_ENVIRONMENT


EVIDENCE: dict[str, tuple[Request, bool]] = {
    "a promotion has that of its source": (PROMOTION, True),
    "of another release there is none": (replace(PROMOTION, release=R2), False),
    "of no release there is none": (replace(PROMOTION, release=None), False),
    "a rollback has none, whatever its source": (replace(BACK, source="dev"), False),
    "the same code again has none": (replace(SAME_CODE, source="dev"), False),
}


@pytest.mark.parametrize(("request_", "there_is"), EVIDENCE.values(), ids=EVIDENCE.keys())
def test_a_request_knows_the_evidence_of_its_source(request_: Request, there_is: bool) -> None:
    assert request_.evidence == (PROMOTION.present.find_environment("dev").evidence[R1] if there_is else None)


SAID: dict[str, tuple[Request, str, bool]] = {
    "a promotion": (PROMOTION, "envctl promote dev staging", True),
    "what enters": (ENTRY, "envctl apply dev", True),
    "the same code again": (SAME_CODE, "envctl apply staging", False),
    "a rollback": (BACK, "envctl rollback staging", True),
    "a destruction": (DESTRUCTION, "envctl destroy staging", False),
    "a destruction of the entry": (replace(DESTRUCTION, target="dev"), "envctl destroy dev", False),
}


@pytest.mark.parametrize(("request_", "command", "brings"), SAID.values(), ids=SAID.keys())
def test_a_request_knows_its_command_and_whether_it_brings_code(request_: Request, command: str, brings: bool) -> None:
    assert (request_.command, request_.can_bring_code) == (command, brings)


def test_a_request_without_a_release_or_a_source_knows_them_by_an_empty_name() -> None:
    assert (PROMOTION.identity, PROMOTION.origin) == (R1, "dev")
    assert (replace(PROMOTION, release=None).identity, BACK.origin) == ("", "")
    assert (PROMOTION.known_release, replace(PROMOTION, release=None).known_release) == (
        PROMOTION.present.releases[R1],
        None,
    )


def test_people_call_a_release_by_twelve_characters() -> None:
    assert shorten_id("0123456789abcdef") == "0123456789ab"
    assert shorten_id("0123") == "0123"


def test_an_approval_of_the_plan_and_one_of_the_gate_are_two_questions() -> None:
    request = replace(ruled(PROMOTION, approvals={"peer": 1}), plan=plan(change(Action.CREATE)))
    assert [refusal.code for refusal in list_refusals(request)] == ["G106", "G302"]
    approved = here(request, approvals=(approval(replace(ANN, name="cat"), plan="f00d"),))
    assert [refusal.code for refusal in list_refusals(approved)] == ["G302"]
