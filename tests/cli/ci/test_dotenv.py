"""What a command came to, for later jobs: in a file that GitLab takes, in any CI or none."""

import re
from pathlib import Path

import pytest

from envctl.cli.ci.outcome import update_dotenv_file
from envctl.cli.entry import run
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.deployment.result import DeploymentResult

# As GitLab reads a report of that kind: no empty lines, no comments, no spaces, each name once.
LINE = re.compile(r"[A-Za-z0-9_]+=\S+")


def read(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    found = dict(line.split("=", 1) for line in lines)
    assert len(found) == len(lines)
    return found


@pytest.fixture
def file(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENVCTL_DOTENV", "outcome.env")
    return project / "outcome.env"


def test_later_job_gets_outputs_of_the_command(file: Path) -> None:
    assert run(["why", "staging"]) == 0
    assert read(file) == {"exit_code": "0", "reason": "done"}
    assert run(["promote", "dev", "staging", "--yes", "--no-ci"]) == 3
    refused = read(file)
    assert (refused["exit_code"], refused["reason"]) == ("3", "refused")
    assert "G102" in refused["problems"].split("_")
    # What an earlier command of the job left is not taken for what this one did.
    assert run(["validate"]) == 0
    assert "problems" not in read(file)


def test_existing_variables_of_others_are_kept(file: Path) -> None:
    file.write_text("IMAGE=web\nrelease=r0\n")
    update_dotenv_file(file, DeploymentResult(environment="dev", release="r1"), None, 0)
    found = read(file)
    assert (found["IMAGE"], found["release"]) == ("web", "r1")


def test_dotenv_values_contain_no_spaces(file: Path) -> None:
    error = ConfigurationError(Problem("G104", "a"), Problem("G106", "b"))
    update_dotenv_file(file, None, error, ExitCode.REFUSED_FOR_NOW)
    assert read(file) == {"exit_code": "4", "reason": "refused_for_now", "problems": "G104_G106"}


def test_unwritable_dotenv_file_changes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for there in (project / "nowhere" / "outcome.env", project):
        monkeypatch.setenv("ENVCTL_DOTENV", f"{there}")
        assert run(["validate"]) == 0
        assert f"{there} can't be written" in capsys.readouterr().err
    (project / "x.env").write_bytes(b"\xff\n")
    monkeypatch.setenv("ENVCTL_DOTENV", "x.env")
    assert run(["validate"]) == 0
    assert (project / "x.env").read_bytes() == b"\xff\n"
