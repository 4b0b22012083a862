"""The times of a CronJob's schedule.

Source: github.com/robfig/cron/v3 v3.0.1, spec.go (Next, dayMatches), parser.go (getRange).
"""

from datetime import datetime

_DESCRIPTORS = {
    **dict.fromkeys(("@yearly", "@annually"), "0 0 1 1 *"),
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    **dict.fromkeys(("@daily", "@midnight"), "0 0 * * *"),
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_EVERY = ("*", "?")


def matches_schedule(schedule: str, moment: datetime) -> bool:
    """Check a minute. The intervals of `@every` never match: they count from the start of the controller."""
    parts = _DESCRIPTORS.get(schedule, schedule).split()
    if len(parts) != 5:  # noqa: PLR2004 (fields of a schedule)
        return False
    minute, hour, day, month, weekday = parts
    is_time = _has(minute, moment.minute, 0, 59) and _has(hour, moment.hour, 0, 23)
    if not is_time or not _has(month, moment.month, 1, 12, _MONTHS):
        return False
    days = _has(day, moment.day, 1, 31), _has(weekday, moment.isoweekday() % 7, 0, 6, _DAYS)
    # A schedule with both kinds of days means either.
    is_either = not day.startswith(_EVERY) and not weekday.startswith(_EVERY)
    return any(days) if is_either else all(days)


def _has(part: str, value: int, least: int, most: int, names: dict[str, int] | None = None) -> bool:
    return any(_is_in(expression, value, least, most, names or {}) for expression in part.split(","))


def _is_in(expression: str, value: int, least: int, most: int, names: dict[str, int]) -> bool:
    whole, _, step = expression.partition("/")
    first, _, last = whole.partition("-")
    if first in _EVERY:
        start, end = least, most
    else:
        start = _read(first, names)
        end = _read(last, names) if last else most if step else start
    return start <= value <= end and (value - start) % int(step or 1) == 0


def _read(text: str, names: dict[str, int]) -> int:
    return names[text.lower()] if text.lower() in names else int(text)
