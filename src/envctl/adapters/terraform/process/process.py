"""Run of one Terraform process: live output lines, and a clean stop on a signal or after a long silence."""

import contextlib
import errno
import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

from envctl.adapters.terraform.process.output_lines import PipedOutput, Process, ProcessOutput
from envctl.adapters.terraform.process.signal_forwarding import ProcessStopper, SignalForwarder
from envctl.adapters.terraform.process.stack_lock import HeldLock
from envctl.domain.errors import OperationFailedError, Problem

_POLL_SECONDS = 0.2
# Seconds to end by itself after the first interrupt.
_GRACE_SECONDS = 60.0
# The same for a process that only looks. The rest of five seconds is for its providers, and for its lock of the state.
_LOOK_GRACE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class ProcessResult:
    code: int
    errors: str
    interrupted: bool  # a signal was passed on; the exit code may still be 0
    killed: bool = False  # it had not ended some seconds after that signal, and was killed
    silent: bool = False  # stopped after too long a silence
    oom_killed: bool = False  # the kernel killed a process of the machine meanwhile, out of memory
    memory: int = 0  # peak bytes of all processes of envctl
    log: str = ""  # Terraform's own log
    was_warm: bool = False  # it failed with providers that ran already


def run_process(
    command: Sequence[str],
    directory: Path,
    environment: dict[str, str],
    on_line: Callable[[str], None],
    *,
    writes: bool,
    output: ProcessOutput | None = None,
    lock: HeldLock | None = None,
    inherited: Sequence[int] = (),
    stopping: SignalForwarder | None = None,
    around: Callable[[int], contextlib.AbstractContextManager[object]] = contextlib.nullcontext,
    on_start: Callable[[], None] = lambda: None,
    on_stop: Callable[[], None] = lambda: None,
    patience: float | None = None,
    program: int | None = None,
) -> ProcessResult:
    """Run a command to its end, in its own process group: Ctrl-C of a terminal reaches it only through envctl.

    Args:
        writes: whether it may write a state. All else is killed if it has not ended soon after a signal.
        lock: the lock of the stack, inherited by the process and so held until its end.
        inherited: more file descriptors for the process.
        around: returns a context for the life of the process, by process id.
        on_start: called once the process runs.
        on_stop: called once a signal was passed on.
        patience: seconds of silence before the process is stopped.
        program: the open file to start in place of the first word of the command, on Linux.
    """
    stopping = stopping or SignalForwarder()
    with contextlib.closing(output or PipedOutput()) as out, stopping.forward_signals():
        descriptors = (lock.descriptor, *inherited) if lock else tuple(inherited)
        process = _start_process(command, directory, environment, out, descriptors, program=program)
        grace = math.inf if writes else _LOOK_GRACE_SECONDS
        try:
            if lock:
                lock.write_pid(process.pid)
            with stopping.track_process(process, grace) as stop, around(process.pid):
                on_start()
                while (line := _await_line(out, stop, on_stop, patience)) is not None:
                    on_line(line)
                code = process.wait()
        except BaseException:
            # After an error in envctl, Terraform stops cleanly, as by Ctrl-C.
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(timeout=min(grace, _GRACE_SECONDS))
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
            _kill_process_group(process)
            raise
        if stop.interrupted or stop.timed_out or code < 0:
            _kill_process_group(process)
        # After a kill, a child outside of the group may hold the pipe.
        errors = "" if stop.killed else out.read_errors()
        return ProcessResult(
            code=code, errors=errors, interrupted=stop.interrupted, killed=stop.killed, silent=stop.timed_out
        )


def _start_process(
    command: Sequence[str],
    directory: Path,
    environment: dict[str, str],
    output: ProcessOutput,
    descriptors: tuple[int, ...],
    *,
    program: int | None,
) -> Process:
    executable = None
    if program is not None:
        executable, descriptors = f"/proc/self/fd/{program}", (*descriptors, program)
    try:
        process = subprocess.Popen(
            command,
            executable=executable,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output.stdout,
            stderr=output.stderr,
            pass_fds=descriptors,
            process_group=0,
            # Saved plans hold plaintext values: readable by their owner alone.
            umask=0o077,
        )
    except OSError as error:
        message = f"Terraform could not be started: {error.strerror or error}"
        problem = Problem("E303", message, "envctl needs a Terraform for this machine")
        if error.errno == errno.ENOMEM:
            problem = Problem("E331", message, "run fewer at once: --parallelism 1")
        raise OperationFailedError(problem) from error
    output.attach_process(process)
    return process


def _await_line(
    output: ProcessOutput, stop: ProcessStopper, on_stop: Callable[[], None], patience: float | None
) -> str | None:
    """Return the next line, or None at the end. A signal right before a wait is seen after it."""
    since = time.monotonic()
    while True:
        if stop.interrupted and not stop.announced:
            # Not in the signal handler, which may interrupt a write to the terminal.
            stop.announced = True
            on_stop()
        stop.kill_late()
        with contextlib.suppress(Empty):
            return output.read_line(_POLL_SECONDS)
        if stop.killed:
            return None
        limit = min(patience, _GRACE_SECONDS) if patience is not None and stop.timed_out else patience
        if limit is not None and time.monotonic() - since > limit:
            stop.escalate_stop()
            since = time.monotonic()


def _kill_process_group(process: Process) -> None:
    """Kill the rest of the process group.

    A stopped Terraform leaves the children of its provisioners, a killed one its providers, still creating resources.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
