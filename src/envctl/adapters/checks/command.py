"""Runs a command in the project's folder, and ends it, with all that it has started, when its time is over."""

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta

from envctl.adapters.checks.asking import Asking
from envctl.domain.checks import CommandProbe, excerpt
from envctl.domain.durations import spelt

KEPT = 1 << 16
_GRACE_SECONDS = 5.0
_LONGEST_WAIT = 0.05


def run_command(probe: CommandProbe, asking: Asking, grace: float = _GRACE_SECONDS) -> str:
    try:
        process = _start(probe, asking)
    except (OSError, ValueError) as error:
        return _not_started(probe, error)
    with process, _Heard(process) as heard:
        try:
            in_time = _ended(process, heard, asking, probe.timeout_seconds)
        finally:
            _end(process, heard, asking, grace)
    if in_time and process.returncode == 0:
        return ""
    late = f"did not end within {spelt(timedelta(seconds=probe.timeout_seconds))}"
    return ": ".join(filter(None, (_outcome(process.returncode) if in_time else late, heard.last_line())))


def _start(probe: CommandProbe, asking: Asking) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        probe.command,
        cwd=asking.root,
        env=asking.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )


def _not_started(probe: CommandProbe, error: OSError | ValueError) -> str:
    program = excerpt(probe.command[0])
    if isinstance(error, FileNotFoundError) and "/" not in program:
        return f"there is no program {program} on the PATH"
    reason = error.strerror if isinstance(error, OSError) else ""
    return f"{program} can't be started: {(reason or str(error)).lower()}"


def _ended(process: subprocess.Popen[bytes], heard: "_Heard", asking: Asking, seconds: float) -> bool:
    """Whether it came to its end within that time."""
    until = asking.clock() + seconds
    while process.poll() is None:
        if asking.clock() >= until:
            return False
        heard.listen(_LONGEST_WAIT)
    return True


def _end(process: subprocess.Popen[bytes], heard: "_Heard", asking: Asking, grace: float) -> None:
    """Whatever it left behind goes too: nothing of a check outlives it."""
    try:
        if process.poll() is None:
            _signal(process, signal.SIGTERM)
            _ended(process, heard, asking, grace)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
    # A pipe holds no more than is read at once, and one that somebody else still writes to is not followed.
    heard.listen(0)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # A group of which only zombies are left is gone to some systems, and out of reach to others.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _outcome(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


class _Heard:
    """The end of what a process says, read while it runs: a full pipe would make it wait."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._selector = selectors.DefaultSelector()
        self._said: dict[int, bytearray] = {}
        for pipe in filter(None, (process.stderr, process.stdout)):
            self._said[pipe.fileno()] = bytearray()
            self._selector.register(pipe, selectors.EVENT_READ)

    def __enter__(self) -> "_Heard":
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def listen(self, seconds: float) -> None:
        """Waits no longer than that for something new, and reads it."""
        for key, _ in self._selector.select(seconds):
            piece = os.read(key.fd, KEPT)
            if not piece:
                self._selector.unregister(key.fileobj)
            said = self._said[key.fd]
            said += piece
            del said[:-KEPT]

    def last_line(self) -> str:
        """What it said last on stderr; a program that keeps that empty may have said it on stdout."""
        return next((line for said in self._said.values() for line in _newest_first(said)), "")


def _newest_first(said: bytearray) -> Iterator[str]:
    lines = reversed(said.decode(errors="replace").splitlines())
    return filter(None, map(excerpt, lines))
