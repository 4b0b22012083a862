"""One process, with scripts in place of Terraform."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import get_args

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.process.arguments import LookingCommand, WritingCommand, writes_state
from envctl.adapters.terraform.process.output_lines import FileOutput, PipedOutput
from envctl.adapters.terraform.process.process import ProcessResult, run_process
from envctl.domain.errors import ConfigurationError, InterruptedByUserError, OperationFailedError
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench, Heard

SAVES = """
import signal, sys, time
def stop(*_):
    print("x" * 1_000_000)
    open("saved", "w").close()
    sys.exit(1)
signal.signal(signal.SIGINT, stop)
print("ready", flush=True)
time.sleep(30)
"""


def python(script: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script]


OUTPUTS = pytest.mark.parametrize("output", [PipedOutput, FileOutput], ids=["through pipes", "through files"])


@OUTPUTS
def test_lines_are_streamed_and_errors_kept(tmp_path: Path, output: type[PipedOutput | FileOutput]) -> None:
    lines: list[str] = []
    script = "import sys; print('ä'); print('b', end=''); print('oh', file=sys.stderr); sys.exit(3)"
    ended = run_process(python(script), tmp_path, {"PYTHONUTF8": "1"}, lines.append, writes=True, output=output())
    assert ended == ProcessResult(code=3, errors="oh\n", interrupted=False)
    assert lines == ["ä\n", "b"]


@OUTPUTS
def test_line_is_delivered_while_process_runs(tmp_path: Path, output: type[PipedOutput | FileOutput]) -> None:
    script = "import sys, time, os\nprint('first', flush=True)\n"
    script += "while not os.path.exists('heard'): time.sleep(0.01)\nprint('x' * 200_000)"
    told: list[str] = []

    def on_line(line: str) -> None:
        told.append(line)
        (tmp_path / "heard").touch()

    assert run_process(python(script), tmp_path, {}, on_line, writes=True, output=output()).code == 0
    assert [len(line) for line in told] == [6, 200_001]


def test_process_with_file_output_survives_its_reader(tmp_path: Path) -> None:
    script = "import time, pathlib\nfor n in range(5): print(n, flush=True); time.sleep(0.05)\n"
    script += "pathlib.Path('ended').touch()"
    listener = (
        "import sys; from pathlib import Path\nfrom envctl.adapters.terraform.process.process import run_process\n"
    )
    listener += "from envctl.adapters.terraform.process.output_lines import FileOutput\nimport os\n"
    words = f"[sys.executable, '-c', {script!r}]"
    listener += f"run_process({words}, Path('.'), {{}}, lambda line: os._exit(9), writes=True, output=FileOutput())"
    done = subprocess.run([sys.executable, "-c", listener], cwd=tmp_path, check=False)
    assert done.returncode == 9
    deadline = time.monotonic() + 10
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < deadline, "it died with its listener"
        time.sleep(0.05)


def test_invalid_unicode_in_output_is_tolerated(tmp_path: Path) -> None:
    lines: list[str] = []
    run_process(python(r"import sys; sys.stdout.buffer.write(b'\xff\n')"), tmp_path, {}, lines.append, writes=True)
    assert lines == ["\N{REPLACEMENT CHARACTER}\n"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "a termination"])
def test_signal_is_forwarded_once_and_waited_for(tmp_path: Path, number: signal.Signals) -> None:
    def twice(line: str) -> None:
        if line.startswith("ready"):
            for delay in (0.05, 0.06):
                threading.Timer(delay, os.kill, (os.getpid(), number)).start()

    script = SAVES.replace('"w").close()', '"w").close(); time.sleep(0.2)')
    ended = run_process(python(script), tmp_path, {}, twice, writes=True)
    assert ended == ProcessResult(code=1, errors="", interrupted=True)
    assert (tmp_path / "saved").exists()


def test_children_of_stopped_terraform_are_ended(tmp_path: Path) -> None:
    child = "import subprocess\nchild = subprocess.Popen(['/bin/sleep', '30'], stdout=-3, stderr=-3)\n"
    script = child + SAVES.replace('"ready"', 'f"ready {child.pid}"')
    children: list[int] = []

    def interrupt(line: str) -> None:
        if line.startswith("ready"):
            children.append(int(line.split()[1]))
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    run_process(python(script), tmp_path, {}, interrupt, writes=True)
    deadline = time.monotonic() + 5
    while _lives(children[0]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _lives(children[0])


def test_own_error_stops_a_talkative_process_cleanly(tmp_path: Path) -> None:
    def fails(line: str) -> None:
        time.sleep(0.05)
        raise ZeroDivisionError

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        run_process(python(SAVES), tmp_path, {}, fails, writes=True)
    assert time.monotonic() - began < 10
    assert (tmp_path / "saved").exists()


def test_unstartable_program_is_reported(tmp_path: Path) -> None:
    program = tmp_path / "terraform"
    program.write_text("#!/gone/interpreter\n")
    program.chmod(0o755)
    with pytest.raises(OperationFailedError) as raised:
        run_process([os.fspath(program)], tmp_path, {}, print, writes=True)
    assert raised.value.problems[0].code == "E303"


def test_missing_configured_terraform_is_reported_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    laid = bench.lay("")
    driver: TerraformDriver = bench.driver
    with pytest.raises(ConfigurationError, match="'/gone/terraform'"):
        driver.init("dev", PreparedStack(laid.name, binary="/gone/terraform"), None)
    assert bench.heard == Heard()


def test_terraform_without_json_is_reported_with_its_output(tmp_path: Path) -> None:
    program = tmp_path / "old"
    program.write_text("#!/bin/sh\necho 42\necho flag provided but not defined: -json >&2\nexit 1\n")
    program.chmod(0o755)
    bench = Bench(tmp_path)
    laid = bench.lay("")
    with pytest.raises(OperationFailedError, match="flag provided but not defined"):
        bench.driver.init("dev", PreparedStack(laid.name, binary=os.fspath(program)), None)


STUBBORN = """
import signal, subprocess, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen(["/bin/sleep", "60"])
print(f"ready {child.pid}", flush=True)
time.sleep(SECONDS)
print("done", flush=True)
"""


def run_stubborn(folder: Path, seconds: int, *, writes: bool) -> tuple[ProcessResult, list[str], int]:
    """Run a process that ignores its one interrupt; return its result, its lines and its child."""
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        if line.startswith("ready"):
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    result = run_process(python(STUBBORN.replace("SECONDS", str(seconds))), folder, {}, interrupt, writes=writes)
    return result, lines, int(lines[0].split()[1])


def test_interrupt_kills_stubborn_look_with_its_group(tmp_path: Path) -> None:
    began = time.monotonic()
    result, lines, child = run_stubborn(tmp_path, 60, writes=False)
    assert time.monotonic() - began < 20
    assert (result.killed, result.interrupted, result.code, len(lines)) == (True, True, -signal.SIGKILL, 1)
    deadline = time.monotonic() + 5
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _lives(child)


def test_interrupt_never_kills_what_writes(tmp_path: Path) -> None:
    result, lines, _ = run_stubborn(tmp_path, 4, writes=True)
    assert (result.killed, result.interrupted, result.code, lines[-1]) == (False, True, 0, "done\n")


def test_look_that_ends_by_itself_is_not_killed(tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("ready"):
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    result = run_process(python(SAVES), tmp_path, {}, interrupt, writes=False)
    assert (result.killed, result.interrupted, result.code) == (False, True, 1)
    assert (tmp_path / "saved").exists()


def test_only_commands_that_change_a_state_write() -> None:
    commands = (*get_args(LookingCommand), *get_args(WritingCommand))
    writing = {each for each in commands if writes_state([*each.split(), "-x"])}
    assert writing == {"apply", "force-unlock", "import", "state push", "untaint"}


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_interruption_while_reading_plan_is_not_lost(tmp_path: Path) -> None:
    program = tmp_path / "fake"
    program.write_text(
        f"#!{sys.executable}\nimport os, signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "if sys.argv[1] == 'plan':\n"
        "    out = next(word[5:] for word in sys.argv if word.startswith('-out='))\n"
        "    open(out, 'w').write('a plan in another form')\n"
        '    print(\'{"type": "planned_change", "change": {"action": "create"}}\')\n'
        '    print(\'{"type": "change_summary", "changes": {"add": 1, "operation": "plan"}}\')\n'
        "if sys.argv[1] == 'show':\n"
        "    os.kill(os.getppid(), signal.SIGINT)\n"
        "    time.sleep(0.1)\n"
        "    print('{}')\n"
    )
    program.chmod(0o755)
    bench = Bench(tmp_path)
    laid = bench.lay("")
    with pytest.raises(InterruptedByUserError):
        bench.driver.plan("dev", PreparedStack(laid.name, binary=os.fspath(program)))
