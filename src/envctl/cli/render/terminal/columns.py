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
    """Print rows below their heads. Numbers are right-aligned; columns before the last are at most `max_width` wide."""
    all_rows = [[to_text(head, "dim") for head in heads], *rows]
    widths = [min(max_width, width) for width in measure_columns(heads, rows)]
    widths[-1] = max(1, out.width - sum(widths[:-1]) - len(COLUMN_GAP) * (len(widths) - 1))
    numeric = [all(cell.plain.isdecimal() for cell in column) for column in zip(*rows, strict=True)]
    for row in all_rows:
        cells = [wrap_text(cell, width) for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*cells, fillvalue=Text()):
            line_text = Text(COLUMN_GAP).join(map(_pad_cell, line, widths, numeric))
            line_text.rstrip()
            print_nowrap(out, line_text)


def measure_columns(heads: Sequence[str], rows: Sequence[Row]) -> list[int]:
    columns = zip([to_text(head) for head in heads], *rows, strict=True)
    return [max(line.cell_len for cell in column for line in cell.split("\n", allow_blank=True)) for column in columns]


def measure_table(heads: Sequence[str], rows: Sequence[Row]) -> int:
    """Return the width of a table with every cell on one line."""
    return sum(measure_columns(heads, rows)) + len(COLUMN_GAP) * (len(heads) - 1)


def _pad_cell(cell: Text, width: int, is_number: bool) -> Text:
    space = " " * (width - cell.cell_len)
    return Text(space).append_text(cell) if is_number else cell.copy().append(space)
