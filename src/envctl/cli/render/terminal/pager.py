"""A pager for what a person reads before an answer: it runs no shell and no other program, and reads no settings.

Its lines have their control characters escaped before. It tells how far the person has read.
"""

import codecs
import os
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from typing import IO

from rich.cells import cell_len

_ENTER, _LEAVE, _CLEAR = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l", "\x1b[H\x1b[2J"
_REVERSE, _PLAIN = "\x1b[7m", "\x1b[0m"
_SEQUENCES = {
    "[A": "k", "[B": "j", "[5~": "b", "[6~": " ", "[H": "g", "[F": "G", "[1~": "g", "[4~": "G", "OA": "k", "OB": "j",
    "OH": "g", "OF": "G",
}  # fmt: skip
# Keys that are sequences come as a whole; Esc comes alone.
_ESCAPE_SECONDS = 0.05
# With the lines before it, it fits 80 columns.
HELP = "q: to the question  space b: on, back  / n N: search"


@dataclass
class Pager:
    """The position in the lines, moved by keys. `furthest` is the number of lines that were on the screen."""

    lines: Sequence[str]
    height: int
    _: KW_ONLY
    top: int = 0
    query: str = ""
    asked: str | None = None  # the search text while it is typed
    furthest: int = 0
    note: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.move_to(self.top)

    @property
    def room(self) -> int:
        return max(1, self.height - 1)

    def move_to(self, top: int) -> None:
        self.top = max(0, min(top, len(self.lines) - self.room))
        # Only what is read from the start on counts: a jump to the end skips.
        if self.top <= self.furthest:
            self.furthest = max(self.furthest, min(len(self.lines), self.top + self.room))

    def press(self, key: str) -> bool:
        """Return False if the person leaves."""
        self.note = ""
        if self.asked is not None:
            self._type(key)
            return True
        steps = {" ": self.room, "b": -self.room, "j": 1, "k": -1, "\r": 1, "\n": 1, "d": self.room // 2}
        match key:
            case "q" | "\x04":
                return False
            case "g":
                self.move_to(0)
            case "G":
                self.move_to(len(self.lines))
            case "/":
                self.asked = ""
            case "n" | "N":
                self._find(forward=key == "n")
            case _:
                self.move_to(self.top + steps.get(key, 0))
        return True

    def _type(self, key: str) -> None:
        typed = self.asked or ""
        if key in ("\r", "\n"):
            self.query, self.asked = typed or self.query, None
            self._find(forward=True)
        elif key == "\x1b":
            self.asked = None
        elif key in ("\x7f", "\b"):
            self.asked = typed[:-1]
        elif key.isprintable():
            self.asked = typed + key

    def _find(self, *, forward: bool) -> None:
        if not self.query:
            return
        wanted = self.query.lower()
        places = range(self.top + 1, len(self.lines)) if forward else range(self.top - 1, -1, -1)
        found = next((place for place in places if wanted in self.lines[place].lower()), None)
        if found is None:
            self.note = f"not found: {self.query}"
        else:
            self.move_to(found)

    def describe(self) -> str:
        """Return the last line of the screen."""
        if self.asked is not None:
            return f"/{self.asked}"
        end = min(len(self.lines), self.top + self.room)
        return self.note or f"lines {self.top + 1}-{end} of {len(self.lines)}  {HELP}"


def page_lines(lines: Sequence[tuple[str, str]], out: IO[str], keys: int) -> int:
    """Show lines with their escape codes (`{}` stands for the text) until the person leaves. `keys` is the terminal's
    descriptor. Return how many of them were on the screen, from the start on.
    """
    plain = [text for text, _ in lines]
    pager = Pager(plain, _measure(out)[1])
    with _raw_terminal(out, keys):
        is_open = True
        while is_open:
            width, pager.height = _measure(out)
            pager.move_to(pager.top)
            shown = lines[pager.top : pager.top + pager.room]
            body = "\r\n".join(style.format(_mark_found(text, pager.query)) for text, style in shown)
            blank = "\r\n" * (pager.room - len(shown))
            out.write(f"{_CLEAR}{body}{blank}\r\n{_REVERSE}{_cut(pager.describe(), width)}{_PLAIN}")
            out.flush()
            key = _read_key(keys)
            is_open = bool(key) and pager.press(key)
    return pager.furthest


def _mark_found(text: str, query: str) -> str:
    place = text.lower().find(query.lower()) if query else -1
    if place < 0:
        return text
    end = place + len(query)
    return f"{text[:place]}{_REVERSE}{text[place:end]}{_PLAIN}{text[end:]}"


def _cut(text: str, width: int) -> str:
    while cell_len(text) >= width:
        text = text[:-1]
    return text


def _measure(out: IO[str]) -> tuple[int, int]:
    size = os.get_terminal_size(out.fileno())
    # A serial line says neither.
    return size.columns or 80, max(2, size.lines or 24)


@contextmanager
def _raw_terminal(out: IO[str], keys: int) -> Iterator[None]:
    """Read single keys, and restore the terminal in any case. Ctrl-C still interrupts."""
    import termios
    import tty

    before = termios.tcgetattr(keys)
    try:
        tty.setcbreak(keys)
        out.write(_ENTER)
        yield
    finally:
        termios.tcsetattr(keys, termios.TCSADRAIN, before)
        out.write(_LEAVE)
        out.flush()


def _read_key(keys: int) -> str:
    """Return one key; empty at the end of the input."""
    read = os.read(keys, 1)
    if read == b"\x1b" and select.select([keys], [], [], _ESCAPE_SECONDS)[0]:
        sequence = os.read(keys, 1) + os.read(keys, 1)
        while sequence[-1:].isdigit() or sequence[-1:] == b";":
            sequence += os.read(keys, 1)
        return _SEQUENCES.get(sequence.decode("ascii", "replace"), "?")
    letters = codecs.getincrementaldecoder("utf-8")("replace")
    letter = letters.decode(read)
    while read and not letter:
        read = os.read(keys, 1)
        letter = letters.decode(read, final=not read)
    return letter


def can_page() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
