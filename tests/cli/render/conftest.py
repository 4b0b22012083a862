"""A console of any width that keeps what it is told, on a machine whose clock shows UTC."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console

Told = Callable[[], str]


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """On a machine whose clock shows the time of that zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    with in_zone("UTC"):
        yield


def console(
    width: int = 80, *, terminal: bool = False, height: int = 30, clock: Callable[[], float] | None = None
) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=terminal,
        color_system="truecolor" if terminal else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        get_time=clock,
        _environ={},
    )


def told(out: Console) -> str:
    file = out.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()
