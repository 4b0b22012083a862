"""Changed files between two releases by module, with counts of added and removed lines."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from posixpath import dirname
from typing import Literal

from envctl.domain.release.bundle import File, Release
from envctl.domain.release.wiring import StackWiring
from envctl.domain.terraform.workdir_names import LOCK_FILE

CODE_SUFFIXES = (".tf", ".tf.json")
FileChangeKind = Literal["added", "removed", "changed", "mode"]


@dataclass(frozen=True)
class FileChange:
    """One changed file. `added` and `removed` count lines; *mode* is a change of the executable bit alone.

    `patch` holds the lines of a unified diff if requested; empty for binary files.
    """

    path: str
    what: FileChangeKind
    added: int = 0
    removed: int = 0
    binary: bool = False
    patch: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModuleChange:
    """Changed files of a module. `stacks` call it, or need it in their root's tree; empty if only modules call it."""

    module: str
    stacks: tuple[str, ...]
    files: tuple[FileChange, ...]


def list_module_changes(older: Release, newer: Release, *, patch: bool = False) -> tuple[ModuleChange, ...]:
    found: dict[str, list[FileChange]] = {}
    folders = {dirname(path) for each in (older, newer) for path in each.files if path.endswith(CODE_SUFFIXES)}
    folders |= {path for each in (older, newer) for path in _list_object_folders(each)}
    for path in sorted((older.files.keys() | newer.files.keys()) - {LOCK_FILE}):
        before, after = older.files.get(path), newer.files.get(path)
        if before != after:
            change = _compare_file(path, before, after, patch=patch)
            found.setdefault(_find_module_folder(path, folders), []).append(change)
    wired = [*older.wiring.stacks.items(), *newer.wiring.stacks.items()]
    invoking = {
        module: dict.fromkeys(name for name, stack in wired if stack.module == module or _reads(stack, module, files))
        for module, files in found.items()
    }
    return tuple(ModuleChange(module, tuple(invoking[module]), tuple(files)) for module, files in found.items())


def _reads(stack: StackWiring, folder: str, files: Sequence[FileChange]) -> bool:
    """Tell if a root module that runs as it is, or Kubernetes objects, need the folder or one of its files."""
    if stack.kubernetes:
        inside = tuple(f"{each}/" for each in stack.kubernetes.tree)
        return any(each.path.startswith(inside) or each.path in stack.kubernetes.tree for each in files)
    tree = stack.root_code.tree if stack.root_code else ()
    return folder in tree or any(each.path in tree for each in files)


def _list_object_folders(release: Release) -> Iterator[str]:
    """Yield the folders in the trees of Kubernetes stacks: all files below belong to them."""
    for stack in release.wiring.stacks.values():
        for path in stack.kubernetes.tree if stack.kubernetes else ():
            if path not in release.files:
                yield path


def _find_module_folder(path: str, folders: set[str]) -> str:
    """Return the nearest parent folder with code: templates and other files belong to its module."""
    folder = dirname(path)
    while folder and folder not in folders:
        folder = dirname(folder)
    return folder or dirname(path)


def _compare_file(path: str, before: File | None, after: File | None, *, patch: bool) -> FileChange:
    what: FileChangeKind = "changed"
    if before is None or after is None:
        what = "added" if before is None else "removed"
    elif before.data == after.data:
        return FileChange(path, "mode")
    one, other = _read_lines(before), _read_lines(after)
    if one is None or other is None:
        return FileChange(path, what, binary=True)
    # The first two lines of a unified diff name the files.
    body = list(islice(difflib.unified_diff(one, other), 2, None))
    added, removed = (sum(line.startswith(sign) for line in body) for sign in "+-")
    return FileChange(path, what, added, removed, patch=tuple(_mark_missing_newlines(body)) if patch else ())


def _read_lines(file: File | None) -> list[str] | None:
    """Return the lines with their line ends, since a changed line end is a change too; None for binary data."""
    data = file.data if file else b""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _mark_missing_newlines(body: list[str]) -> Iterator[str]:
    for line in body:
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"
