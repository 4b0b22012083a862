"""Files that are written whole or not at all."""

import os
import tempfile
from pathlib import Path

from envctl.adapters.disk.faults import unwritable

MODE = 0o644


def write(path: Path, data: bytes, *, mode: int = MODE) -> None:
    """Raises OperationFailedError where the disk says no: full, read-only, not ours."""
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
            raise unwritable(path, error) from error
        raise
