"""Refusals of guards as a table."""

from collections.abc import Iterator
from datetime import UTC, datetime

from envctl.cli.render.console.approval.guards import (
    find_opening_time,
    format_opening_time,
    format_verdict,
    list_other_problems,
    list_refusal_details,
)
from envctl.cli.render.markdown.failure import render_stack_outcomes
from envctl.cli.render.markdown.page.markup import (
    FAIL,
    FULL_OUTPUT_IN_LOG,
    WARN,
    code,
    escape,
    format_hint_cell,
    render_page,
    render_table,
)
from envctl.domain.errors import Problem
from envctl.domain.guards import Refusal, RefusedError

GUARD_HEADS = ("", "guard", "answer")


def render_refusals(error: RefusedError, now: datetime) -> str:
    opens = find_opening_time(error.refusals)
    return render_page(
        f"## {FAIL} {escape(format_verdict(error.refusals, opens))}",
        escape(format_opening_time(opens, now, UTC)),
        render_table(GUARD_HEADS, (render_refusal_row(refusal, now) for refusal in error.refusals)),
        "\n".join(f"- {FAIL} {format_problem(problem)}" for problem in list_other_problems(error)),
        render_stack_outcomes(error),
        full_output=FULL_OUTPUT_IN_LOG,
    )


def render_refusal_row(refusal: Refusal, now: datetime) -> tuple[str, str, str]:
    mark = WARN if refusal.warns else FAIL
    return mark, format_guard(refusal.code, refusal.guard), "<br>".join(_format_refusal_lines(refusal, now))


def format_guard(number: str, name: str) -> str:
    return f"{number} {escape(name)}"


def _format_refusal_lines(refusal: Refusal, now: datetime) -> Iterator[str]:
    yield escape(refusal.message)
    yield from (format_problem(problem) for problem in refusal.because)
    for word, text in list_refusal_details(refusal, now, UTC):
        yield f"{word}: {escape(text)}"
    if refusal.hint:
        yield f"next: {format_hint_cell(refusal.hint)}"


def format_problem(problem: Problem) -> str:
    location = f"{code(str(problem.location))}: " if problem.location else ""
    hint = f" ({format_hint_cell(problem.hint)})" if problem.hint else ""
    return f"{location}{problem.code} {escape(problem.message)}{hint}"
