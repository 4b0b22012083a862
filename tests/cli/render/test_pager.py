"""The pager moves by keys, counts what was read, and leaves the terminal as it was."""

import os
import pty
import sys
import termios
import threading
from collections.abc import Iterator

import pytest

from envctl.cli.render.terminal import pager
from envctl.cli.render.terminal.pager import Pager, page_lines

LINES = [f"line {number}" for number in range(100)]
PRESSED = {
    "a page on": (" ", 9, 18),
    "two pages on and one back": ("  b", 9, 27),
    "a line on": ("j", 1, 10),
    "before the start": ("bk", 0, 9),
    "to the end, which skips": ("G", 91, 9),
    "to the end and to the start": ("Gg", 0, 9),
    "past the end": (" " * 30, 91, 100),
    "a search": ("/line 42\r", 42, 9),
    "the next one": ("/line 4\rn", 40, 13),
    "one before": ("/line 4\rnnN", 40, 13),
    "a search in other case": ("/LINE 5\r", 5, 14),
    "a search that is corrected": ("/line 43\x7f2\r", 42, 9),
    "a search that is left": ("/line\x1bj", 1, 10),
    "keys without meaning": ("xyz?", 0, 9),
}


@pytest.mark.parametrize(("keys", "top", "read"), PRESSED.values(), ids=PRESSED)
def test_keys_move_the_page(keys: str, top: int, read: int) -> None:
    paged = Pager(LINES, 10)
    assert all(paged.press(key) for key in keys)
    assert (paged.top, paged.furthest) == (top, read)


def test_search_without_result_says_so() -> None:
    paged = Pager(LINES, 10)
    for key in "/nothing\r":
        paged.press(key)
    assert paged.describe() == "not found: nothing"
    assert paged.top == 0


@pytest.mark.parametrize("key", ["q", "\x04"])
def test_person_can_leave(key: str) -> None:
    assert not Pager(LINES, 10).press(key)


@pytest.mark.parametrize("height", [0, 1, 2, 500])
def test_any_window_shows_a_line(height: int) -> None:
    paged = Pager(LINES, height)
    assert 1 <= paged.furthest <= 100
    assert paged.press(" ")


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    person, program = pty.openpty()
    termios.tcsetwinsize(program, (10, 40))
    yield person, program
    os.close(person)
    os.close(program)


def watch(person: int, keys: bytes = b"") -> tuple[list[bytes], threading.Thread]:
    """Read the screen all the time, since a full terminal would stop the program, and type once it is drawn."""
    seen = list[bytes]()

    def read() -> None:
        typed = False
        while b"\x1b[?1049l" not in b"".join(seen):
            seen.append(os.read(person, 65_536))
            if not typed and b"lines 1-9" in b"".join(seen):
                typed = True
                os.write(person, keys)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return seen, thread


def test_real_terminal_is_restored(terminal: tuple[int, int]) -> None:
    person, program = terminal
    before = termios.tcgetattr(program)
    # Space, page down, a letter of two bytes in a search, and the end.
    seen, thread = watch(person, b" \x1b[6~/\xc3\xa9\rq")
    with os.fdopen(os.dup(program), "w") as out:
        read = page_lines([(line, "\x1b[31m{}\x1b[0m") for line in LINES], out, program)
    thread.join(5)
    screen = b"".join(seen).decode()
    assert read == 27
    assert "line 26" in screen and "not found: \u00e9" in screen
    assert termios.tcgetattr(program) == before


def test_terminal_without_a_size_has_the_usual_one(terminal: tuple[int, int]) -> None:
    _, program = terminal
    termios.tcsetwinsize(program, (0, 0))
    with os.fdopen(os.dup(program), "w") as out:
        assert pager._measure(out) == (80, 24)


def test_interrupted_pager_restores_terminal(terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    person, program = terminal
    before = termios.tcgetattr(program)
    seen, thread = watch(person)

    def interrupt(_keys: int) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(pager, "_read_key", interrupt)
    with os.fdopen(os.dup(program), "w") as out, pytest.raises(KeyboardInterrupt):
        page_lines([(line, "{}") for line in LINES], out, program)
    thread.join(5)
    assert termios.tcgetattr(program) == before
    assert seen


def test_dumb_terminal_has_no_pager(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert not pager.can_page()
    monkeypatch.setenv("TERM", "xterm")
    assert pager.can_page()


def test_keys_fit_eighty_columns() -> None:
    paged = Pager([""] * 9999, 30, top=9900)
    assert "search" in paged.describe()
    assert len(paged.describe()) < 80
