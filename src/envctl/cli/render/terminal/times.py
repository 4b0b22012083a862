"""Times as people say them: in the reader's own zone, unless another one is asked for."""

from datetime import datetime, timedelta, tzinfo

# None is the zone of the machine on which it is read.
Zone = tzinfo | None
_STEPS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def ago(at: datetime, now: datetime) -> str:
    past = now - at
    for step, name in _STEPS:
        if past >= step:
            return f"{past // step} {name} ago"
    return "just now"


def until(at: datetime, now: datetime) -> str:
    """Rounded up, so that it has come for sure when that long has passed."""
    left = _minute(at) - now
    return f"in {roughly(_minutes(left))}" if left > timedelta() else "now"


def roughly(length: timedelta) -> str:
    """In two units at most, and rounded down."""
    parts: list[str] = []
    for step, name in _STEPS:
        if length >= step:
            parts.append(f"{length // step} {name}")
            length %= step
        elif parts:
            break
    return " ".join(parts[:2]) or "less than a minute"


def clock(at: datetime, zone: Zone = None) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def zone_name(at: datetime, zone: Zone = None) -> str:
    return f"{at.astimezone(zone):%Z}"


def moment(at: datetime, zone: Zone = None) -> str:
    return f"{clock(at, zone)} {zone_name(at, zone)}"


def since(at: datetime, now: datetime, zone: Zone = None) -> str:
    """Something that was, and how long ago."""
    return f"{moment(at, zone)} ({ago(at, now)})"


def opening(at: datetime, now: datetime, zone: Zone = None) -> str:
    """Something that will be, and how far away it is."""
    return f"{moment(_minute(at), zone)} ({until(at, now)})"


def lasting(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 60:  # noqa: PLR2004 (seconds of a minute)
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004


def _minute(at: datetime) -> datetime:
    """The first full minute at which it has come."""
    full = at.replace(second=0, microsecond=0)
    return full if full == at else full + timedelta(minutes=1)


def _minutes(left: timedelta) -> timedelta:
    return -(-left // timedelta(minutes=1)) * timedelta(minutes=1)
