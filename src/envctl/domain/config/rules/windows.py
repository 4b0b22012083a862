"""Windows say when an environment may be changed: open when no deny window is active and, where there are allow
windows, one of them is.

Every answer comes from the same half-open spans of UTC, so that openness and the moment at which it begins agree.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias

Kind = Literal["allow", "deny"]
Span: TypeAlias = tuple[datetime, datetime]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = timedelta(days=400)

# Local times beyond these count as these, which leaves room to reckon; 9999-12-31 is how people write "for ever".
_FIRST, _LAST = datetime(1, 2, 1), datetime(9999, 12, 1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
_MACHINES_OWN = ("localtime", "posixrules", "Factory", "right/", "posix/")


@dataclass(frozen=True)
class Absolute:
    """From `start` up to and without `end`, both on the clocks of the zone, hence without one in themselves."""

    kind: Kind
    name: str
    start: datetime
    end: datetime
    tz: str


@dataclass(frozen=True)
class Weekly:
    """On each of these days from `begin`, up to and without the next time that clocks show `until`.

    An `until` that is not after `begin` is one of the following day. So midnight is always the end of the day itself.
    """

    kind: Kind
    name: str
    days: tuple[str, ...]
    begin: time
    until: time
    tz: str


Window: TypeAlias = Absolute | Weekly


@dataclass(frozen=True)
class Closed:
    """`window` is the active deny window that lasts longest, or None where merely no allow window is active.

    `opens` is in UTC, and None where that is 400 days away or more.
    """

    window: Window | None
    opens: datetime | None


def closed_by(windows: Sequence[Window], now: datetime) -> Closed | None:
    """None when open. The zones must be known ones."""
    moment = now.astimezone(UTC)
    opens = _opening(windows, moment, moment + HORIZON)
    if opens == moment:
        return None
    denied = _denied(windows, moment)
    return Closed(denied[0] if denied else None, opens)


def flaw(windows: Sequence[Window]) -> tuple[int, str] | None:
    """The index of a window that can't mean anything, and why: a text that continues "windows[0] ...".

    The zones must be known ones. No clock is asked, or a file would be right on one day and wrong on another. So this
    does not see that absolute windows are over, and takes every absolute deny window for one that ends. Weekly windows
    are judged by 400 days from the start of 2026, which hold every change of clocks of a year, and not by what zones
    may decree later.
    """
    for index, window in enumerate(windows):
        if reason := _senseless(window):
            return index, reason
    denies = [window for window in windows if window.kind == "deny"]
    recurring = [window for window in denies if isinstance(window, Weekly)]
    for count, window in enumerate(recurring, 1):
        if _opening(recurring[:count], _REFERENCE, _REFERENCE + HORIZON) is None:
            return windows.index(window), "leaves no moment of the week open; shorten it, or lock the environment"
    for index, window in enumerate(windows):
        if window.kind == "allow" and not _ever_opens(window, denies, recurring):
            return index, "is never open: deny windows cover all of it, and always win; move it, or shorten them"
    return None


def known_zone(name: str) -> bool:
    """Whether this names a time zone, and the same one on every machine."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return not name.startswith(_MACHINES_OWN)


def spelt(window: Window) -> str:
    match window:
        case Absolute():
            when = f"{_clock(window.start)} to {_clock(window.end)}"
        case Weekly():
            if window.until == time():
                until = "24:00"
            else:
                until = _clock(window.until) + (" next day" if window.until <= window.begin else "")
            when = f"{_spelt_days(window.days)} {_clock(window.begin)} to {until}"
    return f'{window.kind} window "{window.name}" ({when} {window.tz})'


def local_time(text: str) -> time:
    """A ValueError's message continues a sentence that begins with the key, here and below."""
    if not re.fullmatch(_TIME, text):
        raise ValueError('must be a time of day from "00:00" to "23:59", such as "09:00"')
    return time.fromisoformat(text)


def local_end(text: str) -> time:
    """The end of a weekly window: "24:00", the day's end, is midnight."""
    if not re.fullmatch(f"{_TIME}|24:00", text):
        raise ValueError('must be a time of day from "00:00" to "24:00", such as "17:30"')
    return time() if text == "24:00" else time.fromisoformat(text)


def local_moment(text: str) -> datetime:
    """Without a time, the day's beginning."""
    if offset := re.fullmatch("[0-9-]{10}[T ][0-9:. ]+([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)", text):
        raise ValueError(f'must not end in "{offset[1]}"; name the zone instead, as in tz = "Europe/Berlin"')
    shaped = re.fullmatch(f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ]{_TIME})?", text)
    try:
        return datetime.fromisoformat(text if shaped else "")
    except ValueError:
        raise ValueError('must be a date that exists, such as "2026-12-20" or "2026-12-20T18:00"') from None


