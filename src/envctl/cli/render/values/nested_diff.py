"""What differs inside of values that have an inside: documents, texts of several lines, lists and maps."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import one_line, visible
from envctl.cli.render.values.hcl_text import spelt, spread
from envctl.cli.render.values.json_documents import ABSENT, Difference, differences, document
from envctl.domain.plan.changes import Marker

# An element or a part of a document that is longer than this is spread over several lines.
LONG = 60
SAME_CONTENT = "the content is the same, only written in another way"
TOO_LONG = "there are too many lines to compare them here: --json has both"
# Comparing takes the square of this.
MOST_LINES = 3_000
HIDDEN = "what differs is not shown"


@dataclass(frozen=True)
class Line:
    """Of a difference: `sign` is `-`, `+`, a space for what is the same, or `…` where lines were left out. `path` is
    where in a document it is.
    """

    sign: str
    text: str
    path: str = ""

    @property
    def told(self) -> str:
        return f"{self.path}  {self.text}" if self.path else self.text


def inside(before: object, after: object) -> list[Line]:
    """Empty where the values have no inside, or where only one of them has."""
    documents = document(before), document(after)
    if ABSENT not in documents:
        return _told(documents, SAME_CONTENT)
    if isinstance(before, Mapping | list | tuple) and isinstance(after, Mapping | list | tuple):
        return _told((_plain(before), _plain(after)), HIDDEN)
    if (one := lines_of(before)) and (other := lines_of(after)):
        return list(_diff(one, other))
    return []


def whole(value: object) -> list[str]:
    """A value that came or went, on as many lines as it takes."""
    if (parsed := document(value)) is not ABSENT:
        return list(spread(parsed))
    if lines := lines_of(value):
        return [visible(line) for line in lines]
    return list(spread(value)) if cell_len(spelt(value)) > LONG else [spelt(value)]


def extent(value: object) -> str:
    """How long a text of several lines, or a document, is; empty for anything else."""
    if (parsed := document(value)) is not ABSENT:
        number = len(list(spread(parsed)))
        return f"({counted(number, 'line')})" if number > 1 else ""
    number = len(lines_of(value))
    return f"({counted(number, 'line')})" if number else ""


def extents(before: object, after: object) -> str:
    """How long both are; empty where one of them has no extent."""
    one, other = extent(before), extent(after)
    return f"{one[:-1]} → {other[1:]}" if one and other else ""


def lines_of(value: object) -> list[str]:
    """The lines of a text that has several; none for anything else."""
    if not isinstance(value, str) or isinstance(value, Marker):
        return []
    lines = value.splitlines()
    return lines if len(lines) > 1 else []


def _told(sides: tuple[object, object], otherwise: str) -> list[Line]:
    lines = [line for difference in differences(*sides) for line in _difference(difference)]
    return lines or [Line(" ", otherwise)]


def _difference(difference: Difference) -> Iterator[Line]:
    # The elements of the value itself need no place.
    path = "" if difference.path == "[]" else one_line(difference.path)
    for sign, value in (("-", difference.before), ("+", difference.after)):
        if value is not ABSENT:
            first, *rest = _part(value)
            yield Line(sign, first, path)
            yield from (Line(sign, line) for line in rest)


def _part(value: object) -> list[str]:
    told = spelt(value)
    return list(spread(value)) if cell_len(told) > LONG and isinstance(value, Mapping | list) else [told]


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _diff(before: list[str], after: list[str]) -> Iterator[Line]:
    if max(len(before), len(after)) > MOST_LINES:
        yield Line(" ", TOO_LONG)
        return
    for number, line in enumerate(list(difflib.unified_diff(before, after, n=1, lineterm=""))[2:]):
        if not line.startswith("@@"):
            yield Line(line[0], visible(line[1:]).expandtabs(4).rstrip())
        elif number:
            yield Line("…", "")
