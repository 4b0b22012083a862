"""The file of `--page`: what is approved or confirmed, as HTML."""

from pathlib import Path

from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.workspace import atomic
from envctl.cli.render.html.reading import render_reading
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.reading.reading import Reading

HINT = "use another file: --page FILE"


def write_reading_file(reading: Reading, path: Path) -> None:
    """Write the page atomically. Raises OperationFailedError (E412)."""
    try:
        # Replace the target of a symbolic link, not the link.
        target = resolve_path(path)
        if target.exists() and not target.is_file():
            raise OperationFailedError(Problem("E412", f"{path} can't be written: it is not a file", HINT))
        atomic.write_atomically(target, render_reading(reading).encode())
    except OSError as error:
        raise OperationFailedError(Problem("E412", f"{path} can't be written: {error.strerror}", HINT)) from error
