"""This process becomes another program: tried in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from envctl.adapters.local.program import exec_program
from envctl.domain.errors import OperationFailedError
from tests.programs import SYSTEM_PATH

BECOME = (
    "import sys; from envctl.adapters.local.program import exec_program\n"
    "exec_program(sys.argv[2:], {'PATH': sys.argv[1]})"
)


def ran(*words: str, path: str = SYSTEM_PATH, said: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", BECOME, path, *words]
    return subprocess.run(command, input=said, capture_output=True, text=True, check=False)


def test_program_keeps_input_output_and_exit_code() -> None:
    done = ran("sh", "-c", "cat; echo complaint >&2; exit 7", said="told")
    assert (done.stdout, done.stderr, done.returncode) == ("told", "complaint\n", 7)


def test_program_gets_exactly_the_given_environment() -> None:
    assert ran("env").stdout.splitlines() == [f"PATH={SYSTEM_PATH}"]


def test_program_arguments_are_not_read_by_a_shell() -> None:
    assert ran("printf", "%s|", "$HOME", "a b", ";", "*").stdout == "$HOME|a b|;|*|"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signal_that_kills_the_program_is_visible(number: signal.Signals) -> None:
    done = subprocess.run(
        [
            "sh",
            "-c",
            f'"{sys.executable}" -c "$1" {SYSTEM_PATH} sh -c "kill -{number.value} \\$\\$"; echo $?',
            "-",
            BECOME,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"{128 + number}\n"


def test_closed_pipe_ends_the_program_as_usual() -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f'"{sys.executable}" -c "$1" {SYSTEM_PATH} yes | head -1; echo "${{PIPESTATUS[0]}}"',
            "-",
            BECOME,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"y\n{128 + signal.SIGPIPE}\n", "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").write_text("no program")
    (tmp_path / "headless").write_text("echo no shebang")
    (tmp_path / "headless").chmod(0o755)
    return tmp_path


CAN_NOT = {
    "there is none on the PATH": ("nonesuch", 127, "E015", "there is no program nonesuch on the PATH"),
    "there is none in that place": ("./nonesuch", 127, "E015", "there is no program ./nonesuch"),
    "it is a file without the right": ("./plain", 126, "E018", "./plain is not executable"),
    "it is one on the PATH without the right": ("plain", 126, "E018", "plain is not executable"),
    "it is a folder": ("./", 126, "E018", "./ is a folder"),
    "it is of no format": ("./headless", 126, "E018", "exec format error"),
}


@pytest.mark.parametrize(("name", "exit_code", "code", "message"), CAN_NOT.values(), ids=CAN_NOT)
def test_program_is_not_started_when(folder: Path, name: str, exit_code: int, code: str, message: str) -> None:
    with pytest.raises(OperationFailedError) as raised:
        exec_program([name, "secret argument"], {"PATH": os.fspath(folder)})
    (problem,) = raised.value.problems
    assert (raised.value.exit_code, problem.code) == (exit_code, code)
    assert message in problem.message
    assert problem.hint


def test_failed_exec_restores_ignored_signals(folder: Path) -> None:
    before = signal.getsignal(signal.SIGPIPE)
    with pytest.raises(OperationFailedError):
        exec_program(["./headless"], {})
    assert signal.getsignal(signal.SIGPIPE) is before


def test_too_long_environment_is_reported(folder: Path) -> None:
    with pytest.raises(OperationFailedError, match="too long"):
        exec_program(["/bin/true"], {"LONG": "x" * 10_000_000})
