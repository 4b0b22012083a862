"""Refusals of guards: their number, their opening time and their details."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from envctl.cli.render.text.times import Zone, format_future, format_past
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Problem
from envctl.domain.guards import Refusal, RefusedError


def list_refusal_details(refusal: Refusal, now: datetime, zone: Zone = None) -> Iterator[tuple[str, str]]:
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
