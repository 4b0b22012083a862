"""Spans of time as people ask for them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.text.time_range import TimeRange, parse_time_range

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


SPANS = {
    "no ends": ("", "", TimeRange()),
    "a week ago": ("7d", "", TimeRange(utc(2026, 11, 18, 8))),
    "an hour and a half ago": ("1h30m", "", TimeRange(utc(2026, 11, 25, 6, 30))),
    "until two days ago": ("", "2d", TimeRange(None, utc(2026, 11, 23, 8))),
    "a day, by the clocks here": ("2026-11-24", "", TimeRange(utc(2026, 11, 23, 23))),
    "a day, whole": ("2026-11-24", "2026-11-24", TimeRange(utc(2026, 11, 23, 23), utc(2026, 11, 24, 23))),
    "the day of a clock change": ("2026-10-25", "2026-10-25", TimeRange(utc(2026, 10, 24, 22), utc(2026, 10, 25, 23))),
    "a time, by the clocks here": ("2026-07-01T12:00", "", TimeRange(utc(2026, 7, 1, 10))),
    "a time with its zone": ("2026-07-01T12:00+09:00", "", TimeRange(utc(2026, 7, 1, 3))),
    "a time in UTC": ("2026-07-01 12:00:30Z", "", TimeRange(utc(2026, 7, 1, 12, 0, 30))),
    "the future": ("2027-01-01T00:00Z", "", TimeRange(utc(2027, 1, 1))),
}


@pytest.mark.parametrize(("since", "until", "expected"), SPANS.values(), ids=SPANS)
def test_time_range_is_parsed(since: str, until: str, expected: TimeRange) -> None:
    assert parse_time_range(since, until, NOW) == expected


WRONG = {
    "a word": ("yesterday", "", "--since must be a time ago"),
    "a day that does not exist": ("2026-02-30", "", "--since must be a time ago"),
    "a number": ("7", "", "--since must be a time ago"),
    "a week": ("2026-W10", "", "--since must be a time ago"),
    "nothing ago": ("0d", "", "--since must be longer than zero"),
    "units in the wrong order": ("1h7d", "", "--since must be a duration"),
    "longer ago than anything": ("9999d", "", "--since must not be longer"),
    "the first day of all": ("0001-01-01", "", "--since must be a time ago"),
    "the last day of all": ("", "9999-12-31", "--until must be a time ago"),
    "digits without end": ("9" * 5000 + "d", "", "--since must not be longer"),
    "an end before its beginning": ("1d", "2d", "--since must be before --until"),
    "nothing at all": ("2026-11-25T08:00Z", "2026-11-25T08:00Z", "--since must be before --until"),
}


@pytest.mark.parametrize(("since", "until", "message"), WRONG.values(), ids=WRONG)
def test_invalid_time_range_is_refused(since: str, until: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        parse_time_range(since, until, NOW)


def test_time_range_includes_start_and_excludes_end() -> None:
    tick = timedelta(microseconds=1)
    week = parse_time_range("7d", "1d", NOW)
    assert week.since is not None
    assert week.until is not None
    moments = (week.since - tick, week.since, week.until - tick, week.until)
    assert [week.contains(at) for at in moments] == [False, True, True, False]
    assert TimeRange().contains(NOW)


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse_time_range(text, "", NOW)
    except ValueError as error:
        assert str(error).startswith("--since ")
    else:
        assert (found.since is None) == (text == "")
