"""Rows whose cells stand in columns, as wide as what is in them; the last one takes what room is left."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.text import plain, whole
from envctl.cli.render.terminal.wrapping import wrapped

BETWEEN = "  "
Row = Sequence[Text]


def columns(heads: Sequence[str], rows: Sequence[Row], out: Console, most: int) -> None:
    """No column but the last is wider than `most` cells. Numbers stand to the right."""
    all_rows = [[plain(head, "dim") for head in heads], *rows]
    widths = [min(most, width) for width in natural_widths(heads, rows)]
    widths[-1] = max(1, out.width - sum(widths[:-1]) - len(BETWEEN) * (len(widths) - 1))
    for row in all_rows:
        cells = [wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*cells, fillvalue=Text()):
            told = Text(BETWEEN).join(_filled(cell, width) for cell, width in zip(line, widths, strict=True))
            told.rstrip()
            whole(out, told)


def natural_widths(heads: Sequence[str], rows: Sequence[Row]) -> list[int]:
    return [max(cell.cell_len for cell in column) for column in zip([Text(h) for h in heads], *rows, strict=True)]


def _filled(cell: Text, width: int) -> Text:
    space = " " * (width - cell.cell_len)
    return Text(space).append_text(cell) if cell.plain.isdecimal() or cell.plain == "#" else cell.copy().append(space)
