"""Runs a program of the team's in the project's folder, and ends it, with all that it has started, when its time is
over.
"""

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from envctl.adapters.checks.context import Asking
from envctl.domain.text.durations import spelt
from envctl.domain.text.excerpt import excerpt

KEPT = 1 << 16
GRACE_SECONDS = 5.0
_LONGEST_WAIT = 0.05


@dataclass(frozen=True)
class Ended:
    """`problem` is empty where it ended by itself, and well. `said` is the beginning of what was on its stdout."""

    problem: str
    said: bytes = b""


def run(
    command: Sequence[str], seconds: float, asking: Asking, grace: float, *, told: bytes | None = None, room: int = 0
) -> Ended:
    """`told` is what it can read on its stdin, and `room` how many bytes of its stdout are kept from the beginning."""
    try:
        process = _start(command, asking, told)
    except (OSError, ValueError) as error:
        return Ended(_not_started(asking.redact(command[0]), error))
    with process, _Talk(process, told or b"", room) as talk:
        try:
            in_time = _ended(process, talk, asking, seconds)
        finally:
            _end(process, talk, asking, grace)
        if in_time and process.returncode == 0:
            return Ended("", bytes(talk.answer))
        late = f"did not end within {spelt(timedelta(seconds=seconds))}"
        why = _outcome(process.returncode) if in_time else late
        return Ended(": ".join(filter(None, (why, talk.last_line(asking.redact)))))


def _start(command: Sequence[str], asking: Asking, told: bytes | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=asking.root,
        env=asking.environment,
        stdin=subprocess.DEVNULL if told is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )


def _not_started(program: str, error: OSError | ValueError) -> str:
    program = excerpt(program)
    if isinstance(error, FileNotFoundError) and "/" not in program:
        return f"there is no program {program} on the PATH"
    reason = error.strerror if isinstance(error, OSError) else ""
    return f"{program} can't be started: {(reason or str(error)).lower()}"


def _ended(process: subprocess.Popen[bytes], talk: "_Talk", asking: Asking, seconds: float) -> bool:
    """Whether it came to its end within that time."""
    until = asking.clock() + seconds
    while process.poll() is None:
        if asking.clock() >= until:
            return False
        talk.go_on(_LONGEST_WAIT)
    return True


def _end(process: subprocess.Popen[bytes], talk: "_Talk", asking: Asking, grace: float) -> None:
    """Whatever it left behind goes too: nothing of it outlives the question."""
    try:
        if process.poll() is None:
            _signal(process, signal.SIGTERM)
            _ended(process, talk, asking, grace)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
    # A pipe holds no more than is read at once, and one that somebody else still writes to is not followed.
    talk.go_on(0)


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


class _Talk:
    """What a process is told, and what it says, while it runs: a full pipe would make it wait, or us. Of what it says
    the end is kept, and of its stdout the beginning too.
    """

    def __init__(self, process: subprocess.Popen[bytes], told: bytes, room: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._said: dict[int, bytearray] = {}
        self._process = process
        self._left = memoryview(told)
        self._room = room
        self.answer = bytearray()
        for pipe in filter(None, (process.stderr, process.stdout)):
            self._said[pipe.fileno()] = bytearray()
            self._selector.register(pipe, selectors.EVENT_READ)
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE)

    def __enter__(self) -> "_Talk":
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def go_on(self, seconds: float) -> None:
        """Waits no longer than that for something to read, or for room to write."""
        for key, _ in self._selector.select(seconds):
            if key.fd in self._said:
                self._listen(key)
            else:
                self._tell(key)

    def _listen(self, key: selectors.SelectorKey) -> None:
        piece = os.read(key.fd, KEPT)
        if not piece:
            self._selector.unregister(key.fileobj)
        said = self._said[key.fd]
        said += piece
        del said[:-KEPT]
        if self._process.stdout and key.fd == self._process.stdout.fileno():
            self.answer += piece[: self._room - len(self.answer)]

    def _tell(self, key: selectors.SelectorKey) -> None:
        try:
            self._left = self._left[os.write(key.fd, self._left[:KEPT]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # It need not read what it does not care for.
            self._left = self._left[:0]
        if not self._left and self._process.stdin:
            self._selector.unregister(key.fileobj)
            self._process.stdin.close()

    def last_line(self, redact: Callable[[str], str]) -> str:
        """What it said last on stderr; a program that keeps that empty may have said it on stdout."""
        return next((line for said in self._said.values() for line in _newest_first(said, redact)), "")


def _newest_first(said: bytearray, redact: Callable[[str], str]) -> Iterator[str]:
    lines = reversed(redact(said.decode(errors="replace")).splitlines())
    return filter(None, map(excerpt, lines))
