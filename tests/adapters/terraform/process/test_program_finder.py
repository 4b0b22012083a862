"""Which program is taken for the pinned one, and what is started: whatever comes first on the PATH.

The programs are real ones: `echo` stands for the pinned Terraform, and `true` for another.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.pin_reader import read_pin
from envctl.adapters.terraform.process.process import run_process
from envctl.adapters.terraform.process.program_finder import ProgramFinder, locate_installed, read_platform
from envctl.adapters.terraform.warm.package import FileHashes
from envctl.domain.errors import ConfigurationError
from envctl.domain.terraform.program_pin import ProgramPin
from envctl.domain.text.sha256 import sha256
from tests.catching import catch

RIGHT, OTHER = (Path(shutil.which(name) or "").read_bytes() for name in ("echo", "true"))
PIN = ProgramPin(program="terraform", version="1.15.5", sha256={read_platform(): sha256(RIGHT).hexdigest()})


def place(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def finder(root: Path, pin: ProgramPin | None = PIN) -> ProgramFinder:
    return ProgramFinder(root, lambda: pin, FileHashes(root / "terraform.json").hash_file)


def start(there: ProgramFinder, root: Path) -> list[str]:
    """Find the program and start it with one word, as each command does."""
    program = there.find_binary("", {"PATH": os.fspath(root / "bin")})
    return run(there, program, root)


def run(there: ProgramFinder, program: tuple[str, ...], root: Path) -> list[str]:
    lines: list[str] = []
    line = [*program, "pinned"]
    run_process(line, root, {}, lines.append, writes=False, program=there.find_descriptor(program))
    return lines


def link_symbolically(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def link_hard(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.hardlink_to(target)


FITTING: dict[str, Callable[[Path, Path], object]] = {
    "a copy": lambda path, _: place(path, RIGHT),
    "a symbolic link to it": link_symbolically,
    "a hard link to it": link_hard,
}


@pytest.mark.parametrize("put", FITTING.values(), ids=FITTING.keys())
def test_pinned_program_runs_under_any_name(put: Callable[[Path, Path], object], tmp_path: Path) -> None:
    put(tmp_path / "bin" / "terraform", place(tmp_path / "elsewhere", RIGHT))
    assert start(finder(tmp_path), tmp_path) == ["pinned\n"]


SHIM = b'#!/usr/bin/env bash\nset -uo pipefail\nexec "${TFENV_ROOT}/libexec/tfenv-exec" "$@"\n'
FOREIGN: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "another version": (lambda path, _: place(path, OTHER), "its SHA-256 is"),
    "another build of the same version": (lambda path, _: place(path, RIGHT + b"\0"), "its SHA-256 is"),
    "a script that starts the right one": (
        lambda path, right: place(path, f'#!/bin/sh\nexec {right} "$@"\n'.encode()),
        "it is a script",
    ),
    "the shim of a version manager": (lambda path, _: place(path, SHIM), "it is a script"),
    "a link to another": (
        lambda path, right: link_symbolically(path, place(right.with_name("other"), OTHER)),
        "its SHA-256 is",
    ),
    "a folder beside nothing": (lambda path, _: path.mkdir(parents=True), "is not installed here"),
    "nothing": (lambda path, _: path.parent.mkdir(), "is not installed here"),
}


@pytest.mark.parametrize(("put", "why"), FOREIGN.values(), ids=FOREIGN.keys())
def test_other_program_than_pinned_is_refused(put: Callable[[Path, Path], object], why: str, tmp_path: Path) -> None:
    put(tmp_path / "bin" / "terraform", place(tmp_path / "elsewhere", RIGHT))
    (problem,) = catch(ConfigurationError, start, finder(tmp_path), tmp_path).problems
    assert problem.code == "E358"
    assert why in problem.message and "Terraform 1.15.5" in problem.message
    assert problem.hint.startswith("envctl terraform install")


def test_file_replaced_after_comparison_does_not_run(tmp_path: Path) -> None:
    path = place(tmp_path / "bin" / "terraform", RIGHT)
    there = finder(tmp_path)
    program = there.find_binary("", {"PATH": os.fspath(path.parent)})
    place(tmp_path / "new", OTHER).replace(path)
    if sys.platform == "linux":
        assert run(there, program, tmp_path) == ["pinned\n"]
    else:
        # Other systems start a program by its path: what is there now is compared.
        assert catch(ConfigurationError, run, there, program, tmp_path).problems[0].code == "E358"


def test_file_changed_in_place_is_refused(tmp_path: Path) -> None:
    path = place(tmp_path / "bin" / "terraform", RIGHT)
    there = finder(tmp_path)
    program = there.find_binary("", {"PATH": os.fspath(path.parent)})
    path.write_bytes(OTHER)
    assert "its SHA-256 is" in catch(ConfigurationError, there.find_descriptor, program).problems[0].message


def test_installed_program_wins_over_path(tmp_path: Path) -> None:
    installed = place(locate_installed(tmp_path, PIN, read_platform()), RIGHT)
    place(tmp_path / "bin" / "terraform", OTHER)
    assert finder(tmp_path).find_binary("", {"PATH": os.fspath(tmp_path / "bin")}) == (os.fspath(installed),)
    assert start(finder(tmp_path), tmp_path) == ["pinned\n"]


def test_changed_installed_program_is_refused(tmp_path: Path) -> None:
    place(locate_installed(tmp_path, PIN, read_platform()), OTHER)
    place(tmp_path / "bin" / "terraform", RIGHT)
    assert "its SHA-256 is" in catch(ConfigurationError, start, finder(tmp_path), tmp_path).problems[0].message


@pytest.mark.parametrize("named", ["configured", "variable"])
def test_named_program_is_compared_too(named: str, tmp_path: Path) -> None:
    other = os.fspath(place(tmp_path / "other", OTHER))
    place(locate_installed(tmp_path, PIN, read_platform()), RIGHT)
    configured, environment = (other, {}) if named == "configured" else ("", {"ENVCTL_TERRAFORM": other})
    problem = catch(ConfigurationError, finder(tmp_path).find_binary, configured, environment).problems[0]
    assert problem.code == "E358" and other in problem.message


def test_embedded_terraform_is_not_the_pinned_one(tmp_path: Path) -> None:
    assert finder(tmp_path, None).find_binary("", {"PATH": ""})[0] == sys.executable
    assert catch(ConfigurationError, finder(tmp_path).find_binary, "", {"PATH": ""}).problems[0].code == "E358"


def test_platform_without_digest_is_refused(tmp_path: Path) -> None:
    place(tmp_path / "bin" / "terraform", RIGHT)
    foreign = ProgramPin(program="terraform", version="1.15.5", sha256={"plan9_mips": "0" * 64})
    (problem,) = catch(ConfigurationError, start, finder(tmp_path, foreign), tmp_path).problems
    assert f"no SHA-256 of Terraform 1.15.5 for {read_platform()}" in problem.message
    assert problem.hint == f"envctl terraform pin 1.15.5 --platform {read_platform()}"


def test_tofu_pin_ignores_terraform_on_path(tmp_path: Path) -> None:
    pin = ProgramPin(program="tofu", version="1.10.2", sha256=PIN.sha256)
    place(tmp_path / "bin" / "terraform", RIGHT)
    assert "OpenTofu 1.10.2" in catch(ConfigurationError, start, finder(tmp_path, pin), tmp_path).problems[0].message
    place(tmp_path / "bin" / "tofu", RIGHT)
    assert start(finder(tmp_path, pin), tmp_path) == ["pinned\n"]


def test_remembered_digest_ends_with_the_file(tmp_path: Path) -> None:
    path = place(tmp_path / "bin" / "terraform", RIGHT)
    start(finder(tmp_path), tmp_path)
    place(tmp_path / "new", OTHER).replace(path)
    assert catch(ConfigurationError, start, finder(tmp_path), tmp_path).problems[0].code == "E358"


def test_digest_of_unpinned_program_is_known(tmp_path: Path) -> None:
    there = finder(tmp_path, None)
    assert there.hash_program((os.fspath(place(tmp_path / "terraform", OTHER)),)) == sha256(OTHER).hexdigest()
    assert not there.hash_program((os.fspath(place(tmp_path / "script", SHIM)),))
    assert not there.hash_program((sys.executable, "-I", "embedded.py"))


UNREADABLE = {
    "no table": b"[terraform]\npin = 3\n",
    "no version": b'[terraform.pin]\nprogram = "tofu"\nsha256 = {}\n',
    "no TOML": b"[terraform",
    "no text": b"\xff",
}


@pytest.mark.parametrize("contents", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_pin_is_no_missing_one(contents: bytes, tmp_path: Path) -> None:
    file = tmp_path / "envctl.toml"
    file.write_bytes(contents)
    assert catch(ConfigurationError, read_pin, file).problems[0].code == "E101"
    assert catch(ConfigurationError, read_pin, tmp_path).problems[0].code == "E101"


def test_pin_is_read_without_models(tmp_path: Path) -> None:
    file = tmp_path / "envctl.toml"
    assert read_pin(file) is None
    contents = f'[terraform.pin]\nprogram = "tofu"\nversion = "1.10.2"\nsha256.linux_amd64 = "{"a" * 64}"\n'
    file.write_text(contents)
    found = read_pin(file)
    assert found == ProgramPin(program="tofu", version="1.10.2", sha256={"linux_amd64": "a" * 64})
    file.write_text("[terraform]\n")
    assert read_pin(file) is None
