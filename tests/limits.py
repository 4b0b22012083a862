"""No test takes longer than its limit, whatever it waits for: pytest-timeout holds it to that.

The limit is that of the slowest kind of its markers; one that knows better has `@pytest.mark.timeout(seconds)`. At the
limit a test fails with the stack of each thread and with what it had started. Where even that can't be done, since
Python's main thread doesn't come back from what it has called, the process writes down its stacks and ends:
pytest-xdist, or tests/forks.py, then counts the test as failed, and goes on with the others.
"""

import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests import hanging

# Seconds, by marker, the longest first. Machines that have other things to do take several times as long as they could.
BY_MARKER = {
    "night": 3600,
    "index": 900,
    "terraform": 600,
    "image": 600,
    "node": 600,
    "sandbox": 300,
    "registry": 300,
    "browser": 300,
    "slow": 300,
}
DEFAULT_LIMIT = 120
# Of a test that looks for new random examples; and of any other at night, since many hold a law inside.
SEARCH_LIMIT = 3600
NIGHT_LIMIT = 1200
TEARDOWN = 300
# Past its limit, until the whole process ends.
GRACE = 60


def find_limit(item: pytest.Item) -> int:
    markers = {marker.name for marker in item.iter_markers()}
    limit = next((seconds for name, seconds in BY_MARKER.items() if name in markers), DEFAULT_LIMIT)
    if settings.get_current_profile_name() != "nightly":
        return limit
    return max(limit, SEARCH_LIMIT if "hypothesis" in markers else NIGHT_LIMIT)


def set_limits(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(find_limit(item)))


class LimitAlarm:
    """Hooks of pytest and of pytest-timeout, which decides whether there is a limit: there is none in a debugger.

    Attributes:
        errors: Where the last resort writes to: the errors of pytest itself, which it takes away from tests.
    """

    def __init__(self, errors: int) -> None:
        self.errors = errors
        self._is_set = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:
        if threading.current_thread() is not threading.main_thread():
            return None
        item.cancel_timeout = self._cancel_timer  # type: ignore[attr-defined]
        self._set_timer(settings.timeout)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """A failure has cancelled the timer, and what is torn down then can hang too."""
        if hasattr(item, "cancel_timeout") and not self._is_set:
            self._set_timer(TEARDOWN)
        return (yield)

    def _set_timer(self, seconds: float) -> None:
        def on_alarm(number: int, frame: object) -> None:
            __tracebackhide__ = True
            pytest.fail(f"it took longer than its limit of {seconds:g} s\n{describe_threads()}")

        signal.signal(signal.SIGALRM, on_alarm)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=self.errors)
        self._is_set = True

    def _cancel_timer(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        faulthandler.cancel_dump_traceback_later()
        self._is_set = False


def describe_threads() -> str:
    """Returns where each thread of this process stands, and all that it has started."""
    frames = sys._current_frames()
    told = []
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        stack = "".join(traceback.format_stack(frame, limit=-30)) if frame else ""
        told.append(f"--- thread {thread.name}\n{stack}")
    every = hanging.read_processes()
    known = {os.getpid()}
    while more := {number for number, each in every.items() if each.parent in known} - known:
        known |= more
    started = [every[number] for number in sorted(known - {os.getpid()})]
    return "\n".join([*told, hanging.describe_processes(started)])


def register_limits(config: pytest.Config) -> None:
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        errors = os.dup(2)
    config.pluginmanager.register(LimitAlarm(errors), "limits of tests")
