"""Command checks with real processes: what they are given, what is told of them, and that nothing of them stays."""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envctl.adapters.checks.check_runner import LocalCheckRunner, run_command
from envctl.adapters.checks.context import RunContext
from envctl.adapters.checks.process import TAIL_BYTES
from envctl.domain.config.checks.command import CommandProbe

WAITS = "import pathlib, time; pathlib.Path('ready').touch(); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"
TIDY = f"""
import pathlib, signal, sys
def stop(*_):
    print("x" * 200_000)
    print("tidied up", file=sys.stderr)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
{WAITS}
"""


def python(script: str, seconds: float = 60.0) -> CommandProbe:
    return CommandProbe("smoke", seconds, (sys.executable, "-I", "-S", "-c", script))


def with_child(script: str) -> str:
    """The same, with a process of its own that holds on to its output and writes down who it is."""
    child = "import subprocess, pathlib; child = subprocess.Popen(['/bin/sleep', '60'])\n"
    return f"{child}pathlib.Path('child').write_text(str(child.pid))\n{script}"


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def gone(folder: Path) -> bool:
    """Whether the child dies: it has been killed, and may need a moment."""
    child = int((folder / "child").read_text())
    deadline = time.monotonic() + 5
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not lives(child)


def asking(root: Path, clock: Callable[[], float] = time.monotonic) -> RunContext:
    return RunContext(root, {"PATH": os.environ["PATH"]}, clock, time.sleep)


def over_once_ready(folder: Path) -> Callable[[], float]:
    """A clock that jumps to the end of the time once the process is ready, and never before its time has begun."""
    begun = itertools.count()
    return lambda: time.monotonic() + (1000 if next(begun) and (folder / "ready").exists() else 0)


ENDINGS: dict[str, tuple[str, str]] = {
    "exit code 0": ("print('fine')", ""),
    "exit code 0 and complaints": ("import sys; print('careful', file=sys.stderr)", ""),
    "exit code 3": ("import sys; sys.exit(3)", "exit code 3"),
    "an exception": ("1 / 0", "exit code 1: ZeroDivisionError: division by zero"),
    "empty lines at the end": ("import sys; sys.exit('no\\n\\n  \\n')", "exit code 1: no"),
    "nothing on stderr": ("import sys; print('2 failed'); sys.exit(1)", "exit code 1: 2 failed"),
    "something on both": (
        "import sys; print('err', file=sys.stderr); print('out'); sys.exit(1)",
        "exit code 1: err",
    ),
    "a line with colours": (
        "import sys; sys.exit('\\033[1;31mred\\033[0m\\a\\tand more')",
        "exit code 1: red  and more",
    ),
    "a line that is written over": ("import sys; sys.exit('10 %\\r20 %\\rno')", "exit code 1: no"),
    "a long line": ("import sys; sys.exit('x' * 300)", f"exit code 1: {'x' * 200}…"),
    "no text at all": (
        "import sys; sys.stderr.buffer.write(b'\\xff\\xfe'); sys.exit(1)",
        "exit code 1: \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",
    ),
    "much to say": (
        f"import sys; print('x' * {40 * TAIL_BYTES}); print('y\\n' * {TAIL_BYTES}, file=sys.stderr); sys.exit('end')",
        "exit code 1: end",
    ),
    "something long before the end": (f"import sys; sys.exit('early' + '\\n' * {TAIL_BYTES})", "exit code 1"),
    "a signal": ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL"),
    "a signal without a name": ("import os; os.kill(os.getpid(), 40)", "ended by signal 40"),
}


@pytest.mark.parametrize(("script", "problem"), ENDINGS.values(), ids=ENDINGS.keys())
def test_command_ends_with(tmp_path: Path, script: str, problem: str) -> None:
    assert run_command(python(script), asking(tmp_path)) == problem


@pytest.fixture
def typed() -> Iterator[None]:
    """Something on our own stdin."""
    kept, (end, beginning) = os.dup(0), os.pipe()
    os.write(beginning, b"typed")
    os.dup2(end, 0)
    for number in (end, beginning):
        os.close(number)
    yield
    os.dup2(kept, 0)
    os.close(kept)


@pytest.mark.usefixtures("typed")
def test_command_runs_in_project_with_empty_input(tmp_path: Path) -> None:
    script = "import os, sys; sys.exit(f'{os.getcwd()} {os.read(0, 9)} {os.getpgid(0) == os.getpid()}')"
    assert run_command(python(script), asking(tmp_path)) == f"exit code 1: {tmp_path} b'' True"


def test_command_environment_has_inherited_and_added_variables(tmp_path: Path) -> None:
    inherited = {"PATH": "/nowhere", "ENVCTL_RELEASE": "old", "ROLE": "tester"}
    script = "import os, sys; sys.exit(' '.join(os.environ.get(k, '-') for k in ('ROLE', 'ENVCTL_RELEASE', 'HOME')))"
    found = LocalCheckRunner(tmp_path, lambda: inherited).run_check(python(script), {"ENVCTL_RELEASE": "new"})
    assert found == "exit code 1: tester new -"
    assert inherited["ENVCTL_RELEASE"] == "old"


