"""Runs a program of the team in the project's folder, and ends it with all its children after its timeout."""

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from envctl.adapters.checks.context import RunContext
from envctl.domain.ci.program_variables import format_withheld
from envctl.domain.text.durations import format_duration
from envctl.domain.text.excerpt import excerpt

TAIL_BYTES = 1 << 16
GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessResult:
    """`problem` is empty after exit code 0 in time. `output` is the beginning of its stdout."""

    problem: str
    output: bytes = b""


def run_process(
    command: Sequence[str],
    seconds: float,
    context: RunContext,
    grace: float,
    *,
    data: bytes | None = None,
    limit: int = 0,
) -> ProcessResult:
    """Run a program with `data` on its stdin, and keep the first `limit` bytes of its stdout."""
    try:
        process = _start_process(command, context, data)
    except (OSError, ValueError) as error:
        return ProcessResult(_explain_start_failure(context.redact(command[0]), error))
    with process, selectors.DefaultSelector() as selector:
        pipes = _Pipes(selector, process, data or b"", limit)
        try:
            in_time = _wait_for_exit(process, pipes, context, seconds)
        finally:
            _end_process(process, pipes, context, grace)
        if in_time and process.returncode == 0:
            return ProcessResult("", bytes(pipes.answer))
        late = f"did not end within {format_duration(timedelta(seconds=seconds))}"
        why = _describe_exit(process.returncode) if in_time else late
        told = ": ".join(filter(None, (why, pipes.find_last_line(context.redact))))
        return ProcessResult(f"{told}{format_withheld(context.withheld)}")


def _start_process(command: Sequence[str], context: RunContext, data: bytes | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=context.root,
        env=context.environment,
        stdin=subprocess.DEVNULL if data is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )


def _explain_start_failure(program: str, error: OSError | ValueError) -> str:
    program = excerpt(program)
    if isinstance(error, FileNotFoundError) and "/" not in program:
        return f"there is no program {program} on the PATH"
    reason = error.strerror if isinstance(error, OSError) else ""
    return f"{program} can't be started: {(reason or str(error)).lower()}"


def _wait_for_exit(process: subprocess.Popen[bytes], pipes: "_Pipes", context: RunContext, seconds: float) -> bool:
    """Wait until the process exits; False if the time is over first."""
    until = context.clock() + seconds
    while process.poll() is None:
        if context.clock() >= until:
            return False
        pipes.transfer_data(_POLL_SECONDS)
    return True


def _end_process(process: subprocess.Popen[bytes], pipes: "_Pipes", context: RunContext, grace: float) -> None:
    """End the process and its group, first with SIGTERM. None of its children outlives the check."""
    try:
        if process.poll() is None:
            _signal_group(process, signal.SIGTERM)
            _wait_for_exit(process, pipes, context, grace)
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()
    # One read empties a full pipe. Later writes of other processes are not awaited.
    pipes.transfer_data(0)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # For a group of zombies, some systems raise the one error, some the other.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _describe_exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


class _Pipes:
    """The pipes of a running process, read and written in turns: a full pipe would block one side. The end of its
    output is kept, and the beginning of its stdout too.
    """

    def __init__(
        self, selector: selectors.BaseSelector, process: subprocess.Popen[bytes], data: bytes, limit: int
    ) -> None:
        self._selector = selector
        self._tails: dict[int, bytearray] = {}
        self._process = process
        self._unsent = memoryview(data)
        self._limit = limit
        self.answer = bytearray()
        for pipe in filter(None, (process.stderr, process.stdout)):
            self._tails[pipe.fileno()] = bytearray()
            self._selector.register(pipe, selectors.EVENT_READ)
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE)

    def transfer_data(self, seconds: float) -> None:
        """Read and write without blocking, after waiting at most `seconds` for a ready pipe."""
        for key, _ in self._selector.select(seconds):
            if key.fd in self._tails:
                piece = os.read(key.fd, TAIL_BYTES)
                if not piece:
                    self._selector.unregister(key.fileobj)
                tail = self._tails[key.fd]
                tail += piece
                del tail[:-TAIL_BYTES]
                if self._process.stdout and key.fd == self._process.stdout.fileno():
                    self.answer += piece[: self._limit - len(self.answer)]
            else:
                self._write_input(key)

    def _write_input(self, key: selectors.SelectorKey) -> None:
        try:
            self._unsent = self._unsent[os.write(key.fd, self._unsent[:TAIL_BYTES]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # A program need not read its input.
            self._unsent = self._unsent[:0]
        if not self._unsent and self._process.stdin:
            self._selector.unregister(key.fileobj)
            self._process.stdin.close()

    def find_last_line(self, redact: Callable[[str], str]) -> str:
        """Return the last line on stderr; if that is empty, the last one on stdout."""
        for tail in self._tails.values():
            for line in reversed(redact(tail.decode(errors="replace")).splitlines()):
                if short := excerpt(line):
                    return short
        return ""
