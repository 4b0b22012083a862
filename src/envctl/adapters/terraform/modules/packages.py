"""Files of one fetched package, without links out of its folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from posixpath import commonpath, dirname

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.disk.paths import resolve_path
from envctl.domain.release.bundle import File
from envctl.domain.terraform.workdir_names import EXCLUDED_PARTS


class StrayLinkError(Exception):
    """A link out of the folder, or to nowhere. Its text is the link's path; empty if the folder itself is a link."""


def read_package(top: Path, modules: Sequence[str]) -> tuple[str, dict[str, File]]:
    """Return the common folder of all files, and the files by their path in it. `modules` are the folders of the needed
    modules: within them, only the part of a path below the module can exclude a file.

    An archive mostly has one top folder, with another name in each version.
    """
    if top.is_symlink():
        raise StrayLinkError
    wanted = tuple("" if each == "." else f"{each}/" for each in modules)
    found = {path: file for path, file in _walk_files(top, "", ()) if _is_included(path, wanted)}
    folders = [*(dirname(path) for path in found), *(each.rstrip("/") for each in wanted)]
    common = commonpath([f"/{folder}" for folder in folders])[1:]
    files = {
        path[len(common) :].lstrip("/"): File(read_bytes(file), executable=bool(file.stat().st_mode & 0o100))
        for path, file in sorted(found.items())
    }
    return common, files


def _is_included(path: str, wanted: Sequence[str]) -> bool:
    return any(
        path.startswith(folder) and not EXCLUDED_PARTS.intersection(path[len(folder) :].split("/"))
        for folder in ("", *wanted)
    )


def _walk_files(top: Path, folder: str, parents: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Yield the files, following links inside the folder except to a folder above."""
    real_folder = resolve_path(top / folder)
    if real_folder in parents:
        return
    for entry in sorted((top / folder).iterdir()):
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.name == ".git":
            continue
        if entry.is_symlink() and not _is_inside(top, entry):
            if not EXCLUDED_PARTS.intersection(path.split("/")):
                raise StrayLinkError(path)
        elif entry.is_dir():
            yield from _walk_files(top, path, (*parents, real_folder))
        elif entry.is_file():
            yield path, entry


def _is_inside(top: Path, link: Path) -> bool:
    """Return whether the link leads into the folder. A link to itself leads nowhere."""
    try:
        return resolve_path(link).is_relative_to(resolve_path(top))
    except OSError:
        return False
