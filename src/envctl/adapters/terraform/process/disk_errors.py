"""Files that envctl itself writes: atomic replacement, and disk errors."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.disk.faults import DISK_FULL_ERRNOS
from envctl.domain.errors import OperationFailedError, Problem

FULL_DISK_CODE = "E346"
FULL_DISK_HINT = (
    "free space there, or set other folders: TF_PLUGIN_CACHE_DIR for providers, TMPDIR for temporary"
    " files; then run the command again: no partial files remain"
)


@contextlib.contextmanager
def translate_disk_errors(folder: Path) -> Iterator[None]:
    """Raise an OSError inside the block as OperationFailedError. `folder` is named if the error names no file."""
    try:
        yield
    except OSError as error:
        # Of a copy, the second file is the target.
        named = error.filename2 or error.filename
        where = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else folder
        if error.errno in DISK_FULL_ERRNOS:
            raise OperationFailedError(describe_full_disk(where, error.strerror or str(error))) from error
        message = f"{where} can't be written: {error.strerror or error}"
        hint = "envctl writes only below .envctl/ and into the plugin cache: check its disk and its owner"
        raise OperationFailedError(Problem("E406", message, hint)) from error


def describe_full_disk(where: Path, why: str, before: str = "") -> Problem:
    folder = next((each for each in (where, *where.parents) if each.is_dir()), where)
    return Problem(FULL_DISK_CODE, f"{before}the disk of {folder} is full: {why.lower()}", FULL_DISK_HINT)


def replace_file(path: Path, text: str) -> None:
    """Replace a file atomically, and create its folder. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
