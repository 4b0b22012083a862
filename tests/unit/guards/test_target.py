"""G107, G108 and G109: whether the target may be changed now."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.config.rules.windows import AbsoluteWindow, Kind, WeeklyWindow, Window
from envctl.domain.guards import Refusal, Request
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Hold, Lock
from tests.unit.guards.asked import (
    ANN,
    BACK,
    CAT,
    DESTRUCTION,
    ENTRY,
    HOUR,
    NOW,
    PROMOTION,
    R1,
    R2,
    SAME_CODE,
    TICK,
    answer,
    deployed,
    here,
    ruled,
    with_environment,
)


def once(kind: Kind, start: timedelta, end: timedelta) -> AbsoluteWindow:
    """A window from and to so long after NOW, which is a Wednesday at 8:00."""
    local = NOW.replace(tzinfo=None)
    return AbsoluteWindow(kind, "once", local + start, local + end, "UTC")


OFFICE = WeeklyWindow("allow", "office", ("mon", "tue", "wed", "thu", "fri"), time(9), time(17), "UTC")
FRIDAYS = WeeklyWindow("deny", "fridays", ("fri",), time(), time(), "UTC")
FREEZE = once("deny", -HOUR, HOUR)
OVER = once("allow", -2 * HOUR, -HOUR)
TEN_YEARS = once("deny", -HOUR, timedelta(days=3650))
OPEN: dict[str, Request] = {
    "no windows": PROMOTION,
    "a deny window ends at this moment": ruled(PROMOTION, windows=(once("deny", -HOUR, timedelta()),)),
    "a deny window begins in a microsecond": ruled(PROMOTION, windows=(once("deny", TICK, HOUR),)),
    "an allow window begins at this moment": ruled(PROMOTION, windows=(once("allow", timedelta(), HOUR),)),
    "a microsecond is left of an allow window": ruled(PROMOTION, windows=(once("allow", -HOUR, TICK),)),
    "a rollback never waits for a freeze": ruled(BACK, windows=(FREEZE,)),
    "a rollback never waits for a window": ruled(BACK, windows=(OFFICE,)),
}


@pytest.mark.parametrize("request_", OPEN.values(), ids=OPEN.keys())
def test_open_window_passes(request_: Request) -> None:
    assert answer("G107", request_) is None


FROZEN = 'the deny window "once" (2026-11-25 07:00 to 2026-11-25 09:00 UTC) is active'
NO_ALLOW = "none of its allow windows is open"
SHUT: dict[str, tuple[tuple[Window, ...], str, datetime]] = {
    "a deny window is open": ((FREEZE,), FROZEN, NOW + HOUR),
    "a deny window begins at this moment": (
        (once("deny", timedelta(), HOUR),),
        'the deny window "once" (2026-11-25 08:00 to 2026-11-25 09:00 UTC) is active',
        NOW + HOUR,
    ),
    "no allow window is open yet": ((OFFICE,), NO_ALLOW, datetime(2026, 11, 25, 9, tzinfo=UTC)),
    "an allow window ends at this moment": ((once("allow", -HOUR, timedelta()), OFFICE), NO_ALLOW, NOW + HOUR),
    "a deny window wins": ((once("allow", -HOUR, 2 * HOUR), FREEZE), FROZEN, NOW + HOUR),
    "after a deny window an allow window comes": ((FREEZE, once("allow", 3 * HOUR, 4 * HOUR)), FROZEN, NOW + 3 * HOUR),
    "it opens next week": (
        (WeeklyWindow("allow", "tuesdays", ("tue",), time(9), time(17), "Europe/Berlin"),),
        NO_ALLOW,
        datetime(2026, 12, 1, 8, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize(("windows", "why", "opens"), SHUT.values(), ids=SHUT.keys())
def test_closed_window_is_refused_until_it_opens(windows: tuple[Window, ...], why: str, opens: datetime) -> None:
    request = ruled(PROMOTION, windows=windows)
    assert answer("G107", request) == Refusal(
        GuardCode.WINDOW,
        message=f"staging can't be changed now: {why}",
        hint="wait, then: envctl promote dev staging",
        for_now=True,
        opens=opens,
    )
    assert answer("G107", replace(request, now=opens - TICK)) is not None
    assert answer("G107", replace(request, now=opens)) is None


COMMANDS: dict[str, tuple[Request, str]] = {
    "what enters": (ENTRY, "wait, then: envctl apply dev"),
    "the same code again": (SAME_CODE, "wait, then: envctl apply staging"),
    "a destruction": (DESTRUCTION, "wait, then: envctl destroy staging"),
}


@pytest.mark.parametrize(("request_", "hint"), COMMANDS.values(), ids=COMMANDS.keys())
def test_everything_but_rollback_waits_for_the_window(request_: Request, hint: str) -> None:
    refusal = answer("G107", ruled(request_, windows=(FREEZE,)))
    assert refusal and refusal.hint == hint


FOR_EVER: dict[str, tuple[tuple[Window, ...], str]] = {
    "every allow window is over": ((OVER,), NO_ALLOW),
    "a freeze for ten years": (
        (TEN_YEARS,),
        f'the deny window "once" (2026-11-25 07:00 to {TEN_YEARS.end:%Y-%m-%d} 08:00 UTC) is active',
    ),
}


@pytest.mark.parametrize(("windows", "why"), FOR_EVER.values(), ids=FOR_EVER.keys())
def test_window_closed_for_a_year_is_not_temporary(windows: tuple[Window, ...], why: str) -> None:
    refusal = answer("G107", ruled(PROMOTION, windows=windows))
    assert refusal and refusal.message == f"staging can't be changed now: {why}, and it does not open within a year"
    assert refusal.hint == "correct its windows in envctl.toml, then: envctl why staging"
    assert (refusal.code, refusal.guard, refusal.for_now, refusal.opens) == ("G107", "window", False, None)
    assert refusal.waivable


def test_windows_are_checked_at_the_exact_moment() -> None:
    request = ruled(PROMOTION, windows=(OFFICE, FRIDAYS))
    assert answer("G107", replace(request, now=datetime(2026, 11, 26, 16, 59, 59, tzinfo=UTC))) is None
    refusal = answer("G107", replace(request, now=datetime(2026, 11, 26, 17, tzinfo=UTC)))
    assert refusal and refusal.opens == datetime(2026, 11, 30, 9, tzinfo=UTC)


LOCK = Lock(CAT, NOW - HOUR, "we migrate the database")
UNLOCKED: dict[str, Request] = {
    "nobody locked it": PROMOTION,
    "the source is locked": with_environment(PROMOTION, "dev", replace(PROMOTION.source_state, lock=LOCK)),
    "another release is on hold": here(PROMOTION, holds={R2: Hold(R2, CAT, NOW, "it leaks")}),
    "it is on hold elsewhere": with_environment(
        PROMOTION, "dev", replace(PROMOTION.source_state, holds={R1: Hold(R1, CAT, NOW, "it leaks")})
    ),
}
LOCKED: dict[str, Request] = {
    "a promotion": PROMOTION,
    "the same code again": SAME_CODE,
    "a rollback": BACK,
    "a destruction": DESTRUCTION,
    "a promotion of no release": replace(PROMOTION, release=None),
}
HOLD = Hold(R1, CAT, NOW - HOUR, "it leaks")
HELD: dict[str, Request] = {"a promotion": PROMOTION, "a rollback": BACK, "what enters": ENTRY}
NOT_HELD: dict[str, Request] = {
    "the same code again": SAME_CODE,
    "a destruction": DESTRUCTION,
    "a destruction of the entry": replace(DESTRUCTION, target="dev"),
    "a promotion of no release": replace(PROMOTION, release=None),
}


@pytest.mark.parametrize("request_", UNLOCKED.values(), ids=UNLOCKED.keys())
def test_unlocked_environment_passes(request_: Request) -> None:
    assert answer("G108", request_) is None


@pytest.mark.parametrize("request_", LOCKED.values(), ids=LOCKED.keys())
def test_locked_environment_is_refused_until_unlocked(request_: Request) -> None:
    locked = Refusal(
        GuardCode.LOCK,
        message="staging is locked by cat (unverified): we migrate the database",
        hint="envctl unlock staging",
        for_now=True,
        since=NOW - HOUR,
        who="cat, or any other person",
    )
    assert answer("G108", here(request_, lock=LOCK)) == locked
    assert answer("G108", here(request_, lock=LOCK, holds={R1: HOLD})) == locked


@pytest.mark.parametrize("request_", HELD.values(), ids=HELD.keys())
def test_hold_refuses_deployment_of_held_release(request_: Request) -> None:
    target = request_.target
    assert answer("G108", here(request_, holds={R1: HOLD})) == Refusal(
        GuardCode.LOCK,
        message=f"release 111111111111 is on hold in {target} by cat (unverified): it leaks",
        hint=f"promote a newer one, or lift the hold: envctl unlock {target} --release 111111111111",
        since=NOW - HOUR,
    )


@pytest.mark.parametrize("request_", NOT_HELD.values(), ids=NOT_HELD.keys())
def test_hold_refuses_nothing_else(request_: Request) -> None:
    assert answer("G108", here(request_, holds={R1: HOLD})) is None


def test_verified_name_is_shown_without_remark() -> None:
    lock = replace(LOCK, by=Actor("cat", via="github", verified=True))
    refusal = answer("G108", here(PROMOTION, lock=lock))
    assert refusal and refusal.message == "staging is locked by cat: we migrate the database"


RUNNING = deployed(R2, by=ANN, outcome="unfinished", ended_at=None, seq=7)
IDLE: dict[str, Request] = {
    "what ran came to its end": PROMOTION,
    "nothing ever ran": replace(PROMOTION, target="prod"),
    "what ran failed": here(PROMOTION, last=replace(RUNNING, outcome="failed")),
    "what ran was interrupted": here(PROMOTION, last=replace(RUNNING, outcome="interrupted")),
    "what ran was given up": here(PROMOTION, last=replace(RUNNING, outcome="abandoned")),
    "another environment is busy": with_environment(PROMOTION, "dev", replace(PROMOTION.source_state, last=RUNNING)),
}
BUSY: dict[str, Request] = {
    "a promotion": PROMOTION,
    "the same code again": SAME_CODE,
    "a rollback": BACK,
    "a destruction": DESTRUCTION,
}


@pytest.mark.parametrize("request_", IDLE.values(), ids=IDLE.keys())
def test_idle_environment_passes(request_: Request) -> None:
    assert answer("G109", request_) is None


def test_running_deployment_is_waited_for() -> None:
    found = answer("G109", replace(here(PROMOTION, last=RUNNING), running="envctl apply staging (process 7)"))
    assert found is not None
    told = "a deployment of 222222222222 to staging by ann (unverified) runs now: envctl apply staging (process 7)"
    assert (found.message, found.hint) == (told, "wait for its end, then: envctl status")


@pytest.mark.parametrize("request_", BUSY.values(), ids=BUSY.keys())
def test_unfinished_deployment_is_refused_and_not_waivable(request_: Request) -> None:
    assert answer("G109", here(request_, last=RUNNING)) == Refusal(
        GuardCode.BUSY,
        message="a deployment of 222222222222 to staging by ann (unverified) is unfinished",
        hint="wait for its end, or, if it was interrupted: envctl recover staging",
        for_now=True,
        since=NOW - 2 * HOUR,
        waivable=False,
    )
