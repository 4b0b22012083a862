"""Durations as people write them: "90s", "30m", "8h", "14d", "2w", or several in falling order, as in "1d12h"."""

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHAPE = re.compile("".join(f"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _UNITS))


def parse(text: str) -> timedelta:
    """A ValueError's message continues a sentence that begins with the key."""
    match = _SHAPE.fullmatch(text)
    if not text or match is None:
        raise ValueError('must be a duration such as "30m", "24h", "14d" or "1d12h" (w, d, h, m and s, in this order)')
    # As floats, since int() has a message of its own for thousands of digits; up to LONGEST they are exact.
    seconds = sum(float(amount) * _UNITS[unit] for unit, amount in match.groupdict("0").items())
    if seconds == 0:
        raise ValueError('must be longer than zero, such as "30m", "24h" or "14d"')
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"must not be longer than {LONGEST.days}d, which are ten years")
    return timedelta(seconds=seconds)


def spelt(duration: timedelta) -> str:
    """The text that `parse` reads as this duration, rounded down to seconds; weeks only where nothing is left over."""
    rest = max(0, duration // timedelta(seconds=1))
    if rest and rest % _UNITS["w"] == 0:
        return f"{rest // _UNITS['w']}w"
    parts = []
    for unit in "dhms":
        amount, rest = divmod(rest, _UNITS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
