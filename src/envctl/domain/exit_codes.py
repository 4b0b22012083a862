"""Exit codes, and how they rank: of several the worst one counts."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes for scripts. Over several stacks or environments the worst one counts."""

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


def worst_exit_code(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code of a command over several environments; 0 for no environments."""
    return min(codes, key=_WORST_FIRST.index, default=ExitCode.DONE)
