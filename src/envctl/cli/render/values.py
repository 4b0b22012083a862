"""Values as a person would write them in a settings file, and what differs between two of them."""

import difflib
import json
from collections.abc import Mapping
from itertools import takewhile

from rich.cells import cell_len

from envctl.cli.render.text import cut, shortened, visible
from envctl.domain.changes import Marker
from envctl.domain.literals import literal

LEAD = 12
DIFF_LINES = 12


def spelt(value: object) -> str:
    """In HCL, on one line. What stands for a hidden value is not quoted, so that it can't be taken for a value."""
    match value:
        case Marker():
            return value.value
        case Mapping():
            return f"{{{', '.join(f'{_key(key)} = {spelt(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(spelt(item) for item in value)}]"
        case _:
            return visible(literal(value))


def _key(key: object) -> str:
    return visible(literal({str(key): None})[1 : -len(" = null}")])


def brief(value: object, room: int) -> str:
    """One line at most: long values lose their middle, long documents are counted."""
    lines = _lines(value)
    if lines and cell_len(spelt(value)) > room:
        return f"({len(lines)} lines)"
    return shortened(spelt(value), room)


def from_to(before: object, after: object, room: int, wide: int) -> tuple[str, list[str]]:
    """The change as one line of `room` cells, and where that is too little as a block of lines of `wide` cells.

    The block is a small diff of a document, or else two lines around the place where long values begin to differ.
    """
    one, other = side(before), side(after)
    on_one_line = f"{one} → {other}"
    if cell_len(on_one_line) <= room:
        return on_one_line, []
    documents = _lines(before), _lines(after)
    if all(documents):
        return f"({len(documents[0])} lines → {len(documents[1])} lines)", _diff(*documents, wide)
    sides = (("-", before, one, other), ("+", after, other, one))
    return "", [f"{sign} {_window(value, text, against, wide - 2)}" for sign, value, text, against in sides]


def side(value: object) -> str:
    """What stands before or after a change."""
    return "(none)" if value is None else spelt(value)


def _window(value: object, text: str, other: str, room: int) -> str:
    """The part of a long value where it begins to differ from the other one."""
    if _lines(value) and cell_len(text) > room:
        return brief(value, room)
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))))
    if same < room - LEAD:
        return cut(text, room)
    return cut("…" + text[same - LEAD :], room)


def _lines(value: object) -> list[str]:
    """The lines of a text that has several, and of a JSON document spread out; none for anything else."""
    if not isinstance(value, str) or isinstance(value, Marker):
        return []
    if value.startswith(("{", "[")):
        try:
            return json.dumps(json.loads(value), indent=2, ensure_ascii=False, sort_keys=True).splitlines()
        except ValueError:
            pass
    lines = value.splitlines()
    return lines if len(lines) > 1 else []


def _diff(before: list[str], after: list[str], room: int) -> list[str]:
    changed = [
        cut(f"{line[0]} {visible(line[1:]).rstrip()}", room)
        for line in difflib.unified_diff(before, after, n=1, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    left = len(changed) - DIFF_LINES
    if left > 1:
        changed[DIFF_LINES:] = [f"… and {left} more lines of the difference"]
    return changed
