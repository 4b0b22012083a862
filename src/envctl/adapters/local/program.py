"""Replacement of this process by another program, with its terminal, signals and exit code."""

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.exit_codes import ExitCode

# Python ignores these signals, and the new program would inherit that.
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)


def exec_program(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Execute the program, found on the given PATH, without a shell. Returns only by raising an error."""
    program = _find_program(command[0], environment)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in _IGNORED}
    try:
        os.execve(program, list(command), dict(environment))  # noqa: S606 (without a shell on purpose)
    except (OSError, ValueError) as error:
        for number, handler in before.items():
            signal.signal(number, handler)
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        hint = "begin a script with a line such as #!/bin/sh" if "format" in reason else "envctl did no other work"
        message = f"{command[0]} can't be started: {reason.lower()}"
        raise _exit_error(ExitCode.NOT_EXECUTABLE, "E018", message, hint) from error


def _find_program(name: str, environment: Mapping[str, str]) -> str:
    path = environment.get("PATH", os.defpath)
    if program := shutil.which(name, path=path):
        return program
    if os.sep in name and Path(name).is_dir():
        raise _exit_error(ExitCode.NOT_EXECUTABLE, "E018", f"{name} is a folder", "name a program")
    if shutil.which(name, mode=os.F_OK, path=path):
        raise _exit_error(
            ExitCode.NOT_EXECUTABLE, "E018", f"{name} is not executable", f"make it executable: chmod +x {name}"
        )
    message = f"there is no program {name}" + ("" if os.sep in name else " on the PATH")
    raise _exit_error(ExitCode.NOT_FOUND, "E015", message, "install it, or correct its name")


def _exit_error(exit_code: ExitCode, code: str, message: str, hint: str) -> EnvctlError:
    error = OperationFailedError(Problem(code, message, hint))
    error.exit_code = exit_code
    return error
