"""A console of any width that keeps what it is told, on a machine whose clock shows UTC."""

import io
import time
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

Told = Callable[[], str]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


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
