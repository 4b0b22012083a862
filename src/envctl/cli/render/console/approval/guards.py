"""Refusals and warnings of guards: reason, times, people who can unblock, and hint."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console

from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import print_hint, print_text, to_one_line
from envctl.cli.render.terminal.times import Zone, format_future, format_past
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Problem
from envctl.domain.guards import Refusal, RefusedError

# Width of the longest answer, to align the guard names.
ANSWER_WIDTH = 12
INDENT = 2 + ANSWER_WIDTH


def show_refusals(error: RefusedError, err: Console, now: datetime) -> None:
    opens = find_opening_time(error.refusals)
    print_text(err, (summarize_refusals(error.refusals), "bold red"), format_opening_time(opens, now))
    for refusal in error.refusals:
        show_refusal(refusal, err, now)
    if others := list_other_problems(error):
        show_problems(others, err, "error", "bold red")


def show_refusal(refusal: Refusal, out: Console, now: datetime) -> None:
    answer = ("! warns", "bold yellow") if refusal.warns else ("✗ refuses", "bold red")
    for_now = " (for now)" if refusal.for_now else ""
    name = (f"{refusal.code} {refusal.guard}", "bold")
    print_text(out, (answer[0].ljust(ANSWER_WIDTH), answer[1]), name, for_now, indent=2)
    print_text(out, to_one_line(refusal.message), indent=INDENT)
    show_problems(refusal.because, out, "", "bold", INDENT)
    for word, detail in list_refusal_details(refusal, now):
        print_text(out, (f"{word}: ", "dim"), detail, indent=INDENT)
    print_hint(out, refusal.hint, INDENT)


def list_refusal_details(refusal: Refusal, now: datetime, zone: Zone = None) -> Iterator[tuple[str, str]]:
    """Yield further details of a refusal as label and text."""
    if refusal.since:
        yield "since", format_past(refusal.since, now, zone)
    if refusal.opens:
        yield "opens", format_future(refusal.opens, now, zone)
    if refusal.who:
        yield "who", refusal.who


def summarize_refusals(refusals: Sequence[Refusal]) -> str:
    guards = "1 guard" if len(refusals) == 1 else f"{len(refusals)} guards"
    if not all(refusal.for_now for refusal in refusals):
        return f"Blocked by {guards}."
    return f"Blocked for now by {guards}."


def format_opening_time(at: datetime | None, now: datetime, zone: Zone = None) -> str:
    return f" It opens automatically on {format_future(at, now, zone)}." if at else ""


def list_other_problems(error: RefusedError) -> tuple[Problem, ...]:
    """Return the problems added after the refusals."""
    listed = len(error.refusals) + sum(len(refusal.because) for refusal in error.refusals)
    return tuple(error.problems[listed:])


def format_guards(codes: Sequence[str]) -> str:
    """Return guards by code and name; unknown ones of other envctl versions by code only."""
    names = {code.value: f"{code} {code.guard}" for code in GuardCode}
    return ", ".join(names.get(code, code) for code in codes)


def find_opening_time(refusals: Sequence[Refusal]) -> datetime | None:
    """Return the time when all refusals have ended; None unless waiting ends each of them."""
    moments = [refusal.opens for refusal in refusals]
    return max(at for at in moments if at) if moments and all(moments) else None
