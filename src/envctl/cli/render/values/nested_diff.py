"""Line diffs of nested values: JSON documents, texts of several lines, lists and maps."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from envctl.cli.render.text.escapes import escape_text, to_one_line
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.values.hcl_text import format_hcl, format_hcl_lines
from envctl.cli.render.values.json_documents import Difference, diff_json
from envctl.domain.plan.changes import Marker
from envctl.domain.text.json_documents import ABSENT, parse_json_document

# Longer elements are formatted over several lines.
MAX_PART_WIDTH = 60
# Comparing takes quadratic time.
MAX_LINES = 3_000


@dataclass(frozen=True)
class DiffLine:
    # "-", "+", a space for an unchanged line, or "…" for omitted lines.
    sign: str
    text: str
    # Path in the document; empty for texts and continued lines.
    path: str = ""

    @property
    def text_with_path(self) -> str:
        return f"{self.path}  {self.text}" if self.path else self.text


def diff_contents(before: object, after: object) -> list[DiffLine]:
    """Return the lines of a diff; empty unless both values are nested."""
    documents = parse_json_document(before), parse_json_document(after)
    if ABSENT not in documents:
        return _list_diff_lines(*documents, "same content in another format")
    if isinstance(before, Mapping | list | tuple) and isinstance(after, Mapping | list | tuple):
        return _list_diff_lines(before, after, "the difference is hidden")
    if (one := split_lines(before)) and (other := split_lines(after)):
        return list(_diff_texts(one, other))
    return []


def format_value_lines(value: object) -> list[str]:
    """Format an added or removed value on as many lines as needed."""
    if (parsed := parse_json_document(value)) is not ABSENT:
        return list(format_hcl_lines(parsed))
    if lines := split_lines(value):
        return [escape_text(line) for line in lines]
    return list(format_hcl_lines(value)) if cell_len(format_hcl(value)) > MAX_PART_WIDTH else [format_hcl(value)]


def format_line_count(value: object) -> str:
    """Return the line count of a document or a text of several lines; empty for other values."""
    parsed = parse_json_document(value)
    number = len(split_lines(value) if parsed is ABSENT else list(format_hcl_lines(parsed)))
    return f"({format_count(number, 'line')})" if number > 1 else ""


def format_line_counts(before: object, after: object) -> str:
    """Return both line counts; empty if one of them is empty."""
    one, other = format_line_count(before), format_line_count(after)
    return f"{one[:-1]} → {other[1:]}" if one and other else ""


def split_lines(value: object) -> list[str]:
    """Return the lines of a text with several; empty for other values."""
    if not isinstance(value, str) or isinstance(value, Marker):
        return []
    lines = value.splitlines()
    return lines if len(lines) > 1 else []


def _list_diff_lines(before: object, after: object, otherwise: str) -> list[DiffLine]:
    one, other = (list(side) if isinstance(side, tuple) else side for side in (before, after))
    lines = [line for difference in diff_json(one, other) for line in _format_difference(difference)]
    return lines or [DiffLine(" ", otherwise)]


def _format_difference(difference: Difference) -> Iterator[DiffLine]:
    # Elements of the value itself need no path.
    path = "" if difference.path == "[]" else to_one_line(difference.path)
    for sign, value in (("-", difference.before), ("+", difference.after)):
        if value is not ABSENT:
            is_long = isinstance(value, Mapping | list) and cell_len(format_hcl(value)) > MAX_PART_WIDTH
            first, *rest = format_hcl_lines(value) if is_long else [format_hcl(value)]
            yield DiffLine(sign, first, path)
            yield from (DiffLine(sign, line) for line in rest)


def _diff_texts(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    if max(len(before), len(after)) > MAX_LINES:
        yield DiffLine(" ", "too many lines to compare: see both in --json")
        return
    for number, line in enumerate(list(difflib.unified_diff(before, after, n=1, lineterm=""))[2:]):
        if not line.startswith("@@"):
            yield DiffLine(line[0], escape_text(line[1:]).expandtabs(4).rstrip())
        elif number:
            yield DiffLine("…", "")
