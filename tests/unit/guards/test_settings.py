"""G204, G205 and G206: whether settings and release are of the kind that the target takes."""

from dataclasses import replace

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Location, Problem
from envctl.domain.guards import Refusal, Request
from envctl.domain.ledger.state import EMPTY_ENVIRONMENT, EnvironmentState
from tests.unit.guards.asked import (
    BACK,
    DESTRUCTION,
    ENTRY,
    PROMOTION,
    R1,
    R2,
    SAME_CODE,
    TO_PROD,
    answer,
    made,
    ran,
    ruled,
    said,
    with_environment,
)

WRONG = Problem("E204", "size is not a number", "write 1", Location("environments/staging/terraform.tfvars", 3))
MISSING = Problem("E205", "cidr has no value", "add it", Location("environments/staging/terraform.tfvars"))
MOVES = {
    "a promotion": PROMOTION,
    "the same code again": SAME_CODE,
    "a rollback": BACK,
    "a destruction": DESTRUCTION,
    "what enters": ENTRY,
}


@pytest.mark.parametrize("request_", MOVES.values(), ids=MOVES.keys())
def test_fitting_settings_pass(request_: Request) -> None:
    assert answer("G204", request_) is None


@pytest.mark.parametrize("request_", MOVES.values(), ids=MOVES.keys())
def test_unfit_settings_are_refused_and_not_waivable(request_: Request) -> None:
    target = request_.target
    assert answer("G204", replace(request_, unfit=(WRONG, MISSING))) == Refusal(
        GuardCode.SETTINGS,
        message=f"2 settings do not fit release 111111111111 in {target}",
        hint=f"correct the listed settings, then check them: envctl settings {target}",
        waivable=False,
        because=(WRONG, MISSING),
    )


def test_single_unfit_setting_has_singular_message() -> None:
    refusal = answer("G204", replace(PROMOTION, unfit=(WRONG,)))
    assert refusal and refusal.message == "1 setting does not fit release 111111111111 in staging"
    assert refusal.because == (WRONG,)


DIFFERING = dict.fromkeys(("cidr", "size", "zone"), ())
COMPARED = ruled(replace(TO_PROD, differing=DIFFERING), may_differ=frozenset({"size"}))
EQUAL: dict[str, Request] = {
    "nothing is compared": ruled(COMPARED, may_differ=None),
    "nothing differs": replace(COMPARED, differing={}),
    "only what may differ does": replace(COMPARED, differing={"size": ()}),
    "what differs may": ruled(COMPARED, may_differ=frozenset({"cidr", "size", "zone", "more"})),
    "what differs may in these stacks": ruled(
        replace(COMPARED, differing={"zone": ()}, differing_stacks={"zone": frozenset({"a", "b"})}),
        may_differ=frozenset({"a.zone", "b.zone"}),
    ),
    "a rollback is not compared": replace(COMPARED, action="rollback", source=None),
    "the same code again is not compared": replace(COMPARED, action="apply", source=None),
    "a destruction is not compared": replace(COMPARED, action="destroy", source=None),
}


@pytest.mark.parametrize("request_", EQUAL.values(), ids=EQUAL.keys())
def test_equal_settings_pass_parity(request_: Request) -> None:
    assert answer("G205", request_) is None


def test_differing_settings_are_named() -> None:
    assert answer("G205", COMPARED) == Refusal(
        GuardCode.PARITY,
        message="staging and prod differ in cidr, zone; [parity] does not allow it",
        hint="make them equal, or list them in may_differ of [parity] in envctl.toml: envctl diff staging prod",
    )


def test_setting_that_differs_in_one_more_stack_is_refused() -> None:
    one = replace(COMPARED, differing={"zone": ()}, differing_stacks={"zone": frozenset({"a", "b"})})
    assert answer("G205", ruled(one, may_differ=frozenset({"a.zone", "c.zone"})))
    assert answer("G205", ruled(replace(one, differing_stacks={}), may_differ=frozenset({"a.zone"})))


def test_parity_lists_only_lines_that_must_not_differ() -> None:
    one, two, other = (
        Problem("G205", f"{number} is otherwise", "", Location("environments/prod/terraform.tfvars", number))
        for number in (3, 4, 5)
    )
    refusal = answer("G205", replace(COMPARED, differing={"cidr": (one, two), "size": (other,), "zone": ()}))
    assert refusal and refusal.because == (one, two)


def test_every_difference_counts_where_none_may_differ() -> None:
    assert "differ in cidr, size, zone;" in said("G205", ruled(COMPARED, may_differ=frozenset()))


def uncommitted(request: Request) -> Request:
    releases = {R1: made(R1, 1, uncommitted=True), R2: made(R2, 2)}
    demanding = ruled(request, committed=True)
    return replace(demanding, present=replace(demanding.present, releases=releases))


CLEAN: dict[str, Request] = {
    "a release that was made from a commit": ruled(PROMOTION, committed=True),
    "nothing is asked": ruled(uncommitted(PROMOTION), committed=False),
    "a release that is not known": replace(uncommitted(PROMOTION), release="3" * 64),
    "no release": replace(uncommitted(PROMOTION), release=None),
    "another release was not": replace(uncommitted(PROMOTION), release=R2),
    "the same code again": uncommitted(SAME_CODE),
    "a destruction": uncommitted(DESTRUCTION),
    "a destruction of the entry": uncommitted(replace(DESTRUCTION, target="dev")),
}
UNCLEAN: dict[str, Request] = {
    "a promotion": uncommitted(PROMOTION),
    "what enters": uncommitted(ENTRY),
    "a rollback": uncommitted(BACK),
}


@pytest.mark.parametrize("request_", CLEAN.values(), ids=CLEAN.keys())
def test_committed_release_passes(request_: Request) -> None:
    assert answer("G206", request_) is None


@pytest.mark.parametrize("request_", UNCLEAN.values(), ids=UNCLEAN.keys())
def test_uncommitted_release_is_refused(request_: Request) -> None:
    assert answer("G206", request_) == Refusal(
        GuardCode.CLEAN,
        message="release 111111111111 was made from a tree with uncommitted changes",
        hint="commit the working tree, then: envctl apply dev",
    )


@pytest.mark.parametrize("entry", [ran(R1, R2), EMPTY_ENVIRONMENT], ids=["of another release", "without a release"])
def test_other_files_need_a_new_release(entry: EnvironmentState) -> None:
    """Committed as they are, the files of the latest release are the same release."""
    refusal = answer("G206", with_environment(uncommitted(PROMOTION), "dev", entry))
    assert refusal and refusal.hint == "commit the working tree, then make a new release: envctl apply dev"
