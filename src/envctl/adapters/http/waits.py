"""Waits that Ctrl-C ends, whether a server answers or not. They are for requests that only look."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from envctl.domain.errors import InterruptedByUserError, Problem

_GRACE_SECONDS, _POLL_SECONDS = 2.0, 0.2
Item = TypeVar("Item")
Result = TypeVar("Result")


def await_call(call: Callable[[], Result]) -> Result:
    """Return the result of a call of compiled code, which would hold up a signal in the main thread until its end."""
    return _start_call(call).result() if threading.current_thread() is threading.main_thread() else call()


def await_until_stop(call: Callable[[], Result], is_stopping: Callable[[], bool], server: str) -> Result:
    """Return the result of a call to a server. Raises InterruptedByUserError if it has not ended soon after a stop."""
    result, ends_at = _start_call(call), float("inf")
    while not wait((result,), _POLL_SECONDS).done:
        if is_stopping():
            ends_at = min(ends_at, time.monotonic() + _GRACE_SECONDS)
        if time.monotonic() > ends_at:
            message = f"interrupted: envctl stopped waiting for {server}"
            raise InterruptedByUserError(Problem("E311", message, "nothing was changed: run the command again"))
    return result.result()


def map_in_threads(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> list[Result]:
    """Return the result of each item, several at once. After an interruption, no thread is waited for."""
    pool = ThreadPoolExecutor(threads)
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _start_call(call: Callable[[], Result]) -> Future[Result]:
    result = Future[Result]()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 (it is raised where the result is awaited)
            result.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return result
