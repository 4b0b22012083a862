"""Windows by tables at their very boundaries, and by laws over zones and changes of clocks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from envctl.domain.config.rules.windows import (
    DAYS,
    HORIZON,
    AbsoluteWindow,
    Kind,
    WeeklyWindow,
    Window,
    WindowClosure,
    describe_window,
    find_closure,
    find_flaw,
    is_known_zone,
    parse_end_time,
    parse_moment,
    parse_time,
)

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
HAVANA, NEW_YORK = "America/Havana", "America/New_York"
WORKDAYS = "mon tue wed thu fri"
EVERY_DAY = " ".join(DAYS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def interval(text: str) -> tuple[datetime, datetime]:
    """Return both ends of an interval of ISO 8601, whose second day may be left out."""
    start, _, end = text.partition("/")
    return datetime.fromisoformat(start), datetime.fromisoformat(end if "T" in end else start[:11] + end)


def allow(when: str, tz: str = "Europe/Berlin") -> AbsoluteWindow:
    return AbsoluteWindow("allow", "once", *interval(when), tz)


def deny(when: str, tz: str = "Europe/Berlin") -> AbsoluteWindow:
    return replace(allow(when, tz), kind="deny")


def allow_weekly(days: str, when: str, tz: str = "Europe/Berlin") -> WeeklyWindow:
    begin, until = map(time.fromisoformat, when.split("/"))
    return WeeklyWindow("allow", "weekly", tuple(days.split()), begin, until, tz)


def deny_weekly(days: str, when: str, tz: str = "Europe/Berlin") -> WeeklyWindow:
    return replace(allow_weekly(days, when, tz), kind="deny")


# Each window, and one of its spans in UTC. In Berlin clocks go from 02:00 to 03:00 on 2026-03-29 at 01:00 UTC, and from
# 03:00 back to 02:00 on 2026-10-25 at 01:00 UTC.
SPANS: dict[str, tuple[Window, str]] = {
    "an absolute one": (deny("2026-12-20T00:00/2027-01-04T00:00", "Asia/Tokyo"), "2026-12-19T15:00/2027-01-03T15:00"),
    "an absolute allow window": (allow("2026-07-01T20:00/22:00", NEW_YORK), "2026-07-02T00:00/02:00"),
    "seconds and less": (
        deny("2026-07-01T20:00:01.000002/20:00:01.000003", "UTC"),
        "2026-07-01T20:00:01.000002/20:00:01.000003",
    ),
    "from summer time to winter time": (deny("2026-10-20T00:00/2026-10-30T00:00"), "2026-10-19T22:00/2026-10-29T23:00"),
    "a weekly window in summer": (allow_weekly("tue", "09:00/17:00"), "2026-07-14T07:00/15:00"),
    "a weekly window in winter": (allow_weekly("tue", "09:00/17:00"), "2026-12-15T08:00/16:00"),
    "a weekly window past midnight": (deny_weekly("fri", "22:00/06:00"), "2026-07-17T20:00/2026-07-18T04:00"),
    "a weekly window up to midnight": (deny_weekly("fri", "22:00/00:00"), "2026-07-17T20:00/22:00"),
    "two days later in UTC": (deny_weekly("fri", "21:00/20:59", NEW_YORK), "2026-07-18T01:00/2026-07-19T00:59"),
    "a whole day": (allow_weekly("sat", "00:00/00:00"), "2026-07-17T22:00/2026-07-18T22:00"),
    "24 hours from noon": (allow_weekly("sat", "12:00/12:00"), "2026-07-18T10:00/2026-07-19T10:00"),
    "a minute less than 24 hours": (deny_weekly("sat", "12:00/11:59"), "2026-07-18T10:00/2026-07-19T09:59"),
    "whole days are one span": (deny_weekly("sat sun mon", "00:00/00:00"), "2026-07-17T22:00/2026-07-20T22:00"),
    "six days": (deny_weekly("fri sat sun mon tue wed", "18:00/18:00", "UTC"), "2026-07-17T18:00/2026-07-23T18:00"),
    "a zone of the next day": (allow_weekly("sun", "00:30/01:30", "Pacific/Kiritimati"), "2026-07-18T10:30/11:30"),
    "a zone of the day before": (allow_weekly("sat", "22:00/23:00", "Pacific/Pago_Pago"), "2026-07-19T09:00/10:00"),
    "a skipped start is moved behind the gap": (allow("2026-03-29T02:30/04:00"), "2026-03-29T01:00/02:00"),
    "a skipped start with microseconds": (deny("2026-03-29T02:30:00.000007/04:00"), "2026-03-29T01:00/02:00"),
    "the last skipped microsecond": (deny("2026-03-29T02:59:59.999999/04:00"), "2026-03-29T01:00/02:00"),
    "the first skipped moment": (deny("2026-03-29T01:00/02:00"), "2026-03-29T00:00/01:00"),
    "a skipped end is moved behind the gap": (deny("2026-03-29T01:00/02:59"), "2026-03-29T00:00/01:00"),
    "a weekly window over a gap": (allow_weekly("sun", "00:00/06:00"), "2026-03-28T23:00/2026-03-29T04:00"),
    "a gap of half an hour": (deny("2026-10-04T02:15/03:00", "Australia/Lord_Howe"), "2026-10-03T15:30/16:00"),
    "a gap of a whole day": (deny("2011-12-30T12:00/2011-12-31T12:00", "Pacific/Apia"), "2011-12-30T10:00/22:00"),
    "a deny window begins at the first of two times": (deny("2026-10-25T02:30/04:00"), "2026-10-25T00:30/03:00"),
    "a deny window ends at the second one": (deny("2026-10-25T00:00/02:30"), "2026-10-24T22:00/2026-10-25T01:30"),
    "an allow window begins at the second one": (allow("2026-10-25T02:30/04:00"), "2026-10-25T01:30/03:00"),
    "an allow window ends at the first one": (allow("2026-10-25T00:00/02:30"), "2026-10-24T22:00/2026-10-25T00:30"),
    "a weekly deny window within the repeated hour": (deny_weekly("sun", "02:15/02:45"), "2026-10-25T00:15/01:45"),
    "around the repeated hour": (allow_weekly("sun", "01:30/03:30"), "2026-10-24T23:30/2026-10-25T02:30"),
    "around a repeated midnight": (allow_weekly("sat sun", "00:00/00:00", HAVANA), "2024-11-02T04:00/2024-11-04T05:00"),
}
# Weekly windows without a moment on the day on which clocks change, and that change.
EMPTY: dict[str, tuple[Window, str]] = {
    "an allow window within the gap": (allow_weekly("sun", "02:15/02:45"), "2026-03-29T01:00"),
    "a deny window within the gap": (deny_weekly("sun", "02:15/02:45"), "2026-03-29T01:00"),
    "an allow window within the repeated hour": (allow_weekly("sun", "02:15/02:45"), "2026-10-25T01:00"),
}
OFFICE = allow_weekly(WORKDAYS, "09:00/17:00", "UTC")
NIGHTLY = allow_weekly(EVERY_DAY, "22:00/04:00", "UTC")
LUNCH = deny_weekly(EVERY_DAY, "12:00/13:00", "UTC")
LATE_LUNCH = deny_weekly(EVERY_DAY, "12:30/13:30", "UTC")
EVENING = deny_weekly(EVERY_DAY, "13:30/17:00", "UTC")
ELEVEN = deny_weekly(EVERY_DAY, "11:00/13:00", "UTC")
FREEZE = deny("2026-07-15T00:00/2026-07-18T00:00", "UTC")
LONG = deny("2026-01-01T00:00/2027-07-01T00:00", "UTC")
PAST = allow("2026-01-01T00:00/2026-01-02T00:00", "UTC")
SOON = allow("2026-07-19T06:00/07:00", "UTC")
BACKWARDS = allow("2026-07-15T12:00/11:00", "UTC")
# 2026-07-15 is a Wednesday.
CASES: dict[str, tuple[list[Window], str, tuple[Window | None, str | None] | None]] = {
    "no windows: open": ([], "2026-07-15T12:00", None),
    "no deny window is active, and there is no allow window: open": ([LUNCH], "2026-07-15T11:59", None),
    "an allow window is active: open": ([OFFICE], "2026-07-15T09:00", None),
    "one of two allow windows is active: open": ([OFFICE, NIGHTLY], "2026-07-15T03:00", None),
    "no allow window is active: opens with the next one": ([OFFICE], "2026-07-15T17:00", (None, "2026-07-16T09:00")),
    "the nearest allow window opens": ([OFFICE, SOON, NIGHTLY], "2026-07-15T17:00", (None, "2026-07-15T22:00")),
    "a weekend is waited for": ([OFFICE], "2026-07-17T17:00", (None, "2026-07-20T09:00")),
    "a deny window wins over an allow window": ([OFFICE, LUNCH], "2026-07-15T12:00", (LUNCH, "2026-07-15T13:00")),
    "the order of windows does not matter": ([LUNCH, OFFICE], "2026-07-15T12:00", (LUNCH, "2026-07-15T13:00")),
    "a deny window ends into another": ([LUNCH, LATE_LUNCH, EVENING], "2026-07-15T12:00", (LUNCH, "2026-07-15T17:00")),
    "it ends when no allow window is active": ([OFFICE, FREEZE], "2026-07-15T12:00", (FREEZE, "2026-07-20T09:00")),
    "an allow window begins within a deny window": (
        [OFFICE, deny_weekly(EVERY_DAY, "08:00/10:00", "UTC")],
        "2026-07-15T07:00",
        (None, "2026-07-15T10:00"),
    ),
    "the longest deny window is named": ([LUNCH, FREEZE, LATE_LUNCH], "2026-07-15T12:30", (FREEZE, "2026-07-18T00:00")),
    "an inactive deny window is not named": (
        [LUNCH, deny_weekly(EVERY_DAY, "14:00/18:00", "UTC")],
        "2026-07-15T12:30",
        (LUNCH, "2026-07-15T13:00"),
    ),
    "the first of two that end together is named": ([ELEVEN, LUNCH], "2026-07-15T12:30", (ELEVEN, "2026-07-15T13:00")),
    "a deny window without an end in sight": ([LONG], "2026-01-05T00:00", (LONG, None)),
    "the only allow window is over": ([PAST], "2026-07-15T12:00", (None, None)),
    "one allow window is over and another comes": ([PAST, SOON], "2026-07-15T12:00", (None, "2026-07-19T06:00")),
    "400 days are too long": ([LONG], "2026-05-27T00:00", (LONG, None)),
    "a moment less than 400 days is not": ([LONG], "2026-05-27T00:00:00.000001", (LONG, "2027-07-01T00:00")),
    "a window that ends before it starts holds nothing": ([BACKWARDS], "2026-07-15T11:30", (None, None)),
    "a repeated midnight parts no days": ([allow_weekly("sat sun", "00:00/00:00", HAVANA)], "2024-11-03T04:30", None),
    "a repeated midnight parts a day from another window": (
        [allow_weekly("sat", "00:00/00:00", HAVANA), allow_weekly("sun", "00:00/08:00", HAVANA)],
        "2024-11-03T04:30",
        (None, "2024-11-03T05:00"),
    ),
    "a skipped day": (
        [allow_weekly("fri", "09:00/17:00", "Pacific/Apia")],
        "2011-12-24T12:00",
        (None, "2012-01-05T19:00"),
    ),
}


def closed(windows: Sequence[Window], moment: datetime) -> bool:
    return find_closure(windows, moment) is not None


@pytest.mark.parametrize(("window", "span"), SPANS.values(), ids=SPANS.keys())
def test_window_includes_its_start_and_excludes_its_end(window: Window, span: str) -> None:
    start, end = (moment.replace(tzinfo=UTC) for moment in interval(span))
    moments = [start - TICK, start, end - TICK, end]
    inside = window.kind == "deny"
    assert [closed([window], moment) for moment in moments] == [not inside, inside, inside, not inside]


@pytest.mark.parametrize(("window", "span"), SPANS.values(), ids=SPANS.keys())
def test_window_opens_exactly_at_its_boundary(window: Window, span: str) -> None:
    start, end = (moment.replace(tzinfo=UTC) for moment in interval(span))
    if window.kind == "deny":
        assert [find_closure([window], moment) for moment in (start, end - TICK)] == [WindowClosure(window, end)] * 2
    else:
        assert find_closure([window], start - TICK) == WindowClosure(None, start)


@pytest.mark.parametrize(("window", "around"), EMPTY.values(), ids=EMPTY.keys())
def test_clock_change_may_empty_a_window(window: Window, around: str) -> None:
    moments = [at(around) + timedelta(minutes=minutes) for minutes in range(-120, 121)]
    assert {closed([window], moment) for moment in moments} == {window.kind == "allow"}
    assert {closed([window], moment + timedelta(days=7)) for moment in moments} == {True, False}


@pytest.mark.parametrize(("windows", "now", "answer"), CASES.values(), ids=CASES.keys())
def test_closing_window_and_its_end_are_found(
    windows: list[Window], now: str, answer: tuple[Window | None, str | None] | None
) -> None:
    expected = answer and WindowClosure(answer[0], at(answer[1]) if answer[1] else None)
    assert find_closure(windows, at(now)) == expected


def test_closure_end_is_in_utc() -> None:
    asked = at("2026-07-15T17:00").astimezone(ZoneInfo("Asia/Tokyo"))
    found = find_closure([OFFICE], asked)
    assert found == WindowClosure(None, at("2026-07-16T09:00"))
    assert found.opens and found.opens.tzinfo is UTC


def test_repeated_local_time_is_a_different_moment() -> None:
    berlin, window = ZoneInfo("Europe/Berlin"), deny("2026-10-25T00:00/02:00")
    local = datetime(2026, 10, 25, 2, 0, tzinfo=berlin)
    assert closed([window], local)
    assert not closed([window], local.replace(fold=1))


@pytest.mark.parametrize("tz", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_unbounded_window_is_supported(tz: str) -> None:
    closing, opening = (of("0001-01-01T00:00/9999-12-31T23:59", tz) for of in (deny, allow))
    assert find_closure([closing], at("2026-07-15T12:00")) == WindowClosure(closing, None)
    assert find_closure([opening, LUNCH], at("2026-07-15T12:00")) == WindowClosure(LUNCH, at("2026-07-15T13:00"))
    assert find_flaw([opening, LUNCH]) is None
    assert find_flaw([opening, closing]) == (0, COVERED)


CHANGE = "may be empty: the clocks of Europe/Berlin change between its start and its end"
COVERED = "is never open: deny windows cover it completely and always win; move it, or shorten them"
WHOLE_WEEK = "leaves no open time in the week; shorten it, or lock the environment"
MORNINGS = deny_weekly(EVERY_DAY, "00:00/12:00")
AFTERNOONS = deny_weekly(EVERY_DAY, "12:00/00:00")
FLAWS: dict[str, tuple[list[Window], tuple[int, str] | None]] = {
    "no windows": ([], None),
    "windows that leave something open": ([OFFICE, LUNCH, FREEZE, SOON], None),
    "an end before the start": (
        [LUNCH, deny("2026-07-15T12:00/11:59")],
        (1, "must end after it starts: 2026-07-15 11:59 is not after 2026-07-15 12:00"),
    ),
    "an end that is the start": (
        [deny("2026-07-15T12:00/12:00")],
        (0, "must end after it starts: 2026-07-15 12:00 is not after 2026-07-15 12:00"),
    ),
    "an end right after the start": ([deny("2026-07-15T12:00/12:00:00.000001")], None),
    "a window that clocks skip": ([allow("2026-03-29T02:15/02:45")], (0, CHANGE)),
    "an allow window within a repeated hour": ([allow("2026-10-25T02:15/02:45")], (0, CHANGE)),
    "a deny window within a repeated hour": ([deny("2026-10-25T02:15/02:45")], None),
    "no day": (
        [deny_weekly("", "09:00/17:00")],
        (0, 'must name its first days, as in days = ["sat", "sun"]'),
    ),
    "a day twice": ([deny_weekly("mon tue mon", "09:00/17:00")], (0, 'names the day "mon" twice')),
    "a day that is none": (
        [deny_weekly("mon monday", "09:00/17:00")],
        (0, 'names the unknown day "monday"; days are mon, tue, wed, thu, fri, sat, sun'),
    ),
    "all days in full": ([deny_weekly(EVERY_DAY, "00:00/00:00")], (0, WHOLE_WEEK)),
    "all days in full, from noon": ([deny_weekly(EVERY_DAY, "12:00/12:00")], (0, WHOLE_WEEK)),
    "all days in full is an allow window that means something": ([allow_weekly(EVERY_DAY, "00:00/00:00")], None),
    "all days but a minute": ([deny_weekly(EVERY_DAY, "00:00/23:59")], None),
    "all days but one": ([deny_weekly("mon tue wed thu fri sat", "00:00/00:00")], None),
    "the second window closes the week": ([LUNCH, MORNINGS, OFFICE, AFTERNOONS], (3, WHOLE_WEEK)),
    "zones of different changes": ([MORNINGS, deny_weekly(EVERY_DAY, "06:00/18:00", NEW_YORK)], None),
    "within a deny window": ([OFFICE, allow("2026-07-15T12:00/2026-07-18T00:00", "UTC"), FREEZE], (1, COVERED)),
    "it outlasts a deny window": ([allow("2026-07-15T12:00/2026-07-18T00:00:00.000001", "UTC"), FREEZE], None),
    "it begins before a deny window": ([allow("2026-07-14T23:59:59.999999/2026-07-18T00:00", "UTC"), FREEZE], None),
    "within two deny windows together": (
        [FREEZE, LUNCH, allow("2026-07-17T23:00/2026-07-18T00:15", "UTC"), deny("2026-07-18T00:00/01:00", "UTC")],
        (2, COVERED),
    ),
    "absolute within a weekly deny window": ([allow("2026-07-15T12:00/13:00", "UTC"), LUNCH], (0, COVERED)),
    "weekly within a weekly deny window": ([allow_weekly("wed", "12:00/13:00", "UTC"), LUNCH], (0, COVERED)),
    "weekly, outlasting a weekly deny window": ([allow_weekly("wed", "12:00/13:01", "UTC"), LUNCH], None),
    "weekly, within in summer": ([allow_weekly("wed", "12:00/13:00"), deny_weekly("wed", "10:00/11:00", "UTC")], None),
    "weekly within an absolute deny window": ([OFFICE, deny("2020-01-01T00:00/2040-01-01T00:00")], None),
    "allow windows that are over are not seen, for want of a clock": ([PAST], None),
}


@pytest.mark.parametrize(("windows", "expected"), FLAWS.values(), ids=FLAWS.keys())
def test_meaningless_window_is_found(windows: list[Window], expected: tuple[int, str] | None) -> None:
    assert find_flaw(windows) == expected


ZONES = ["Europe/Berlin", NEW_YORK, "Asia/Tokyo", "Australia/Lord_Howe", "America/St_Johns", HAVANA, "UTC"]
# Days on which clocks change somewhere in these zones, and one on which they don't.
CHANGES = [date(2026, month, day) for month, day in ((3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1))]
DATES = st.builds(
    lambda day, more: day + timedelta(days=more), st.sampled_from([*CHANGES, date(2026, 7, 15)]), st.integers(-2, 2)
)
TIMES = st.one_of(
    st.sampled_from([time(), time(2), time(2, 30), time(3), time(12), time(23, 59, 59, 999_999)]),
    st.times(max_value=time(4)),
    st.times(),
)
KINDS: st.SearchStrategy[Kind] = st.sampled_from(["allow", "deny"])
LOCAL = st.builds(datetime.combine, DATES, TIMES)
ABSOLUTE = st.builds(
    lambda kind, start, length, tz: AbsoluteWindow(kind, "a", start, start + length, tz),
    KINDS,
    LOCAL,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=9)),
    st.sampled_from(ZONES),
)
WEEKLY = st.builds(
    lambda kind, days, begin, until, tz: WeeklyWindow(kind, "w", tuple(days), begin, until, tz),
    KINDS,
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
    TIMES,
    TIMES,
    st.sampled_from(ZONES),
)
# Large enough that a few of them leave little open.
DAILY = st.builds(
    lambda kind, begin, until, tz: WeeklyWindow(kind, "d", DAYS, time(begin), time(until), tz),
    KINDS,
    st.sampled_from([0, 6, 12]),
    st.sampled_from([0, 6, 12]),
    st.sampled_from(["Europe/Berlin", NEW_YORK]),
)
WINDOW = st.one_of(ABSOLUTE, WEEKLY)
WINDOWS = st.lists(WINDOW, max_size=4)
MOMENT = st.builds(lambda local, tz: local.replace(tzinfo=ZoneInfo(tz)).astimezone(UTC), LOCAL, st.sampled_from(ZONES))


def shown(window: Window, moment: datetime) -> bool:
    """Whether a clock on the wall shows a time of the window: the plain reading, without a thought for changes."""
    local = moment.astimezone(ZoneInfo(window.tz)).replace(tzinfo=None)
    if isinstance(window, AbsoluteWindow):
        return window.start <= local < window.end
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    began_today = DAYS[today.weekday()] in window.days and window.begin <= local.time()
    began_yesterday = DAYS[yesterday.weekday()] in window.days and local.time() < window.until
    if window.until <= window.begin:
        return began_today or began_yesterday
    return began_today and local.time() < window.until


def near_a_change(window: Window, moment: datetime) -> bool:
    zone = ZoneInfo(window.tz)
    return len({(moment + hours * HOUR).astimezone(zone).utcoffset() for hours in (-2, 0, 2)}) > 1


def active(window: Window, moment: datetime) -> bool:
    return closed([window], moment) == (window.kind == "deny")


@given(WINDOW, MOMENT)
def test_window_is_active_by_local_time(window: Window, moment: datetime) -> None:
    if not near_a_change(window, moment):
        assert active(window, moment) == shown(window, moment)


@given(WINDOW, MOMENT)
def test_clock_change_never_shortens_deny_or_lengthens_allow(window: Window, moment: datetime) -> None:
    if window.kind == "deny":
        assert active(window, moment) >= shown(window, moment)
    else:
        assert active(window, moment) <= shown(window, moment)


@given(WINDOWS, MOMENT)
def test_environment_is_open_without_deny_and_with_allow(windows: list[Window], moment: datetime) -> None:
    denied = [window for window in windows if window.kind == "deny" and active(window, moment)]
    allows = [window for window in windows if window.kind == "allow"]
    allowed = not allows or any(active(window, moment) for window in allows)
    found = find_closure(windows, moment)
    assert (found is None) == (not denied and allowed)
    if found:
        assert found.window in denied if denied else found.window is None


@given(WINDOWS, MOMENT, st.floats(0, 1, exclude_max=True))
def test_window_opens_exactly_at_reported_time(windows: list[Window], moment: datetime, share: float) -> None:
    found = find_closure(windows, moment)
    assume(found is not None)
    assert found is not None
    if found.opens is None:
        assert closed(windows, moment + share * HORIZON)
        return
    assert moment < found.opens < moment + HORIZON
    assert not closed(windows, found.opens)
    for before in (found.opens - TICK, moment + share * (found.opens - moment)):
        again = find_closure(windows, min(before, found.opens - TICK))
        assert again and again.opens == found.opens


@given(WINDOWS, MOMENT, st.integers(-14, 14))
def test_result_is_independent_of_zone_of_the_question(windows: list[Window], moment: datetime, hours: int) -> None:
    assert find_closure(windows, moment.astimezone(timezone(hours * HOUR))) == find_closure(windows, moment)


@given(st.lists(WEEKLY, max_size=4), MOMENT)
def test_valid_weekly_windows_always_reopen(windows: list[WeeklyWindow], moment: datetime) -> None:
    found = find_closure(windows, moment)
    if find_flaw(windows) is None and found:
        assert found.opens is not None


@given(st.lists(st.one_of(DAILY, WINDOW), min_size=2, max_size=6), MOMENT)
def test_reported_flaw_holds_at_any_moment(windows: list[Window], moment: datetime) -> None:
    found = find_flaw(windows)
    assume(found is not None)
    assert found is not None
    index, reason = found
    window, denies = windows[index], [each for each in windows if each.kind == "deny"]
    if reason == WHOLE_WEEK:
        assert closed(denies, moment)
    elif reason == COVERED:
        weekly_alone = (
            [each for each in denies if isinstance(each, WeeklyWindow)] if isinstance(window, WeeklyWindow) else denies
        )
        assert closed([window, *weekly_alone], moment)
    else:
        assert not active(window, moment)


ZONE_NAMES = {
    "Europe/Berlin": True,
    "UTC": True,
    "Etc/GMT+5": True,
    "America/Argentina/Buenos_Aires": True,
    "Asia/Tokio": False,
    "": False,
    " ": False,
    ".": False,
    "Europe": False,
    "Europe/": False,
    "Europe/Berlin/": False,
    "Europe//Berlin": False,
    " Europe/Berlin": False,
    "Europe/Berlin\n": False,
    "../x": False,
    "../zoneinfo/Europe/Berlin": False,
    "Europe/../Asia/Tokyo": False,
    "/usr/share/zoneinfo/Europe/Berlin": False,
    "/etc/localtime": False,
    "localtime": False,
    "posixrules": False,
    "Factory": False,
    "right/Europe/Berlin": False,
    "posix/Europe/Berlin": False,
    "tzdata.zi": False,
    "zone.tab": False,
    "a\0b": False,
    "\udc80": False,
    "+09:00": False,
    "x" * 5000: False,
}


@pytest.mark.parametrize(("name", "known"), ZONE_NAMES.items(), ids=[repr(name)[:40] for name in ZONE_NAMES])
def test_known_zones_are_those_of_the_database(name: str, known: bool) -> None:
    assert is_known_zone(name) is known


@given(st.text(max_size=20))
@example("Europe/Berlin")
def test_zone_check_never_raises(name: str) -> None:
    assert is_known_zone(name) in (True, False)


SPELT: dict[str, tuple[Window, str]] = {
    "an absolute window": (
        AbsoluteWindow("deny", "year end", datetime(2026, 12, 20), datetime(2027, 1, 4), "Asia/Tokyo"),
        "2026-12-20 00:00 to 2027-01-04 00:00 Asia/Tokyo",
    ),
    "a weekly window": (
        WeeklyWindow("allow", "office hours", tuple(WORKDAYS.split()), time(9), time(17), "Europe/Berlin"),
        "mon to fri 09:00 to 17:00 Europe/Berlin",
    ),
    "seconds": (
        deny("2026-07-15T12:00:01/12:00:00.000002", "UTC"),
        "2026-07-15 12:00:01 to 2026-07-15 12:00:00.000002 UTC",
    ),
    "seconds of a day": (deny_weekly("mon", "09:00:30/17:00", "UTC"), "mon 09:00:30 to 17:00 UTC"),
    "past midnight": (deny_weekly("fri", "22:00/06:00", "UTC"), "fri 22:00 to 06:00 next day UTC"),
    "24 hours": (deny_weekly("fri", "22:00/22:00", "UTC"), "fri 22:00 to 22:00 next day UTC"),
    "a whole day": (deny_weekly("fri", "00:00/00:00", "UTC"), "fri 00:00 to 24:00 UTC"),
    "up to midnight": (deny_weekly("fri", "22:00/00:00", "UTC"), "fri 22:00 to 24:00 UTC"),
    "two days in a row": (deny_weekly("sun sat", "09:00/10:00", "UTC"), "sat and sun 09:00 to 10:00 UTC"),
    "three days in a row": (deny_weekly("mon tue wed", "09:00/10:00", "UTC"), "mon to wed 09:00 to 10:00 UTC"),
    "days apart": (deny_weekly("sun mon wed", "09:00/10:00", "UTC"), "mon, wed and sun 09:00 to 10:00 UTC"),
    "a row and one": (
        deny_weekly("mon tue wed thu sat", "09:00/10:00", "UTC"),
        "mon to thu and sat 09:00 to 10:00 UTC",
    ),
    "every day": (deny_weekly(EVERY_DAY, "09:00/10:00", "UTC"), "mon to sun 09:00 to 10:00 UTC"),
}


@pytest.mark.parametrize(("window", "text"), SPELT.values(), ids=SPELT.keys())
def test_window_is_described(window: Window, text: str) -> None:
    assert describe_window(window) == f'{window.kind} window "{window.name}" ({text})'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00:00", time()),
        ("09:00", time(9)),
        ("19:59", time(19, 59)),
        ("23:59", time(23, 59)),
        ("09:00:59", time(9, 0, 59)),
    ],
)
def test_time_of_day_is_parsed(text: str, value: time) -> None:
    assert parse_time(text) == value
    assert parse_end_time(text) == value


def test_end_of_day_is_midnight() -> None:
    assert parse_end_time("24:00") == time()


NO_TIMES = ["", "9:00", "09", "0900", "09:0", "09:60", "24:01", "29:00", "09:00:60", "09:00:00.5"]
NO_TIMES += [" 09:00", "09:00 ", "09:00\n"]
NO_TIMES += ["09:00Z", "09:00+01:00", "T09:00", "9am", "24:00:00", "\u0660\u0669:00"]


@pytest.mark.parametrize("text", [*NO_TIMES, "24:00"])
def test_invalid_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        parse_time(text)
    assert str(caught.value) == 'must be a time of day from "00:00" to "23:59", such as "09:00"'


@pytest.mark.parametrize("text", NO_TIMES)
def test_invalid_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        parse_end_time(text)
    assert str(caught.value) == 'must be a time of day from "00:00" to "24:00", such as "17:30"'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-12-20", datetime(2026, 12, 20)),
        ("2026-12-20T00:00", datetime(2026, 12, 20)),
        ("2026-12-20T18:05", datetime(2026, 12, 20, 18, 5)),
        ("2026-12-20 18:05", datetime(2026, 12, 20, 18, 5)),
        ("2026-12-20T18:05:09", datetime(2026, 12, 20, 18, 5, 9)),
        ("2028-02-29", datetime(2028, 2, 29)),
    ],
)
def test_moment_is_parsed(text: str, value: datetime) -> None:
    assert parse_moment(text) == value
    assert parse_moment(text).tzinfo is None


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-12-20T00:00Z", "Z"),
        ("2026-12-20T00:00z", "z"),
        ("2026-12-20 00:00:00Z", "Z"),
        ("2026-12-20T00:00:00.000Z", "Z"),
        ("2026-12-20T00:00+01:00", "+01:00"),
        ("2026-12-20T00:00-0330", "-0330"),
        ("2026-12-20T00:00+09", "+09"),
    ],
)
def test_moment_with_utc_offset_is_refused(text: str, offset: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        parse_moment(text)
    assert str(caught.value) == f'must not end in "{offset}"; name the zone instead, as in tz = "Europe/Berlin"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "0000-01-01",
        "2026-1-1",
        "20261220",
        "2026-W51-7",
        "2026-12-20T",
        "2026-12-20T9:00",
        "2026-12-20T24:00",
        "2026-12-20T12:60",
        "2026-12-20T12:00:00.5",
        "2026-12-20T1200",
        "2026-12-20x12:00",
        " 2026-12-20",
        "2026-12-20 ",
        "2026-12-20\n",
        "2026-12-20T12:00\n",
    ],
)
def test_invalid_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        parse_moment(text)
    assert str(caught.value) == 'must be an existing date, such as "2026-12-20" or "2026-12-20T18:00"'
