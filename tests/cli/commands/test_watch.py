"""Looking again and again: on a clock that only moves when somebody waits, and on the real command line."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envctl.cli.output.watch_loop import interval_sleep, show_changes
from envctl.cli.results import Observation
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from tests.fakes.project_files import project_files, write_project
from tests.programs import SYSTEM_PATH

BEGIN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
UNREACHABLE = OperationFailedError(Problem("E404", "the store can't be read"))


@dataclass
class Window:
    """What is behind it, look by look; whoever watches is tired after the last one."""

    behind: list[str | EnvctlError]
    now: datetime = BEGIN
    shown: list[Observation[str]] = field(default_factory=list)

    def look(self) -> str:
        found = self.behind.pop(0)
        if isinstance(found, EnvctlError):
            raise found
        return found

    def sleep(self) -> None:
        if not self.behind:
            raise KeyboardInterrupt
        self.now += timedelta(seconds=5)

    def watched(
        self, changed: Callable[[Observation[str], Observation[str]], bool] = lambda *_: True
    ) -> list[Observation[str]]:
        with pytest.raises(KeyboardInterrupt):
            show_changes(self.look, self.shown.append, sleep=self.sleep, changed=changed, now=lambda: self.now)
        return self.shown


def after(seconds: int) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def test_each_observation_is_shown_with_its_time() -> None:
    assert Window(["calm", "busy"]).watched() == [Observation("calm", after(0)), Observation("busy", after(5))]


def test_only_changes_are_shown_in_a_log() -> None:
    shown = Window(["calm", "calm", "busy", "busy", "calm"]).watched(lambda one, other: one.value != other.value)
    assert [seen.value for seen in shown] == ["calm", "busy", "calm"]


def test_failed_observation_keeps_the_previous_result() -> None:
    assert Window(["calm", UNREACHABLE, UNREACHABLE, "busy"]).watched() == [
        Observation("calm", after(0)),
        Observation("calm", after(0), UNREACHABLE, after(5)),
        Observation("calm", after(0), UNREACHABLE, after(10)),
        Observation("busy", after(15)),
    ]


def test_failed_first_observation_ends_the_watch() -> None:
    window = Window([UNREACHABLE, "calm"])
    with pytest.raises(OperationFailedError):
        show_changes(window.look, window.shown.append, sleep=window.sleep, changed=lambda *_: True, now=lambda: BEGIN)
    assert window.shown == []


def test_internal_error_ends_the_watch() -> None:
    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        show_changes(broken, print, sleep=lambda: None, changed=lambda *_: True, now=lambda: BEGIN)


def test_resized_terminal_ends_the_pause_early() -> None:
    before = signal.getsignal(signal.SIGWINCH)
    with interval_sleep(30) as pause:
        begun = time.monotonic()
        os.kill(os.getpid(), signal.SIGWINCH)
        pause()
        assert time.monotonic() - begun < 10
    assert signal.getsignal(signal.SIGWINCH) is before
    with interval_sleep(0.01) as pause:
        pause()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path)
    return tmp_path


def environment() -> dict[str, str]:
    return {"PATH": SYSTEM_PATH, "GIT_AUTHOR_EMAIL": "ann@example.com", "TERM": "xterm", "LANG": "C.UTF-8"}


def envctl(*words: str) -> list[str]:
    return [sys.executable, "-m", "envctl", *words]


Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def started(project: Path) -> Iterator[Started]:
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            envctl("status", "--watch", "--interval", "1", *words),
            cwd=project,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def locked(project: Path, environment_name: str = "dev") -> None:
    lock = envctl("lock", environment_name, "--reason", "load test")
    subprocess.run(lock, cwd=project, env=environment(), check=True, capture_output=True)


def next_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.slow
def test_each_change_is_one_json_line(project: Path, started: Started) -> None:
    process = started("--json")
    first = json.loads(next_line(process))
    assert (first["command"], first["ok"], first["result"]["environments"][0]["present"]["lock"]) == (
        "status",
        True,
        None,
    )
    locked(project)
    assert json.loads(next_line(process))["result"]["environments"][0]["present"]["lock"]["reason"] == "load test"
    (project / "envctl.toml").write_text("nonsense")
    failed = json.loads(next_line(process))
    assert (failed["ok"], failed["exit_code"], failed["result"]) == (False, 78, None)
    (project / "envctl.toml").write_bytes(project_files()["envctl.toml"])
    assert json.loads(next_line(process))["ok"] is True
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.slow
def test_each_change_is_a_block_without_terminal(project: Path, started: Started) -> None:
    process = started()
    assert next_line(process).startswith("--- 20")
    while next_line(process).strip() != "envctl apply dev  the first deployment":
        pass
    locked(project)
    assert next_line(process).startswith("--- 20")
    while "load test" not in (line := next_line(process)):
        assert "\x1b" not in line
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")


@pytest.mark.slow
def test_terminal_view_is_updated_in_place(project: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (30, 100))
    command = envctl("status", "--watch", "--interval", "1")
    process = subprocess.Popen(command, cwd=project, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while b"watching every 1 s" not in said:
            said += os.read(ours, 1 << 16)
        locked(project)
        while b"LOCKED" not in said:
            said += os.read(ours, 1 << 16)
        process.send_signal(signal.SIGINT)
        with pytest.raises(OSError, match=r"Input/output error"):
            while piece := os.read(ours, 1 << 16):
                said += piece
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert said.count(b"\x1b[?1049h") == said.count(b"\x1b[?1049l") == 1
    assert b"\x1b[2J" not in said.partition(b"\x1b[?1049h")[2].partition(b"watching")[2]
    assert b"LOCKED" in said.rpartition(b"\x1b[?1049l")[2], "what was seen last stays"


@pytest.mark.parametrize("words", [["--interval", "3"], ["--watch", "--markdown"], ["--watch", "--interval", "0"]])
def test_conflicting_options_are_refused(project: Path, words: list[str]) -> None:
    done = subprocess.run(
        envctl("status", *words), cwd=project, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 64
    assert ("E000" if "0" in words else "E019") in done.stderr


def test_a_watch_of_no_project_ends_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        envctl("status", "--watch"), cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert "E100" in done.stderr
