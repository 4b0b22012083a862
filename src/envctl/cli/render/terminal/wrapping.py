"""Where a line may be broken: between words, and between the characters of a script that has no spaces."""

import re
from collections.abc import Iterator
from functools import cache

from rich.cells import cell_len, chop_cells
from rich.text import Text

# Chinese and Japanese. Korean has spaces.
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff01-\uff9f"
# These never begin a line, and those never end one.
_CLOSING = "、。，．・：；？！」』）］｝】〉》〕ー…々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;!?)"  # noqa: RUF001 (they are what they look like)
_OPENING = "「『（［｛【〈《〔("  # noqa: RUF001
_ADDRESS = r"\s*\S{1,64}[@＠]\S{1,64}\s*"  # noqa: RUF001


@cache
def _unbroken() -> re.Pattern[str]:
    """Compiled where it is needed, which takes as long as a third of all else that is drawn of a short answer."""
    wide = rf"\s*[{re.escape(_OPENING)}]*[{_WIDE}][{re.escape(_CLOSING)}]*\s*"
    return re.compile(rf"{_ADDRESS}|{wide}|\s*[^\s{_WIDE}]+[{re.escape(_CLOSING)}]*\s*|\s+")


def wrapped(text: Text, width: int) -> list[Text]:
    """Lines that fit, without spaces at their ends. Only what is wider than a whole line is broken within."""
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        paragraph.expand_tabs(8)
        for line in paragraph.divide(list(_breaks(paragraph.plain, max(1, width)))):
            line.rstrip()
            lines.append(line)
    return lines


def _breaks(line: str, width: int) -> Iterator[int]:
    if cell_len(line) <= width:
        return
    used = 0
    for found in _unbroken().finditer(line):
        part = found[0]
        room = cell_len(part.rstrip())
        if used and used + room > width:
            yield found.start()
            used = 0
        if room > width:
            chopped = chop_cells(part.rstrip(), width)
            position = found.start()
            for piece in chopped[:-1]:
                position += len(piece)
                yield position
            used = cell_len(chopped[-1]) + len(part) - len(part.rstrip())
        else:
            used += cell_len(part)
