"""The SourceTree port over the project folder."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envctl.adapters.disk.faults import bad_name_error, link_loop_error, unreadable_error
from envctl.adapters.disk.files import NotAFileError, describe_kind, is_file, read_bytes
from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.disk.project_search import find_repository_top
from envctl.adapters.workspace import atomic
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.release.bundle import File

SKIPPED_NAMES = frozenset({".terraform", ".git", ".envctl", "__pycache__"})
_CODE_SUFFIXES = (".tf", ".tf.json")
"""Of files that Terraform reads unasked: a link among them that leads nowhere is an error there, too."""


@dataclass(frozen=True, eq=False, repr=False)
class ProjectTree:
    root: Path

    @cached_property
    def _repository(self) -> Path | None:
        return find_repository_top(resolve_path(self.root))

    @cached_property
    def _boundary(self) -> "_Boundary":
        return _Boundary(self.root, self._repository or resolve_path(self.root), self._repository is not None)

    def locate_project(self) -> str | None:
        top = self._repository
        if top is None:
            return None
        folder = resolve_path(self.root).relative_to(top).as_posix()
        return "" if folder == "." else folder

    def read_contents(self, path: str) -> bytes | None:
        try:
            return read_bytes(self.root / path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreadable_error(path, error) from error

    def read_file(self, path: str) -> File | None:
        return self._load_file(path) if is_file(self.root / path) else None

    def read_folder(
        self, path: str, endings: tuple[str, ...] = ("",), without: Collection[str] = ()
    ) -> Mapping[str, File] | None:
        top = self.root / path
        try:
            if not top.is_dir():
                return None
        except OSError as error:
            raise unreadable_error(path, error) from error
        walk = _LinkWalk(self._boundary, SKIPPED_NAMES | frozenset(without))
        names = walk.list_files(os.fspath(top.relative_to(self.root)))
        return {name: self._load_file(name) for name in sorted(names) if name.endswith(endings)}

    def write_contents(self, path: str, data: bytes) -> None:
        try:
            file = resolve_path(self.root / path)
            mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else atomic.DEFAULT_MODE
        except OSError as error:
            raise unreadable_error(path, error) from error
        atomic.write_atomically(file, data, mode=mode)

    def _load_file(self, name: str) -> File:
        self._boundary.check_inside(name, "file")
        try:
            return File(read_bytes(self.root / name), executable=os.access(self.root / name, os.X_OK))
        except OSError as error:
            raise unreadable_error(name, error) from error


class _LinkWalk:
    """Traversal following links: linked folders are listed by their path in the project. Skips names in `skipped`."""

    def __init__(self, boundary: "_Boundary", skipped: Collection[str]) -> None:
        self._boundary = boundary
        self._root = boundary.root
        self._skipped = skipped

    def list_files(self, folder: str, ancestors: tuple[Path, ...] = ()) -> Iterator[str]:
        """Yield the paths of all files below the folder. Raises EnvctlError for unportable content: links out of the
        repository or in a circle, and special files. `ancestors` are the real folders above.
        """
        here = self._boundary.check_inside(folder, "folder")
        if here in ancestors:
            raise link_loop_error(folder)
        for entry in self._list_entries(folder):
            path = entry.name if folder == "." else f"{folder}/{entry.name}"
            if not _is_text(entry.name):
                raise bad_name_error(path)
            if entry.is_symlink():
                self._boundary.check_inside(path, "file")
                if _leads_nowhere(entry) and not entry.name.endswith(_CODE_SUFFIXES):
                    continue
            try:
                is_folder = entry.is_dir()
                kind = "" if is_folder or entry.is_file() else describe_kind(entry.stat())
            except OSError as error:
                raise unreadable_error(path, error) from error
            if kind:
                raise unreadable_error(path, NotAFileError(kind, path))
            if is_folder:
                yield from self.list_files(path, (*ancestors, here))
            else:
                yield path

    def _list_entries(self, folder: str) -> "list[os.DirEntry[str]]":
        """Return the entries of a folder. Hidden files of the project belong to other tools."""
        try:
            with os.scandir(self._root / folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise unreadable_error(folder, error) from error
        hidden = "." if folder == "." else "/"
        return [each for each in entries if each.name not in self._skipped and not each.name.startswith(hidden)]


@dataclass(frozen=True)
class _Boundary:
    """The folder that no path of a project leaves: the repository, or the project itself outside of any.

    Attributes:
        root: the folder of the project; paths are relative to it.
        top: the real path of the boundary.
    """

    root: Path
    top: Path
    is_repository: bool

    def check_inside(self, path: str, kind: str) -> Path:
        """Return the real path. Raises ConfigurationError for links that lead out or in a circle."""
        try:
            real = resolve_path(self.root / path)
        except OSError as error:
            raise unreadable_error(path, error) from error
        if not real.is_relative_to(self.top):
            if real.is_dir():
                kind = "folder"
            place = "git repository" if self.is_repository else "project"
            message = f"{path} is a link to a {kind} outside the {place}"
            raise ConfigurationError(Problem("E116", message, f"put the {kind} itself there", Location(path)))
        return real


def _leads_nowhere(link: "os.DirEntry[str]") -> bool:
    try:
        link.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
