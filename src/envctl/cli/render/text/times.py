"""Times for display, in the reader's zone unless another one is given."""

from datetime import datetime, timedelta, tzinfo

from envctl.domain.text.durations import ROUGH_UNITS, format_rough_duration

# None: the zone of this machine.
Zone = tzinfo | None


def format_age(at: datetime, now: datetime) -> str:
    past = now - at
    for step, name in ROUGH_UNITS:
        if past >= step:
            return f"{past // step} {name} ago"
    return "just now"


def format_time_left(at: datetime, now: datetime) -> str:
    """Return the time left, rounded up to minutes: the moment has come after that long."""
    left = _round_up_to_minute(at) - now
    minutes = -(-left // timedelta(minutes=1))
    return f"in {format_rough_duration(timedelta(minutes=minutes))}" if minutes > 0 else "now"


def format_clock_time(at: datetime, zone: Zone = None) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def format_time(at: datetime, zone: Zone = None) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def format_past(at: datetime, now: datetime, zone: Zone = None) -> str:
    return f"{format_time(at, zone)} ({format_age(at, now)})"


def format_future(at: datetime, now: datetime, zone: Zone = None) -> str:
    """Return a future moment and the time left until then."""
    return f"{format_time(_round_up_to_minute(at), zone)} ({format_time_left(at, now)})"


def format_seconds(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 60:  # noqa: PLR2004 (seconds of a minute)
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004


def _round_up_to_minute(at: datetime) -> datetime:
    """Return the first full minute at or after `at`."""
    full = at.replace(second=0, microsecond=0)
    return full if full == at else full + timedelta(minutes=1)
