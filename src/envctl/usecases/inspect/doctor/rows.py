"""A row of what a doctor says: a finding, and the problems that it stands for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from envctl.domain.errors import ConfigurationError, EnvctlError, InterruptedByUserError, Problem
from envctl.domain.findings import Finding


@dataclass(frozen=True)
class Row:
    """`misconfigured` where a file of the project is what is wrong."""

    finding: Finding
    problems: tuple[Problem, ...] = ()
    misconfigured: bool = False


def good(name: str, seen: str) -> Row:
    return Row(Finding(name, "good", seen))


def warn(name: str, seen: str, mend: str = "") -> Row:
    return Row(Finding(name, "warn", seen, mend))


def unseen(name: str, why: str) -> Row:
    return Row(Finding(name, "unseen", f"not looked at: {why}"))


def bad(name: str, *problems: Problem, seen: str = "", mend: str = "", misconfigured: bool = False) -> Row:
    """The first of several problems speaks for them, unless something else is said."""
    first = problems[0]
    finding = Finding(name, "bad", seen or f"{first.code} {first.message}", mend or first.hint)
    return Row(finding, problems, misconfigured)


def attempted(name: str, check: Callable[[], Iterable[Row]]) -> Iterator[Row]:
    """Its rows; where it fails, one that says why."""
    try:
        yield from check()
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        yield bad(name, *error.problems, misconfigured=isinstance(error, ConfigurationError))
