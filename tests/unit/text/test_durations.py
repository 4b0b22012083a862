from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from envctl.domain.text.durations import MAX_DURATION, format_duration, parse_duration

SHAPE = "must be a duration such as"
READ = {
    "seconds": ("90s", timedelta(seconds=90)),
    "minutes": ("30m", timedelta(minutes=30)),
    "hours": ("8h", timedelta(hours=8)),
    "days": ("14d", timedelta(days=14)),
    "weeks": ("2w", timedelta(weeks=2)),
    "several units": ("1d12h", timedelta(days=1, hours=12)),
    "all units": ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
    "more of a unit than the next one holds": ("36h90m", timedelta(hours=37, minutes=30)),
    "a part that is zero": ("1h0m", timedelta(hours=1)),
    "leading zeros": ("007d", timedelta(days=7)),
    "the shortest": ("1s", timedelta(seconds=1)),
    "the longest": ("3650d", timedelta(days=3650)),
    "the longest in seconds": ("315360000s", timedelta(days=3650)),
}
REFUSED = {
    "nothing": ("", SHAPE),
    "a space alone": (" ", SHAPE),
    "a space before": (" 1d", SHAPE),
    "a space after": ("1d ", SHAPE),
    "a line end after": ("1d\n", SHAPE),
    "a space between": ("1d 12h", SHAPE),
    "a number without a unit": ("90", SHAPE),
    "a unit without a number": ("d", SHAPE),
    "a number without a unit at the end": ("1d12", SHAPE),
    "a fraction": ("1.5h", SHAPE),
    "a sign": ("-1h", SHAPE),
    "a plus": ("+1h", SHAPE),
    "an unknown unit": ("3y", SHAPE),
    "a capital unit": ("3D", SHAPE),
    "a unit in full": ("3days", SHAPE),
    "a unit twice": ("1h1h", SHAPE),
    "rising units": ("12h1d", SHAPE),
    "digits of another script": ("\u0663d", SHAPE),
    "zero": ("0s", "must be longer than zero"),
    "zero of every unit": ("0w0d0h0m0s", "must be longer than zero"),
    "a second over ten years": ("3650d1s", "must not be longer than 3650d"),
    "more than a timedelta holds": ("999999999999w", "must not be longer than 3650d"),
    "more digits than int takes": ("9" * 5000 + "s", "must not be longer than 3650d"),
}
SPELT = {
    "no time": (timedelta(), "0s"),
    "less than a second": (timedelta(microseconds=999_999), "0s"),
    "one second": (timedelta(seconds=1), "1s"),
    "fractions are dropped": (timedelta(seconds=1, microseconds=999_999), "1s"),
    "a negative duration is none": (timedelta(seconds=-5), "0s"),
    "a second less than a minute": (timedelta(seconds=59), "59s"),
    "a minute": (timedelta(seconds=60), "1m"),
    "minutes and seconds": (timedelta(seconds=90), "1m30s"),
    "a second less than an hour": (timedelta(seconds=3599), "59m59s"),
    "an hour": (timedelta(hours=1), "1h"),
    "a day": (timedelta(hours=24), "1d"),
    "parts that are zero are left out": (timedelta(days=1, seconds=5), "1d5s"),
    "a week": (timedelta(days=7), "1w"),
    "whole weeks": (timedelta(days=14), "2w"),
    "a day over a week": (timedelta(days=8), "8d"),
    "a second over a week": (timedelta(days=7, seconds=1), "7d1s"),
}


@pytest.mark.parametrize(("text", "duration"), READ.values(), ids=READ.keys())
def test_duration_is_parsed(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_duration_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", 'must be a duration such as "30m", "24h", "14d" or "1d12h" (w, d, h, m and s, in this order)'),
        ("0d", 'must be longer than zero, such as "30m", "24h" or "14d"'),
        ("522w", "must not be longer than 3650d, which are ten years"),
    ],
)
def test_refusal_shows_valid_durations(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        parse_duration(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(("duration", "text"), SPELT.values(), ids=SPELT.keys())
def test_duration_is_formatted(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@given(st.integers(1, int(MAX_DURATION.total_seconds())))
@example(int(MAX_DURATION.total_seconds()))
def test_formatted_duration_parses_to_itself(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@given(st.text(alphabet="0159wdhms. -\n", max_size=12))
def test_every_other_text_is_a_value_error(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError as error:
        assert str(error).startswith("must ")
    else:
        assert timedelta() < duration <= MAX_DURATION
        assert parse_duration(format_duration(duration)) == duration
