"""Looking again and again. What it costs to look, to show and to wait is handed in."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from envctl.cli.results import Seen, T
from envctl.domain.errors import EnvctlError


def watch(
    look: Callable[[], T],
    show: Callable[[Seen[T]], None],
    *,
    sleep: Callable[[], None],
    changed: Callable[[Seen[T], Seen[T]], bool],
    now: Callable[[], datetime],
) -> NoReturn:
    """Shows what it sees first, and from then on what has changed. A first look that fails is raised; a later one is
    shown with what was seen before it. It ends by whatever is raised, be it in `sleep`.
    """
    seen = Seen(look(), now())
    show(seen)
    while True:
        sleep()
        before, seen = seen, _again(look, seen, now)
        if changed(before, seen):
            show(seen)


def _again(look: Callable[[], T], seen: Seen[T], now: Callable[[], datetime]) -> Seen[T]:
    try:
        return Seen(look(), now())
    except EnvctlError as error:
        return replace(seen, error=error, failed_at=now())


@contextmanager
def pauses(seconds: float) -> Iterator[Callable[[], None]]:
    """Waits that long, or until the terminal has another size."""
    end, begin = os.pipe()
    os.set_blocking(begin, False)
    os.set_blocking(end, False)
    handler = signal.signal(signal.SIGWINCH, lambda *_: None)
    descriptor = signal.set_wakeup_fd(begin, warn_on_full_buffer=False)

    def pause() -> None:
        if select.select([end], [], [], seconds)[0]:
            os.read(end, 1 << 12)

    try:
        yield pause
    finally:
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGWINCH, handler)
        os.close(end)
        os.close(begin)
