"""What Terraform and its providers take while they run: memory and processor time of whole process trees.

Only Linux tells that without starting a process for each question; elsewhere nothing is measured.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """Of one unit so far. `memory` and `peak` are in bytes, of what is its own: the code of a provider is shared by all
    that run it. `seconds` are those of the wall.
    """

    unit: str
    began: float
    memory: int = 0
    peak: int = 0
    seconds: float = 0.0
    processes: set[int] = field(default_factory=set)


class Meter:
    """Knows the processes that run, by their units. A thread of the crew asks it to look from time to time."""

    def __init__(self) -> None:
        self._running: dict[int, Measured] = {}
        self._lock = threading.Lock()
        self._before: tuple[float, float] | None = None
        self.peak = 0
        # Bytes that are taken once, however many units run: code that all share, and envctl itself.
        self.besides = 0

    @contextlib.contextmanager
    def watched(self, process: int, unit: str) -> Iterator[Measured]:
        measured = Measured(unit, time.monotonic(), processes={process})
        with self._lock:
            self._running[process] = measured
        try:
            yield measured
        finally:
            with self._lock:
                del self._running[process]
            measured.seconds = time.monotonic() - measured.began

    def look(self) -> dict[str, int]:
        """The bytes that each unit takes now; the peaks are kept."""
        with self._lock:
            running = dict(self._running)
        found: dict[str, int] = {}
        shared = 0
        for process, measured in running.items():
            measured.processes = set(_tree(process))
            sizes = [_size(each) for each in measured.processes]
            measured.memory = sum(own for own, _ in sizes)
            measured.peak = max(measured.peak, measured.memory)
            shared = max([shared, *(code for _, code in sizes)])
            found[measured.unit] = found.get(measured.unit, 0) + measured.memory
        if found:
            self.besides = max(self.besides, shared + sum(_size(os.getpid())))
            self.peak = max(self.peak, sum(found.values()) + self.besides)
        return found

    def idle(self) -> float | None:
        """How many cores had nothing to do since this was asked before; None the first time, and where nobody says."""
        now = _idle_seconds()
        if now is None:
            return None
        before, self._before = self._before, (time.monotonic(), now)
        if before is None:
            return None
        passed = self._before[0] - before[0]
        return (now - before[1]) / passed if passed > 0 else None


def _tree(process: int) -> Iterator[int]:
    """The process and all that it has started, which live."""
    yield process
    with contextlib.suppress(OSError):
        for thread in os.scandir(_PROC / str(process) / "task"):
            for child in _text(Path(thread.path, "children")).split():
                yield from _tree(int(child))


def _size(process: int) -> tuple[int, int]:
    """Bytes of its own, and bytes of files that others may have mapped as well."""
    fields = _text(_PROC / str(process) / "statm").split()
    if not fields:
        return 0, 0
    resident, shared = int(fields[1]), int(fields[2])
    return (resident - shared) * _PAGE, shared * _PAGE


def _idle_seconds() -> float | None:
    """Of all cores together, since the machine was started. Waiting for a disk is idle too."""
    fields = _text(_PROC / "stat").partition("\n")[0].split()
    return (int(fields[4]) + int(fields[5])) / _TICKS if fields else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
