"""All guards at once: who is asked, in which order, and what their answers come to."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.domain.aws.secret_status import NeededSecret, Sighting
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Location, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import GUARDS, Refusal, RefusedError, Request, check_guards, list_refusals, list_unwaivable
from envctl.domain.ledger.state import EMPTY_ENVIRONMENT, DriftCheck, Hold, LedgerState, Lock
from envctl.domain.plan.changes import Action
from envctl.domain.text.identifiers import shorten_id
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
DRIFT = DriftCheck(release=R1, by=ANN, at=NOW, drifted=1, resources=("network: aws_vpc.main",))
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
    here(there(STRICT, drift=DRIFT), lock=Lock(ANN, NOW, "we migrate"), last=deployed(R2, outcome="unfinished")),
    bundle="damaged",
    unfit=(OTHER,),
    differing={"size": ()},
    secrets=(Sighting(NeededSecret(kind="ssm", name="key", id="key"), "absent"),),
    plan=plan(*[change(Action.DELETE, f"aws_vpc.v[{number}]") for number in range(6)]),
)
MUCH_WRONG = replace(MUCH_WRONG, present=replace(MUCH_WRONG.present, releases={R1: made(R1, 1, uncommitted=True)}))
SOLVED_LAST = ["G106", "G302", "G113", "G107"]


def in_order(codes: Iterable[str]) -> list[str]:
    """Approvals come after all that may end them, and time comes last."""
    return sorted(codes, key=lambda code: (SOLVED_LAST.index(code) if code in SOLVED_LAST else -1, code))


WITHOUT_PROOF = ["G102", "G106", "G107", "G108", "G109", "G110", "G202", "G204", "G205", "G206", "G301", "G302", "G303"]
AT_ONCE: dict[str, tuple[Request, list[str]]] = {
    "the proof is too young and too old": (MUCH_WRONG, in_order([*WITHOUT_PROOF, "G104", "G105"])),
    "the proof was taken away": (
        there(MUCH_WRONG, evidence={R1: proof(verified_at=None, since=None)}),
        in_order([*WITHOUT_PROOF, "G103"]),
    ),
    "the way is wrong and nothing is proven": (
        replace(MUCH_WRONG, source="dev", release=R2, bundle="intact"),
        ["G101", "G102", "G108", "G109", "G202", "G204", "G205", "G301", "G303", "G106", "G302", "G107"],
    ),
}


@pytest.mark.parametrize("request_", ALL_WELL.values(), ids=ALL_WELL.keys())
def test_valid_request_has_no_refusals(request_: Request) -> None:
    assert check_guards(request_) == ()


@pytest.mark.parametrize(("request_", "codes"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_all_refusals_are_returned_in_order_of_solving(request_: Request, codes: list[str]) -> None:
    assert [refusal.code for refusal in check_guards(request_)] == codes


@pytest.mark.parametrize(("request_", "codes"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_each_refusal_names_its_guard_and_a_command(request_: Request, codes: list[str]) -> None:
    names = {guard.code: guard.code.guard for guard in GUARDS}
    for refusal in check_guards(request_):
        assert refusal.guard == names[refusal.code]
        assert "envctl " in refusal.hint


def test_wrong_order_decides_the_hints_of_its_path() -> None:
    """What would open the guards of a wrong way leads nowhere; what is wrong with the target stays to be done."""
    wrong, _ = AT_ONCE["the way is wrong and nothing is proven"]
    hints = {refusal.code: refusal.hint for refusal in check_guards(wrong)}
    onward = {code for code, hint in hints.items() if hint == "envctl promote staging prod"}
    assert onward == {"G101", "G102", "G106", "G107"}
    assert hints[GuardCode.LOCK] == "envctl unlock prod"


def test_warnings_are_no_refusals() -> None:
    request = here(STRICT, drift=DRIFT)
    assert {refusal.code for refusal in list_refusals(request)} == {"G104", "G105", "G106", "G107"}
    assert [refusal.code for refusal in check_guards(request) if refusal.warns] == ["G110"]
    assert list_refusals(here(PROMOTION, drift=DRIFT)) == ()
    assert not any(refusal.warns for refusal in check_guards(PROMOTION))


def test_every_guard_has_a_unit_test() -> None:
    """In a file of its own or of its kind: here and in test_both_documents.py many guards are asked at once."""
    of_all = {Path(__file__).name, "test_both_documents.py"}
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py") if file.name not in of_all)
    untested = [f"{guard.code.guard} ({guard.code})" for guard in GUARDS if f'"{guard.code}"' not in tests]
    assert not untested, f"{', '.join(untested)}: ask it in tests/unit/guards/, when it refuses and when it passes"


def test_few_guards_depend_on_others() -> None:
    assert {guard.code.value: guard.depends_on for guard in GUARDS if guard.depends_on} == {
        "G103": "G102",
        "G104": "G103",
        "G105": "G103",
        "G302": "G106",
        "G113": "G106",
    }
    of_path = {"G102", "G103", "G104", "G105", "G106", "G107", "G110", "G111", "G113"}
    assert {guard.code for guard in GUARDS if guard.of_path} == of_path
    assert {guard.code for guard in GUARDS if guard.needs_plan} == {"G201", "G203", "G301", "G302", "G303", "G304"}


def test_guard_depends_on_an_earlier_guard() -> None:
    codes = [guard.code for guard in GUARDS]
    assert all(codes.index(guard.depends_on) < codes.index(guard.code) for guard in GUARDS if guard.depends_on)


def test_plan_guards_need_a_plan_except_protected_destroy() -> None:
    of_plan = {guard.code for guard in GUARDS if guard.needs_plan}
    assert not of_plan & {refusal.code for refusal in check_guards(replace(MUCH_WRONG, plan=None))}
    assert [refusal.code for refusal in check_guards(ruled(DESTRUCTION, protected=True))] == ["G301"]


LISTED = frozenset({"G102", "G104", "G106", "G109", "G204", "G301"})
WAIVERS: dict[str, tuple[frozenset[str], list[str]]] = {
    "nothing is listed": (
        frozenset(),
        in_order(f"G{number}" for number in (102, *range(104, 111), 202, *range(204, 207), 301, 302, 303)),
    ),
    "what is listed, but for what nobody can waive": (
        LISTED,
        ["G102", "G105", "G108", "G109", "G110", "G202", "G204", "G205", "G206", "G303", "G302", "G107"],
    ),
    "all is listed": (frozenset(guard.code for guard in GUARDS), ["G102", "G109", "G204"]),
}


@pytest.mark.parametrize(("waivable", "left"), WAIVERS.values(), ids=WAIVERS.keys())
def test_guards_outside_of_waivable_are_not_waived(waivable: frozenset[str], left: list[str]) -> None:
    request = ruled(MUCH_WRONG, waivable=waivable)
    assert [refusal.code for refusal in list_unwaivable(request, list_refusals(request))] == left


def test_missing_evidence_is_waivable_but_not_missing_bundle() -> None:
    unproven = ruled(replace(PROMOTION, release=R2), waivable=frozenset({"G102"}))
    assert list_unwaivable(unproven, list_refusals(unproven)) == ()
    assert list_unwaivable(replace(unproven, release=R1, bundle="missing"), list_refusals(unproven)) == ()
    missing = replace(unproven, release=R1, bundle="missing")
    assert [refusal.code for refusal in list_unwaivable(missing, list_refusals(missing))] == ["G102"]


ENDS: dict[str, tuple[Request, ExitCode]] = {
    "approvals can still come": (ruled(TO_PROD, approvals={"peer": 1}), ExitCode.REFUSED_FOR_NOW),
    "two can come": (ruled(TO_PROD, approvals={"peer": 1}, soak=2 * HOUR, windows=(FREEZE,)), ExitCode.REFUSED_FOR_NOW),
    "an unproven release stays unproven": (replace(PROMOTION, release=R2), ExitCode.REFUSED),
    "the worst counts, be it first": (replace(ruled(TO_PROD, approvals={"peer": 1}), source="dev"), ExitCode.REFUSED),
    "the worst of several counts, be it last": (
        ruled(here(replace(TO_PROD, differing={"size": ()}), lock=Lock(ANN, NOW, "x")), may_differ=frozenset()),
        ExitCode.REFUSED,
    ),
    "a hold stays, and a lock goes": (here(PROMOTION, holds={R1: Hold(R1, ANN, NOW, "x")}), ExitCode.REFUSED),
}


@pytest.mark.parametrize(("request_", "code"), ENDS.values(), ids=ENDS.keys())
def test_refusals_have_exit_codes(request_: Request, code: ExitCode) -> None:
    assert RefusedError(list_refusals(request_)).exit_code == code


def test_refused_error_holds_refusals_and_their_problems() -> None:
    refused = list_refusals(replace(PROMOTION, release=R2, unfit=(OTHER,)))
    error = RefusedError(refused)
    assert error.refusals == refused
    assert error.problems == (
        Problem(
            "G102",
            "provenance: release 222222222222 has no complete deployment in dev: it was never deployed there",
            "envctl apply dev",
        ),
        Problem(
            "G204",
            "settings: 1 setting does not fit release 222222222222 in staging",
            "correct the listed settings, then check them: envctl settings staging",
        ),
        OTHER,
    )
    assert str(error).startswith("G102 provenance: release 222222222222 has no complete deployment in dev")


def test_refusal_has_plain_defaults() -> None:
    plain = Refusal(GuardCode.ORDER, message="no", hint="envctl why prod")
    assert (plain.for_now, plain.opens, plain.since, plain.who) == (False, None, None, "")
    assert (plain.warns, plain.waivable, plain.because) == (False, True, ())


def test_request_has_target_and_source_state() -> None:
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
def test_request_has_the_evidence_of_its_source(request_: Request, there_is: bool) -> None:
    assert request_.evidence == (PROMOTION.present.find_environment("dev").evidence[R1] if there_is else None)


SAID: dict[str, tuple[Request, str, bool]] = {
    "a promotion": (PROMOTION, "envctl promote dev staging", True),
    "what enters": (ENTRY, "envctl apply dev", True),
    "the same code again": (SAME_CODE, "envctl apply staging", False),
    "a rollback": (BACK, "envctl rollback staging --to 111111111111", True),
    "a destruction": (DESTRUCTION, "envctl destroy staging", False),
    "a destruction of the entry": (replace(DESTRUCTION, target="dev"), "envctl destroy dev", False),
}


@pytest.mark.parametrize(("request_", "command", "brings"), SAID.values(), ids=SAID.keys())
def test_request_knows_its_command_and_can_bring_code(request_: Request, command: str, brings: bool) -> None:
    assert (request_.command, request_.can_bring_code) == (command, brings)


def test_missing_release_and_source_are_empty_names() -> None:
    assert (PROMOTION.identity, PROMOTION.origin) == (R1, "dev")
    assert (replace(PROMOTION, release=None).identity, BACK.origin) == ("", "")
    assert (PROMOTION.known_release, replace(PROMOTION, release=None).known_release) == (
        PROMOTION.present.releases[R1],
        None,
    )


def test_short_release_has_twelve_characters() -> None:
    assert (shorten_id("0123456789abcdef"), shorten_id("0123")) == ("0123456789ab", "0123")


def test_gate_approval_and_plan_approval_are_separate_guards() -> None:
    request = replace(ruled(PROMOTION, approvals={"peer": 1}), plan=plan(change(Action.CREATE)))
    assert [refusal.code for refusal in list_refusals(request)] == ["G106", "G302"]
    approved = here(request, approvals=(approval(replace(ANN, name="cat"), plan="f00d"),))
    assert [refusal.code for refusal in list_refusals(approved)] == ["G302"]
