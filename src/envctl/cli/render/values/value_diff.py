"""Values as a person would write them in a settings file, and what differs between two of them."""

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile

from rich.cells import cell_len

from envctl.cli.render.terminal.text import cut, shortened
from envctl.cli.render.values.hcl_text import spelt
from envctl.cli.render.values.nested_diff import Line, extent, extents, inside

LEAD = 12
DIFF_LINES = 24


def brief(value: object, room: int) -> str:
    """One line at most: long values lose their middle, long documents are counted."""
    told = spelt(value)
    counted = extent(value) if cell_len(told) > room else ""
    return counted or shortened(told, room)


def from_to(before: object, after: object, room: int, wide: int) -> tuple[str, list[str]]:
    """The change as one line of `room` cells, and where that is too little as a block of lines of `wide` cells.

    The block says what differs inside of a document, or else has two lines around the place where long values begin
    to differ.
    """
    if lines := inside(before, after):
        return extents(before, after), _fitted(lines, wide)
    one, other = side(before), side(after)
    on_one_line = f"{one} → {other}"
    if cell_len(on_one_line) <= room:
        return on_one_line, []
    return "", [f"- {_side(before, one, other, wide - 2)}", f"+ {_side(after, other, one, wide - 2)}"]


def side(value: object) -> str:
    """What stands before or after a change."""
    return "(none)" if value is None else spelt(value)


def _side(value: object, text: str, other: str, room: int) -> str:
    counted = extent(value) if cell_len(text) > room else ""
    return counted or window(text, other, room)


def window(text: str, other: str, room: int) -> str:
    """The part of a long text where it begins to differ from the other one."""
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))))
    if same < room - LEAD:
        return cut(text, room)
    return cut("…" + text[same - LEAD :], room)


def _fitted(lines: Sequence[Line], room: int) -> list[str]:
    shown = [line for path, group in groupby(lines, lambda line: line.path) for line in _placed(path, [*group], room)]
    left = len(shown) - DIFF_LINES
    if left > 1:
        shown[DIFF_LINES:] = [cut(f"… and {left} more lines of the difference", room)]
    return shown


def _placed(path: str, lines: Sequence[Line], room: int) -> Iterator[str]:
    """Each with its place in front of it, or where that is too long, below it."""
    if path and all(cell_len(line.told) + 2 <= room for line in lines):
        yield from (f"{line.sign} {line.told}" for line in lines)
        return
    if path:
        yield f"  {shortened(path, room - 2)}"
    yield from (f"{line.sign} {_beside(lines, number, room - 2)}".rstrip() for number, line in enumerate(lines))


def _beside(lines: Sequence[Line], number: int, room: int) -> str:
    """A line, and where it is too long the part of it that differs from the line in whose place it stands."""
    line = lines[number]
    twin = number + (1 if line.sign == "-" else -1)
    other = lines[twin] if 0 <= twin < len(lines) else line
    paired = {line.sign, other.sign} == {"-", "+"}
    return window(line.text, other.text, room) if paired and cell_len(line.text) > room else cut(line.text, room)
