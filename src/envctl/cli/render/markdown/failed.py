"""What went wrong, for who reads the summary of a job and not its log."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.console.deployment.stack_outcomes import account
from envctl.cli.render.markdown.page.pieces import (
    IN_THE_LOG,
    REFUSES,
    WARNS,
    code,
    escaped,
    fenced,
    in_a_cell,
    in_html,
    next_step,
    page,
    table,
)
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import shortened
from envctl.domain.errors import EnvctlError, ExitCode, Problem

HEADS = ("where", "code", "what is wrong", "next")
TITLES = {
    ExitCode.USAGE: "The command can't be carried out",
    ExitCode.CONFIGURATION: "The configuration is wrong",
    ExitCode.LOCK_HELD: "Somebody else is at work",
    ExitCode.INTERRUPTED: "Stopped",
    ExitCode.BUG: "A bug of envctl",
}
MESSAGE = 1_000


def failed(error: EnvctlError) -> str:
    mark = WARNS if error.exit_code is ExitCode.INTERRUPTED else REFUSES
    title = TITLES.get(error.exit_code, "Failed")
    if len(error.problems) == 1:
        return page(f"## {mark} {title}", *_alone(error.problems[0]), accounted(error), way=IN_THE_LOG)
    rows = (_row(problem) for problem in error.problems)
    return page(
        f"## {mark} {title}: {counted(len(error.problems), 'problem')}",
        table(HEADS, rows),
        *_details(error.problems),
        accounted(error),
        way=IN_THE_LOG,
    )


def accounted(error: EnvctlError) -> str:
    """How far each stack got, where there are several."""
    return "\n".join(f"- **{what}**: {escaped(names)}" for what, names in account(error.stacks))


def _alone(problem: Problem) -> Iterator[str]:
    summary, _, detail = problem.message.partition("\n")
    place = f"{code(str(problem.location))}: " if problem.location else ""
    yield f"{place}{problem.code} {escaped(shortened(summary, MESSAGE))}"
    if detail.strip():
        yield fenced(detail.strip("\n"), "text")
    yield next_step(problem.hint)


def _row(problem: Problem) -> tuple[str, ...]:
    place = code(str(problem.location)) if problem.location else ""
    summary, _, _ = problem.message.partition("\n")
    return place, problem.code, escaped(shortened(summary, MESSAGE)), in_a_cell(problem.hint)


def _details(problems: Sequence[Problem]) -> Iterator[str]:
    """What Terraform or a provider says besides takes lines, and has no room in a table."""
    for problem in problems:
        summary, _, detail = problem.message.partition("\n")
        if detail.strip():
            title = f"<summary>{problem.code} {in_html(shortened(summary, MESSAGE))}</summary>"
            yield f"<details>{title}\n\n{fenced(detail.strip(chr(10)), 'text')}\n\n</details>"
