"""What Terraform has fetched for one address, from a folder: files, and nothing that leads anywhere else."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from posixpath import commonpath, dirname

from envctl.adapters.disk.paths import real_path
from envctl.adapters.disk.reading import read_bytes
from envctl.domain.release.contents import File
from envctl.domain.terraform.workdir_names import LEFT_OUT


class StrayLinkError(Exception):
    """A link that leads out of the folder, or nowhere. Its text is the link's path in there; empty where the folder is
    one.
    """


def read(top: Path, modules: Sequence[str]) -> tuple[str, dict[str, File]]:
    """The files by path, and the folder in which all of them lie, in which the paths begin. `modules` are the folders
    of the modules that are wanted: what is left out elsewhere stays where it is one of them, or below one.

    An archive mostly has one folder for all, whose name is another one in each version.
    """
    if top.is_symlink():
        raise StrayLinkError
    wanted = tuple("" if each == "." else f"{each}/" for each in modules)
    found = {path: file for path, file in _files(top, "", ()) if _travels(path, wanted)}
    folders = [*(dirname(path) for path in found), *(each.rstrip("/") for each in wanted)]
    common = commonpath([f"/{folder}" for folder in folders])[1:]
    return common, {path[len(common) :].lstrip("/"): _file(file) for path, file in sorted(found.items())}


def _travels(path: str, wanted: Sequence[str]) -> bool:
    return any(
        path.startswith(folder) and not LEFT_OUT.intersection(path[len(folder) :].split("/"))
        for folder in ("", *wanted)
    )


def _files(top: Path, folder: str, way: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Through links as well, where they stay inside and do not lead back to where they stand."""
    here = real_path(top / folder)
    if here in way:
        return
    for entry in sorted((top / folder).iterdir()):
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.name == ".git":
            continue
        if entry.is_symlink() and not _stays_inside(top, entry):
            if not LEFT_OUT.intersection(path.split("/")):
                raise StrayLinkError(path)
        elif entry.is_dir():
            yield from _files(top, path, (*way, here))
        elif entry.is_file():
            yield path, entry


def _file(path: Path) -> File:
    return File(read_bytes(path), executable=bool(path.stat().st_mode & 0o100))


def _stays_inside(top: Path, link: Path) -> bool:
    """One that leads back to itself leads nowhere."""
    try:
        return real_path(link).is_relative_to(real_path(top))
    except OSError:
        return False
