"""Change windows of an environment: open without an active deny window, and within an allow window if any exist.

All results derive from the same half-open UTC spans, to keep the state and its next change consistent.
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

# Local times are limited to these, to leave room for arithmetic: 9999-12-31 is common for "for ever".
_FIRST, _LAST = datetime(1, 2, 1), datetime(9999, 12, 1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
_MACHINE_ZONES = ("localtime", "posixrules", "Factory", "right/", "posix/")


@dataclass(frozen=True)
class AbsoluteWindow:
    """From `start` up to, but excluding, `end`: naive local times of the zone."""

    kind: Kind
    name: str
    start: datetime
    end: datetime
    tz: str


@dataclass(frozen=True)
class WeeklyWindow:
    """On each of these days from `begin` up to, but excluding, the next local time `until`. An `until` not after
    `begin` is on the following day: midnight is always the end of the day itself.
    """

    kind: Kind
    name: str
    days: tuple[str, ...]
    begin: time
    until: time
    tz: str


Window: TypeAlias = AbsoluteWindow | WeeklyWindow


@dataclass(frozen=True)
class WindowClosure:
    window: Window | None  # active deny window with the latest end; None: no allow window is active
    opens: datetime | None  # in UTC; None: in 400 days or later


def find_closure(windows: Sequence[Window], now: datetime) -> WindowClosure | None:
    """Return the reason for being closed, or None if open. The zones must be valid."""
    moment = now.astimezone(UTC)
    opens = _find_opening(windows, moment, moment + HORIZON)
    if opens == moment:
        return None
    denied = _find_active_deny(windows, moment)
    return WindowClosure(denied[0] if denied else None, opens)


def find_flaw(windows: Sequence[Window]) -> tuple[int, str] | None:
    """Return the index of a senseless window and the reason: a text to continue "windows[0] ...". None if all are
    valid.

    The zones must be valid. The current time is ignored, to make the result of a file permanent: past absolute windows
    are accepted, and every absolute deny window ends. Weekly windows are tested on 400 days from the start of 2026,
    with all clock changes of a year; later decrees about zones are not covered.
    """
    for index, window in enumerate(windows):
        if reason := _explain_senseless(window):
            return index, reason
    denies = [window for window in windows if window.kind == "deny"]
    recurring = [window for window in denies if isinstance(window, WeeklyWindow)]
    for count, window in enumerate(recurring, 1):
        if _find_opening(recurring[:count], _REFERENCE, _REFERENCE + HORIZON) is None:
            return windows.index(window), "leaves no open time in the week; shorten it, or lock the environment"
    for index, window in enumerate(windows):
        if window.kind == "allow" and not _can_open(window, denies, recurring):
            return index, "is never open: deny windows cover it completely and always win; move it, or shorten them"
    return None


def is_known_zone(name: str) -> bool:
    """Check if the name is a time zone, identical on every machine."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return not name.startswith(_MACHINE_ZONES)


def describe_window(window: Window) -> str:
    match window:
        case AbsoluteWindow():
            when = f"{_format_clock(window.start)} to {_format_clock(window.end)}"
        case WeeklyWindow():
            if window.until == time():
                until = "24:00"
            else:
                until = _format_clock(window.until) + (" next day" if window.until <= window.begin else "")
            when = f"{_format_days(window.days)} {_format_clock(window.begin)} to {until}"
    return f'{window.kind} window "{window.name}" ({when} {window.tz})'


def parse_time(text: str) -> time:
    """Parse a time of day. The message of its ValueError continues a sentence after the key, here and below."""
    if not re.fullmatch(_TIME, text):
        raise ValueError('must be a time of day from "00:00" to "23:59", such as "09:00"')
    return time.fromisoformat(text)


def parse_end_time(text: str) -> time:
    """Parse the end of a weekly window: "24:00", the end of the day, is midnight."""
    if not re.fullmatch(f"{_TIME}|24:00", text):
        raise ValueError('must be a time of day from "00:00" to "24:00", such as "17:30"')
    return time() if text == "24:00" else time.fromisoformat(text)


def parse_moment(text: str) -> datetime:
    """Parse a local date with optional time: the default is the start of the day."""
    if offset := re.fullmatch("[0-9-]{10}[T ][0-9:. ]+([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)", text):
        raise ValueError(f'must not end in "{offset[1]}"; name the zone instead, as in tz = "Europe/Berlin"')
    shaped = re.fullmatch(f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ]{_TIME})?", text)
    try:
        return datetime.fromisoformat(text if shaped else "")
    except ValueError:
        raise ValueError('must be an existing date, such as "2026-12-20" or "2026-12-20T18:00"') from None


