"""A package is compared with the lock by its open files; hashes are remembered by the identity of files."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.process.disk_errors import replace_file
from envctl.adapters.terraform.warm import package, remembered_values
from envctl.adapters.terraform.warm.configurations import UncertainError
from envctl.adapters.terraform.warm.package import FileHashes
from tests.adapters.terraform.warm.conftest import ADDRESS, PROGRAM, VERSION, TinyPackage
from tests.descriptors import count_descriptors


def test_package_of_the_lock_is_opened(tiny: TinyPackage) -> None:
    with closing(tiny.open()) as found:
        assert found.program == tiny.program
        assert found.files[PROGRAM][:2] == (tiny.program.stat().st_dev, tiny.program.stat().st_ino)
        assert not os.get_inheritable(found.descriptor)
        assert found.is_unchanged()


def remove_program(tiny: TinyPackage) -> None:
    tiny.program.unlink()


def add_program(tiny: TinyPackage) -> None:
    shutil.copy(tiny.program, tiny.folder / "terraform-provider-tiny")


def add_longer_name(tiny: TinyPackage) -> None:
    tiny.program.rename(tiny.folder / "terraform-provider-tinyx_v1")


def write_script(tiny: TinyPackage) -> None:
    tiny.program.write_text("#!/bin/sh\n")


def make_pipe(tiny: TinyPackage) -> None:
    os.mkfifo(tiny.folder / "README")


def break_link(tiny: TinyPackage) -> None:
    (tiny.folder / "README").symlink_to("nowhere")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (remove_program, "has no program, or several"),
        (add_program, "has no program, or several"),
        (add_longer_name, "has no program, or several"),
        (make_pipe, "can't be read"),
        (break_link, "can't be read"),
    ],
)
def test_package_without_one_program_is_uncertain(
    tiny: TinyPackage, change: Callable[[TinyPackage], None], reason: str
) -> None:
    pinned = tiny.pin()
    change(tiny)
    before = count_descriptors()
    with pytest.raises(UncertainError, match=reason):
        tiny.open(pinned)
    assert not count_descriptors() - before


def test_script_is_not_native(tiny: TinyPackage) -> None:
    write_script(tiny)
    with closing(tiny.open()) as found, pytest.raises(UncertainError, match="is a script"):
        found.require_native()


def add_file(tiny: TinyPackage) -> None:
    (tiny.folder / "extra").write_text("")


def add_nested_file(tiny: TinyPackage) -> None:
    (tiny.folder / "a").mkdir()
    (tiny.folder / "a" / "extra").write_text("")


def remove_file(tiny: TinyPackage) -> None:
    (tiny.folder / "LICENSE").unlink()


def change_program(tiny: TinyPackage) -> None:
    with tiny.program.open("ab") as file:
        file.write(b"\0")


def rename_file(tiny: TinyPackage) -> None:
    (tiny.folder / "LICENSE").rename(tiny.folder / "LICENCE")


CHANGES = (add_file, add_nested_file, remove_file, change_program, rename_file)


@pytest.mark.parametrize("change", CHANGES)
def test_package_with_another_hash_is_refused(tiny: TinyPackage, change: Callable[[TinyPackage], None]) -> None:
    pinned = tiny.pin()
    change(tiny)
    with pytest.raises(UncertainError, match="does not match the lock"):
        tiny.open(pinned)


def test_only_a_hash_of_unpacked_files_counts(tiny: TinyPackage) -> None:
    (found,) = tiny.pin().hashes
    with pytest.raises(UncertainError, match="does not match the lock"):
        tiny.open(PinnedProvider(ADDRESS, VERSION, frozenset({found.replace("h1:", "zh:")})))


def replace_program(tiny: TinyPackage) -> None:
    shutil.copy("/bin/bash", tiny.folder / "new")
    (tiny.folder / "new").replace(tiny.program)


def link_program(tiny: TinyPackage) -> None:
    tiny.program.unlink()
    tiny.program.symlink_to("/bin/bash")


def touch_program(tiny: TinyPackage) -> None:
    with tiny.program.open("r+b") as file:
        file.write(b"\x7fELF")


def rewrite_with_old_times(tiny: TinyPackage) -> None:
    status = tiny.program.stat()
    with tiny.program.open("r+b") as file:
        file.seek(100)
        file.write(b"x")
    os.utime(tiny.program, ns=(status.st_atime_ns, status.st_mtime_ns))


def remove_folder(tiny: TinyPackage) -> None:
    shutil.rmtree(tiny.folder)


@pytest.mark.parametrize(
    "change",
    [*CHANGES, replace_program, link_program, touch_program, rewrite_with_old_times, remove_folder],
)
def test_change_after_the_comparison_is_noticed(tiny: TinyPackage, change: Callable[[TinyPackage], None]) -> None:
    with closing(tiny.open()) as found:
        change(tiny)
        assert not found.is_unchanged()


def test_linked_package_is_compared_with_its_target(tiny: TinyPackage, tmp_path: Path) -> None:
    view = tmp_path / "view"
    view.symlink_to(tiny.folder)
    with closing(package.open_package(tiny.pin(), view, tiny.hashes)) as found:
        assert found.is_unchanged()
        other = tmp_path / "other"
        shutil.copytree(tiny.folder, other)
        view.unlink()
        view.symlink_to(other)
        assert not found.is_unchanged()


def hash_path(hashes: FileHashes, file: Path) -> str:
    with file.open("rb") as opened:
        return hashes.hash_file(opened.fileno())[0]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    """A file whose remembered hash says `planted`."""
    file = tmp_path / "file"
    file.write_bytes(b"old")
    assert hash_path(FileHashes(tmp_path / "hashes.json"), file) == digest(b"old")
    ((key, _),) = json.loads((tmp_path / "hashes.json").read_text()).items()
    (tmp_path / "hashes.json").write_text(json.dumps({key: "planted"}))
    return file


def test_hash_of_an_unchanged_file_is_remembered(remembered: Path, tmp_path: Path) -> None:
    assert hash_path(FileHashes(tmp_path / "hashes.json"), remembered) == "planted"


def rewrite(file: Path) -> None:
    file.write_bytes(b"new")


def replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(b"new")
    other.replace(file)


def rewrite_with_same_times(file: Path) -> None:
    status = file.stat()
    file.write_bytes(b"new")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [rewrite, replace, rewrite_with_same_times])
def test_hash_of_a_changed_file_is_not(remembered: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    change(remembered)
    assert hash_path(FileHashes(tmp_path / "hashes.json"), remembered) == digest(b"new")


def make_group_writable(file: Path) -> None:
    file.chmod(0o664)


def give_away(file: Path) -> None:
    os.chown(file, 12345, -1)


@pytest.mark.parametrize(
    "change",
    [
        make_group_writable,
        pytest.param(give_away, marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")),
    ],
)
def test_hash_of_a_file_of_others_is_not(tmp_path: Path, change: Callable[[Path], None]) -> None:
    (tmp_path / "file").write_bytes(b"old")
    change(tmp_path / "file")
    assert hash_path(FileHashes(tmp_path / "hashes.json"), tmp_path / "file") == digest(b"old")
    assert not (tmp_path / "hashes.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"a": [1]}', "\xff"])
def test_damaged_memory_is_no_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "hashes.json").write_text(text, encoding="latin-1")
    (tmp_path / "file").write_bytes(b"old")
    assert hash_path(FileHashes(tmp_path / "hashes.json"), tmp_path / "file") == digest(b"old")


def test_unwritable_memory_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "folder").write_text("")
    assert hash_path(FileHashes(tmp_path / "folder" / "hashes.json"), tmp_path / "file") == digest(b"old")


def test_change_within_a_hash_is_an_error(tiny: TinyPackage, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned, real = tiny.pin(), hashlib.file_digest

    def change_meanwhile(file: Any, name: str) -> Any:
        found = real(file, name)
        touch_program(tiny)
        return found

    monkeypatch.setattr(hashlib, "file_digest", change_meanwhile)
    with pytest.raises(UncertainError, match="a file changed"):
        tiny.open(pinned)


def test_change_right_after_a_hash_is_noticed(tiny: TinyPackage, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = tiny.pin()

    def change_meanwhile(file: Path, text: str) -> None:
        replace_file(file, text)
        touch_program(tiny)

    monkeypatch.setattr(f"{remembered_values.__name__}.replace_file", change_meanwhile)
    with closing(tiny.open(pinned)) as found:
        assert not found.is_unchanged()


def test_file_is_hashed_a_tick_after_its_change(tmp_path: Path) -> None:
    """A change within the same tick would leave its times as they are."""
    (tmp_path / "file").write_bytes(b"old")
    hash_path(FileHashes(tmp_path / "hashes.json"), tmp_path / "file")
    assert time.time_ns() - (tmp_path / "file").stat().st_ctime_ns >= 20_000_000


def test_fresh_file_on_coarse_disk_is_not_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"old")
    real = package.identify_file

    def identify_coarsely(file: int | Path) -> package.FileIdentity:
        *others, changed = real(file)
        return (*others, changed // 10**9 * 10**9)  # type: ignore[return-value]

    monkeypatch.setattr(package, "identify_file", identify_coarsely)
    with pytest.raises(OSError, match="just changed"):
        hash_path(FileHashes(tmp_path / "hashes.json"), tmp_path / "file")


def test_two_programs_are_told_by_name_alone(tiny: TinyPackage) -> None:
    (tiny.folder / "terraform-provider-tinyx").write_text("of another type")
    with closing(tiny.open()) as found:
        assert found.program.name == PROGRAM
