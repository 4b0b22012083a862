"""Lines of output of a process, read through pipes, or through nameless files that outlive envctl."""

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


class ProcessOutput(Protocol):
    """Source of output lines. The process is started with `stdout` and `stderr`."""

    stdout: int
    stderr: int

    def attach_process(self, process: Process) -> None: ...

    def read_line(self, timeout: float) -> str | None:
        """Return the next line, or None at the end. Raises Empty after `timeout` seconds without one."""

    def read_errors(self) -> str:
        """Return all of stderr. Call it after the process has ended."""

    def close(self) -> None: ...


class PipedOutput:
    """Read through pipes: no delay, no disk. A process dies when it writes to a pipe without a reader."""

    stdout = stderr = subprocess.PIPE

    def __init__(self) -> None:
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._errors: list[str] = []
        self._reader: threading.Thread | None = None

    def attach_process(self, process: Process) -> None:
        _read_in_background(process.stdout, self._lines.put, lambda: self._lines.put(None))
        self._reader = _read_in_background(process.stderr, self._errors.append, bool)

    def read_line(self, timeout: float) -> str | None:
        return self._lines.get(timeout=timeout)

    def read_errors(self) -> str:
        if self._reader:
            self._reader.join(timeout=5)
        return "".join(self._errors)

    def close(self) -> None:
        """Leave the pipes to the reader threads: they close them at their end."""


class FileOutput:
    """Read from nameless files: if envctl is killed, Terraform still finishes and saves its state.

    The files are in memory on Linux: with a full disk, an apply prints the unsaved state as its last output.
    """

    def __init__(self) -> None:
        self._files = (_open_nameless_file(), _open_nameless_file())
        self.stdout, self.stderr = (file.fileno() for file in self._files)
        self._process: Process | None = None
        self._position = 0
        self._rest = b""

    def attach_process(self, process: Process) -> None:
        self._process = process

    def read_line(self, timeout: float) -> str | None:
        deadline = time.monotonic() + timeout
        while True:
            # Polled before reading, to include the last output.
            ended = self._process is None or self._process.poll() is not None
            line = self._take_line(last=ended)
            if line or ended:
                return line or None
            if time.monotonic() > deadline:
                raise Empty
            time.sleep(_POLL_SECONDS)

    def read_errors(self) -> str:
        return os.pread(self.stderr, os.fstat(self.stderr).st_size, 0).decode(errors="replace")

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _take_line(self, *, last: bool) -> str:
        while b"\n" not in self._rest and (more := os.pread(self.stdout, _CHUNK, self._position)):
            self._position += len(more)
            self._rest += more
        line, newline, rest = self._rest.partition(b"\n")
        if not newline and not last:
            return ""
        self._rest = rest
        return (line + newline).decode(errors="replace")


def _open_nameless_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):
            return os.fdopen(os.memfd_create("envctl"), "w+b")
    from envctl.adapters.terraform.process.disk_errors import translate_disk_errors

    with translate_disk_errors(Path(tempfile.gettempdir())):
        return tempfile.TemporaryFile()


def _read_in_background(
    pipe: IO[bytes] | None, on_line: Callable[[str], object], at_end: Callable[[], object]
) -> threading.Thread:
    """Read a pipe to its end in a thread: Terraform blocks at a full pipe."""

    def read_lines() -> None:
        if pipe is not None:
            with io.TextIOWrapper(pipe, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    on_line(line)
        at_end()

    thread = threading.Thread(target=read_lines, daemon=True)
    thread.start()
    return thread