def _opening(windows: Sequence[Window], moment: datetime, before: datetime) -> datetime | None:
    """The first open moment from this one on, found from boundary to boundary."""
    while moment < before:
        following = _at_the_earliest(windows, moment)
        if following == moment:
            return moment
        moment = following
    return None


def _at_the_earliest(windows: Sequence[Window], moment: datetime) -> datetime:
    """The moment itself when open, or else the next one that is worth a look."""
    if denied := _denied(windows, moment):
        return denied[1]
    allowed = [_next(window, moment) for window in windows if window.kind == "allow"]
    begins = [span[0] if span else _NEVER for span in allowed]
    return max(moment, min(begins, default=moment))


def _denied(windows: Sequence[Window], moment: datetime) -> tuple[Window, datetime] | None:
    """The active deny window that lasts longest, and its end."""
    spans = [(window, _next(window, moment)) for window in windows if window.kind == "deny"]
    active = [(window, span[1]) for window, span in spans if span and span[0] <= moment]
    return max(active, key=lambda each: each[1], default=None)


def _next(window: Window, moment: datetime) -> Span | None:
    """The span that holds the moment, or else the one that begins next."""
    for start, end in _local_spans(window, moment):
        span = _span(window, start, end)
        if max(span[0], moment) < span[1]:
            return span
    return None


def _local_spans(window: Window, moment: datetime) -> Iterator[Span]:
    """On local clocks, in order: of a weekly window those around the moment, and enough to hold the next one."""
    if isinstance(window, Absolute):
        yield window.start, window.end
        return
    today = moment.toordinal()
    around = range(today - 2, today + 24)
    days = [day for day in around if DAYS[(day - 1) % 7] in window.days]
    # Spans that touch are one: a midnight that comes twice may not part a day from the next.
    touching = window.begin == window.until
    firsts = (day for day in days if not (touching and day - 1 in days))
    lasts = (day for day in days if not (touching and day + 1 in days))
    spilling = window.until <= window.begin
    for first, last in zip(firsts, lasts, strict=True):
        begin, until = date.fromordinal(first), date.fromordinal(last + spilling)
        yield datetime.combine(begin, window.begin), datetime.combine(until, window.until)


def _span(window: Window, start: datetime, end: datetime) -> Span:
    """In UTC. Where local times occur twice a deny window takes the longer reading, an allow window the shorter."""
    wide = window.kind == "deny"
    return _instant(start, window.tz, later=not wide), _instant(end, window.tz, later=wide)


def _instant(local: datetime, tz: str, *, later: bool) -> datetime:
    """When clocks show this time: the earlier or the later of two such moments; in a gap, the first moment after it."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(tz)
    local = min(max(local, _FIRST), _LAST)
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late if later else early
    # In a gap the two readings lie on either side of the change, the wrong way round; changes are on whole seconds.
    before = late.replace(microsecond=0)

    def shown(seconds: int) -> datetime:
        return (before + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)

    changed = bisect_left(range(int((early - before).total_seconds())), local, key=shown)
    return before + timedelta(seconds=changed)


def _senseless(window: Window) -> str | None:
    match window:
        case Absolute(start=start, end=end):
            if end <= start:
                return f"must end after it starts: {_clock(end)} is not after {_clock(start)}"
            span = _span(window, start, end)
            if span[1] <= span[0]:
                return f"holds no moment for sure: the clocks of {window.tz} change between its start and its end"
        case Weekly(days=days):
            if not days:
                return 'must name the days on which it begins, as in days = ["sat", "sun"]'
            for day in days:
                if day not in DAYS:
                    return f'names the day "{day}", which is none of {", ".join(DAYS)}'
                if days.count(day) > 1:
                    return f'names the day "{day}" twice'
    return None


def _ever_opens(window: Window, denies: Sequence[Window], recurring: Sequence[Weekly]) -> bool:
    """Whether deny windows leave anything of this allow window; of absolute ones every weekly window sees the end."""
    if isinstance(window, Absolute):
        return _opening((window, *denies), *_span(window, window.start, window.end)) is not None
    return _opening((window, *recurring), _REFERENCE, _REFERENCE + HORIZON) is not None


def _spelt_days(days: Sequence[str]) -> str:
    """Three days or more in a row as a range."""
    runs: list[list[str]] = []
    for before, day in pairwise(("", *DAYS)):
        if day in days and before in days:
            runs[-1].append(day)
        elif day in days:
            runs.append([day])
    parts = [part for run in runs for part in ([f"{run[0]} to {run[-1]}"] if run[1:-1] else run)]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _clock(value: datetime | time) -> str:
    timespec = "auto" if value.second or value.microsecond else "minutes"
    return value.isoformat(timespec=timespec) if isinstance(value, time) else value.isoformat(" ", timespec)
