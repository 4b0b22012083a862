"""Ctrl-C, SIGTERM and a closed terminal: each Terraform that runs is told once, and stops cleanly."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from subprocess import Popen
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """For one process. It is told the first time only: a second signal makes Terraform drop its state."""

    def __init__(self, process: Popen[bytes]) -> None:
        self._process = process
        self._first = threading.Lock()
        self.asked = False
        self.told = False
        self.gave_up = False

    def ask(self) -> None:
        # From a signal handler as well as from the thread that has just started the process: whoever comes first.
        if self._first.acquire(blocking=False):
            self.asked = True
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    def give_up(self) -> None:
        """As Ctrl-C would, and where that does not help, for good."""
        with contextlib.suppress(ProcessLookupError):
            if self.gave_up:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.send_signal(signal.SIGINT)
        self.gave_up = True


class Stopping:
    """All processes that have to be told. Signals come to the main thread; processes may be waited for in others.

    The handler takes no lock: it runs in between whatever the main thread does.
    """

    def __init__(self) -> None:
        self._stops: dict[int, Stop] = {}
        self._heeding = False
        self._interrupting = False
        self._told = False
        self._telling = threading.Lock()
        self.asked = False

    @contextlib.contextmanager
    def heeded(self) -> Iterator[None]:
        """While it lasts, signals go to the processes. In the main thread alone, and the outermost time only: in other
        threads it changes nothing.
        """
        if self._heeding or threading.current_thread() is not threading.main_thread():
            yield
            return
        self.asked = self._told = False
        # What is ignored (nohup) stays ignored.
        heeded = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
        previous = {number: signal.signal(number, self._handle) for number in heeded}
        self._heeding = True
        try:
            yield
        finally:
            self._heeding = False
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """While it lasts, a signal interrupts what the main thread does as well: a question to a person, say. All else
        there may be half-way through a record of what was done.
        """
        before, self._interrupting = self._interrupting, True
        try:
            yield
        finally:
            self._interrupting = before

    @contextlib.contextmanager
    def told(self, process: Popen[bytes]) -> Iterator[Stop]:
        """The process is told of a stop, be it one that was asked for right before."""
        stop = Stop(process)
        self._stops[process.pid] = stop
        try:
            if self.asked and self._heeding:
                stop.ask()
            yield stop
        finally:
            del self._stops[process.pid]

    def first_told(self) -> bool:
        """Whether nobody has said yet that all stop: once is enough, however many do."""
        with self._telling:
            first, self._told = not self._told, True
        return first

    def ask(self) -> None:
        """Tells all that run, as a signal would."""
        self.asked = True
        for stop in tuple(self._stops.values()):
            stop.ask()

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        self.ask()
        if self._interrupting:
            raise KeyboardInterrupt
