"""A crew under stress: many quick jobs that fail, and Ctrl-C at any moment. No end is lost, nobody waits for ever."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest

from envctl.adapters.terraform.scheduler.capacity import UNLIMITED, Limits, Machine
from envctl.adapters.terraform.scheduler.process_monitor import ProcessMonitor
from envctl.adapters.terraform.scheduler.worker_pool import WorkerPool
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.graph import transitive_closure
from envctl.usecases.concurrency.dag_runner import RunReport, Task, run_tasks
from envctl.usecases.ports.terraform import NO_TRACE

ROUNDS = 36
NAMES = [f"s{number}" for number in range(24)]
SECONDS = 20


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Whoever waits for ever is told so."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError("somebody waits for an end that does not come")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Round:
    """What happens in it is all by its number."""

    number: int
    watch: ProcessMonitor
    at_work: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    open: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)
        names = [NAMES[: at + 1] for at in range(len(NAMES))]
        self.needs = {
            earlier[-1]: tuple(
                self.chance.sample(earlier[:-1], min(len(earlier) - 1, self.chance.choice([0, 0, 1, 3])))
            )
            for earlier in names
        }
        self.limits = Limits(self.chance.choice([1, 2, 5])) if self.number % 2 else UNLIMITED
        self.stops = self.number % 3 == 0

    def job(self) -> None:
        with self.lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            fate, pause = self.chance.random(), self.chance.choice([0, 0, 0.0005, 0.002])
        time.sleep(pause)
        with self.lock:
            self.at_work -= 1
        if self.watch.stopping.stop_requested:
            raise InterruptedByUserError(Problem("E311", "interrupted"))
        if fate < 0.03:
            raise OperationFailedError(Problem("E305", "no"))

    def steps(self, name: str) -> Task:
        self.open.add(name)
        try:
            yield self.job
            yield self.job
            self.ended.append(name)
        finally:
            self.open.remove(name)

    def goes(self) -> RunReport:
        with WorkerPool(Machine(2, 1 << 40), self.limits, self.watch).accept_jobs() as crew:
            if self.stops:
                threading.Timer(self.chance.random() * 0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
            course = run_tasks(crew, self.needs, self.steps)
            if self.stops:
                # Until it has come, so that the next round does not get it.
                while not self.watch.stopping.stop_requested:
                    time.sleep(0.001)
        return course


def test_each_task_ends_exactly_once_under_stress(tmp_path: Path) -> None:
    stopped = 0
    with no_longer_than(SECONDS):
        for number in range(ROUNDS):
            this = Round(number, ProcessMonitor(tmp_path, NO_TRACE))
            course = this.goes()
            told = [*course.done, *course.failed, *course.skipped]
            assert sorted(told) == sorted(NAMES)
            assert list(course.done) == this.ended
            assert (this.open, this.at_work) == (set(), 0)
            assert this.limits.parallelism is None or this.most <= this.limits.parallelism
            assert all(told.index(need) < told.index(name) for name in course.done for need in this.needs[name])
            if course.stopped_by is None:
                kept_back = {n for n in NAMES if transitive_closure(this.needs, this.needs[n]) & set(course.failed)}
                assert set(course.skipped) == kept_back
            stopped += course.stopped_by is not None
    assert 0 < stopped < ROUNDS


def test_error_at_any_moment_leaves_no_process(tmp_path: Path) -> None:
    with no_longer_than(SECONDS):
        for number in range(1, ROUNDS):
            this = Round(number, ProcessMonitor(tmp_path, NO_TRACE))
            with (
                pytest.raises(ZeroDivisionError),
                WorkerPool(Machine(2, 1 << 40), UNLIMITED, this.watch).accept_jobs() as crew,
            ):
                for name in NAMES:
                    crew.submit(name, this.job)
                for _ in range(number % len(NAMES)):
                    crew.wait_for_job()
                raise ZeroDivisionError
            assert this.at_work == 0


def test_early_stop_starts_no_job(tmp_path: Path) -> None:
    watch = ProcessMonitor(tmp_path, NO_TRACE)
    this = Round(1, watch)
    with no_longer_than(SECONDS), WorkerPool(Machine(2, 1 << 40), UNLIMITED, watch).accept_jobs() as crew:
        os.kill(os.getpid(), signal.SIGINT)
        course = run_tasks(crew, this.needs, this.steps)
    assert isinstance(course.stopped_by, InterruptedByUserError)
    assert (set(course.skipped), this.most) == (set(NAMES), 0)
