"""Writes to files that a person has named or may have put there. A pipe that nothing reads is an error, and never
waited for.
"""

import os


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """In place of what is there. Raises OSError."""
    with os.fdopen(_open(path, os.O_TRUNC), "wb") as file:
        file.write(data)


def write_private(path: str | os.PathLike[str], data: bytes) -> None:
    """As `write_bytes`, for nobody else to read."""
    descriptor = _open(path, os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """As `write_bytes`, in UTF-8; what can't be said in it is escaped."""
    write_bytes(path, text.encode(errors="backslashreplace"))


def append_text(path: str | os.PathLike[str], text: str) -> None:
    """After what is there. Raises OSError."""
    with os.fdopen(_open(path, os.O_APPEND), "wb") as file:
        file.write(text.encode(errors="backslashreplace"))


def _open(path: str | os.PathLike[str], how: int, mode: int = 0o666) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    descriptor = os.open(path, flags | how, mode)
    os.set_blocking(descriptor, True)
    return descriptor
