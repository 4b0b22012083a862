"""Where a path really leads, also where links lead in a circle, or where a home that it names is unknown."""

import errno
import os
from pathlib import Path


def real_path(path: str | os.PathLike[str]) -> Path:
    """The path without links. Raises OSError where links lead in a circle: `Path.resolve` raises a RuntimeError there,
    and from Python 3.13 on nothing.
    """
    try:
        Path(path).stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise
    return Path(os.path.realpath(path))


def in_home(path: str | os.PathLike[str]) -> Path:
    """With the home in place of `~`. One that is unknown stays as it is, as it does for every other program."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
