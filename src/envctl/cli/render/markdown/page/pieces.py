"""Markdown in which what people wrote stays text: it neither breaks a table, nor becomes markup, nor calls anybody."""

import io
import re
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console

from envctl.cli.render.markdown.page.blocks import parsed
from envctl.cli.render.markdown.page.budget import CAP, Block, Rank, fitted, size
from envctl.cli.render.terminal.next_commands import parted, to_type
from envctl.cli.render.terminal.text import one_line, visible

WIDTH = 100
PASSES, REFUSES, WARNS, NEITHER = "✅", "❌", "⚠️", "➖"  # noqa: RUF001 (it is meant to be seen)
# Entities where a backslash is not enough: within a table a pipe ends the cell, whatever stands around it.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;", "$": "&#36;"}
_HTML = str.maketrans(_ENTITIES)
_MARKS = {mark: f"\\{mark}" for mark in "`*[]~"}
_ESCAPES = str.maketrans(_ENTITIES | _MARKS)
# Within a word it means nothing, and most names have some.
_UNDERSCORES = re.compile(r"(?<!\w)_++|(?<!_)_++(?![^\W_])")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_FENCE = re.compile("`+")


def escaped(text: str) -> str:
    """On one line. It must not begin a block: there `#` and `-` would still mean something."""
    marked = _UNDERSCORES.sub(lambda run: r"\_" * len(run[0]), one_line(text).translate(_ESCAPES))
    return _MENTION.sub("@&#8203;", marked)


def in_html(text: str) -> str:
    """Within a block of tags, such as a summary: there Markdown means nothing, and a backslash would be seen."""
    return _MENTION.sub("@&#8203;", one_line(text).translate(_HTML))


def strong(text: str) -> str:
    return f"**{escaped(text)}**"


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def code(text: str) -> str:
    """A tag, as backticks and the pipes of a table do not go together."""
    return f"<code>{escaped(text)}</code>"


def fenced(text: str, language: str = "") -> str:
    fence = fence_around(text)
    return f"{fence}{language}\n{visible(text).rstrip()}\n{fence}"


def fence_around(text: str) -> str:
    """Marks that nothing in the text can be taken for."""
    return "`" * max([3, *(len(run) + 1 for run in _FENCE.findall(text))])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Of cells that are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(map(row, lines))


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


# An apply is not to be done again to see it: what was done, and what went wrong, stands on the standard error too.
IN_THE_LOG = "All of it stands in the log."


def shown_by(command: str) -> str:
    return f"All of it: {code(to_type(command))}"


def page(*blocks: str | Block, way: str = "All of it: the same command without <code>--markdown</code>") -> str:
    """All that --markdown says is a page. `way` leads to what may have been left off of it."""
    if all(isinstance(block, str) for block in blocks):
        text = "\n\n".join(filter(None, map(str, blocks))) + "\n"
        if size(text) <= CAP:
            return text
    apart = [piece for place, block in enumerate(blocks) for piece in _apart(block, first=place == 0)]
    return fitted(apart, CAP, way)


def _apart(block: str | Block, *, first: bool) -> tuple[Block, ...]:
    if not isinstance(block, str):
        return (block,)
    return parsed(block, Rank.HEADING if first else Rank.TEXT)


def next_step(hint: str) -> str:
    """The way on, with its command to be copied."""
    advice, command = parted(to_type(hint))
    said = f"Next: {escaped(advice)}" if advice else "Next:" if command else ""
    return "\n\n".join(filter(None, (said, fenced(command, "sh") if command else "")))


def in_a_cell(hint: str) -> str:
    advice, command = parted(to_type(hint))
    return " ".join(filter(None, (escaped(advice), code(command) if command else "")))


def drawn(draw: Callable[[Console], None]) -> str:
    """As people see it, in a fence that nothing in it can end."""
    out = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    with out.capture() as captured:
        draw(out)
    return fenced(captured.get(), "text")
