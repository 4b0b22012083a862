"""Time ranges as options say them: since a duration ago, a day or a time, until another one."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from envctl.domain.text.durations import parse_duration as duration

_DURATION = re.compile(r"([0-9]+[wdhms])+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME_FORMATS = (
    'must be a time ago, such as "7d" or "24h", a day such as "2026-11-25", or a time such as "2026-11-25T14:00Z"'
)


@dataclass(frozen=True)
class TimeRange:
    """A half-open range: `since` is included, `until` is not. None means unbounded on that side."""

    since: datetime | None = None
    until: datetime | None = None

    def contains(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def parse_time_range(since: str, until: str, now: datetime) -> TimeRange:
    """Read a range; an empty text means unbounded. Raises ValueError with a sentence."""
    found = TimeRange(_parse_bound("--since", since, now), _parse_bound("--until", until, now, last=True))
    if found.since and found.until and found.since >= found.until:
        raise ValueError("--since must be before --until")
    return found


def _parse_bound(name: str, text: str, now: datetime, *, last: bool = False) -> datetime | None:
    if not text:
        return None
    try:
        return _parse_time(text, now, last=last)
    except (ValueError, OverflowError, OSError) as error:
        reason = str(error) if _DURATION.fullmatch(text) else f"{TIME_FORMATS}, and not {text!r}"
        raise ValueError(f"{name} {reason}") from None


def _parse_time(text: str, now: datetime, *, last: bool) -> datetime:
    """Return the time in UTC. Text without a zone is local time; `last` means the end of a given day."""
    if _DURATION.fullmatch(text):
        return now - duration(text)
    if _DAY.fullmatch(text):
        day = date.fromisoformat(text) + timedelta(days=1 if last else 0)
        return datetime.combine(day, time()).astimezone(UTC)
    if not _DAY.match(text):
        raise ValueError(TIME_FORMATS)
    return datetime.fromisoformat(text).astimezone(UTC)
