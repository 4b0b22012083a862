"""`pytest --forks N`: one process collects the tests, and N that are split off it run them, file after file.

Each worker of pytest-xdist imports and collects all tests by itself, which takes as long as a twentieth of them. Here
that is done once. To plugins and fixtures these processes are workers of pytest-xdist: they have its names and its
folders. A test that ends its process fails, and another process runs the rest.
"""

import atexit
import importlib.util
import os
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from mmap import mmap
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

import pytest

OPTION = "--forks"
# Libraries in Go start threads as soon as they are loaded, and what is split off has none of them.
THREADED = ("pygohcl",)
# Seconds for what tests have started to end, once a run is stopped.
GRACE = 30
_NUMBER = struct.Struct("i")
_NONE = -1


@dataclass(eq=False)
class Worker:
    """A process that runs tests, as the first process sees it.

    Attributes:
        name: What pytest-xdist would call it.
        rest: The tests that it runs before it takes a file: those of a process that has ended.
        reports: Where its reports come from.
        running: A number that both processes see: the test that runs.
    """

    name: str
    rest: list[int]
    reports: Connection
    running: memoryview
    config: pytest.Config
    pid: int = 0
    workeroutput: dict[str, Any] = field(default_factory=dict)

    @property
    def gateway(self) -> SimpleNamespace:
        return SimpleNamespace(id=self.name)

    @property
    def workerinfo(self) -> dict[str, Any]:
        python = {"version_info": tuple(sys.version_info), "sysplatform": sys.platform, "executable": sys.executable}
        return {"id": self.name, **python}


