"""The SourceTree port: the project's own files."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from envctl.adapters.disk.faults import looping, misnamed, unreadable
from envctl.adapters.disk.paths import real_path
from envctl.adapters.disk.reading import NotAFileError, is_file, kind_of, read_bytes
from envctl.adapters.workspace import atomic
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.release.contents import File

SKIPPED = frozenset({".terraform", ".git", ".envctl", "__pycache__"})


class ProjectTree:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes | None:
        try:
            return read_bytes(self._root / path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreadable(path, error) from error

    def file(self, path: str) -> File | None:
        return self._file(path) if is_file(self._root / path) else None

    def folder(
        self, path: str, endings: tuple[str, ...] = ("",), without: Collection[str] = ()
    ) -> Mapping[str, File] | None:
        top = self._root / path
        try:
            if not top.is_dir():
                return None
        except OSError as error:
            raise unreadable(path, error) from error
        walk = _Walk(self._root, SKIPPED | frozenset(without))
        names = sorted(name for name in walk.files(os.fspath(top.relative_to(self._root))) if name.endswith(endings))
        return {name: self._file(name) for name in names}

    def write(self, path: str, data: bytes) -> None:
        try:
            file = real_path(self._root / path)
            mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else atomic.MODE
        except OSError as error:
            raise unreadable(path, error) from error
        atomic.write(file, data, mode=mode)

    def _file(self, name: str) -> File:
        check_inside(self._root, name, "file")
        try:
            return File(read_bytes(self._root / name), executable=os.access(self._root / name, os.X_OK))
        except OSError as error:
            raise unreadable(name, error) from error


class _Walk:
    """Through links too: a linked folder is one like any other, by the path that leads there. Names in `skipped` are
    left out, whatever they are.
    """

    def __init__(self, root: Path, skipped: Collection[str]) -> None:
        self._root = root
        self._skipped = skipped

    def files(self, folder: str, way: tuple[Path, ...] = ()) -> Iterator[str]:
        """The paths of all files below it. Raises EnvctlError for what could not travel: what leads out of the
        project or back to where it stands, and what is no file. `way` are the real folders above.
        """
        here = check_inside(self._root, folder, "folder")
        if here in way:
            raise looping(folder)
        try:
            with os.scandir(self._root / folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise unreadable(folder, error) from error
        for entry in entries:
            if entry.name in self._skipped:
                continue
            path = entry.name if folder == "." else f"{folder}/{entry.name}"
            if not _is_text(entry.name):
                raise misnamed(path)
            if entry.is_symlink():
                check_inside(self._root, path, "file")
            try:
                is_folder = entry.is_dir()
                kind = "" if is_folder or entry.is_file() else kind_of(entry.stat())
            except OSError as error:
                raise unreadable(path, error) from error
            if kind:
                raise unreadable(path, NotAFileError(kind, path))
            if is_folder:
                yield from self.files(path, (*way, here))
            else:
                yield path


def check_inside(root: Path, path: str, kind: str) -> Path:
    """The real path. Raises ConfigurationError where links lead out of the project or in a circle."""
    try:
        real = real_path(root / path)
    except OSError as error:
        raise unreadable(path, error) from error
    if not real.is_relative_to(real_path(root)):
        if real.is_dir():
            kind = "folder"
        message = f"{path} is a link to a {kind} outside the project"
        raise ConfigurationError(Problem("E116", message, f"put the {kind} itself there", Location(path)))
    return real


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
