"""No test hangs: what is still there when its time is over is described, asked where it stands, and killed.

Python tells it on SIGUSR1 where a test has registered that (tests/warm.py), and on SIGABRT where it was started with
`-X faulthandler`. Go tells it on SIGQUIT as a program, and as a library, which Terraform is here, on SIGSEGV. Which of
them a process can do stands in the signals that it catches; what it tells goes where its errors go.
"""

# ruff: noqa: T201 (a part of make nightly that takes too long is told on the terminal)

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# Seconds that a process has for telling where it stands.
DUMP_SECONDS = 5.0
DUMPABLE_PYTHON = (sys.executable, "-X", "faulthandler")


class HungError(subprocess.TimeoutExpired):
    """A command that took too long, with where it stood and what it had printed until then."""

    def __init__(self, command: Sequence[str], timeout: float, report: str, out: str = "", err: str = "") -> None:
        super().__init__(list(command), timeout, out, err)
        self.report = report
        self._out, self._err = out, err

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.report}\n--- its output\n{self._out}\n--- its errors\n{self._err}"


@dataclass(frozen=True)
class ProcessInfo:
    pid: int
    parent: int
    session: int
    started: int
    state: str
    command: str
    waits_in: str
    caught: frozenset[int]

    @property
    def final_dump_signal(self) -> int:
        """The signal that makes it tell where it stands, and then end; 0 where there is none.

        Go interrupts its own threads with SIGURG, which hardly any other program catches.
        """
        if signal.SIGQUIT in self.caught:
            return signal.SIGQUIT
        if signal.SIGABRT in self.caught:
            return signal.SIGABRT
        return signal.SIGSEGV if {signal.SIGURG, signal.SIGSEGV} <= self.caught else 0

    @property
    def is_python(self) -> bool:
        return signal.SIGQUIT not in self.caught and bool({signal.SIGUSR1, signal.SIGABRT} & self.caught)

    def __str__(self) -> str:
        waits = f" in {self.waits_in}" if self.waits_in not in ("", "0") else ""
        return f"{self.pid} (started by {self.parent}, {self.state}{waits}): {self.command}"


def read_processes() -> dict[int, ProcessInfo]:
    """Returns every process that can be read; nothing on a machine without /proc."""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        # It may end at any moment.
        with suppress(OSError, ValueError, IndexError):
            found[int(folder.name)] = _read_process(folder)
    return found


def _read_process(folder: Path) -> ProcessInfo:
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    state, (parent, session, started) = fields[0], (int(fields[place]) for place in (1, 3, 19))
    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    lines = (folder / "status").read_text().splitlines()
    mask = int(next(line.split()[1] for line in lines if line.startswith("SigCgt:")), 16)
    caught = frozenset(number for number in range(1, 65) if mask >> (number - 1) & 1)
    waits = (folder / "wchan").read_text() if (folder / "wchan").exists() else ""
    return ProcessInfo(int(folder.name), parent, session, started, state, command[:300], waits, caught)


def find_family(pid: int) -> list[ProcessInfo]:
    """Returns a process and all that it has started, the process first.

    Whatever it has put into a session of its own is meant to live longer, as a sandbox is, and is left out.
    """
    every = read_processes()
    if pid not in every:
        return []
    session = every[pid].session
    known = {pid} | ({number for number, each in every.items() if each.session == pid} if session == pid else set())
    grown = True
    while grown:
        more = {number for number, each in every.items() if each.parent in known and each.session == session} - known
        known |= more
        grown = bool(more)
    return [every[pid], *(every[number] for number in sorted(known - {pid}))]


def stop_process(pid: int, has_ended: Callable[[], bool]) -> str:
    """Asks a process and all that it has started where they stand, kills what is left, and returns who was there.

    Terraform is asked before the Python that waits for it: that one still has time to show what Terraform says.
    """
    family = {each.pid: each for each in find_family(pid)}
    asked = {each.pid: number for each in family.values() if (number := _find_first_signal(each))}
    for number, asking in asked.items():
        _send_signal(family[number], asking)
    if asked:
        _wait_for_end(has_ended)
    # What was started meanwhile has another parent, and can't be found any more, once the one that started it is gone.
    family |= {each.pid: each for each in find_family(pid)}
    for each in family.values():
        if each.is_python and signal.SIGUSR1 not in each.caught:
            _send_signal(each, signal.SIGABRT)
    _wait_for_end(has_ended)
    family |= {each.pid: each for each in find_family(pid)}
    for each in family.values():
        _send_signal(each, signal.SIGKILL)
    if not has_ended():
        # On a machine without /proc.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return describe_processes(family.values())


def _find_first_signal(process: ProcessInfo) -> int:
    """Return the signal that makes a process tell where it stands before the Python that waits for it is asked; 0 if
    there is none.
    """
    if process.is_python:
        return signal.SIGUSR1 if signal.SIGUSR1 in process.caught else 0
    return process.final_dump_signal


def describe_processes(family: Iterable[ProcessInfo]) -> str:
    return "\n".join(["--- these processes were there", *(f"  {each}" for each in family)])


def run_command(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Runs a command as `subprocess.run` does, with nothing to read and its outputs captured.

    Raises:
        HungError: It took longer than `timeout` seconds.
    """
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise stop_hung(process, timeout) from None
        except BaseException as error:
            # The test itself took too long, or a person has pressed Ctrl-C.
            error.add_note(str(stop_hung(process, timeout)))
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class StartedCommand(subprocess.Popen[str]):
    """A command that runs beside its test. One that is waited for in vain is stopped, and shows where it stood."""

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        try:
            return super().communicate(input, timeout)
        except subprocess.TimeoutExpired as late:
            raise stop_hung(self, late.timeout) from None


def stop_hung(process: "subprocess.Popen[str]", timeout: float) -> HungError:
    """Stops a process whose time is over, and returns what to raise."""
    report = stop_process(process.pid, lambda: process.poll() is not None)
    out = err = ""
    try:
        out, err = subprocess.Popen.communicate(process, timeout=10)
    except subprocess.TimeoutExpired as late:
        report += "\n  and another one, in a session of its own, that holds on to the outputs"
        out, err = (_to_text(part) for part in (late.output, late.stderr))
    words = [process.args] if isinstance(process.args, str) else [str(word) for word in process.args]  # type: ignore[union-attr]
    return HungError(words, timeout, report, out or "", err or "")


@contextmanager
def enforce_deadline(process: "subprocess.Popen[str]", timeout: float) -> Iterator[None]:
    """Stops a process that is still running after `timeout` seconds, and says what it was at."""

    def late() -> None:
        print(
            f"stopped after {timeout:g} s\n{stop_process(process.pid, lambda: process.poll() is not None)}", flush=True
        )

    timer = threading.Timer(timeout, late)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        # It may be telling just now what was there.
        timer.join()


def _to_text(printed: str | bytes | None) -> str:
    return printed.decode(errors="replace") if isinstance(printed, bytes) else printed or ""


def _wait_for_end(has_ended: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DUMP_SECONDS
    while not has_ended() and time.monotonic() < deadline:
        time.sleep(0.05)


def _send_signal(process: ProcessInfo, number: int) -> None:
    """Sends a signal, unless the process is gone: its number may be that of another one by now."""
    with suppress(OSError, ValueError, IndexError):
        if _read_process(PROC / str(process.pid)).started == process.started:
            os.kill(process.pid, number)
