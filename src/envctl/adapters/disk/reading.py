"""Reads files, and only files: a pipe, a socket or a device in their place is an error, and never waited for."""

import errno
import os
import stat
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}


class NotAFileError(OSError):
    """Something else than a file lies there. Its `strerror` says what."""

    def __init__(self, kind: str, path: str) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}, and not a file", path)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Raises OSError, and NotAFileError where a read could wait for ever or never end."""
    with os.fdopen(open_file(path), "rb") as file:
        return file.read()


def read_text(path: str | os.PathLike[str], encoding: str = "utf-8", errors: str = "strict") -> str:
    """As `read_bytes`. Raises UnicodeDecodeError, a ValueError, where it is no text."""
    return read_bytes(path).decode(encoding, errors).replace("\r\n", "\n")


def open_file(path: str | os.PathLike[str]) -> int:
    """A descriptor to read from. A device is not opened: that alone can do something."""
    check_file(Path(path))
    # What lies there may be exchanged in between: opened so, a pipe does not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _check(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_file(path: Path) -> None:
    """Raises NotAFileError, or IsADirectoryError, where something else lies there: both are OSErrors."""
    _check(path.stat(), path)


def _check(status: os.stat_result, path: str | os.PathLike[str]) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if kind := kind_of(status):
        raise NotAFileError(kind, os.fspath(path))


def kind_of(status: os.stat_result) -> str:
    """What lies there, in words; empty for a file."""
    return "" if stat.S_ISREG(status.st_mode) else _KINDS.get(stat.S_IFMT(status.st_mode), "something else")


def is_file(path: Path) -> bool:
    """As `Path.is_file`, and False for a name that is too long, too."""
    try:
        return not kind_of(path.stat())
    except (OSError, ValueError):
        return False
