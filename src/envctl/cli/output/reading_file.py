"""The file of `--page`: what is approved or confirmed, as HTML."""

from collections.abc import Sequence
from pathlib import Path

from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.workspace import atomic
from envctl.cli.render.html.reading import render_readings
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.reading.reading import Reading

HINT = "use another file: --page FILE"


def write_reading_file(readings: Sequence[Reading], path: Path) -> None:
    """Write the pages of a command atomically, one below the other. Raises OperationFailedError (E412)."""
    try:
        # Replace the target of a symbolic link, not the link.
        target = resolve_path(path)
        if target.exists() and not target.is_file():
            raise OperationFailedError(Problem("E412", f"{path} can't be written: it is not a file", HINT))
        atomic.write_atomically(target, render_readings(readings).encode())
    except OSError as error:
        raise OperationFailedError(Problem("E412", f"{path} can't be written: {error.strerror}", HINT)) from error
