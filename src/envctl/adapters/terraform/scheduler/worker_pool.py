"""Several stacks at once, each in a thread that waits for its Terraform: as many as the machine bears."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from envctl.adapters.terraform.scheduler.capacity import BESIDES, Limits, Load, Machine, admits
from envctl.adapters.terraform.scheduler.watch import Watch
from envctl.domain.errors import InterruptedByUserError, Problem

Job = Callable[[], None]
# Seconds between two looks at what the machine has to do.
_LOOKS_EVERY = 0.15


@dataclass(frozen=True)
class _Waiting:
    name: str
    unit: str
    job: Job


class Crew:
    """Begins jobs as there is room, and gives their ends one by one. It is talked to from one thread."""

    def __init__(self, machine: Machine, limits: Limits, watch: Watch) -> None:
        self._machine = machine
        self._limits = limits
        self._meter = watch.meter
        self._measurements = watch.measurements
        self._stopping = watch.stopping
        self._trace = watch.trace
        self._all = watch
        self._lock = threading.RLock()
        self._waiting: deque[_Waiting] = deque()
        # By the name of the job: what its unit takes, or is taken to need.
        self._running: dict[str, tuple[str, int]] = {}
        self._ended: SimpleQueue[tuple[str, BaseException | None]] = SimpleQueue()
        self._idle: float | None = None
        self._closed = threading.Event()
        self.at_most = 0

    def begin(self, name: str, job: Job, unit: str = "") -> None:
        with self._lock:
            # What takes long ends last however it is begun: so it is begun first.
            queued = [*self._waiting, _Waiting(name, unit or name, job)]
            self._waiting = deque(sorted(queued, key=lambda each: -self._measurements.seconds(each.unit)))

    def ended(self) -> tuple[str, BaseException | None]:
        """The next job that has come to its end, with what it raised. One must have been begun."""
        with self._lock:
            self._admit()
        return self._ended.get()

    def pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._stopping.asked or self._closed.wait(min(left, _LOOKS_EVERY)):
                raise InterruptedByUserError(_interrupted("nothing more was waited for"))

    def asking(self) -> AbstractContextManager[None]:
        return self._stopping.interrupting()

    @contextmanager
    def at_work(self) -> Iterator["Crew"]:
        """Nothing that was begun is left running behind it."""
        watcher = threading.Thread(target=self._watch, daemon=True)
        with self._stopping.heeded():
            watcher.start()
            try:
                yield self
            finally:
                self._dismiss()
                self._closed.set()
                watcher.join()

    def _dismiss(self) -> None:
        with self._lock:
            self._waiting.clear()
            left = len(self._running)
        if left:
            # Only what went wrong elsewhere gets here.
            self._stopping.ask()
        while True:
            with self._lock:
                if not self._running:
                    return
            with suppress(Empty):
                self._ended.get(timeout=_LOOKS_EVERY)

    def _admit(self) -> None:
        while self._waiting:
            if self._stopping.asked:
                self._give_up()
                return
            needs = [need for _, need in self._running.values()]
            load = Load(needs, self._idle, max(BESIDES, self._meter.besides))
            if not admits(load, self._measurements.memory(self._waiting[0].unit), self._machine, self._limits):
                return
            if self._idle is not None and len(self._running) > 1:
                # It will have something to do in a moment, and nobody knows yet how much.
                self._idle -= 1
            self._start(self._waiting.popleft())

    def _start(self, each: _Waiting) -> None:
        self._running[each.name] = (each.unit, self._measurements.memory(each.unit))
        self.at_most = max(self.at_most, len(self._running))
        self._all.several = len(self._running) + len(self._waiting) > 1
        threading.Thread(target=self._do, args=(each,), name=each.unit, daemon=True).start()

    def _do(self, each: _Waiting) -> None:
        failed: BaseException | None = None
        try:
            each.job()
        except BaseException as error:  # noqa: BLE001 (it is raised where the job was begun)
            failed = error
        with self._lock:
            del self._running[each.name]
            self._admit()
        self._ended.put((each.name, failed))

    def _give_up(self) -> None:
        """Whoever wants an end wants nothing more to be begun."""
        while self._waiting:
            each = self._waiting.popleft()
            self._ended.put((each.name, InterruptedByUserError(_interrupted("nothing more was begun"))))

    def _watch(self) -> None:
        while not self._closed.wait(_LOOKS_EVERY):
            taken, idle = self._meter.look(), self._meter.idle()
            with self._lock:
                self._running = {
                    name: (unit, max(need, taken.get(unit, 0))) if unit in taken else (unit, need)
                    for name, (unit, need) in self._running.items()
                }
                self._idle = idle
                self._admit()
            self._trace.count("memory", sum(taken.values()))
            self._trace.count("running", len(taken))


def _interrupted(what: str) -> Problem:
    return Problem("E311", f"interrupted: {what}", "the next run goes on from what is there")
