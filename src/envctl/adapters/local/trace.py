"""What took how long, in the trace format of Chrome, which chrome://tracing and Perfetto show.

Lanes (one for each stack, one for envctl itself) are its threads. Times are in microseconds since envctl was started.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from envctl.adapters.disk.writing import write_text
from envctl.domain.errors import OperationFailedError, Problem

OWN = "envctl"
_MICRO = 1_000_000


class FileTrace:
    """Written by `close`, whole. `began` is when the process was started, on the clock of `time.monotonic`."""

    def __init__(self, file: Path, began: float, redact: Callable[[str], str] = str) -> None:
        self._redact = redact
        self._file = file
        self._began = began
        self._lock = threading.Lock()
        self._lanes: dict[str, int] = {OWN: 1}
        self._events: list[dict[str, Any]] = []
        self._note("start", OWN, began, time.monotonic())

    @contextmanager
    def span(self, name: str, lane: str = "") -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self._note(name, lane or _lane(), start, time.monotonic())

    def count(self, name: str, value: float) -> None:
        with self._lock:
            self._events.append(
                {
                    "name": name,
                    "ph": "C",
                    "pid": os.getpid(),
                    "ts": self._micro(time.monotonic()),
                    "args": {name: value},
                }
            )

    def close(self) -> None:
        """Raises OperationFailedError where the file can't be written."""
        self._note("envctl", OWN, self._began, time.monotonic())
        with self._lock:
            named = [
                {"name": "thread_name", "ph": "M", "pid": os.getpid(), "tid": number, "args": {"name": lane}}
                for lane, number in self._lanes.items()
            ]
            text = json.dumps({"traceEvents": [*named, *self._events], "displayTimeUnit": "ms"})
        try:
            write_text(self._file, text)
        except OSError as error:
            message = f"the trace can't be written to {self._file}: {error.strerror or error}"
            raise OperationFailedError(Problem("E406", message, "name another file: --trace FILE")) from error

    def _note(self, name: str, lane: str, start: float, end: float) -> None:
        with self._lock:
            number = self._lanes.setdefault(lane, len(self._lanes) + 1)
            self._events.append(
                {
                    "name": self._redact(name),
                    "ph": "X",
                    "pid": os.getpid(),
                    "tid": number,
                    "ts": self._micro(start),
                    "dur": max(0, self._micro(end) - self._micro(start)),
                }
            )

    def _micro(self, moment: float) -> int:
        return round((moment - self._began) * _MICRO)


def _lane() -> str:
    """What is done for one stack is done in a thread that bears its name."""
    thread = threading.current_thread()
    return OWN if thread is threading.main_thread() else thread.name


def started() -> float:
    """When this process was, on the clock of `time.monotonic`; now where the machine does not say."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return since_boot - (time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic())
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()
