"""Everything that can go wrong, as values: a code, a message, a hint with the next command, and where it stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime


class ExitCode(IntEnum):
    """What a script can rely on. Over several stacks or environments the worst one counts."""

    DONE = 0
    FAILED = 1
    CHANGES = 2
    REFUSED = 3
    REFUSED_FOR_NOW = 4
    USAGE = 64
    BUG = 70
    LOCK_HELD = 75
    CONFIGURATION = 78
    NOT_EXECUTABLE = 126
    NOT_FOUND = 127
    INTERRUPTED = 130


_WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.CONFIGURATION,
    ExitCode.USAGE,
    ExitCode.NOT_FOUND,
    ExitCode.NOT_EXECUTABLE,
    ExitCode.FAILED,
    ExitCode.LOCK_HELD,
    ExitCode.REFUSED,
    ExitCode.REFUSED_FOR_NOW,
    ExitCode.CHANGES,
    ExitCode.DONE,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """What a command over several environments ends with; 0 where there are none."""
    return min(codes, key=_WORST_FIRST.index, default=ExitCode.DONE)


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file of the project: a path relative to the project's folder, and a line counted from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. The code is stable and has a heading in docs/errors.md or docs/guards.md.

    `address` is that of a resource, and `stack` the stack that it belongs to, where Terraform named one.
    """

    code: str
    message: str
    hint: str = ""
    location: Location | None = None
    stack: str = ""
    address: str = ""

    @property
    def label(self) -> str:
        """The code and the place, without the message: messages may quote values, and this is kept for ever."""
        place = self.address or (str(self.location) if self.location else "")
        return f"{self.code}{f' at {place}' if place else ''}{f' in stack {self.stack}' if self.stack else ''}"


StackEnd = Literal["applied", "unchanged", "failed", "refused", "stopped", "left"]
"""*refused* is what a guard said no to once it was planned anew; nothing of it was done, as of what was *left*."""


@dataclass(frozen=True)
class StackAccount:
    """How far one stack of several got. `because` names the failed or refused ones that it needs, where it was left for
    them.
    """

    stack: str
    end: StackEnd
    because: tuple[str, ...] = ()


class EnvctlError(Exception):
    """An expected error: one or more problems and the exit code they lead to. Building one prints nothing.

    `stacks` tells how far each got, where several were worked on.
    """

    exit_code: ExitCode = ExitCode.FAILED
    stacks: Sequence[StackAccount] = ()

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.code} {p.message}" for p in problems))
        self.problems: Sequence[Problem] = problems


def format_labels(error: BaseException) -> str:
    """The label of the first problem, and how many more there are; the name of the class for what is a bug."""
    if not isinstance(error, EnvctlError) or not error.problems:
        return type(error).__name__
    others = len(error.problems) - 1
    return error.problems[0].label + (f" and {others} more" if others else "")


def together(errors: Sequence[EnvctlError]) -> EnvctlError:
    """What went wrong in several places, as one error: the only one, or all problems and the worst exit code."""
    if len(errors) == 1:
        return errors[0]
    kind = OperationFailedError(*(problem for error in errors for problem in error.problems))
    kind.exit_code = worst(error.exit_code for error in errors)
    return kind


class ConfigurationError(EnvctlError):
    """The project file, a module's declarations or the settings are wrong."""

    exit_code = ExitCode.CONFIGURATION


class UsageError(EnvctlError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = ExitCode.USAGE


class LockHeldError(EnvctlError):
    """Somebody else is at work in the same place right now."""

    exit_code = ExitCode.LOCK_HELD


@dataclass(frozen=True)
class StateLock:
    """Terraform's lock of one stack's state.

    `created` is what Terraform wrote, in UTC. `folder` is the directory of the stack on this machine.
    """

    stack: str
    id: str
    who: str
    operation: str = ""
    created: "datetime | None" = None
    folder: str = ""


class StateLockedError(LockHeldError):
    """Terraform's own lock is held: by a run elsewhere, or by one that died."""

    def __init__(self, lock: StateLock, problem: Problem) -> None:
        super().__init__(problem)
        self.lock = lock


class OperationFailedError(EnvctlError):
    """The world said no: Terraform, a store, a disk, the sandbox."""


class MisconfiguredMachineError(OperationFailedError):
    """What other tools are told on this machine, in variables or in files of theirs, can't be used."""

    exit_code = ExitCode.CONFIGURATION


class UpstreamBehindError(OperationFailedError):
    """A stack can't be planned with what others put out by now: `upstream` names those."""

    def __init__(self, upstream: tuple[str, ...], *problems: Problem) -> None:
        super().__init__(*problems)
        self.upstream = upstream


class InterruptedByUserError(EnvctlError):
    """Ctrl-C or a termination signal; what ran was stopped cleanly."""

    exit_code = ExitCode.INTERRUPTED


class UnexpectedError(EnvctlError):
    """A bug of envctl's own."""

    exit_code = ExitCode.BUG