class ForkedRun:
    """The loop over the tests, in the first process and in those that are split off."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._started = 0
        self.workers: list[Worker] = []
        self.files: list[list[int]] = []
        self.queue = _NONE

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed or session.config.option.collectonly:
            return None
        _check_forkable()
        self._queue_files(session.items)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        try:
            for _ in self.files[: self.count]:
                self._start_worker(session, [])
            while self.workers:
                ready = wait([worker.reports for worker in self.workers])
                for worker in [each for each in self.workers if each.reports in ready]:
                    self._receive_message(session, worker)
        finally:
            os.close(self.queue)
            self._stop_workers()
        return True

    def _queue_files(self, items: list[pytest.Item]) -> None:
        by_file = groupby(range(len(items)), lambda number: items[number].path)
        self.files = [list(numbers) for _, numbers in by_file]
        self.queue, end = os.pipe()
        os.write(end, b"".join(map(_NUMBER.pack, range(len(self.files)))))
        os.close(end)

    def _start_worker(self, session: pytest.Session, rest: list[int]) -> None:
        reports, sending = Pipe(duplex=False)
        running = memoryview(mmap(-1, _NUMBER.size)).cast("i")
        running[0] = _NONE
        worker = Worker(f"gw{self._started}", rest, reports, running, session.config)
        self._started += 1
        self.workers.append(worker)
        sys.stdout.flush()
        sys.stderr.flush()
        worker.pid = os.fork()
        if worker.pid == 0:
            _become_worker(session, worker, self, sending)
        sending.close()

    def _receive_message(self, session: pytest.Session, worker: Worker) -> None:
        try:
            kind, content = worker.reports.recv()
        except EOFError:
            self._replace_worker(session, worker)
            return
        if kind == "error":
            raise RuntimeError(content)
        if kind == "end":
            self._forget_worker(worker)
            worker.workeroutput = content
            session.config.hook.pytest_testnodedown(node=worker, error=None)
            return
        for data in content:
            self._log_report(session, worker, _unpack_report(session, data))

    def _log_report(self, session: pytest.Session, worker: Worker, report: pytest.TestReport) -> None:
        report.node = worker  # type: ignore[attr-defined]
        session.config.hook.pytest_runtest_logreport(report=report)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)

    def _replace_worker(self, session: pytest.Session, worker: Worker) -> None:
        """Fail the test that has ended its process, and let another one run the rest of its file."""
        status = self._forget_worker(worker)
        test = worker.running[0]
        if test == _NONE:
            raise RuntimeError(f"worker {worker.name!r} ended with {status} between two tests")
        file = next(file for file in self.files if test in file)
        item = session.items[test]
        message = f"worker {worker.name!r} crashed while running {item.nodeid!r}"
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", message, "???")  # type: ignore[arg-type]
        self._log_report(session, worker, report)
        self._start_worker(session, file[file.index(test) + 1 :])

    def _forget_worker(self, worker: Worker) -> int:
        self.workers.remove(worker)
        worker.reports.close()
        return os.waitpid(worker.pid, 0)[1]

    def _stop_workers(self) -> None:
        """End them before their time: what tests have started ends with their fixtures."""
        for worker in self.workers:
            worker.reports.close()
            os.kill(worker.pid, signal.SIGINT)
        end = time.monotonic() + GRACE
        for worker in self.workers:
            while os.waitpid(worker.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > end:
                    os.kill(worker.pid, signal.SIGKILL)
                time.sleep(0.05)


class _FileRunner:
    """The loop of one process that was split off: the rest of a file, and then file after file of the queue."""

    def __init__(self, session: pytest.Session, worker: Worker, run: ForkedRun, sending: Connection) -> None:
        self._session = session
        self._worker = worker
        self._run = run
        self._sending = sending
        self._reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)

    def run_tests(self) -> None:
        for tests in self._take_files():
            for test, after in zip_longest(tests, tests[1:]):
                self._run_test(test, after)
                if self._session.shouldfail or self._session.shouldstop:
                    return

    def _take_files(self) -> Iterator[list[int]]:
        yield self._worker.rest
        while data := os.read(self._run.queue, _NUMBER.size):
            yield self._run.files[_NUMBER.unpack(data)[0]]

    def _run_test(self, test: int, after: int | None) -> None:
        items: Any = self._session.items
        # Which file comes next is open: only what the session has set up stays.
        following = SimpleNamespace(listchain=lambda: [self._session]) if after is None else items[after]
        self._worker.running[0] = test
        self._session.config.hook.pytest_runtest_protocol(item=items[test], nextitem=following)
        self._worker.running[0] = _NONE
        self._sending.send(("reports", [_pack_report(self._session, test, report) for report in self._reports]))
        self._reports.clear()


def _become_worker(session: pytest.Session, worker: Worker, run: ForkedRun, sending: Connection) -> NoReturn:
    # The last that was registered runs first: what the first process does at its end, it does alone.
    atexit.register(os._exit, 0)
    runner = _FileRunner(session, worker, run, sending)
    try:
        _set_up_worker(session.config, worker, run)
        session.config.pluginmanager.register(runner, "reports of a fork")
        try:
            runner.run_tests()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        finally:
            session.config.hook.pytest_sessionfinish(session=session, exitstatus=int(bool(session.testsfailed)))
            session.config._ensure_unconfigure()
        sending.send(("end", session.config.workeroutput))  # type: ignore[attr-defined]
    except BaseException:  # noqa: BLE001 (the first process raises it)
        with suppress(OSError):
            sending.send(("error", traceback.format_exc()))
    finally:
        atexit._run_exitfuncs()
        os._exit(0)


def _set_up_worker(config: pytest.Config, worker: Worker, run: ForkedRun) -> None:
    config.pluginmanager.unregister(run)
    for other in run.workers:
        other.reports.close()
    os.environ["PYTEST_XDIST_WORKER"] = worker.name
    os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(run.count)
    config.workerinput = {"workerid": worker.name, "workercount": run.count}  # type: ignore[attr-defined]
    config.workeroutput = {}  # type: ignore[attr-defined]
    for name in ("terminalreporter", "terminalprogress-plugin"):
        if config.pluginmanager.hasplugin(name):
            config.pluginmanager.unregister(name=name)
    # The files that outputs go to are open in all processes, which would write over what others have written.
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    folders: Any = config._tmp_path_factory  # type: ignore[attr-defined]
    folders._given_basetemp = folders.getbasetemp() / worker.name
    folders._basetemp = None
    for name in THREADED:
        # Before tests do it in several threads at once.
        if isinstance(module := sys.modules[name], _LateModule):
            module.load()


def _pack_report(session: pytest.Session, test: int, report: pytest.TestReport) -> Any:
    """Return what makes the same report: for a test that passed, only what others don't have too."""
    is_plain = type(report) is pytest.TestReport and not hasattr(report, "wasxfail")
    if report.passed and is_plain and report.nodeid == session.items[test].nodeid:
        return test, report.when, report.sections, report.duration, report.start, report.stop, report.user_properties
    return session.config.hook.pytest_report_to_serializable(config=session.config, report=report)


def _unpack_report(session: pytest.Session, data: Any) -> pytest.TestReport:
    if isinstance(data, dict):
        report: pytest.TestReport = session.config.hook.pytest_report_from_serializable(
            config=session.config, data=data
        )
        return report
    test, when, *rest = data
    item = session.items[test]
    return pytest.TestReport(item.nodeid, item.location, {}, "passed", None, when, *rest)


def _check_forkable() -> None:
    tasks = Path("/proc/self/task")
    for _ in range(40):
        # The system still names a thread for a moment after it was joined.
        threads = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
        if threads == 1:
            return
        time.sleep(0.05)
    raise pytest.UsageError(f"{threads} threads before the first test: a module of tests starts them")


class _LateModule(ModuleType):
    """A module that is loaded by the first who uses what is in it; looking at all modules loads none."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.util.find_spec(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.load()
        return getattr(self, name)

    def load(self) -> None:
        if sys.modules[self.__name__] is self:
            del sys.modules[self.__name__]
            self.__dict__.update(vars(importlib.import_module(self.__name__)))


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, type=int, default=0, metavar="N", help="collect the tests once, and split off N processes")


def register_forks(config: pytest.Config) -> None:
    if count := config.getoption(OPTION):
        for name in THREADED:
            if name not in sys.modules:
                sys.modules[name] = _LateModule(name)
        config.pluginmanager.register(ForkedRun(count), "forks")
        if terminal := config.pluginmanager.getplugin("terminalreporter"):
            # The files run at the same time: no line is that of one.
            terminal.showfspath = False
