"""Two ways from a process's output to its lines: through pipes, or through files that outlive whoever reads them."""

import contextlib
import io
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Protocol

Process = subprocess.Popen[bytes]
_POLL_SECONDS = 0.05
_CHUNK = 1 << 16


class Output(Protocol):
    """`stdout` and `stderr` are what the process is started with."""

    stdout: int
    stderr: int

    def follow(self, process: Process) -> None: ...

    def get(self, timeout: float) -> str | None:
        """The next line, or None at the end. Raises Empty where there is none for so many seconds."""

    def errors(self) -> str:
        """All of stderr, once the process has ended."""

    def close(self) -> None:
        """Nothing more is wanted of it."""


class Piped:
    """At once, and never on a disk. Whoever writes to a pipe that nobody reads any more dies of it."""

    stdout = stderr = subprocess.PIPE

    def __init__(self) -> None:
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._errors: list[str] = []
        self._reader: threading.Thread | None = None

    def follow(self, process: Process) -> None:
        _in_background(process.stdout, self._lines.put, lambda: self._lines.put(None))
        self._reader = _in_background(process.stderr, self._errors.append, bool)

    def get(self, timeout: float) -> str | None:
        return self._lines.get(timeout=timeout)

    def errors(self) -> str:
        if self._reader:
            self._reader.join(timeout=5)
        return "".join(self._errors)

    def close(self) -> None:
        """The readers close the pipes, once they are at their end."""


class Kept:
    """In files without a name: were envctl killed, Terraform would end what it is doing and keep its state.

    They lie in memory where the system has such: on a full disk, what an apply says last is the state that it can't
    save.
    """

    def __init__(self) -> None:
        self._files = (_nameless(), _nameless())
        self.stdout, self.stderr = (file.fileno() for file in self._files)
        self._process: Process | None = None
        self._position = 0
        self._rest = b""

    def follow(self, process: Process) -> None:
        self._process = process

    def get(self, timeout: float) -> str | None:
        deadline = time.monotonic() + timeout
        while True:
            # Asked before reading: what it wrote last is then read too.
            ended = self._process is None or self._process.poll() is not None
            line = self._line(last=ended)
            if line or ended:
                return line or None
            if time.monotonic() > deadline:
                raise Empty
            time.sleep(_POLL_SECONDS)

    def errors(self) -> str:
        return os.pread(self.stderr, os.fstat(self.stderr).st_size, 0).decode(errors="replace")

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _line(self, *, last: bool) -> str:
        while b"\n" not in self._rest and (more := os.pread(self.stdout, _CHUNK, self._position)):
            self._position += len(more)
            self._rest += more
        line, newline, rest = self._rest.partition(b"\n")
        if not newline and not last:
            return ""
        self._rest = rest
        return (line + newline).decode(errors="replace")


def _nameless() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):
            return os.fdopen(os.memfd_create("envctl"), "w+b")
    from envctl.adapters.terraform.process.disk_errors import room

    with room(Path(tempfile.gettempdir())):
        return tempfile.TemporaryFile()


def _in_background(
    pipe: IO[bytes] | None, on_line: Callable[[str], object], at_end: Callable[[], object]
) -> threading.Thread:
    """To its end, whatever becomes of the lines: Terraform would wait at a full pipe."""

    def read() -> None:
        if pipe is not None:
            with io.TextIOWrapper(pipe, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    on_line(line)
        at_end()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