def _find_opening(windows: Sequence[Window], moment: datetime, before: datetime) -> datetime | None:
    """Return the first open moment in the range, searched from boundary to boundary; None without one."""
    while moment < before:
        following = _find_next_candidate(windows, moment)
        if following == moment:
            return moment
        moment = following
    return None


def _find_next_candidate(windows: Sequence[Window], moment: datetime) -> datetime:
    """Return the moment itself if open, else the next boundary to test."""
    if denied := _find_active_deny(windows, moment):
        return denied[1]
    allowed = [_find_span(window, moment) for window in windows if window.kind == "allow"]
    begins = [span[0] if span else _NEVER for span in allowed]
    return max(moment, min(begins, default=moment))


def _find_active_deny(windows: Sequence[Window], moment: datetime) -> tuple[Window, datetime] | None:
    """Return the active deny window with the latest end, and this end; None without one."""
    spans = [(window, _find_span(window, moment)) for window in windows if window.kind == "deny"]
    active = [(window, span[1]) for window, span in spans if span and span[0] <= moment]
    return max(active, key=lambda each: each[1], default=None)


def _find_span(window: Window, moment: datetime) -> Span | None:
    """Return the span around the moment, or else the next one."""
    for start, end in _list_local_spans(window, moment):
        span = _to_utc_span(window, start, end)
        if max(span[0], moment) < span[1]:
            return span
    return None


def _list_local_spans(window: Window, moment: datetime) -> Iterator[Span]:
    """Yield local spans in order: of a weekly window those around the moment, up to at least the next one."""
    if isinstance(window, AbsoluteWindow):
        yield window.start, window.end
        return
    today = moment.toordinal()
    around = range(today - 2, today + 24)
    days = [day for day in around if DAYS[(day - 1) % 7] in window.days]
    # Join touching spans: a repeated midnight must not separate two days.
    touching = window.begin == window.until
    firsts = (day for day in days if not (touching and day - 1 in days))
    lasts = (day for day in days if not (touching and day + 1 in days))
    spilling = window.until <= window.begin
    for first, last in zip(firsts, lasts, strict=True):
        begin, until = date.fromordinal(first), date.fromordinal(last + spilling)
        yield datetime.combine(begin, window.begin), datetime.combine(until, window.until)


def _to_utc_span(window: Window, start: datetime, end: datetime) -> Span:
    """Convert to UTC. For ambiguous local times a deny window gets the longer span, an allow window the shorter one."""
    wide = window.kind == "deny"
    return _to_instant(start, window.tz, later=not wide), _to_instant(end, window.tz, later=wide)


def _to_instant(local: datetime, tz: str, *, later: bool) -> datetime:
    """Convert a local time: the earlier or later of two moments; in a gap of the clock, the first one after it."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(tz)
    local = min(max(local, _FIRST), _LAST)
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late if later else early
    # In a gap the two readings are in reverse order around the change; changes are on whole seconds.
    before = late.replace(microsecond=0)
    changed = bisect_left(
        range(int((early - before).total_seconds())),
        local,
        key=lambda seconds: (before + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None),
    )
    return before + timedelta(seconds=changed)


def _explain_senseless(window: Window) -> str | None:
    match window:
        case AbsoluteWindow(start=start, end=end):
            if end <= start:
                return f"must end after it starts: {_format_clock(end)} is not after {_format_clock(start)}"
            span = _to_utc_span(window, start, end)
            if span[1] <= span[0]:
                return f"may be empty: the clocks of {window.tz} change between its start and its end"
        case WeeklyWindow(days=days):
            if not days:
                return 'must name its first days, as in days = ["sat", "sun"]'
            for day in days:
                if day not in DAYS:
                    return f'names the unknown day "{day}"; days are {", ".join(DAYS)}'
                if days.count(day) > 1:
                    return f'names the day "{day}" twice'
    return None


def _can_open(window: Window, denies: Sequence[Window], recurring: Sequence[WeeklyWindow]) -> bool:
    """Check if deny windows leave any part of this allow window open. Absolute ones end, weekly ones recur."""
    if isinstance(window, AbsoluteWindow):
        return _find_opening((window, *denies), *_to_utc_span(window, window.start, window.end)) is not None
    return _find_opening((window, *recurring), _REFERENCE, _REFERENCE + HORIZON) is not None


def _format_days(days: Sequence[str]) -> str:
    """Join days; three or more in a row become a range."""
    runs: list[list[str]] = []
    for before, day in pairwise(("", *DAYS)):
        if day in days and before in days:
            runs[-1].append(day)
        elif day in days:
            runs.append([day])
    parts = [part for run in runs for part in ([f"{run[0]} to {run[-1]}"] if run[1:-1] else run)]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _format_clock(value: datetime | time) -> str:
    timespec = "auto" if value.second or value.microsecond else "minutes"
    return value.isoformat(timespec=timespec) if isinstance(value, time) else value.isoformat(" ", timespec)
