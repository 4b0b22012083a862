"""Refusals of guards as a table."""

from datetime import UTC, datetime

from envctl.cli.render.markdown.failure import render_stack_outcomes
from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.words.approval import guards as words
from envctl.domain.errors import Problem
from envctl.domain.guards import Refusal, RefusedError

GUARD_HEADS = ("", "guard", "answer")


def render_refusals(error: RefusedError, now: datetime) -> str:
    opens = words.find_opening_time(error.refusals)
    return md.render_page(
        f"## {md.FAIL} {md.escape(words.summarize_refusals(error.refusals))}",
        md.escape(words.format_opening_time(opens, now, UTC)),
        md.render_table(GUARD_HEADS, (render_refusal_row(refusal, now) for refusal in error.refusals)),
        "\n".join(f"- {md.FAIL} {format_problem(problem)}" for problem in words.list_other_problems(error)),
        render_stack_outcomes(error),
        full_output=md.FULL_OUTPUT_IN_LOG,
    )


def render_refusal_row(refusal: Refusal, now: datetime) -> tuple[str, str, str]:
    lines = [md.escape(refusal.message), *map(format_problem, refusal.because)]
    lines += [f"{word}: {md.escape(text)}" for word, text in words.list_refusal_details(refusal, now, UTC)]
    if refusal.hint:
        lines.append(f"next: {md.format_hint_cell(refusal.hint)}")
    return md.WARN if refusal.warns else md.FAIL, format_guard(refusal.code, refusal.guard), "<br>".join(lines)


def format_guard(number: str, name: str) -> str:
    return f"{number} {md.escape(name)}"


def format_problem(problem: Problem) -> str:
    location = f"{md.code(str(problem.location))}: " if problem.location else ""
    hint = f" ({md.format_hint_cell(problem.hint)})" if problem.hint else ""
    # A job of a pull request may have written the code too.
    return f"{location}{md.escape(f'{problem.code} {problem.message}')}{hint}"
