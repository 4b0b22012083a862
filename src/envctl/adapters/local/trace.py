"""Durations in Chrome's trace format, for chrome://tracing and Perfetto.

Threads in the trace are lanes: one for each stack, one for envctl. Times are in microseconds since process start.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from envctl.adapters.disk.files import write_text
from envctl.domain.errors import OperationFailedError, Problem

OWN_LANE = "envctl"
_MICROSECONDS = 1_000_000


class FileTracer:
    """Collects events and writes them in `close`. `began` is the process start by `time.monotonic`."""

    def __init__(self, file: Path, began: float, redact: Callable[[str], str] = str) -> None:
        self._redact = redact
        self._file = file
        self._began = began
        self._lock = threading.Lock()
        self._lanes: dict[str, int] = {OWN_LANE: 1}
        self._events: list[dict[str, Any]] = []
        self._add_span("start", OWN_LANE, began, time.monotonic())

    @contextmanager
    def span(self, name: str, lane: str = "") -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            thread = threading.current_thread()
            # Workers bear the name of their stack.
            own = OWN_LANE if thread is threading.main_thread() else thread.name
            self._add_span(name, lane or own, start, time.monotonic())

    def record_value(self, name: str, value: float) -> None:
        moment = self._to_microseconds(time.monotonic())
        event = {"name": name, "ph": "C", "pid": os.getpid(), "ts": moment, "args": {name: value}}
        with self._lock:
            self._events.append(event)

    def close(self) -> None:
        """Write the file. Raises OperationFailedError for disk errors."""
        self._add_span("envctl", OWN_LANE, self._began, time.monotonic())
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

    def _add_span(self, name: str, lane: str, start: float, end: float) -> None:
        with self._lock:
            number = self._lanes.setdefault(lane, len(self._lanes) + 1)
            self._events.append(
                {
                    "name": self._redact(name),
                    "ph": "X",
                    "pid": os.getpid(),
                    "tid": number,
                    "ts": self._to_microseconds(start),
                    "dur": max(0, self._to_microseconds(end) - self._to_microseconds(start)),
                }
            )

    def _to_microseconds(self, moment: float) -> int:
        return round((moment - self._began) * _MICROSECONDS)


def process_start_time() -> float:
    """Return the process start by `time.monotonic`; the current time if unknown."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return since_boot - (time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic())
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()
