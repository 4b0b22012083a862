"""The loop of `envctl status --watch`. Reading, rendering and waiting are passed in."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from envctl.cli.results import Observation, T
from envctl.domain.errors import EnvctlError


def show_changes(
    read: Callable[[], T],
    show: Callable[[Observation[T]], None],
    *,
    sleep: Callable[[], None],
    changed: Callable[[Observation[T], Observation[T]], bool],
    now: Callable[[], datetime],
) -> NoReturn:
    """Show the first value, and later ones on change. A failure of the first read is raised; later failures are shown
    with the last value. Ends only by an exception, for example of `sleep`.
    """
    latest = Observation(read(), now())
    show(latest)
    while True:
        sleep()
        before, latest = latest, _read_again(read, latest, now)
        if changed(before, latest):
            show(latest)


def _read_again(read: Callable[[], T], before: Observation[T], now: Callable[[], datetime]) -> Observation[T]:
    try:
        return Observation(read(), now())
    except EnvctlError as error:
        return replace(before, error=error, failed_at=now())


@contextmanager
def interval_sleep(seconds: float) -> Iterator[Callable[[], None]]:
    """Yield a function that sleeps for `seconds`, or until a resize of the terminal."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    handler = signal.signal(signal.SIGWINCH, lambda *_: None)
    descriptor = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def sleep() -> None:
        if select.select([reader], [], [], seconds)[0]:
            os.read(reader, 1 << 12)

    try:
        yield sleep
    finally:
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGWINCH, handler)
        os.close(reader)
        os.close(writer)
