"""Tables without borders: columns as wide as their content, the last one takes the remaining width."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.text import print_nowrap, to_text
from envctl.cli.render.terminal.wrapping import wrap_text

COLUMN_GAP = "  "
Row = Sequence[Text]


def print_columns(heads: Sequence[str], rows: Sequence[Row], out: Console, max_width: int) -> None:
    """Print rows below their heads. Columns before the last are at most `max_width` wide; numbers are right-aligned."""
    all_rows = [[to_text(head, "dim") for head in heads], *rows]
    widths = [min(max_width, width) for width in measure_columns(heads, rows)]
    widths[-1] = max(1, out.width - sum(widths[:-1]) - len(COLUMN_GAP) * (len(widths) - 1))
    for row in all_rows:
        cells = [wrap_text(cell, width) for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*cells, fillvalue=Text()):
            line_text = Text(COLUMN_GAP).join(_pad_cell(cell, width) for cell, width in zip(line, widths, strict=True))
            line_text.rstrip()
            print_nowrap(out, line_text)


def measure_columns(heads: Sequence[str], rows: Sequence[Row]) -> list[int]:
    return [max(cell.cell_len for cell in column) for column in zip([Text(h) for h in heads], *rows, strict=True)]


def _pad_cell(cell: Text, width: int) -> Text:
    space = " " * (width - cell.cell_len)
    return Text(space).append_text(cell) if cell.plain.isdecimal() or cell.plain == "#" else cell.copy().append(space)
