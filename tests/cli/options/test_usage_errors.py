"""A wrong command line is told in plain words, with the nearest option and the help of the command."""

from pathlib import Path

import pytest

from envctl.cli.entry import run
from envctl.cli.failures import to_envctl_error
from envctl.cli.options.global_options import Options, move_global_options_first
from envctl.cli.wiring.container import open_ports
from envctl.domain.errors import OperationFailedError, Problem

WRONG = {
    "a number in words": ("history --limit x", "'--limit' / '-n': 'x' must be a whole number", "envctl history --help"),
    "a number that is too small": ("plan dev --parallelism 0", "0 must be 1 or more", "envctl plan --help"),
    "a number out of range": ("sandbox up --port 99999", "99999 must be from 1 to 65535", "envctl sandbox up --help"),
    "an option misspelled": ("apply dev --no-verfy", "did you mean --no-verify?", "envctl apply --help"),
    "a global option misspelled": ("status --jsn", "did you mean --json?", "envctl status --help"),
    "an option like no other": ("status --zzzzzz", "unknown option --zzzzzz", "envctl status --help"),
    "an option of Terraform": ("apply dev --auto-approve", "did you mean --yes?", "envctl apply --help"),
    "an option of another command": ("apply dev --relese x", "unknown option --relese next:", "envctl apply --help"),
    "an option without its value": ("apply dev --stack", "--stack needs a value", "envctl apply --help"),
    "an argument missing": ("promote dev", "TARGET is missing: envctl promote SOURCE TARGET", "envctl promote --help"),
    "an argument too many": (
        "promote dev staging prod",
        "too many arguments: prod; use: envctl promote SOURCE TARGET",
        "envctl promote --help",
    ),
    "a command misspelled": ("aply dev", "Did you mean 'apply'?", "envctl --help"),
}


@pytest.mark.parametrize(("line", "message", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_command_line_is_explained(
    line: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 64
    said = " ".join(capsys.readouterr().err.split())
    assert (message in said, hint in said) == (True, True), said


def test_short_yes_is_the_long_one() -> None:
    assert move_global_options_first(["apply", "dev", "-y"]) == ["--yes", "apply", "dev"]
    assert move_global_options_first(["exec", "dev", "--", "apt", "-y"]) == ["exec", "dev", "--", "apt", "-y"]


def test_variable_asks_for_the_sandbox(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVCTL_SANDBOX", "1")
    assert run(["--version", "--json"]) == 0
    assert '"sandbox": true' in capsys.readouterr().out


def test_wrong_sandbox_variable_is_explained(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_SANDBOX", "maybe")
    assert run(["status"]) == 64
    assert "ENVCTL_SANDBOX must be 1, or not set" in capsys.readouterr().err


@pytest.mark.parametrize(("is_there", "is_ignored"), [(False, True), (True, False)])
def test_new_own_folder_is_ignored_by_git(project: Path, *, is_there: bool, is_ignored: bool) -> None:
    folder = project / ".envctl"
    if is_there:
        folder.mkdir()
    with open_ports(Options(project=project)):
        (folder / "work").mkdir(parents=True)
    assert (folder / ".gitignore").exists() is is_ignored


@pytest.mark.parametrize("is_tried", [True, False])
def test_forgotten_sandbox_is_named(project: Path, *, is_tried: bool) -> None:
    if is_tried:
        (project / ".envctl" / "sandbox").mkdir(parents=True)
    failed = OperationFailedError(Problem("E415", "AWS does not confirm your identity", "sign in first"))
    words = ["--yes", "exec", "dev", "--", "tool", "--yes", "a b"]
    (problem,) = to_envctl_error(failed, Options(project=project), words).problems
    named = "; or, for the sandbox: envctl --sandbox exec dev -- tool --yes 'a b'"
    assert problem.hint == f"sign in first{named if is_tried else ''}"


@pytest.mark.parametrize("is_running", [True, False])
def test_refusal_names_the_running_sandbox(
    project: Path, capsys: pytest.CaptureFixture[str], *, is_running: bool
) -> None:
    if is_running:
        folder = project / ".envctl" / "sandbox"
        folder.mkdir(parents=True)
        (folder / "state.json").write_text("{}")
    assert run(["promote", "dev", "staging", "--yes"]) == 3
    text = " ".join(capsys.readouterr().err.split())
    assert text.endswith("is running: envctl --sandbox promote dev staging") is is_running
