"""What became of the files of modules from one release to another, by module, with the lines that came and went."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from posixpath import dirname
from typing import Literal

from envctl.domain.release.contents import File, Release
from envctl.domain.terraform.workdir_names import LOCK_FILE

CODE = (".tf", ".tf.json")
What = Literal["added", "removed", "changed", "mode"]


@dataclass(frozen=True)
class FileChange:
    """`added` and `removed` count lines. `mode` is what only became executable, or is no longer. `patch` is there where
    it was asked for: the lines of a unified diff, none of what is `binary`.
    """

    path: str
    what: What
    added: int = 0
    removed: int = 0
    binary: bool = False
    patch: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModuleChange:
    """`stacks` are those that invoke it; none for a module that only other modules call."""

    module: str
    stacks: tuple[str, ...]
    files: tuple[FileChange, ...]


def changed_modules(older: Release, newer: Release, *, patch: bool = False) -> tuple[ModuleChange, ...]:
    found: dict[str, list[FileChange]] = {}
    folders = {dirname(path) for each in (older, newer) for path in each.files if path.endswith(CODE)}
    for path in sorted((older.files.keys() | newer.files.keys()) - {LOCK_FILE}):
        before, after = older.files.get(path), newer.files.get(path)
        if before != after:
            found.setdefault(_module(path, folders), []).append(_change(path, before, after, patch=patch))
    return tuple(ModuleChange(name, _invoked_by(name, older, newer), tuple(files)) for name, files in found.items())


def _module(path: str, folders: set[str]) -> str:
    """The nearest folder above it that holds code: templates and the like belong to that module."""
    folder = dirname(path)
    while folder and folder not in folders:
        folder = dirname(folder)
    return folder or dirname(path)


def _invoked_by(module: str, older: Release, newer: Release) -> tuple[str, ...]:
    wired = (older.wiring.stacks, newer.wiring.stacks)
    names = dict.fromkeys(name for stacks in wired for name, stack in stacks.items() if stack.module == module)
    return tuple(names)


def _change(path: str, before: File | None, after: File | None, *, patch: bool) -> FileChange:
    what: What = "changed"
    if before is None or after is None:
        what = "added" if before is None else "removed"
    elif before.data == after.data:
        return FileChange(path, "mode")
    one, other = _lines(before), _lines(after)
    if one is None or other is None:
        return FileChange(path, what, binary=True)
    # The first two lines of a unified diff name the files.
    body = list(islice(difflib.unified_diff(one, other), 2, None))
    added, removed = (sum(line.startswith(sign) for line in body) for sign in "+-")
    return FileChange(path, what, added, removed, patch=tuple(_ended(body)) if patch else ())


def _lines(file: File | None) -> list[str] | None:
    """With their ends, as a missing or another one is a change too. None for what is no text."""
    data = file.data if file else b""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else [part for part in _split(text) if part]


def _split(text: str) -> list[str]:
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), rest]


def _ended(body: list[str]) -> Iterator[str]:
    for line in body:
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"
