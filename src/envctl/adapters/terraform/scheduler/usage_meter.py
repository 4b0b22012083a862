"""Live memory of Terraform and its providers, by process tree, and idle cores.

Measured on Linux alone: other systems need a new process for each sample.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.terraform.scheduler.machine import read_system_file

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(kw_only=True)
class UnitUsage:
    unit: str
    began: float
    memory: int = 0  # bytes, without shared code of providers
    peak: int = 0
    seconds: float = 0.0  # wall clock
    processes: set[int] = field(default_factory=set)
    beside: tuple[int, ...] = ()  # processes that are no descendants: warm providers


class UsageMeter:
    """Measure the running processes. A thread of the worker pool takes the samples."""

    def __init__(self) -> None:
        self._running: dict[int, UnitUsage] = {}
        self._lock = threading.Lock()
        self._before: tuple[float, float] | None = None
        # The time of the last sample of used cores, and the processor seconds of each process until then.
        self._used_before: tuple[float, dict[int, float]] = (time.monotonic(), {})
        self.peak = 0
        # Bytes taken once, for any number of units: shared code, and envctl itself.
        self.shared_memory = 0
        # Processes that wait for the next run of their unit, without their descendants, and the bytes of all of them at
        # the last sample.
        self.waiting: dict[str, tuple[int, ...]] = {}
        self.waiting_memory = 0

    @contextlib.contextmanager
    def watch_process(self, process: int, unit: str, beside: tuple[int, ...] = ()) -> Iterator[UnitUsage]:
        usage = UnitUsage(unit=unit, began=time.monotonic(), processes={process, *beside}, beside=beside)
        with self._lock:
            self._running[process] = usage
        try:
            yield usage
        finally:
            with self._lock:
                del self._running[process]
            usage.seconds = time.monotonic() - usage.began

    def sample_memory(self) -> dict[str, int]:
        """Return the current bytes of each unit, and update the peaks."""
        with self._lock:
            running = dict(self._running)
        found: dict[str, int] = {}
        shared = 0
        for process, usage in running.items():
            usage.processes = {each for top in (process, *usage.beside) for each in _walk_process_tree(top)}
            sizes = [_read_process_memory(each) for each in usage.processes]
            usage.memory = sum(own for own, _ in sizes)
            usage.peak = max(usage.peak, usage.memory)
            shared = max([shared, *(code for _, code in sizes)])
            found[usage.unit] = found.get(usage.unit, 0) + usage.memory
        tops = [each for pids in tuple(self.waiting.values()) for each in pids]
        waiting = {each for top in tops for each in _walk_process_tree(top)}
        self.waiting_memory = sum(_read_process_memory(each)[0] for each in waiting)
        if found:
            self.shared_memory = max(self.shared_memory, shared + sum(_read_process_memory(os.getpid())))
            self.peak = max(self.peak, sum(found.values()) + self.shared_memory + self.waiting_memory)
        return found

    def sample_idle_cores(self) -> float | None:
        """Return the cores idle since the last call, 0 at the first call; None without /proc."""
        fields = read_system_file(_PROC / "stat").partition("\n")[0].split()
        if not fields:
            return None
        # Of all cores, since boot. Waiting for a disk counts as idle.
        now = (int(fields[4]) + int(fields[5])) / _TICKS
        before, self._before = self._before, (time.monotonic(), now)
        if before is None:
            return 0.0
        passed = self._before[0] - before[0]
        return (now - before[1]) / passed if passed > 0 else 0.0

    def sample_used_cores(self) -> float:
        """Return the cores that the units of the last `sample_memory` used since the last call."""
        with self._lock:
            processes = {each for usage in self._running.values() for each in usage.processes}
        now, used = time.monotonic(), {each: _read_processor_seconds(each) for each in processes}
        (then, before), self._used_before = self._used_before, (now, used)
        passed = now - then
        return sum(seconds - before.get(each, 0.0) for each, seconds in used.items()) / passed if passed > 0 else 0.0


def _walk_process_tree(process: int) -> Iterator[int]:
    yield process
    with contextlib.suppress(OSError):
        for thread in os.scandir(_PROC / str(process) / "task"):
            for child in read_system_file(Path(thread.path, "children")).split():
                yield from _walk_process_tree(int(child))


def _read_process_memory(process: int) -> tuple[int, int]:
    """Return the private bytes, and those of mapped files, possibly shared."""
    fields = read_system_file(_PROC / str(process) / "statm").split()
    if not fields:
        return 0, 0
    resident, shared = int(fields[1]), int(fields[2])
    return (resident - shared) * _PAGE, shared * _PAGE


def _read_processor_seconds(process: int) -> float:
    # The name, in parentheses, may hold spaces.
    fields = read_system_file(_PROC / str(process) / "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0
