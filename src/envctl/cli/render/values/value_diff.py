"""Values and changes of values, cut to the width of the terminal."""

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile

from rich.cells import cell_len

from envctl.cli.render.text.widths import cut_end, fit_end, shorten_middle
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.values.nested_diff import DiffLine, diff_contents, format_line_count, format_line_counts

CONTEXT_WIDTH = 12
MAX_DIFF_LINES = 24


def shorten_value(value: object, room: int) -> str:
    """Return one line: long values lose their middle, long documents show their line count."""
    text = format_hcl(value)
    counted = format_line_count(value) if cell_len(text) > room else ""
    return counted or shorten_middle(text, room)


def format_change(before: object, after: object, room: int, wide: int) -> tuple[str, list[str]]:
    """Return a change as one line of `room` cells, or as a block of lines of `wide` cells.

    The block is a diff of nested values, or two lines around the first difference of long values.
    """
    if lines := diff_contents(before, after):
        shown = [
            line for path, group in groupby(lines, lambda line: line.path) for line in _add_path(path, [*group], wide)
        ]
        left = len(shown) - MAX_DIFF_LINES
        if left > 1:
            shown[MAX_DIFF_LINES:] = [cut_end(f"… and {left} more lines of the difference", wide)]
        return format_line_counts(before, after), shown
    one, other = format_side(before), format_side(after)
    on_one_line = f"{one} → {other}"
    if cell_len(on_one_line) <= room:
        return on_one_line, []
    room = wide - 2
    counts = [
        format_line_count(value) if cell_len(text) > room else "" for value, text in ((before, one), (after, other))
    ]
    if counts[0] == counts[1]:
        # Equal counts show no difference.
        counts = ["", ""]
    sides = (crop_to_difference(one, other, room), crop_to_difference(other, one, room))
    return "", [f"{sign} {count or side}" for sign, count, side in zip("-+", counts, sides, strict=True)]


def format_side(value: object) -> str:
    """Format a value before or after a change."""
    return "(none)" if value is None else format_hcl(value)


def shorten_sides(before: object, after: object, room: int) -> tuple[str, str]:
    """Return both sides of a change, cut in the middle, or around their difference if that is in the middle."""
    one, other = format_side(before), format_side(after)
    sides = shorten_middle(one, room), shorten_middle(other, room)
    if sides[0] != sides[1]:
        return sides
    return crop_to_difference(one, other, room), crop_to_difference(other, one, room)


def crop_to_difference(text: str, other: str, room: int) -> str:
    """Cut a long text to the part around its first difference from `other`. Widths are cells: a letter may take two."""
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))))
    context = min(CONTEXT_WIDTH, max(0, room // 2 - 2))
    if cell_len(text[:same]) < room - CONTEXT_WIDTH or max(cell_len(text), cell_len(other)) <= room:
        return cut_end(text, room)
    return cut_end(f"…{fit_end(text[:same], context)}{text[same:]}", room)


def _add_path(path: str, lines: Sequence[DiffLine], room: int) -> Iterator[str]:
    """Yield lines with their path in front, or on a line above them if one is too long."""
    if path and all(cell_len(line.text_with_path) + 2 <= room for line in lines):
        yield from (f"{line.sign} {line.text_with_path}" for line in lines)
        return
    if path:
        yield f"  {shorten_middle(path, room - 2)}"
    yield from (f"{line.sign} {_fit_diff_line(lines, number, room - 2)}".rstrip() for number, line in enumerate(lines))


def _fit_diff_line(lines: Sequence[DiffLine], number: int, room: int) -> str:
    """Return a line, cut to its difference from the line it replaces if it is too long."""
    line, twin = lines[number], _find_twin(lines, number)
    if twin is not None and max(cell_len(line.text), cell_len(twin.text)) > room:
        return crop_to_difference(line.text, twin.text, room)
    return cut_end(line.text, room)


def _find_twin(lines: Sequence[DiffLine], number: int) -> DiffLine | None:
    """Return the line at the same place among the removed or added lines of one change."""
    signs = [line.sign for line in lines]
    sign = signs[number]
    if sign not in ("-", "+"):
        return None
    start = number
    while start and (signs[start - 1] == sign or (sign == "+" and signs[start - 1] == "-")):
        start -= 1
    removed = list(takewhile(lambda line: line.sign == "-", lines[start:]))
    added = list(takewhile(lambda line: line.sign == "+", lines[start + len(removed) :]))
    twins, place = (added, number - start) if sign == "-" else (removed, number - start - len(removed))
    return twins[place] if place < len(twins) else None
