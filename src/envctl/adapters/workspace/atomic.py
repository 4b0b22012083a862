"""Atomic file writes."""

import os
import tempfile
from pathlib import Path

from envctl.adapters.disk.faults import unwritable_error

DEFAULT_MODE = 0o644


def write_atomically(path: Path, data: bytes, *, mode: int = DEFAULT_MODE) -> None:
    """Write the whole file or nothing. Raises OperationFailedError for disk errors."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".envctl-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable_error(path, error) from error
        raise
