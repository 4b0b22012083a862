"""Errors, problems and exit codes: each problem has a code, a message, a hint with the next command, and a location."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime
from envctl.domain.exit_codes import ExitCode, worst_exit_code


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file of the project: a path relative to the project's folder, and a line counted from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One fault. The code is stable and has a heading in docs/errors.md or docs/guards.md.

    `address` names a resource and `stack` its stack, if Terraform reported them.
    """

    code: str
    message: str
    hint: str = ""
    location: Location | None = None
    stack: str = ""
    address: str = ""

    @property
    def label(self) -> str:
        """The code and the location, without the message: a message may quote values, and labels are stored."""
        place = self.address or (str(self.location) if self.location else "")
        return f"{self.code}{f' at {place}' if place else ''}{f' in stack {self.stack}' if self.stack else ''}"


StackEnd = Literal["applied", "unchanged", "failed", "refused", "stopped", "left"]
"""*refused*: a guard refused the new plan; nothing was applied. *left*: skipped, nothing was applied either."""


@dataclass(frozen=True)
class StackOutcome:
    """The outcome of one stack among several."""

    stack: str
    end: StackEnd
    because: tuple[str, ...] = ()  # the failed or refused stacks it needs, if it was skipped for them


class EnvctlError(Exception):
    """An expected error: one or more problems and their exit code."""

    exit_code: ExitCode = ExitCode.FAILED
    stacks: Sequence[StackOutcome] = ()  # the outcome of each, if the command ran over several stacks

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.code} {p.message}" for p in problems))
        self.problems: Sequence[Problem] = problems


def format_error_label(error: BaseException) -> str:
    """Return the label of the first problem and the number of others; for a bug, the name of the exception."""
    if not isinstance(error, EnvctlError) or not error.problems:
        return type(error).__name__
    others = len(error.problems) - 1
    return error.problems[0].label + (f" and {others} more" if others else "")


def combine_errors(errors: Sequence[EnvctlError]) -> EnvctlError:
    """Return one error with all problems and the worst exit code; a single error is returned unchanged."""
    if len(errors) == 1:
        return errors[0]
    kind = OperationFailedError(*(problem for error in errors for problem in error.problems))
    kind.exit_code = worst_exit_code(error.exit_code for error in errors)
    return kind


class ConfigurationError(EnvctlError):
    """The project file, a module's declarations or the settings are wrong."""

    exit_code = ExitCode.CONFIGURATION


class UsageError(EnvctlError):
    """The command line names something unknown, or its options contradict each other."""

    exit_code = ExitCode.USAGE


class LockHeldError(EnvctlError):
    """Another process or person holds the lock."""

    exit_code = ExitCode.LOCK_HELD


@dataclass(frozen=True)
class StateLock:
    """Terraform's lock of a stack's state. `created` is its timestamp in UTC, `folder` the directory of the stack."""

    stack: str
    id: str
    who: str
    operation: str = ""
    created: "datetime | None" = None
    folder: str = ""


class StateLockedError(LockHeldError):
    """Terraform's own lock is held by another run, or was left behind by a killed one."""

    def __init__(self, lock: StateLock, problem: Problem) -> None:
        super().__init__(problem)
        self.lock = lock


class OperationFailedError(EnvctlError):
    """An operation failed outside of envctl: in Terraform, a store, a disk or the sandbox."""


class MisconfiguredMachineError(OperationFailedError):
    """Environment variables or configuration files of other tools on this machine are unusable."""

    exit_code = ExitCode.CONFIGURATION


class UpstreamBehindError(OperationFailedError):
    """A stack can't be planned yet, as outputs of the `upstream` stacks are missing or outdated."""

    def __init__(self, upstream: tuple[str, ...], *problems: Problem) -> None:
        super().__init__(*problems)
        self.upstream = upstream


class InterruptedByUserError(EnvctlError):
    """Ctrl-C or a termination signal; what writes was stopped cleanly."""

    exit_code = ExitCode.INTERRUPTED


class UnexpectedError(EnvctlError):
    """A bug of envctl's own."""

    exit_code = ExitCode.BUG
