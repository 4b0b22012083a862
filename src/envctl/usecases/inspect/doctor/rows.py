"""Rows of `envctl doctor`: findings with their problems."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from envctl.domain.errors import ConfigurationError, EnvctlError, InterruptedByUserError, Problem
from envctl.domain.findings import Finding


@dataclass(frozen=True)
class Row:
    """A finding with its problems. `misconfigured` is true for a faulty project file."""

    finding: Finding
    problems: tuple[Problem, ...] = ()
    misconfigured: bool = False


def report_good(name: str, seen: str) -> Row:
    return Row(Finding(name, "good", seen))


def report_warning(name: str, seen: str, mend: str = "") -> Row:
    return Row(Finding(name, "warn", seen, mend))


def report_unchecked(name: str, why: str) -> Row:
    return Row(Finding(name, "unseen", f"not checked: {why}"))


def report_bad(name: str, *problems: Problem, seen: str = "", mend: str = "", misconfigured: bool = False) -> Row:
    """Return a bad row, with the text of the first problem unless `seen` is given."""
    first = problems[0]
    finding = Finding(name, "bad", seen or f"{first.code} {first.message}", mend or first.hint)
    return Row(finding, problems, misconfigured)


def to_rows(code: str, findings: Iterable[Finding], *, misconfigured: bool = False) -> list[Row]:
    """Return a row for each finding. A bad one gets a problem of this code."""
    return [
        Row(each, (Problem(code, f"{each.name}: {each.seen}", each.mend),), misconfigured)
        if each.verdict == "bad"
        else Row(each)
        for each in findings
    ]


def run_check(name: str, check: Callable[[], Iterable[Row]]) -> Iterator[Row]:
    """Yield the rows of a check, or one bad row if it fails."""
    try:
        yield from check()
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        yield report_bad(name, *error.problems, misconfigured=isinstance(error, ConfigurationError))
