"""The tree of a stack with a root module that runs as it is: the layout of the project, with Terraform's own files.

Terraform runs in the folder of the root. What it and envctl make there stays; every other file that is not of the tree
is removed, since Terraform might read it.
"""

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from posixpath import basename, normpath
from typing import TYPE_CHECKING

from envctl.adapters.disk.faults import unwritable_error
from envctl.adapters.disk.files import read_bytes
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform import workdir_names
from envctl.domain.terraform.tree_record import parse_tree_record

if TYPE_CHECKING:
    from envctl.domain.release.bundle import File


_MODULE_RECORD = basename(workdir_names.MODULES_MANIFEST)


def list_wanted_files(root: str, files: "Mapping[str, File]", generated: Mapping[str, bytes]) -> "dict[str, File]":
    """Return the files of a tree by path in it, without those in the place of a file of Terraform or envctl."""
    # Imported late: a plan of a prepared environment writes no files.
    from envctl.domain.release.bundle import File

    wanted = {path: file for path, file in files.items() if not _is_reserved(path, root)}
    return wanted | {normpath(f"{root}/{name}"): File(data) for name, data in generated.items()}


def clear_tree(home: Path, root: str, *, keep: Collection[str]) -> None:
    """Remove all but `keep`, and what Terraform and envctl made for the root `root`; it is empty for a rendered one.

    Raises OperationFailedError (E373) if an unsaved state would be lost or forgotten.
    """
    kept = {home / path for path in (*keep, *((workdir_names.TREE_RECORD,) if root else ()))}
    made = _list_made(home, root)
    _require_no_forgotten_state(home, home / root)
    try:
        for top in (home, _find_installed(home, root)):
            _clear_folder(top, kept, made)
    except OSError as error:
        raise unwritable_error(Path(error.filename or home), error) from error


def _clear_folder(top: Path, kept: Collection[Path], made: Collection[Path]) -> None:
    if top.is_symlink():
        top.unlink()
    visited = []
    for folder, folders, names in os.walk(top):
        visited.append(here := Path(folder))
        # A link to a folder counts as a file, and is never followed.
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in links and here / name not in made]
        for path in (here / name for name in (*names, *links)):
            if path not in made and (path.is_symlink() or path not in kept):
                path.unlink()
    for path in reversed(visited):
        if path != top and not any(path.iterdir()):
            path.rmdir()


def list_tree(home: Path, root: str) -> list[Path]:
    """Return the files of a tree, links included, without its remote modules and what Terraform and envctl made."""
    made, found = _list_made(home, root), list[Path]()
    for folder, folders, names in os.walk(home):
        here = Path(folder)
        folders[:] = [name for name in folders if here / name not in made]
        links = [name for name in folders if (here / name).is_symlink()]
        found += [path for path in (here / name for name in (*names, *links)) if path not in made]
    return sorted(found)


def stat_installed(home: Path, root: str) -> list[tuple[str, tuple[int, ...]]]:
    """Return the files of the remote modules of a tree, each with numbers that change whenever it is written.

    A package may be there once for each call: reading all of them would take longer than a small plan.
    """
    top = os.fspath(_find_installed(home, root))
    return sorted(_stat_files(top, len(top) + 1))


def _stat_files(folder: str, length: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _stat_files(entry.path, length)
        elif (name := entry.path[length:]) != _MODULE_RECORD:
            found = entry.stat(follow_symlinks=False)
            yield name, (found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def list_workdirs(home: Path) -> Iterator[Path]:
    """Yield the folders of an environment where Terraform runs or ran, of all stacks."""
    try:
        with os.scandir(home) as entries:
            stacks = sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return
    for stack in map(Path, stacks):
        yield stack
        if (root := _read_root(stack)) not in ("", "."):
            yield stack / root


def _list_made(home: Path, root: str) -> set[Path]:
    names = (*workdir_names.MADE_NAMES, workdir_names.MODULES_MANIFEST)
    return {home / root / name for name in names} | {home / workdir_names.RUNNING_FILE}


def _find_installed(home: Path, root: str) -> Path:
    """Return the folder with the remote modules of a root: of what is in `.terraform`, they belong to its tree."""
    return home / root / workdir_names.INSTALLED_MODULES_FOLDER


def _read_root(home: Path) -> str:
    """Return the root of the tree in a folder of a stack; empty without a readable record."""
    for name in (workdir_names.TREE_RECORD, workdir_names.OLD_TREE_RECORD):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return parse_tree_record(read_bytes(home / name)).root
    return ""


def _is_reserved(path: str, root: str) -> bool:
    if path in (workdir_names.RUNNING_FILE, workdir_names.TREE_RECORD, workdir_names.OLD_TREE_RECORD):
        return True
    top = "" if root == "." else f"{root}/"
    below = path[len(top) :] if path.startswith(top) else ""
    if below.startswith(f"{workdir_names.INSTALLED_MODULES_FOLDER}/"):
        return False
    name = below.partition("/")[0]
    # With a local state beside the code, `init` would ask whether to move it to the backend.
    return name in workdir_names.MADE_NAMES or name.startswith(workdir_names.STATE_FILE)


def _require_no_forgotten_state(home: Path, workdir: Path) -> None:
    """Raise OperationFailedError for an unsaved state in another folder of the stack than the next working directory.

    Terraform will run elsewhere, and would create the resources of that state again.
    """
    others = [folder for folder in (home, home / _read_root(home)) if folder != workdir]
    for file in (folder / workdir_names.UNSAVED_STATE for folder in others):
        if file.exists():
            environment, stack = home.parts[-2:]
            message = (
                f"an apply of {stack} in {environment} could not save its state, and the folder of {stack} has changed"
                f" since: Terraform would create its new resources again. The state is in {file}"
            )
            hint = f"save it with the release that was deployed: {format_command('recover', environment)}"
            raise OperationFailedError(Problem("E373", message, hint, stack=stack))
