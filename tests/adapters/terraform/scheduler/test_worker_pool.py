"""Several jobs at once, with a machine that is told what it has."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.process import run_process
from envctl.adapters.terraform.scheduler.capacity import DEFAULT_SHARED_MEMORY, UNLIMITED, Limits, Machine
from envctl.adapters.terraform.scheduler.process_monitor import Measurements, ProcessMonitor
from envctl.adapters.terraform.scheduler.usage_meter import UnitUsage
from envctl.adapters.terraform.scheduler.worker_pool import WorkerPool
from envctl.domain.errors import InterruptedByUserError
from envctl.usecases.ports.terraform import NO_TRACE
from tests.adapters.terraform.warm.conftest import wait_until

PLENTY = Machine(8, 1 << 40)
SLEEPS = [sys.executable, "-I", "-S", "-c", "import time; print('ready', flush=True); time.sleep(30)"]


@pytest.fixture
def watch(tmp_path: Path) -> ProcessMonitor:
    return ProcessMonitor(tmp_path, NO_TRACE)


def ends(crew: WorkerPool, count: int) -> dict[str, BaseException | None]:
    return dict(crew.wait_for_job() for _ in range(count))


def test_jobs_run_concurrently_and_each_end_is_reported(watch: ProcessMonitor) -> None:
    together = threading.Barrier(3, timeout=10)

    def meets() -> None:
        together.wait()

    with WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        for name in "abc":
            crew.submit(name, meets)
        assert ends(crew, 3) == {"a": None, "b": None, "c": None}
    assert crew.max_running == 3


def test_ended_job_is_known_until_it_is_fetched(watch: ProcessMonitor) -> None:
    goes_on = threading.Event()

    def wait() -> None:
        goes_on.wait(10)

    with WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        crew.submit("a", lambda: None)
        crew.submit("b", lambda: None)
        crew.submit("c", wait)
        ends(crew, 1)
        wait_until(crew.has_ended_job, seconds=10)
        ends(crew, 1)
        assert not crew.has_ended_job()
        goes_on.set()
        assert ends(crew, 1) == {"c": None}


def test_failed_job_does_not_affect_other_jobs(watch: ProcessMonitor) -> None:
    fault = ZeroDivisionError()

    def fails() -> None:
        raise fault

    with WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        crew.submit("a", fails)
        crew.submit("b", lambda: None)
        assert ends(crew, 2) == {"a": fault, "b": None}


def test_concurrency_stays_within_the_limit(watch: ProcessMonitor) -> None:
    counted, most, lock = 0, 0, threading.Lock()

    def counts() -> None:
        nonlocal counted, most
        with lock:
            counted += 1
            most = max(most, counted)
        time.sleep(0.02)
        with lock:
            counted -= 1

    with WorkerPool(PLENTY, Limits(parallelism=2), watch).accept_jobs() as crew:
        for number in range(8):
            crew.submit(str(number), counts)
        ends(crew, 8)
    assert most == 2


def test_longest_job_starts_first(watch: ProcessMonitor, tmp_path: Path) -> None:
    (tmp_path / "measured.json").write_text('{"dev/a": [1.0, 1000], "dev/b": [9.0, 1000], "dev/c": [5.0, 1000]}')
    begun: list[str] = []
    with WorkerPool(PLENTY, Limits(parallelism=1), watch).accept_jobs() as crew:
        for name in "abc":
            crew.submit(name, lambda name=name: begun.append(name), f"dev/{name}")  # type: ignore[misc]
        ends(crew, 3)
    assert begun == ["b", "c", "a"]


def test_measured_memory_limits_concurrency(watch: ProcessMonitor, tmp_path: Path) -> None:
    (tmp_path / "measured.json").write_text('{"dev/a": [1.0, 600], "dev/b": [1.0, 600], "dev/c": [1.0, 300]}')
    with WorkerPool(PLENTY, Limits(memory=DEFAULT_SHARED_MEMORY + 1000), watch).accept_jobs() as crew:
        for name in "abc":
            crew.submit(name, lambda: time.sleep(0.05), f"dev/{name}")
        ends(crew, 3)
    assert crew.max_running == 2


def test_waiting_processes_limit_concurrency_too(watch: ProcessMonitor, tmp_path: Path) -> None:
    (tmp_path / "measured.json").write_text('{"dev/a": [1.0, 600], "dev/b": [1.0, 600], "dev/c": [1.0, 300]}')
    watch.meter.waiting["dev/d"] = (os.getpid(),)
    watch.meter.sample_memory()
    assert watch.meter.waiting_memory > 0
    with WorkerPool(PLENTY, Limits(memory=DEFAULT_SHARED_MEMORY + 1000), watch).accept_jobs() as crew:
        for name in "abc":
            crew.submit(name, lambda: time.sleep(0.05), f"dev/{name}")
        ends(crew, 3)
    assert crew.max_running == 1


def test_process_beside_counts_for_its_unit(watch: ProcessMonitor) -> None:
    with watch.meter.watch_process(os.getppid(), "dev/a", (os.getpid(),)) as usage:
        watch.meter.sample_memory()
    assert {os.getpid(), os.getppid()} <= usage.processes


@pytest.mark.slow
def test_interruption_stops_running_jobs_and_starts_none(watch: ProcessMonitor, tmp_path: Path) -> None:
    ready = threading.Barrier(3, timeout=20, action=lambda: os.kill(os.getpid(), signal.SIGINT))
    interrupted: list[str] = []

    def on_line(_line: str) -> None:
        ready.wait()

    def sleeps(name: str) -> None:
        told = run_process(SLEEPS, tmp_path, {}, on_line, writes=True, stopping=watch.stopping)
        if told.interrupted:
            interrupted.append(name)

    began = time.monotonic()
    with WorkerPool(PLENTY, Limits(parallelism=3), watch).accept_jobs() as crew:
        for name in "abcd":
            crew.submit(name, lambda name=name: sleeps(name))  # type: ignore[misc]
        found = ends(crew, 4)
    assert sorted(interrupted) == ["a", "b", "c"]
    assert isinstance(found.pop("d"), InterruptedByUserError)
    assert found == {"a": None, "b": None, "c": None}
    assert time.monotonic() - began < 20


def test_interruption_is_deferred_except_during_a_question(watch: ProcessMonitor) -> None:
    with WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        os.kill(os.getpid(), signal.SIGINT)
        # Half-way through an entry of the ledger, say.
        time.sleep(0.05)
        with pytest.raises(KeyboardInterrupt), crew.interruptible_prompt():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        crew.submit("a", lambda: None)
        assert isinstance(ends(crew, 1)["a"], InterruptedByUserError)


def test_error_beside_the_pool_stops_running_jobs(watch: ProcessMonitor, tmp_path: Path) -> None:
    ready = threading.Event()
    stopped: list[bool] = []

    def sleeps() -> None:
        told = run_process(SLEEPS, tmp_path, {}, lambda line: ready.set(), writes=True, stopping=watch.stopping)
        stopped.append(told.interrupted)

    with pytest.raises(ZeroDivisionError), WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        crew.submit("a", sleeps)
        assert ready.wait(10)
        raise ZeroDivisionError
    assert stopped == [True]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nothing is measured here")
def test_memory_of_whole_process_tree_is_measured(watch: ProcessMonitor, tmp_path: Path) -> None:
    # A parent and a child with 64 MiB each of their own.
    script = "import os, sys, time\nheld = bytearray(os.urandom(1) * (64 << 20))\n"
    script += "if len(sys.argv) < 2:\n    import subprocess\n"
    script += "    subprocess.run([sys.executable, '-I', '-S', '-c', open('script').read(), 'child'])\n"
    script += "else:\n    print('ready', flush=True); time.sleep(0.5)\n"
    (tmp_path / "script").write_text(script)
    command = [sys.executable, "-I", "-S", "-c", script]
    measured: list[int] = []

    def follow() -> None:
        run_process(
            command,
            tmp_path,
            {},
            lambda line: None,
            writes=True,
            around=lambda process: watch.meter.watch_process(process, "dev/a"),
        )

    with WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        crew.submit("a", follow, "dev/a")
        while not measured or measured[-1] < 128 << 20:
            measured.append(watch.meter.sample_memory().get("dev/a", 0))
            assert len(measured) < 1000
            time.sleep(0.01)
        ends(crew, 1)
    assert 128 << 20 <= max(measured) < 300 << 20
    assert watch.meter.peak > max(measured), "envctl itself, and the code that they share, come on top"


def test_small_or_aborted_run_does_not_lower_measurement(tmp_path: Path) -> None:
    kept = Measurements(tmp_path / "measured.json")
    kept.add_measurement(UnitUsage(unit="dev/a", began=0.0, peak=1000, seconds=5.0), planned=True)
    # It was asked for its outputs, say, or killed before anybody looked.
    kept.add_measurement(UnitUsage(unit="dev/a", began=0.0, peak=100, seconds=1.0), planned=False)
    assert (kept.peak_memory("dev/a"), kept.plan_seconds("dev/a")) == (1000, 5.0)
    kept.add_measurement(UnitUsage(unit="dev/a", began=0.0, peak=2000, seconds=1.0), planned=False)
    assert (kept.peak_memory("dev/a"), kept.plan_seconds("dev/a")) == (2000, 5.0)
    kept.add_measurement(UnitUsage(unit="dev/a", began=0.0, peak=1000, seconds=5.0), planned=True)
    assert kept.peak_memory("dev/a") == 1700


def test_outcome_of_the_last_plan_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    file.write_text('{"dev/a": [1.0, 600]}')
    kept = Measurements(file)
    assert not kept.had_changes("dev/a")
    for unit in ("dev/a", "dev/new"):
        kept.record_changes(unit, changed=True)
    kept.add_measurement(UnitUsage(unit="dev/a", began=0.0, peak=1000, seconds=5.0), planned=True)
    kept.save()
    read = Measurements(file)
    assert read.had_changes("dev/a")
    assert read.had_changes("dev/new")
    assert (read.peak_memory("dev/a"), read.plan_seconds("dev/a")) == (1000, 5.0)
    read.record_changes("dev/a", changed=False)
    read.save()
    assert not Measurements(file).had_changes("dev/a")


def test_pause_lasts_its_time(watch: ProcessMonitor) -> None:
    with WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        began = time.monotonic()
        crew.submit("a", lambda: crew.pause(0.3))
        assert ends(crew, 1) == {"a": None}
    assert time.monotonic() - began >= 0.3


def test_interruption_ends_a_pause(watch: ProcessMonitor) -> None:
    with WorkerPool(PLENTY, UNLIMITED, watch).accept_jobs() as crew:
        waiting = threading.Event()

        def waits() -> None:
            waiting.set()
            crew.pause(60)

        crew.submit("a", waits)
        assert waiting.wait(10)
        os.kill(os.getpid(), signal.SIGINT)
        (error,) = ends(crew, 1).values()
    assert isinstance(error, InterruptedByUserError)
    assert error.problems[0].code == "E311"
