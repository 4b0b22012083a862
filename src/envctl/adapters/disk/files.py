"""Reads and writes regular files only: a pipe, a socket or a device in their place is an error, never waited for."""

import errno
import os
import stat
from pathlib import Path

_KIND_BY_TYPE = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}


class NotAFileError(OSError):
    """A path leads to a pipe, a socket or the like; `strerror` names it."""

    def __init__(self, kind: str, path: str) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}, not a file", path)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a file. Raises OSError, and NotAFileError if reading might block or never end."""
    with os.fdopen(open_file(path), "rb") as file:
        return file.read()


def read_text(path: str | os.PathLike[str], encoding: str = "utf-8", errors: str = "strict") -> str:
    """Read a file with `read_bytes`. Raises UnicodeDecodeError, a ValueError, if it is no text."""
    return read_bytes(path).decode(encoding, errors).replace("\r\n", "\n")


def open_file(path: str | os.PathLike[str]) -> int:
    """Return a descriptor for reading. A device is not opened at all, since opening may have effects."""
    require_file(path)
    # The file may be exchanged in between: with these flags, a pipe does not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        require_file(path, descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def require_file(path: str | os.PathLike[str], descriptor: int | None = None) -> None:
    """Raise NotAFileError or IsADirectoryError, both OSErrors, unless the path, or its descriptor, leads to a file."""
    status = os.stat(path if descriptor is None else descriptor)  # noqa: PTH116 (Path takes no descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if kind := describe_kind(status):
        raise NotAFileError(kind, os.fspath(path))


def describe_kind(status: os.stat_result) -> str:
    """Return the kind of anything but a file, for people; empty for a file."""
    return "" if stat.S_ISREG(status.st_mode) else _KIND_BY_TYPE.get(stat.S_IFMT(status.st_mode), "something else")


def is_file(path: Path) -> bool:
    """Check for a file, like `Path.is_file`; False for too long names too."""
    try:
        return not describe_kind(path.stat())
    except (OSError, ValueError):
        return False


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, replacing its content. Raises OSError."""
    with os.fdopen(_open_for_writing(path, os.O_TRUNC), "wb") as file:
        file.write(data)


def write_private(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file with `write_bytes`, readable by its owner only."""
    descriptor = _open_for_writing(path, os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text with `write_bytes`, in UTF-8; lone surrogates are escaped."""
    write_bytes(path, text.encode(errors="backslashreplace"))


def append_text(path: str | os.PathLike[str], text: str) -> None:
    """Append a text to a file. Raises OSError."""
    with os.fdopen(_open_for_writing(path, os.O_APPEND), "wb") as file:
        file.write(text.encode(errors="backslashreplace"))


def _open_for_writing(path: str | os.PathLike[str], mode_flag: int, mode: int = 0o666) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    descriptor = os.open(path, flags | mode_flag, mode)
    os.set_blocking(descriptor, True)
    return descriptor
