"""Locks of environments, and holds on releases."""

import pytest

from envctl.domain.ledger.events import (
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldLifted,
    HoldSet,
)
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import Hold, Lock
from tests.unit.ledger.ledger_strategies import Step
from tests.unit.ledger.projection.entry_lists import ANN, BOB, at, dev, failed, started, succeeded


def test_lock_holds_until_unlocked() -> None:
    lock, again = EnvironmentLocked("dev", "we migrate"), EnvironmentLocked("dev", "still")
    assert dev(BOB, lock).lock == Lock(BOB, at(1), "we migrate")
    assert dev(BOB, lock, ANN, again).lock == Lock(ANN, at(2), "still")
    assert dev(lock, started(), succeeded(2)).lock == Lock(ANN, at(1), "we migrate")
    assert dev(lock, EnvironmentUnlocked("dev")).lock is None
    assert dev(lock, EnvironmentUnlocked("prod")).lock == Lock(ANN, at(1), "we migrate")


MADE: list[Step] = [ReleaseCreated(release="r1"), ReleaseCreated(release="r2"), ReleaseCreated(release="r3")]
HELD: list[Step] = [*MADE, HoldSet("dev", "r2", "it leaks")]
HOLDS: dict[str, tuple[list[Step], set[str]]] = {
    "a hold holds": (HELD, {"r2"}),
    "each release has its own": ([*HELD, HoldSet("dev", "r3", "too")], {"r2", "r3"}),
    "it is lifted by hand": ([*HELD, HoldLifted("dev", "r2", "fixed")], set()),
    "another release's is not": ([*HELD, HoldLifted("dev", "r1", "fixed")], {"r2"}),
    "another environment's is not": ([*HELD, HoldLifted("prod", "r2", "fixed")], {"r2"}),
    "a newer release lifts it": ([*HELD, started("r3"), succeeded(5, "r3")], set()),
    "a newer release that is promoted lifts it": ([*HELD, started("r3", action="promote"), succeeded(5, "r3")], set()),
    "a newer release lifts those of all before it, and no others": (
        [*HELD, HoldSet("dev", "r1", "x"), HoldSet("dev", "r3", "x"), started("r3"), succeeded(7, "r3")],
        {"r3"},
    ),
    "the start of a newer release alone does not": ([*HELD, started("r3")], {"r2"}),
    "a newer release that failed does not": ([*HELD, started("r3"), failed(5, "r3")], {"r2"}),
    "an older release does not": ([*HELD, started("r1"), succeeded(5, "r1")], {"r2"}),
    "the same release does not": ([*HELD, started("r2"), succeeded(5, "r2")], {"r2"}),
    "its own promotion lifts it": ([*HELD, started("r2", action="promote"), succeeded(5, "r2")], set()),
    "its own promotion under a waiver does not": (
        [*HELD, started("r2", action="promote", waiver=3), succeeded(5, "r2")],
        {"r2"},
    ),
    "a release that nobody made does not": ([*HELD, started("r9"), succeeded(5, "r9")], {"r2"}),
    "going back to a newer release does not": ([*HELD, started("r3", action="rollback"), succeeded(5, "r3")], {"r2"}),
    "a newer release elsewhere does not": ([*HELD, started("r3", "prod"), succeeded(5, "r3", "prod")], {"r2"}),
    "the end of everything does not": ([*HELD, started("r3", action="destroy"), succeeded(5, "r3")], {"r2"}),
}


@pytest.mark.parametrize(("steps", "held"), HOLDS.values(), ids=HOLDS.keys())
def test_holds_follow_rollbacks_and_promotions(steps: list[Step], held: set[str]) -> None:
    assert dev(*steps).holds.keys() == held


def test_hold_records_person_and_reason() -> None:
    assert dev(BOB, HoldSet("dev", "r2", "it leaks")).holds == {"r2": Hold("r2", BOB, at(1), "it leaks")}
    assert dev(HoldSet("dev", "r2", "a"), HoldSet("dev", "r2", "b")).holds["r2"].reason == "b"
