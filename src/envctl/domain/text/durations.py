"""Durations in text: "90s", "30m", "8h", "14d", "2w", or several units in falling order, as in "1d12h"."""

import re
from datetime import timedelta

MAX_DURATION = timedelta(days=3650)

ROUGH_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = "".join(f"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _UNITS)


def parse_duration(text: str) -> timedelta:
    """Read a duration. Raises ValueError; its message continues a sentence that begins with the key."""
    match = re.fullmatch(_DURATION, text)
    if not text or match is None:
        raise ValueError('must be a duration such as "30m", "24h", "14d" or "1d12h" (w, d, h, m and s, in this order)')
    # float() accepts thousands of digits, int() does not; up to MAX_DURATION floats are exact.
    seconds = sum(float(amount) * _UNITS[unit] for unit, amount in match.groupdict("0").items())
    if seconds == 0:
        raise ValueError('must be longer than zero, such as "30m", "24h" or "14d"')
    if seconds > MAX_DURATION.total_seconds():
        raise ValueError(f"must not be longer than {MAX_DURATION.days}d, which are ten years")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration as `parse_duration` reads it, rounded down to seconds; weeks only if they divide it evenly."""
    rest = max(0, duration // timedelta(seconds=1))
    if rest and rest % _UNITS["w"] == 0:
        return f"{rest // _UNITS['w']}w"
    parts = []
    for unit in "dhms":
        amount, rest = divmod(rest, _UNITS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def format_rough_duration(length: timedelta) -> str:
    """Return a duration in at most two units, rounded down."""
    parts: list[str] = []
    for step, name in ROUGH_UNITS:
        if length >= step:
            parts.append(f"{length // step} {name}")
            length %= step
        elif parts:
            break
    return " ".join(parts[:2]) or "less than a minute"
