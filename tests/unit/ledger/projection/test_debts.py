"""Waivers, what they leave owed, and what clears it."""

from datetime import timedelta

import pytest

from envctl.domain.ledger.state import Debt
from tests.unit.ledger.ledger_strategies import Step
from tests.unit.ledger.projection.entry_lists import (
    ANN,
    HOUR,
    NONE,
    RUN,
    at,
    dev,
    failed,
    passed,
    started,
    succeeded,
    waived,
)


def owed(waiver: int, release: str = "r1", then: timedelta = NONE) -> Debt:
    return Debt(
        waiver=waiver,
        release=release,
        by=ANN,
        at=at(waiver, then),
        reason="it burns",
        guards=("G104",),
        refusals=("soak: too short",),
    )


OWING: list[Step] = [waived(), started(waiver=1), succeeded(2)]
DEBTS: dict[str, tuple[list[Step], list[int]]] = {
    "nothing is owed before the deployment has begun": ([waived()], []),
    "it is owed from the start on": ([waived(), started(waiver=1)], [1]),
    "it is owed when the deployment has failed": ([waived(), started(waiver=1), failed(2)], [1]),
    "it is owed when the deployment has succeeded": (OWING, [1]),
    "a deployment without the waiver owes nothing": ([waived(), started()], []),
    "a waiver that was not used is gone with the next start": ([waived(), started(), failed(2), started(waiver=1)], []),
    "of two waivers the one that was used is owed": ([waived(), waived(), started(waiver=2)], [2]),
    "a waiver of a deployment under way is owed at once": ([started(), waived(start=1)], [2]),
    "a waiver under way is no debt of another deployment": ([started(), waived(start=7)], []),
    "a waiver of what is over is none of its": ([*RUN, waived(start=1)], []),
    "a waiver under way is owed after the success": ([started(), waived(start=1), succeeded(1)], [2]),
    "a waiver under way counts in a promotion": ([started(action="promote"), waived(start=1), succeeded(1)], [2]),
    "a waiver elsewhere is owed elsewhere": ([waived(environment="prod"), started(waiver=1)], []),
    "a second waiver is owed too": ([*OWING, waived(), started(action="promote", waiver=4), succeeded(5)], [1, 4]),
    "a normal promotion clears it": ([*OWING, started("r2", action="promote"), succeeded(4, "r2")], []),
    "a normal promotion of the same release clears it": ([*OWING, started(action="promote"), succeeded(4)], []),
    "a normal promotion clears all": (
        [*OWING, waived(), started(waiver=4), succeeded(5), started("r2", action="promote"), succeeded(7, "r2")],
        [],
    ),
    "the start of a promotion does not": ([*OWING, started("r2", action="promote")], [1]),
    "a promotion that fails does not": ([*OWING, started("r2", action="promote"), failed(4, "r2")], [1]),
    "other code clears it where code enters": ([*OWING, started("r2"), succeeded(4, "r2")], []),
    "the same code again does not": ([*OWING, started(), succeeded(4)], [1]),
    "going back does not": ([*OWING, started("r2", action="rollback"), succeeded(4, "r2")], [1]),
    "the end of everything does not": ([*OWING, started(action="destroy"), succeeded(4)], [1]),
    "the first success clears all that": ([waived(), started(waiver=1), failed(2), started(), succeeded(4)], []),
    "a verification does not": ([*OWING, passed(2)], [1]),
    "a promotion elsewhere does not": ([*OWING, started("r2", "prod", "promote"), succeeded(4, "r2", "prod")], [1]),
}


@pytest.mark.parametrize(("steps", "owed_"), DEBTS.values(), ids=DEBTS.keys())
def test_debts_follow_waivers_and_promotions(steps: list[Step], owed_: list[int]) -> None:
    assert [debt.waiver for debt in dev(*steps).debts] == owed_


def test_debt_names_overridden_guards_person_and_reason() -> None:
    assert dev(*OWING).debts == (owed(1),)
    assert dev(waived()).waivers == (owed(1),)
    assert dev(waived(), HOUR, waived("r2")).waivers == (owed(1), owed(2, "r2", HOUR))
    assert dev(waived(), started()).waivers == ()


def test_deployment_knows_its_waiver() -> None:
    before, under_way = dev(*OWING).current, dev(started(), waived(start=1), succeeded(1)).current
    assert before and under_way and (before.waiver, under_way.waiver) == (1, 2)
