"""The SourceTree port: the project's own files."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from envctl.adapters.workspace import atomic
from envctl.domain.errors import ConfigurationError, Location, OperationFailedError, Problem
from envctl.domain.release import File

SKIPPED = frozenset({".terraform", ".git", ".envctl", "__pycache__"})


class ProjectTree:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, error) from error

    def file(self, path: str) -> File | None:
        file = self._root / path
        return self._file(file) if file.is_file() else None

    def folder(self, path: str, endings: tuple[str, ...] = ("",)) -> Mapping[str, File] | None:
        top = self._root / path
        if not top.is_dir():
            return None
        wanted = sorted(file for file in _files(top) if file.name.endswith(endings))
        return {os.fspath(file.relative_to(self._root)): self._file(file) for file in wanted}

    def write(self, path: str, data: bytes) -> None:
        file = (self._root / path).resolve()
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else atomic.MODE
        atomic.write(file, data, mode=mode)

    def _file(self, file: Path) -> File:
        name = os.fspath(file.relative_to(self._root))
        if not file.resolve().is_relative_to(self._root.resolve()):
            message = f"{name} is a link to a file outside the project"
            raise ConfigurationError(Problem("E116", message, "put the file itself there", Location(name)))
        try:
            return File(file.read_bytes(), executable=os.access(file, os.X_OK))
        except OSError as error:
            raise _unreadable(name, error) from error


def _files(top: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(set(folders) - SKIPPED)
        yield from (Path(folder, name) for name in names if name not in SKIPPED)


def _unreadable(path: str, error: OSError) -> OperationFailedError:
    return OperationFailedError(
        Problem("E407", f"{path} can't be read: {error.strerror or error}", "check who owns it", Location(path))
    )
