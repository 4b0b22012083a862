"""Texts measured, padded and cut in terminal cells."""

import unicodedata
from collections.abc import Iterable

from rich.cells import cell_len

from envctl.cli.render.text.escapes import escape_text


def shorten_middle(text: str, room: int) -> str:
    """Cut the middle of a text longer than `room` terminal cells."""
    if cell_len(text) <= room:
        return text
    tail = max(0, (room - 1) // 2)
    return f"{_fit_start(text, room - 1 - tail)}…{fit_end(text, tail)}"


def cut_end(text: str, room: int) -> str:
    return text if cell_len(text) <= room else f"{_fit_start(text, room - 1)}…"


def measure_width(texts: Iterable[str], limit: int) -> int:
    return min(limit, max((cell_len(escape_text(text)) for text in texts), default=0))


def pad_text(text: str, width: int) -> str:
    escaped = escape_text(text)
    return escaped + " " * (width - cell_len(escaped))


def _fit_start(text: str, room: int) -> str:
    """Return the longest prefix that fits, without splitting a letter from its combining marks."""
    end = len(text) if cell_len(text) <= room else min(len(text), max(0, room))
    end += next((more for more in range(len(text) - end) if cell_len(text[: end + more + 1]) > room), 0)
    while end and (cell_len(text[:end]) > room or _is_combining_mark(text[end : end + 1])):
        end -= 1
    return text[:end]


def fit_end(text: str, room: int) -> str:
    """Return the longest ending that fits, without splitting a letter from its combining marks."""
    start = max(0, len(text) - max(0, room))
    while start and cell_len(text[start - 1 :]) <= room:
        start -= 1
    while start < len(text) and (cell_len(text[start:]) > room or _is_combining_mark(text[start])):
        start += 1
    return text[start:]


def _is_combining_mark(character: str) -> bool:
    return bool(character) and unicodedata.category(character).startswith("M")
