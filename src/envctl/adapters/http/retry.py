"""Attempts that may fare better later: how many, and how long to wait between them."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")


class TemporaryError(Exception):
    """An attempt failed, and the next one may not. `last` is raised if there is no next one. `pause` is how long the
    server wants to be left alone, in seconds; 0 if it does not say.
    """

    def __init__(self, last: Exception, pause: float = 0.0) -> None:
        super().__init__(str(last))
        self.last = last
        self.pause = pause


def retry(
    attempt: Callable[[], T],
    attempts: int,
    *,
    pause: float = 0.5,
    longest: float = 10.0,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Return what the first successful attempt returns. Raises the `last` of the last TemporaryError."""
    pauses = list_pauses(pause, longest)
    for _ in range(attempts - 1):
        try:
            return attempt()
        except TemporaryError as error:
            usual = next(pauses)
            sleep(min(error.pause or usual, longest))
    try:
        return attempt()
    except TemporaryError as error:
        raise error.last from None


def list_pauses(first: float, longest: float, jitter: float = 0.25) -> Iterator[float]:
    """Yield the seconds before each further attempt: doubled each time, with jitter against a second collision."""
    while True:
        yield min(first * random.uniform(1 - jitter, 1 + jitter), longest)  # noqa: S311
        first = min(2 * first, longest)


def read_wanted_pause(headers: Mapping[str, str]) -> float:
    """Return the seconds of `Retry-After`; 0 if the server gives none."""
    wanted = headers.get("Retry-After", "")
    return float(wanted) if wanted.isascii() and wanted.isdigit() else 0.0
