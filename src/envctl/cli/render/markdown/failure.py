"""Errors, for the summary of a CI job."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.text.sentences import format_count
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
    summary, detail = _split_message(problem)
    location = f"{md.code(str(problem.location))}: " if problem.location else ""
    yield f"{location}{problem.code} {md.escape(summary)}"
    yield md.fence_text(detail, "text") if detail else ""
    yield md.render_next_step(problem.hint)


def _render_problem_row(problem: Problem) -> tuple[str, ...]:
    location = md.code(str(problem.location)) if problem.location else ""
    return location, problem.code, md.escape(_split_message(problem)[0]), md.format_hint_cell(problem.hint)


def _render_details(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield folds with the messages too long for a table, as Terraform and providers give them."""
    for problem in problems:
        summary, detail = _split_message(problem)
        if detail:
            title = f"<summary>{problem.code} {md.escape_html(summary)}</summary>"
            yield f"<details>{title}\n\n{md.fence_text(detail, 'text')}\n\n</details>"


def _split_message(problem: Problem) -> tuple[str, str]:
    """Return the first line, shortened, and the others; empty if they are blank."""
    summary, _, detail = problem.message.partition("\n")
    return shorten_middle(summary, MAX_MESSAGE_WIDTH), detail.strip("\n") if detail.strip() else ""
