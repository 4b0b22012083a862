"""Errors, for the summary of a CI job."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.text.counting import format_count
from envctl.cli.render.text.widths import shorten_middle
from envctl.cli.render.words.stack_outcomes import group_outcomes
from envctl.domain.errors import EnvctlError, Problem
from envctl.domain.exit_codes import ExitCode

HEADS = ("where", "code", "problem", "next")
TITLES = {
    ExitCode.USAGE: "The command can't run",
    ExitCode.CONFIGURATION: "The configuration is wrong",
    ExitCode.LOCK_HELD: "Another deployment is running",
    ExitCode.INTERRUPTED: "Stopped",
    ExitCode.BUG: "A bug of envctl",
}
MAX_MESSAGE_WIDTH = 1_000


def render_failure(error: EnvctlError) -> str:
    mark = md.WARN if error.exit_code is ExitCode.INTERRUPTED else md.FAIL
    title = TITLES.get(error.exit_code, "Failed")
    if len(error.problems) == 1:
        return md.render_page(
            f"## {mark} {title}",
            *_render_single_problem(error.problems[0]),
            render_stack_outcomes(error),
            full_output=md.FULL_OUTPUT_IN_LOG,
        )
    rows = (_render_problem_row(problem) for problem in error.problems)
    return md.render_page(
        f"## {mark} {title}: {format_count(len(error.problems), 'problem')}",
        md.render_table(HEADS, rows),
        *_render_details(error.problems),
        render_stack_outcomes(error),
        full_output=md.FULL_OUTPUT_IN_LOG,
    )


def render_stack_outcomes(error: EnvctlError) -> str:
    return "\n".join(f"- **{what}**: {md.escape(names)}" for what, names in group_outcomes(error.stacks))


def _render_single_problem(problem: Problem) -> Iterator[str]:
    summary, _, detail = problem.message.partition("\n")
    location = f"{md.code(str(problem.location))}: " if problem.location else ""
    yield f"{location}{problem.code} {md.escape(shorten_middle(summary, MAX_MESSAGE_WIDTH))}"
    if detail.strip():
        yield md.fence_text(detail.strip("\n"), "text")
    yield md.render_next_step(problem.hint)


def _render_problem_row(problem: Problem) -> tuple[str, ...]:
    location = md.code(str(problem.location)) if problem.location else ""
    summary, _, _ = problem.message.partition("\n")
    return (
        location,
        problem.code,
        md.escape(shorten_middle(summary, MAX_MESSAGE_WIDTH)),
        md.format_hint_cell(problem.hint),
    )


def _render_details(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield folds with the messages too long for a table, as Terraform and providers give them."""
    for problem in problems:
        summary, _, detail = problem.message.partition("\n")
        if detail.strip():
            title = f"<summary>{problem.code} {md.escape_html(shorten_middle(summary, MAX_MESSAGE_WIDTH))}</summary>"
            yield f"<details>{title}\n\n{md.fence_text(detail.strip(chr(10)), 'text')}\n\n</details>"
