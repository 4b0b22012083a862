"""Programs that reported themselves as Terraform."""

import os
import shutil
from pathlib import Path

import pytest

from envctl.adapters.terraform.warm.known_programs import KnownPrograms


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return Path(shutil.copy("/bin/true", tmp_path / "terraform"))


def test_native_program_is_remembered(program: Path, tmp_path: Path) -> None:
    memory = tmp_path / "cache" / "programs.json"
    assert KnownPrograms(memory).find_version(program) == ""
    KnownPrograms(memory).add_program(program, "1.15.5")
    assert KnownPrograms(memory).find_version(program) == "1.15.5"


def test_script_is_never_known(tmp_path: Path) -> None:
    script = tmp_path / "terraform"
    script.write_text("#!/bin/sh\nexec /usr/bin/terraform\n")
    KnownPrograms(tmp_path / "programs.json").add_program(script, "1.15.5")
    assert KnownPrograms(tmp_path / "programs.json").find_version(script) == ""


def test_another_file_of_the_name_is_unknown(program: Path, tmp_path: Path) -> None:
    known = KnownPrograms(tmp_path / "programs.json")
    known.add_program(program, "1.15.5")
    other = Path(shutil.copy2(program, tmp_path / "other"))
    other.replace(program)
    assert known.find_version(program) == ""


def test_changed_file_with_old_times_is_unknown(program: Path, tmp_path: Path) -> None:
    known = KnownPrograms(tmp_path / "programs.json")
    known.add_program(program, "1.15.5")
    status = program.stat()
    with program.open("r+b") as file:
        file.seek(200)
        file.write(b"x")
    os.utime(program, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert known.find_version(program) == ""


def test_link_to_a_known_program_is_known(program: Path, tmp_path: Path) -> None:
    known = KnownPrograms(tmp_path / "programs.json")
    known.add_program(program, "1.15.5")
    (tmp_path / "link").symlink_to(program)
    assert known.find_version(tmp_path / "link") == "1.15.5"


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_damaged_memory_is_no_memory(program: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "programs.json").write_text(text, encoding="latin-1")
    known = KnownPrograms(tmp_path / "programs.json")
    assert known.find_version(program) == ""
    known.add_program(program, "1.15.5")
    assert KnownPrograms(tmp_path / "programs.json").find_version(program) == "1.15.5"


def test_missing_program_is_unknown(tmp_path: Path) -> None:
    known = KnownPrograms(tmp_path / "programs.json")
    known.add_program(tmp_path / "terraform", "1.15.5")
    assert known.find_version(tmp_path / "terraform") == ""


def test_oldest_programs_are_forgotten(tmp_path: Path) -> None:
    known = KnownPrograms(tmp_path / "programs.json")
    programs = [Path(shutil.copy("/bin/true", tmp_path / f"terraform{n}")) for n in range(40)]
    for each in programs:
        known.add_program(each, "1.15.5")
    assert [bool(known.find_version(each)) for each in programs] == [False] * 8 + [True] * 32
