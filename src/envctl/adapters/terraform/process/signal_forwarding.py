"""Forwarding of Ctrl-C, SIGTERM and SIGHUP: each Terraform is interrupted once. What writes stops cleanly."""

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from subprocess import Popen
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessStopper:
    """Stop one process. It is interrupted once: after a second signal Terraform drops its state."""

    def __init__(self, process: Popen[bytes], grace: float) -> None:
        self._process = process
        self._grace = grace
        self._first = threading.Lock()
        self.interrupted = False
        self._interrupted_at = math.inf
        self.killed = False
        self.announced = False
        self.timed_out = False

    def interrupt_once(self) -> None:
        # Called by the signal handler and by the thread of the process: the first call wins.
        if self._first.acquire(blocking=False):
            self._interrupted_at = time.monotonic()
            self.interrupted = True
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    def kill_late(self) -> None:
        """Kill the group of an interrupted process whose grace is over."""
        if not self.killed and time.monotonic() - self._interrupted_at > self._grace:
            self.killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def escalate_stop(self) -> None:
        """Interrupt a silent process; kill its group at the second call."""
        with contextlib.suppress(ProcessLookupError):
            if self.timed_out:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.send_signal(signal.SIGINT)
        self.timed_out = True


class SignalForwarder:
    """Forward signals, received in the main thread, to all processes, awaited in any thread.

    The handler takes no lock, because it interrupts the main thread at any point.
    """

    def __init__(self) -> None:
        self._stops: dict[int, ProcessStopper] = {}
        self._forwarding = False
        self._interrupts_allowed = False
        self._announced = False
        self._notice_lock = threading.Lock()
        self.stop_requested = False

    @contextlib.contextmanager
    def forward_signals(self) -> Iterator[None]:
        """Forward signals inside the block. Only the outermost block in the main thread has an effect."""
        if self._forwarding or threading.current_thread() is not threading.main_thread():
            yield
            return
        self.stop_requested = self._announced = False
        # Ignored signals (nohup) stay ignored.
        numbers = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        previous = {number: signal.signal(number, self._handle_signal) for number in numbers}
        self._forwarding = True
        try:
            yield
        finally:
            self._forwarding = False
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def allow_interrupts(self) -> Iterator[None]:
        """Let a signal interrupt the main thread too, at a prompt. Elsewhere it could cut off a ledger entry."""
        before, self._interrupts_allowed = self._interrupts_allowed, True
        try:
            yield
        finally:
            self._interrupts_allowed = before

    @contextlib.contextmanager
    def track_process(self, process: Popen[bytes], grace: float) -> Iterator[ProcessStopper]:
        """Forward signals to this process inside the block, and a stop requested right before. It has `grace` seconds
        to end.
        """
        stop = ProcessStopper(process, grace)
        self._stops[process.pid] = stop
        try:
            if self.stop_requested and self._forwarding:
                stop.interrupt_once()
            yield stop
        finally:
            del self._stops[process.pid]

    def claim_notice(self) -> bool:
        """Return True for the first caller, the only one to announce the stop."""
        with self._notice_lock:
            first, self._announced = not self._announced, True
        return first

    def stop_all(self) -> None:
        """Interrupt all running processes, as a signal would."""
        self.stop_requested = True
        for stop in tuple(self._stops.values()):
            stop.interrupt_once()

    def _handle_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop_all()
        if self._interrupts_allowed:
            raise KeyboardInterrupt
