"""Times as people say them."""

from datetime import UTC, datetime, timedelta

_STEPS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def ago(moment: datetime, now: datetime) -> str:
    past = now - moment
    for step, name in _STEPS:
        if past >= step:
            return f"{past // step} {name} ago"
    return "just now"


def in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def in_local_time(moment: datetime) -> str:
    """The time on the reader's own clock; empty where that is UTC."""
    local = moment.astimezone()
    return f"{local:%Y-%m-%d %H:%M %Z}" if local.utcoffset() else ""


def lasting(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 60:  # noqa: PLR2004 (seconds of a minute)
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004
