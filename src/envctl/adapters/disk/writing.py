"""Writes to files that users named or made. A pipe without a reader is an error, and never waited for."""

import os


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
