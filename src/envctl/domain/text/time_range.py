"""Spans of time as people ask for them: from some time ago, from a day, from a moment, and until another one."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from envctl.domain.text.durations import parse as duration

_DURATION = re.compile(r"([0-9]+[wdhms])+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WANTED = 'must be a time ago, such as "7d" or "24h", a day such as "2026-11-25", or a time such as "2026-11-25T14:00Z"'


@dataclass(frozen=True)
class Span:
    """`since` is in it, and `until` is not. None stands for no end on that side."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def span(since: str, until: str, now: datetime) -> Span:
    """Empty texts stand for no end. A ValueError's message is a sentence."""
    found = Span(_end("--since", since, now), _end("--until", until, now, last=True))
    if found.since and found.until and found.since >= found.until:
        raise ValueError("--since must be before --until")
    return found


def _end(name: str, text: str, now: datetime, *, last: bool = False) -> datetime | None:
    if not text:
        return None
    try:
        return _moment(text, now, last=last)
    except (ValueError, OverflowError, OSError) as error:
        told = str(error) if _DURATION.fullmatch(text) else f"{WANTED}, and not {text!r}"
        raise ValueError(f"{name} {told}") from None


def _moment(text: str, now: datetime, *, last: bool) -> datetime:
    """In UTC. What says no zone is by the clocks of this machine; of the last day all hours are meant."""
    if _DURATION.fullmatch(text):
        return now - duration(text)
    if _DAY.fullmatch(text):
        day = date.fromisoformat(text) + timedelta(days=1 if last else 0)
        return datetime.combine(day, time()).astimezone(UTC)
    if not _DAY.match(text):
        raise ValueError(WANTED)
    return datetime.fromisoformat(text).astimezone(UTC)
