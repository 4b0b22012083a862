"""Markdown elements. User input is escaped: it cannot break tables, become markup or mention users."""

import re
from collections.abc import Iterable, Sequence

from envctl.cli.render.markdown.page.block_parser import parse_blocks
from envctl.cli.render.markdown.page.budget import MAX_PAGE_SIZE, Block, Rank, count_utf16, fit_page
from envctl.cli.render.text.escapes import escape_text, to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag, split_command
from envctl.cli.render.words.tones import Tone
from envctl.domain.release_label import SEPARATOR, ReleaseLabel, format_label_or_id

OK, FAIL, WARN, NEUTRAL = "✅", "❌", "⚠️", "➖"  # noqa: RUF001 (it is meant to be seen)
# Entities for characters with a meaning despite a backslash: a pipe always ends a table cell.
MARKS: dict[Tone, str] = {"good": OK, "warn": WARN, "bad": FAIL, "": ""}
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;", "$": "&#36;"}
_HTML = str.maketrans(_ENTITIES)
_BACKSLASHED = {mark: f"\\{mark}" for mark in "`*[]~"}
_ESCAPES = str.maketrans(_ENTITIES | _BACKSLASHED)
# Underscores within a word have no meaning in Markdown and stay unescaped.
_MARKUP_UNDERSCORES = re.compile(r"(?<!\w)_++|(?<!_)_++(?![^\W_])")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_FENCE = re.compile("`+")


def escape(text: str) -> str:
    """Escape text on one line. Do not begin a block with it: a leading `#` or `-` is not escaped."""
    marked = _MARKUP_UNDERSCORES.sub(lambda run: r"\_" * len(run[0]), to_one_line(text).translate(_ESCAPES))
    return _MENTION.sub("@&#8203;", marked)


def escape_html(text: str) -> str:
    """Escape text within an HTML block such as `<summary>`, rendered without Markdown."""
    return _MENTION.sub("@&#8203;", to_one_line(text).translate(_HTML))


def bold(text: str) -> str:
    return f"**{escape(text)}**"


def code(text: str) -> str:
    """Return a `<code>` tag, as backticks and table pipes conflict."""
    return f"<code>{escape(text)}</code>"


def render_release(label: ReleaseLabel | None, release: str) -> str:
    """Return the label of a release with its id as code."""
    name, between, rest = format_label_or_id(label, release).partition(SEPARATOR)
    return f"{code(name)}{between}{escape(rest)}"


def fence_text(text: str, language: str = "") -> str:
    marks = choose_fence(text)
    return f"{marks}{language}\n{escape_text(text).rstrip()}\n{marks}"


def choose_fence(text: str) -> str:
    """Return a fence longer than any run of backticks in the text."""
    return "`" * max([3, *(len(run) + 1 for run in _FENCE.findall(text))])


def render_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(map(format_row, lines))


def format_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


# For commands with effects, not to be repeated: the log has their standard error with the whole output.
FULL_OUTPUT_IN_LOG = "The full output is in the log."


def format_full_output(command: str) -> str:
    return f"Full output: {code(add_sandbox_flag(command))}"


def render_page(
    *blocks: str | Block, full_output: str = "Full output: the same command without <code>--markdown</code>"
) -> str:
    """Render the whole `--markdown` output. `full_output` says how to see omitted pieces."""
    if all(isinstance(block, str) for block in blocks):
        text = "\n\n".join(filter(None, map(str, blocks))) + "\n"
        if count_utf16(text) <= MAX_PAGE_SIZE:
            return text
    parsed: list[Block] = []
    for position, block in enumerate(blocks):
        rank = Rank.TEXT if position else Rank.HEADING
        parsed += parse_blocks(block, rank) if isinstance(block, str) else [block]
    return fit_page(parsed, MAX_PAGE_SIZE, full_output)


def render_next_step(hint: str) -> str:
    """Render the hint, with its command in a fence to be copied."""
    advice, command = split_command(add_sandbox_flag(hint))
    text = f"Next: {escape(advice)}" if advice else "Next:" if command else ""
    return "\n\n".join(filter(None, (text, fence_text(command, "sh") if command else "")))


def format_hint_cell(hint: str) -> str:
    advice, command = split_command(add_sandbox_flag(hint))
    return " ".join(filter(None, (escape(advice), code(command) if command else "")))
