"""Times, said in the reader's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.cli.render.text.times import (
    format_age,
    format_future,
    format_time,
    format_time_left,
)
from envctl.domain.text.durations import format_rough_duration
from tests.cli.render.conftest import in_zone

NOW = datetime(2026, 11, 25, 1, 40, 30, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")

PAST = {
    "a moment": (timedelta(seconds=59), "just now"),
    "a minute": (timedelta(minutes=1), "1 min ago"),
    "almost two hours": (timedelta(hours=1, minutes=59), "1 h ago"),
    "days": (timedelta(days=20, hours=23), "20 d ago"),
    "what is said to have happened later": (timedelta(hours=-1), "just now"),
}
AHEAD = {
    "already": (timedelta(hours=-2), "now"),
    "right now": (timedelta(), "in 1 min"),
    "seconds": (timedelta(seconds=20), "in 1 min"),
    "the next full minute": (timedelta(seconds=30), "in 1 min"),
    "a second more than a minute": (timedelta(seconds=31), "in 2 min"),
    "hours": (timedelta(hours=4, minutes=59, seconds=30), "in 5 h"),
    "hours and minutes": (timedelta(hours=5, minutes=12), "in 5 h 13 min"),
    "days without hours": (timedelta(days=2, minutes=12), "in 2 d"),
    "days and hours": (timedelta(days=39, hours=5), "in 39 d 5 h"),
}


@pytest.mark.parametrize(("past", "said"), PAST.values(), ids=PAST)
def test_past_time_is_formatted(past: timedelta, said: str) -> None:
    assert format_age(NOW - past, NOW) == said


@pytest.mark.parametrize(("ahead", "said"), AHEAD.values(), ids=AHEAD)
def test_remaining_time_is_formatted(ahead: timedelta, said: str) -> None:
    assert format_time_left(NOW + ahead, NOW) == said


@given(st.timedeltas(timedelta(), timedelta(days=400)))
def test_future_time_is_rounded_up_to_the_minute(ahead: timedelta) -> None:
    shown = format_future(NOW + ahead, NOW, UTC).partition(" UTC")[0]
    comes = datetime.fromisoformat(f"{shown}+00:00")
    assert timedelta() <= comes - (NOW + ahead) < timedelta(minutes=1)


def test_duration_below_a_minute_is_named() -> None:
    assert format_rough_duration(timedelta(seconds=3)) == "less than a minute"


@pytest.mark.parametrize(
    ("zone", "at", "said"),
    [
        pytest.param("Asia/Tokyo", NOW, "2026-11-25 10:40 JST", id="east"),
        pytest.param("America/New_York", NOW, "2026-11-24 20:40 EST", id="the day before in the west"),
        pytest.param("Europe/Berlin", datetime(2026, 7, 1, tzinfo=UTC), "2026-07-01 02:00 CEST", id="in summer"),
        pytest.param("Asia/Kolkata", NOW, "2026-11-25 07:10 IST", id="half an hour"),
        pytest.param("UTC", NOW, "2026-11-25 01:40 UTC", id="UTC"),
    ],
)
def test_times_use_the_time_zone_of_the_machine(zone: str, at: datetime, said: str) -> None:
    with in_zone(zone):
        assert format_time(at) == said


def test_another_time_zone_may_be_requested() -> None:
    with in_zone("America/New_York"):
        assert format_time(NOW, UTC) == "2026-11-25 01:40 UTC"
        assert format_time(NOW, TOKYO) == "2026-11-25 10:40 JST"
