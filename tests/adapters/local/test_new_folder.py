"""A new folder: whole or not at all, and never over anything."""

import os
from pathlib import Path

import pytest

from envctl.adapters.local.new_folder import NewProjectFolder
from envctl.domain.errors import OperationFailedError
from envctl.domain.release.bundle import File
from envctl.usecases.ports.core import AlreadyExistsError

FILES = {"envctl.toml": File(b"[project]\n"), "a/b/run.sh": File(b"#!/bin/sh\n", executable=True)}


def below(folder: Path) -> list[str]:
    return sorted(os.fspath(path.relative_to(folder)) for path in folder.rglob("*"))


def test_folder_is_created_with_exactly_its_files(tmp_path: Path) -> None:
    ground = NewProjectFolder(tmp_path)
    assert ground.explain_occupied("blog") == ""
    ground.create("blog", FILES)
    assert below(tmp_path) == ["blog", "blog/a", "blog/a/b", "blog/a/b/run.sh", "blog/envctl.toml"]
    assert (tmp_path / "blog" / "a" / "b" / "run.sh").read_bytes() == b"#!/bin/sh\n"


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_file_modes_follow_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        NewProjectFolder(tmp_path).create("blog", FILES)
    finally:
        os.umask(before)
    folder = tmp_path / "blog"
    rights = {path: (folder / path).stat().st_mode & 0o777 for path in ("", "a", "envctl.toml", "a/b/run.sh")}
    directory, file = 0o777 & ~mask, 0o666 & ~mask
    assert rights == {"": directory, "a": directory, "envctl.toml": file, "a/b/run.sh": file | directory & 0o111}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    assert NewProjectFolder(tmp_path).explain_occupied("blog") == ""
    NewProjectFolder(tmp_path).create("blog", FILES)
    assert "blog/envctl.toml" in below(tmp_path)


def occupy(folder: Path, what: str) -> None:
    match what:
        case "a folder with a file":
            folder.mkdir()
            (folder / ".hidden").write_text("mine")
        case "a file":
            folder.write_text("mine")
        case "a link to an empty folder":
            (folder.parent / "elsewhere").mkdir()
            folder.symlink_to("elsewhere")
        case "a link to nothing":
            folder.symlink_to("nowhere")


@pytest.mark.parametrize("what", ["a folder with a file", "a file", "a link to an empty folder", "a link to nothing"])
def test_existing_files_are_not_overwritten(tmp_path: Path, what: str) -> None:
    occupy(tmp_path / "blog", what)
    before = below(tmp_path)
    ground = NewProjectFolder(tmp_path)
    assert "blog" in ground.explain_occupied("blog")
    with pytest.raises(AlreadyExistsError, match="blog"):
        ground.create("blog", FILES)
    assert below(tmp_path) == before


def test_unwritable_folder_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationFailedError, match=r"E024 .*file/blog can't be made: Not a directory"):
        NewProjectFolder(tmp_path / "file").create("blog", FILES)
    assert below(tmp_path) == ["file"]


@pytest.mark.parametrize("raised", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "^C"])
def test_aborted_creation_leaves_nothing(
    tmp_path: Path, raised: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Path, _: bytes) -> int:
        raise raised

    monkeypatch.setattr(Path, "write_bytes", broken)
    with pytest.raises((OperationFailedError, KeyboardInterrupt)):
        NewProjectFolder(tmp_path).create("blog", FILES)
    assert below(tmp_path) == []


def test_folder_path_is_shown_as_typed(tmp_path: Path) -> None:
    assert NewProjectFolder(Path()).path_for("blog") == "blog"
    assert NewProjectFolder(Path("up/there")).path_for("blog") == "up/there/blog"
