"""A refusal or a remark of a guard: why, since when, until when, who can change it, and the way on."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console

from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import hinted, joined, one_line, say
from envctl.cli.render.terminal.times import Zone, opening, since
from envctl.domain.errors import Problem
from envctl.domain.guards import GUARDS, Refusal, RefusedError

# As wide as the longest answer of a guard, so that their names stand in one column.
ANSWER = 12
INDENT = 2 + ANSWER


def show_refused(error: RefusedError, err: Console, now: datetime) -> None:
    opens = opens_at(error.refusals)
    say(err, joined((verdict(error.refusals, opens), "bold red"), opens_by_itself(opens, now)))
    for refusal in error.refusals:
        show_refusal(refusal, err, now)
    if others := further(error):
        show_problems(others, err, "error", "bold red")


def show_refusal(refusal: Refusal, out: Console, now: datetime) -> None:
    answer = ("! warns", "bold yellow") if refusal.warns else ("✗ refuses", "bold red")
    for_now = " (for now)" if refusal.for_now else ""
    name = (f"{refusal.code} {refusal.guard}", "bold")
    say(out, joined((answer[0].ljust(ANSWER), answer[1]), name, for_now), 2)
    say(out, one_line(refusal.message), INDENT)
    show_problems(refusal.because, out, "", "bold", INDENT)
    for word, told in circumstances(refusal, now):
        say(out, joined((f"{word}: ", "dim"), told), INDENT)
    hinted(out, refusal.hint, INDENT)


def circumstances(refusal: Refusal, now: datetime, zone: Zone = None) -> Iterator[tuple[str, str]]:
    """What is known of it beyond its message: a word, and what stands behind it."""
    if refusal.since:
        yield "since", since(refusal.since, now, zone)
    if refusal.opens:
        yield "opens", opening(refusal.opens, now, zone)
    if refusal.who:
        yield "who", refusal.who


def verdict(refusals: Sequence[Refusal], opens: datetime | None) -> str:
    """`opens` is when it opens by itself, where nothing but time is in the way."""
    guards = "1 guard says" if len(refusals) == 1 else f"{len(refusals)} guards say"
    if not all(refusal.for_now for refusal in refusals):
        return f"Refused: {guards} no."
    return f"Refused for now: {guards} no{'' if opens else ', and it can open later'}."


def opens_by_itself(at: datetime | None, now: datetime, zone: Zone = None) -> str:
    return f" It opens by itself on {opening(at, now, zone)}." if at else ""


def further(error: RefusedError) -> tuple[Problem, ...]:
    """What went wrong besides, while the refusal was dealt with."""
    told = len(error.refusals) + sum(len(refusal.because) for refusal in error.refusals)
    return tuple(error.problems[told:])


def named(codes: Sequence[str]) -> str:
    """Guards as people know them, by code and name; one of another version of envctl by its code alone."""
    names = {guard.code: f"{guard.code} {guard.name}" for guard in GUARDS}
    return ", ".join(names.get(code, code) for code in codes)


def opens_at(refusals: Sequence[Refusal]) -> datetime | None:
    """When nothing refuses any longer, where nothing but time is in the way."""
    moments = [refusal.opens for refusal in refusals]
    return max(at for at in moments if at) if moments and all(moments) else None
