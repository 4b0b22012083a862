"""Line wrapping between words, and between the characters of scripts without spaces."""

import re
from collections.abc import Iterator
from functools import cache

from rich.cells import cell_len, chop_cells
from rich.text import Text

# Chinese and Japanese. Korean has spaces.
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff01-\uff9f"
# Characters that never begin a line, and characters that never end one.
_NEVER_FIRST = "、。，．・：；？！」』）］｝】〉》〕ー…々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;!?)"  # noqa: RUF001 (they are what they look like)
_NEVER_LAST = "「『（［｛【〈《〔("  # noqa: RUF001
_ADDRESS = r"\s*\S{1,64}[@＠]\S{1,64}\s*"  # noqa: RUF001


@cache
def _compile_unbreakable_pattern() -> re.Pattern[str]:
    """Compile the pattern on first use: it takes a third of the time to render a short result."""
    wide = rf"\s*[{re.escape(_NEVER_LAST)}]*[{_CJK}][{re.escape(_NEVER_FIRST)}]*\s*"
    return re.compile(rf"{_ADDRESS}|{wide}|\s*[^\s{_CJK}]+[{re.escape(_NEVER_FIRST)}]*\s*|\s+")


def wrap_text(text: Text, width: int) -> list[Text]:
    """Wrap to lines without trailing spaces. Only words wider than a line are broken within."""
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        paragraph.expand_tabs(8)
        for line in paragraph.divide(list(_find_breaks(paragraph.plain, max(1, width)))):
            line.rstrip()
            lines.append(line)
    return lines


def _find_breaks(line: str, width: int) -> Iterator[int]:
    if cell_len(line) <= width:
        return
    used = 0
    for found in _compile_unbreakable_pattern().finditer(line):
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
