"""No test takes a program of this machine in place of a pinned one."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from envctl.adapters.terraform.process.binary import find_binary, is_embedded
from tests import programs
from tests.programs import SCRIPTS, SYSTEM_PATH

TESTS = Path(__file__).parent
FOLDER = re.compile(r"(?:^|:)/(?:usr/(?:local/)?)?s?bin/?(?::|$)")
EXEMPT = {
    "programs.py": "has the PATHs of all others",
    "conftest.py": "the PATH of the tests itself",
    "cli/test_other_pythons.py": "each Python of this machine",
    "e2e/images/test_image_of_envctl.py": "folders of an image",
}
DECOY = '#!/bin/sh\necho "$0 $*" >> {log}\nexit 99\n'
# One test for each way to a program: Terraform by the PATH of the tests, and kubectl beside Python.
FIRST_FOUND = (
    "tests/test_programs.py::test_found_programs_are_pinned",
    "tests/adapters/terraform/plans/test_actions.py::test_action_triggered_by_update_is_a_change",
    "tests/adapters/kubernetes/test_inspection.py",
)


def find_paths(code: str) -> Iterator[int]:
    """Yield the lines with folders of programs of the machine."""
    if not re.search(r"/s?bin\b", code) and "defpath" not in code:
        return
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and FOLDER.search(node.value):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr == "defpath":
            yield node.lineno


@pytest.mark.parametrize("name", sorted(programs.list_hidden_programs()))
def test_found_programs_are_pinned(name: str) -> None:
    for path in (os.environ["PATH"], SYSTEM_PATH):
        found = shutil.which(name, path=path)
        assert found is None or Path(found).parent.samefile(SCRIPTS)


def test_envctl_in_tests_finds_the_pinned_tools() -> None:
    assert is_embedded(find_binary("", os.environ, Path()))
    assert is_embedded(find_binary("", {"PATH": SYSTEM_PATH}, Path()))
    assert find_tool(KUBECTL) == str(SCRIPTS / KUBECTL)


@pytest.mark.terraform
@pytest.mark.slow
def test_tests_start_no_program_of_the_machine(tmp_path: Path) -> None:
    decoys, log = tmp_path / "decoys", tmp_path / "log"
    decoys.mkdir()
    for name in programs.list_hidden_programs():
        (decoys / name).write_text(DECOY.format(log=log))
        (decoys / name).chmod(0o755)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inner'}"]
    environment = {**os.environ, "PATH": f"{decoys}:{os.environ['PATH']}"}
    command += FIRST_FOUND
    done = subprocess.run(
        command, cwd=TESTS.parent, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert (done.returncode, log.exists()) == (0, False), done.stdout[-5000:] + done.stderr[-5000:]


def test_tests_name_no_folder_of_programs() -> None:
    found = [
        f"{name}:{line}: take SYSTEM_PATH of tests/programs.py"
        for file in sorted(TESTS.rglob("*.py"))
        if not (name := file.relative_to(TESTS).as_posix()).startswith(tuple(EXEMPT))
        for line in find_paths(file.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("code", ['"/usr/bin:/bin"', 'f"{x}:/usr/bin"', '{"PATH": "/bin"}', "os.defpath"])
def test_folders_of_programs_are_noticed(code: str) -> None:
    assert list(find_paths(code)) == [1]


@pytest.mark.parametrize("code", ['"#!/usr/bin/env sh"', '"/usr/bin/terraform"', '"/bin/sh"', "SYSTEM_PATH"])
def test_single_programs_may_be_named(code: str) -> None:
    assert not list(find_paths(code))


def test_other_programs_of_a_folder_stay(tmp_path: Path) -> None:
    for name in ("terraform", "diff"):
        (tmp_path / name).touch(0o755)
    links, other = programs.hide_programs(f"{tmp_path}:/nowhere").split(":")
    assert [each.resolve() for each in Path(links).iterdir()] == [tmp_path / "diff"]
    assert other == "/nowhere"


def test_other_environments_of_python_are_left_out(tmp_path: Path) -> None:
    for name in ("pyvenv.cfg", "bin/terraform", "bin/python"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch(0o755)
    assert not list(Path(programs.hide_programs(str(tmp_path / "bin"))).iterdir())


@pytest.mark.parametrize("path", [str(SCRIPTS), "", "bin", "/nowhere"])
def test_folders_without_other_programs_stay(path: str) -> None:
    assert programs.hide_programs(path) == path
