"""Schedules of CronJobs, with the messages of the library that kube-apiserver reads them with.

Source: github.com/robfig/cron/v3 v3.0.1, parser.go (ParseStandard, normalizeFields, getRange).
"""

import re

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_DESCRIPTORS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_DURATION = re.compile(r"([0-9.]+(ns|us|µs|ms|s|m|h))+")


def find_schedule_problem(schedule: str) -> str:
    """Return the problem of a schedule; empty for none."""
    if schedule.startswith("@"):
        return _check_descriptor(schedule)
    parts = schedule.split()
    if len(parts) != len(_FIELDS):
        return f"expected exactly {len(_FIELDS)} fields, found {len(parts)}: [{' '.join(parts)}]"
    names: tuple[dict[str, int], ...] = ({}, {}, {}, _MONTHS, _DAYS)
    for part, (_, least, most), known in zip(parts, _FIELDS, names, strict=True):
        for expression in part.split(","):
            problem = _check_range(expression, least, most, known)
            if problem:
                return problem
    return ""


def _check_descriptor(schedule: str) -> str:
    if schedule in _DESCRIPTORS:
        return ""
    every = schedule.removeprefix("@every ")
    if every != schedule:
        return (
            ""
            if _DURATION.fullmatch(every)
            else f"failed to parse duration {schedule}: time: invalid duration {every!r}"
        )
    return f"unrecognized descriptor: {schedule}"


def _check_range(expression: str, least: int, most: int, names: dict[str, int]) -> str:
    whole, *steps = expression.split("/")
    if len(steps) > 1:
        return f"too many slashes: {expression}"
    first, *last = whole.split("-")
    if len(last) > 1:
        return f"too many hyphens: {expression}"
    if first in ("*", "?"):
        start, end = least, most
    else:
        numbers = [_read_number(text, names) for text in (first, *last)]
        problem = next((number for number in numbers if isinstance(number, str)), "")
        if problem:
            return problem
        start, end = int(numbers[0]), int(numbers[-1])
    step = _read_number(steps[0], {}) if steps else 1
    if isinstance(step, str):
        return step
    if start < least:
        return f"beginning of range ({start}) below minimum ({least}): {expression}"
    if end > most:
        return f"end of range ({end}) above maximum ({most}): {expression}"
    if start > end:
        return f"beginning of range ({start}) beyond end of range ({end}): {expression}"
    return "" if step else f"step of range should be a positive number: {expression}"


def _read_number(text: str, names: dict[str, int]) -> int | str:
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch(r"[+-]?\d+", text):
        return f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
    number = int(text)
    return number if number >= 0 else f"negative number ({number}) not allowed: {text}"
