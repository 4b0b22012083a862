"""Worker pool for stacks: one thread each, as many at once as cores and memory allow."""

import threading
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from envctl.adapters.terraform.scheduler.capacity import DEFAULT_SHARED_MEMORY, Limits, Load, Machine, can_start_unit
from envctl.adapters.terraform.scheduler.process_monitor import ProcessMonitor
from envctl.domain.errors import InterruptedByUserError, Problem

Job = Callable[[], None]
# Seconds between two samples of the load.
_NEXT_HINT = "the next run continues from the current state"
_POLL_SECONDS = 0.15


@dataclass(frozen=True)
class _QueuedJob:
    name: str
    unit: str
    job: Job
    seconds: float


class WorkerPool:
    """Start jobs as capacity allows, and return finished ones one by one. Call it from a single thread."""

    def __init__(self, machine: Machine, limits: Limits, monitor: ProcessMonitor) -> None:
        self._machine = machine
        self._limits = limits
        self._monitor = monitor
        self._lock = threading.RLock()
        self._waiting: deque[_QueuedJob] = deque()
        # By name of the job: unit, and its measured or expected peak bytes.
        self._running: dict[str, tuple[str, int]] = {}
        self._ended: SimpleQueue[tuple[str, BaseException | None]] = SimpleQueue()
        self._idle: float | None = None
        self._used: float | None = None
        self._submitted = 0
        self._closed = threading.Event()
        self.max_running = 0

    @property
    def stop_requested(self) -> bool:
        return self._monitor.stopping.stop_requested

    def submit(self, name: str, job: Job, unit: str = "") -> None:
        with self._lock:
            self._submitted += 1
            # Longest first.
            seconds = self._monitor.measurements.plan_seconds(unit or name)
            insort(self._waiting, _QueuedJob(name, unit or name, job, seconds), key=lambda each: -each.seconds)

    def wait_for_job(self) -> tuple[str, BaseException | None]:
        """Wait for the next finished job; return its name and error. Needs a submitted job."""
        with self._lock:
            self._start_waiting()
        return self._ended.get()

    def has_ended_job(self) -> bool:
        return not self._ended.empty()

    def pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._monitor.stopping.stop_requested or self._closed.wait(min(left, _POLL_SECONDS)):
                raise InterruptedByUserError(Problem("E311", "interrupted: envctl stopped waiting", _NEXT_HINT))

    def interruptible_prompt(self) -> AbstractContextManager[None]:
        return self._monitor.stopping.allow_interrupts()

    @contextmanager
    def accept_jobs(self) -> Iterator["WorkerPool"]:
        """Accept jobs inside the block. At its end, no job is left running."""
        watcher = threading.Thread(target=self._poll_usage, daemon=True)
        self._idle = self._monitor.meter.sample_idle_cores()
        with self._monitor.stopping.forward_signals():
            watcher.start()
            try:
                yield self
            finally:
                self._stop_jobs()
                self._closed.set()
                watcher.join()

    def _stop_jobs(self) -> None:
        with self._lock:
            self._waiting.clear()
            left = len(self._running)
        if left:
            # Reached only after an error elsewhere.
            self._monitor.stopping.stop_all()
        while True:
            with self._lock:
                if not self._running:
                    return
            with suppress(Empty):
                self._ended.get(timeout=_POLL_SECONDS)

    def _start_waiting(self) -> None:
        while self._waiting:
            if self._monitor.stopping.stop_requested:
                while self._waiting:
                    error = InterruptedByUserError(
                        Problem("E311", "interrupted: no further stacks were started", _NEXT_HINT)
                    )
                    self._ended.put((self._waiting.popleft().name, error))
                return
            needs = [need for _, need in self._running.values()]
            meter = self._monitor.meter
            shared = max(DEFAULT_SHARED_MEMORY, meter.shared_memory) + meter.waiting_memory
            load = Load(needs, self._idle, shared, self._submitted, self._used)
            memory = self._monitor.measurements.peak_memory(self._waiting[0].unit)
            if not can_start_unit(load, memory, self._machine, self._limits):
                return
            if self._idle is not None and len(self._running) > 1:
                # The new unit will be busy in a moment, by an unknown amount.
                self._idle -= 1
            each = self._waiting.popleft()
            self._running[each.name] = (each.unit, self._monitor.measurements.peak_memory(each.unit))
            self.max_running = max(self.max_running, len(self._running))
            self._monitor.units = len(self._running) + len(self._waiting)
            threading.Thread(target=self._execute_job, args=(each,), name=each.unit, daemon=True).start()

    def _execute_job(self, each: _QueuedJob) -> None:
        failed: BaseException | None = None
        try:
            each.job()
        except BaseException as error:  # noqa: BLE001 (it is raised where the job was begun)
            failed = error
        with self._lock:
            del self._running[each.name]
            self._start_waiting()
        self._ended.put((each.name, failed))

    def _poll_usage(self) -> None:
        while not self._closed.wait(_POLL_SECONDS):
            meter = self._monitor.meter
            taken, idle, used = meter.sample_memory(), meter.sample_idle_cores(), meter.sample_used_cores()
            with self._lock:
                self._running = {
                    name: (unit, max(need, taken.get(unit, 0))) if unit in taken else (unit, need)
                    for name, (unit, need) in self._running.items()
                }
                self._idle, self._used = idle, used
                self._start_waiting()
            self._monitor.trace.record_value("memory", sum(taken.values()))
            self._monitor.trace.record_value("running", len(taken))
