"""G114, and the law of waivers: none counts twice, after an hour, or for anything else than it was given for."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.guards import Request
from envctl.domain.guards.waivers import find_waiver
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import GivenWaiver
from envctl.domain.operation import Operation
from tests.unit.guards.asked import (
    ANN,
    BACK,
    DAY,
    DESTRUCTION,
    HOUR,
    NOW,
    PLACE,
    R1,
    R2,
    SAME_CODE,
    TICK,
    TO_PROD,
    answer,
    debt,
    here,
    ruled,
)

ROBOT = Actor("deploy[bot]", via="github", verified=True)
WAIVER = GivenWaiver(
    number=6, release=R1, settings="settings", place=PLACE, guards=("G104", "G108"), reason="it burns", by=ANN, at=NOW
)


def owing(request: Request, *ages: timedelta) -> Request:
    return here(ruled(request, review_days=7), debts=tuple(debt(at=NOW - age) for age in ages))


UNREVIEWED = {
    "a promotion, a tick late": (owing(TO_PROD, 7 * DAY + TICK), True),
    "the same code, a tick late": (owing(SAME_CODE, 7 * DAY + TICK), True),
    "one of several": (owing(TO_PROD, HOUR, 8 * DAY), True),
    "a promotion in time": (owing(TO_PROD, 7 * DAY), False),
    "a rollback": (owing(BACK, 8 * DAY), False),
    "a destruction": (owing(DESTRUCTION, 8 * DAY), False),
    "the fix of drift": (replace(owing(SAME_CODE, 8 * DAY), undoes=True), False),
    "no limit": (here(TO_PROD, debts=(debt(at=NOW - 999 * DAY),)), False),
    "no debt": (owing(TO_PROD), False),
}


@pytest.mark.parametrize(("request_", "refuses"), UNREVIEWED.values(), ids=UNREVIEWED.keys())
def test_late_review_refuses_the_next_deployment(request_: Request, *, refuses: bool) -> None:
    refusal = answer("G114", request_)
    assert (refusal is not None) == refuses
    if refusal is not None:
        assert refusal.hint == f"envctl review {request_.target} --waiver 7"
        assert refusal.who == "any person except ann, bob"
        assert (refusal.for_now, refusal.waivable) == (True, True)


@given(
    release=st.sampled_from([R1, R2]),
    settings=st.sampled_from(["settings", "other"]),
    place=st.sampled_from([PLACE, "other"]),
    codes=st.sets(st.sampled_from(["G104", "G108", "G114"])),
    age=st.integers(-10 * 60, 2 * 60 * 60).map(lambda seconds: timedelta(seconds=seconds)),
    by=st.sampled_from([ANN, ROBOT]),
    action=st.sampled_from(get_args(Operation)),
)
def test_waiver_counts_only_for_what_it_was_given(
    *, release: str, settings: str, place: str, codes: set[str], age: timedelta, by: Actor, action: Operation
) -> None:
    asked = replace(TO_PROD, release=release, settings=settings, place=place, action=action)
    found = find_waiver(here(asked, given_waivers=(replace(WAIVER, at=NOW - age, by=by),)), codes)
    is_same = (release, settings, place) == (R1, "settings", PLACE)
    is_in_time = timedelta(minutes=-5) <= age < HOUR
    covers = codes <= {"G104", "G108"}
    assert (found is not None) == (is_same and is_in_time and covers and by == ANN and action != "destroy")


def test_newest_waiver_is_used_unless_one_is_recorded() -> None:
    request = here(TO_PROD, given_waivers=(WAIVER, replace(WAIVER, number=7), replace(WAIVER, number=8, guards=())))
    found = [find_waiver(request, ["G104"], number) for number in (0, 6, 8)]
    assert [each and each.number for each in found] == [7, 6, None]


def test_rules_say_who_waives() -> None:
    request = here(ruled(TO_PROD, apply=("arn:aws:iam::111111111111:role/Ops",), only_ci=True), given_waivers=(WAIVER,))
    assert find_waiver(request, ["G104"]) is None
    operator = Actor("zoe", via="aws", verified=True, arn="arn:aws:sts::111111111111:assumed-role/Ops/zoe")
    assert find_waiver(here(request, given_waivers=(replace(WAIVER, by=operator),)), ["G104"])
