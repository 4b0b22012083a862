"""Resolution of links and of `~`, safe against link loops and unknown homes."""

import errno
import os
from pathlib import Path


def resolve_path(path: str | os.PathLike[str]) -> Path:
    """Return the path without links. Raises OSError for a link loop, unlike `Path.resolve`: that raises RuntimeError,
    and no error from Python 3.13 on.
    """
    try:
        Path(path).stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise
    return Path(os.path.realpath(path))


def expand_home(path: str | os.PathLike[str]) -> Path:
    """Return the path with `~` replaced by the home. An unknown home stays as it is, as in other programs."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