def test_command_runs_without_a_shell(tmp_path: Path) -> None:
    script = "import sys; sys.exit(sys.argv[1])"
    probe = CommandProbe("smoke", 60.0, (sys.executable, "-c", script, "$HOME; *"))
    assert run_command(probe, asking(tmp_path)) == "exit code 1: $HOME; *"


def test_a_program_of_the_project_is_found(tmp_path: Path) -> None:
    (tmp_path / "smoke.sh").write_text("#!/bin/sh\necho from the project >&2\nexit 7\n")
    (tmp_path / "smoke.sh").chmod(0o755)
    assert (
        run_command(CommandProbe("smoke", 60.0, ("./smoke.sh",)), asking(tmp_path)) == "exit code 7: from the project"
    )


def _interpreter_gone(folder: Path) -> None:
    (folder / "smoke").write_text("#!/gone/interpreter\n")
    (folder / "smoke").chmod(0o755)


def _not_executable(folder: Path) -> None:
    (folder / "smoke").write_text("#!/bin/sh\n")
    (folder / "smoke").chmod(0o644)


UNSTARTED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a program that is nowhere": (lambda folder: None, "no-such", "there is no program no-such on the PATH"),
    "a file that is not there": (lambda folder: None, "./smoke", "./smoke can't be started: no such file or directory"),
    "an interpreter that is not there": (_interpreter_gone, "./smoke", "./smoke can't be started: no such file"),
    "a file that is no program": (_not_executable, "./smoke", "./smoke can't be started: permission denied"),
    "a name that no system takes": (lambda folder: None, "a\0b", "a b can't be started: embedded null byte"),
    "a folder": (lambda folder: (folder / "smoke").mkdir(), "./smoke", "./smoke can't be started: permission denied"),
}


@pytest.mark.parametrize(("lay", "program", "problem"), UNSTARTED.values(), ids=UNSTARTED.keys())
def test_unstartable_command_is_reported(
    tmp_path: Path, lay: Callable[[Path], object], program: str, problem: str
) -> None:
    lay(tmp_path)
    assert run_command(CommandProbe("smoke", 60.0, (program,)), asking(tmp_path)).startswith(problem)


def test_too_large_environment_is_reported(tmp_path: Path) -> None:
    found = LocalCheckRunner(tmp_path, dict).run_check(python("1 / 0"), {"ENVCTL_OUTPUTS": "x" * 10_000_000})
    assert found.endswith("can't be started: argument list too long")


def test_timed_out_command_may_clean_up(tmp_path: Path) -> None:
    found = run_command(python(TIDY, seconds=300), asking(tmp_path, over_once_ready(tmp_path)))
    assert found == "did not end within 5m: tidied up"


def test_deaf_command_is_killed_with_its_children(tmp_path: Path) -> None:
    clock = over_once_ready(tmp_path)
    assert run_command(python(with_child(DEAF)), asking(tmp_path, clock), grace=0.1) == "did not end within 1m"
    assert gone(tmp_path)


@pytest.mark.parametrize("code", [0, 4])
def test_ended_command_does_not_wait_for_its_child(tmp_path: Path, code: int) -> None:
    script = f"import sys; print('bye', file=sys.stderr, flush=True); sys.exit({code})"
    found = run_command(python(with_child(script)), asking(tmp_path))
    assert found == (f"exit code {code}: bye" if code else "")
    assert gone(tmp_path)


@pytest.mark.parametrize("script", [WAITS, DEAF], ids=["one that listens", "one that does not"])
def test_interruption_ends_command_and_its_children(tmp_path: Path, script: str) -> None:
    pressed: list[bool] = []

    def clock() -> float:
        if (tmp_path / "ready").exists() and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        run_command(python(with_child(script)), asking(tmp_path, clock), grace=0.1)
    assert pressed
    assert gone(tmp_path)


def test_second_interruption_ends_command_at_once(tmp_path: Path) -> None:
    def clock() -> float:
        if (tmp_path / "ready").exists():
            raise KeyboardInterrupt
        return time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        run_command(python(with_child(DEAF)), asking(tmp_path, clock), grace=3600)
    assert gone(tmp_path)


CREDENTIALS = {
    "GITHUB_TOKEN": "token",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "ACTIONS_RUNTIME_TOKEN": "x",
    "PATH": "/nowhere",
}
NAMES_SEEN = "import os, sys; sys.exit(' '.join(sorted({*os.environ} & {'GITHUB_TOKEN', 'AWS_SECRET_ACCESS_KEY'})))"


def test_command_gets_no_credentials_and_says_so(tmp_path: Path) -> None:
    found = LocalCheckRunner(tmp_path, lambda: CREDENTIALS).run_check(python(NAMES_SEEN), {})
    assert found == ("exit code 1 (it does not get AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN: see program_variables in [ci])")


def test_command_gets_named_credentials(tmp_path: Path) -> None:
    runner = LocalCheckRunner(tmp_path, lambda: CREDENTIALS, withhold=lambda _: ("AWS_SECRET_ACCESS_KEY",))
    found = runner.run_check(python(NAMES_SEEN), {})
    assert found.startswith("exit code 1: GITHUB_TOKEN (it does not get AWS_SECRET_ACCESS_KEY:")
