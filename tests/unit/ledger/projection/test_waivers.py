"""Waivers given, used and reviewed, as the ledger tells them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger.events import Actor, EnvironmentLocked, Event, WaiverUsed
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed
from tests.unit.ledger.ledger_strategies import Step
from tests.unit.ledger.projection.entry_lists import ANN, BOB, HOUR, dev, failed, started, succeeded, waived

CAT = Actor("cat")
GIVEN = WaiverGiven(
    environment="dev", release="r1", settings="settings", place="p1ace", guards=("G104",), reason="it burns"
)


def used(given_: int, start: int = 0) -> Event:
    return WaiverUsed(
        environment="dev",
        release="r1",
        reason="it burns",
        guards=("G104",),
        refusals=("soak: too short",),
        started=start,
        given=given_,
        giver="ann",
    )


# Ann gives, Bob uses.
BEGUN: list[Step] = [ANN, GIVEN, BOB, used(1), started(waiver=2)]
OWED: list[Step] = [*BEGUN, succeeded(3)]

LEFT: dict[str, tuple[list[Step], list[int]]] = {
    "one that was given": ([GIVEN], [1]),
    "one that a start names": (BEGUN, []),
    "one used midway": ([started(), GIVEN, used(2, 1)], []),
    "one whose deployment did not start": ([GIVEN, used(1)], [1]),
    "one that another deployment does not use": ([GIVEN, started("r2")], [1]),
    "one beside the used one": ([GIVEN, GIVEN, used(1), started(waiver=3)], [2]),
    "one before a lock": ([GIVEN, EnvironmentLocked("dev", "stop")], []),
    "one after a lock": ([EnvironmentLocked("dev", "stop"), GIVEN], [2]),
    "one an hour before another": ([GIVEN, HOUR, GIVEN], [2]),
    "one right before another": ([GIVEN, HOUR - timedelta(seconds=2), GIVEN], [1, 2]),
}


@pytest.mark.parametrize(("steps", "left"), LEFT.values(), ids=LEFT.keys())
def test_given_waiver_is_left(steps: list[Step], left: list[int]) -> None:
    assert [each.number for each in dev(*steps).given_waivers] == left


DEBTS: dict[str, tuple[list[Step], list[int]]] = {
    "a use": (OWED, [2]),
    "a use that failed": ([*BEGUN, failed(3)], [2]),
    "a normal promotion": ([*OWED, started("r2", action="promote"), succeeded(5, "r2")], [2]),
    "a review by another person": ([*OWED, CAT, WaiverReviewed("dev", 2)], []),
    "a review by who gave it": ([*OWED, ANN, WaiverReviewed("dev", 2)], [2]),
    "a review by who used it": ([*OWED, BOB, WaiverReviewed("dev", 2)], [2]),
    "a review by a machine": ([*OWED, Actor("deploy[bot]"), WaiverReviewed("dev", 2)], [2]),
    "a review of another waiver": ([*OWED, CAT, WaiverReviewed("dev", 1)], [2]),
    "a review before the deployment starts": ([*BEGUN[:-1], CAT, WaiverReviewed("dev", 2), started(waiver=2)], [2]),
    "break-glass at once, and a normal promotion": (
        [waived(), started(waiver=1), succeeded(2), started("r2", action="promote"), succeeded(4, "r2")],
        [],
    ),
    "break-glass at once, and a review": ([waived(), started(waiver=1), CAT, WaiverReviewed("dev", 1)], []),
}


@pytest.mark.parametrize(("steps", "owed"), DEBTS.values(), ids=DEBTS.keys())
def test_debt_ends_with_its_review(steps: list[Step], owed: list[int]) -> None:
    assert [each.waiver for each in dev(*steps).debts] == owed


def test_debt_says_who_gave_the_waiver() -> None:
    (debt,) = dev(*OWED).debts
    assert (debt.given, debt.giver, debt.by) == (1, ANN, BOB)


@given(st.lists(st.sampled_from([GIVEN, used(1), used(2), used(3), EnvironmentLocked("dev", "stop")]), max_size=6))
def test_no_waiver_is_left_after_its_deployment(before: list[Event]) -> None:
    """Whatever came before: a start names its use, and the waiver of that use is gone for ever."""
    number = len(before) + 1
    state = dev(*before, GIVEN, used(number), started(waiver=number + 1), GIVEN)
    assert number not in {each.number for each in state.given_waivers}
