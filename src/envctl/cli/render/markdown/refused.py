"""What guards refuse, as a table."""

from collections.abc import Iterator
from datetime import UTC, datetime

from envctl.cli.render.console.approval.guards import circumstances, further, opens_at, opens_by_itself, verdict
from envctl.cli.render.markdown.failed import accounted
from envctl.cli.render.markdown.page.pieces import IN_THE_LOG, REFUSES, WARNS, code, escaped, in_a_cell, page, table
from envctl.domain.errors import Problem
from envctl.domain.guards import Refusal, RefusedError

HEADS = ("", "guard", "answer")


def refused(error: RefusedError, now: datetime) -> str:
    opens = opens_at(error.refusals)
    return page(
        f"## {REFUSES} {escaped(verdict(error.refusals, opens))}",
        escaped(opens_by_itself(opens, now, UTC)),
        table(HEADS, (row(refusal, now) for refusal in error.refusals)),
        "\n".join(f"- {REFUSES} {problem_line(problem)}" for problem in further(error)),
        accounted(error),
        way=IN_THE_LOG,
    )


def row(refusal: Refusal, now: datetime) -> tuple[str, str, str]:
    mark = WARNS if refusal.warns else REFUSES
    return mark, guard(refusal.code, refusal.guard), "<br>".join(_lines(refusal, now))


def guard(number: str, name: str) -> str:
    return f"{number} {escaped(name)}"


def _lines(refusal: Refusal, now: datetime) -> Iterator[str]:
    yield escaped(refusal.message)
    yield from (problem_line(problem) for problem in refusal.because)
    for word, told in circumstances(refusal, now, UTC):
        yield f"{word}: {escaped(told)}"
    if refusal.hint:
        yield f"next: {in_a_cell(refusal.hint)}"


def problem_line(problem: Problem) -> str:
    place = f"{code(str(problem.location))}: " if problem.location else ""
    hint = f" ({in_a_cell(problem.hint)})" if problem.hint else ""
    return f"{place}{problem.code} {escaped(problem.message)}{hint}"
