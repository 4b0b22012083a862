"""Safe terminal text: control characters are escaped, and commands stay unbroken for copying."""

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.next_commands import add_sandbox_flag, split_command
from envctl.cli.render.terminal.wrapping import wrap_text

if TYPE_CHECKING:
    from rich.table import Table

    from envctl.domain.ledger.events import Actor

_ALLOWED_CONTROLS = "\n\t"
Part = str | tuple[str, str] | Text  # A tuple has a style.


def escape_text(text: str) -> str:
    """Escape control characters and direction overrides: a name must not control the terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c not in _ALLOWED_CONTROLS
        else c
        for c in text
    )


def to_one_line(text: str) -> str:
    """Join a text of several lines into one, with control characters escaped."""
    return escape_text(" ".join(text.split()))


def to_text(text: str, style: str = "") -> Text:
    return Text(escape_text(text), style)


def join_text(*parts: Part) -> Text:
    """Assemble pieces of text, each with an optional style."""
    pieces = (escape_text(p) if isinstance(p, str) else p for p in parts)
    return Text.assemble(*((escape_text(p[0]), p[1]) if isinstance(p, tuple) else p for p in pieces))


def print_text(out: Console, *parts: Part, indent: int = 0) -> None:
    """Print a text wrapped to the console, with each line indented."""
    for line in wrap_text(join_text(*parts), out.width - indent):
        print_nowrap(out, line, indent=indent)


def print_item(out: Console, *parts: Part, indent: int = 2) -> None:
    """Print a text wrapped, with all lines but the first indented, as an item of a list."""
    for number, line in enumerate(wrap_text(join_text(*parts), out.width - indent)):
        print_nowrap(out, line, indent=indent if number else 0)


def print_warnings(out: Console, messages: Iterable[str], *, indent: int = 2) -> None:
    for message in messages:
        print_item(out, ("! ", "bold yellow"), message, indent=indent)


def print_rest(out: Console, number: int, *, indent: int) -> None:
    """Print the number of items left out, if there are any."""
    if number > 0:
        print_text(out, (f"… and {number} more: --json has them all", "dim"), indent=indent)


def print_nowrap(out: Console, *parts: Part, indent: int = 0) -> None:
    """Print a text without wrapping, to keep it intact when copied."""
    for line in join_text(*parts).split("\n", allow_blank=True):
        out.print(Text(" " * indent).append_text(line), soft_wrap=True)


def print_table(out: Console, table: "Table") -> None:
    """Print a table without trailing spaces, for copying and logs."""
    for segments in out.render_lines(table, pad=False):
        line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
        line.rstrip()
        print_nowrap(out, line)


def print_hint(out: Console, hint: str, indent: int = 0) -> None:
    """Print a command as `next`, and advice as `hint`."""
    if not hint:
        return
    hint = add_sandbox_flag(hint)
    if split_command(hint) == ("", hint):
        print_nowrap(out, ("next: ", "dim"), (hint, "bold"), indent=indent)
    else:
        print_advice(out, "hint: ", hint, indent)


def print_advice(out: Console, lead: str, advice: str, indent: int = 0) -> None:
    """Print advice after `lead`. A command at its end stays unbroken, on its own line if needed."""
    before, command = split_command(advice)
    if not command or indent + cell_len(escape_text(lead + advice)) <= out.width:
        print_text(out, (lead, "dim"), advice, indent=indent)
        return
    print_text(out, (lead, "dim"), before, indent=indent)
    print_nowrap(out, command, indent=indent + 2)


def shorten_middle(text: str, room: int) -> str:
    """Cut the middle of a text longer than `room` terminal cells."""
    if cell_len(text) <= room:
        return text
    tail = max(0, (room - 1) // 2)
    return f"{_fit_start(text, room - 1 - tail)}…{fit_end(text, tail)}"


def cut_end(text: str, room: int) -> str:
    return text if cell_len(text) <= room else f"{_fit_start(text, room - 1)}…"


def measure_width(texts: Iterable[str], limit: int) -> int:
    return min(limit, max((cell_len(escape_text(text)) for text in texts), default=0))


def pad_text(text: str, width: int) -> str:
    escaped = escape_text(text)
    return escaped + " " * (width - cell_len(escaped))


def shorten_actor(actor: "Actor") -> str:
    """Return the actor's name without the prefix of AWS principals; `--json` has the full ARN."""
    if actor.via != "aws":
        return actor.name
    return actor.name.rpartition(":")[2].removeprefix("assumed-role/").removeprefix("user/")


def format_actor(actor: "Actor") -> str:
    """Return the short name, marked if it is unverified."""
    return shorten_actor(actor) if actor.verified else f"{shorten_actor(actor)} (unverified)"


def _fit_start(text: str, room: int) -> str:
    """Return the longest prefix that fits, without splitting a letter from its combining marks."""
    end = len(text) if cell_len(text) <= room else min(len(text), max(0, room))
    end += next((more for more in range(len(text) - end) if cell_len(text[: end + more + 1]) > room), 0)
    while end and (cell_len(text[:end]) > room or _is_combining_mark(text[end : end + 1])):
        end -= 1
    return text[:end]


def fit_end(text: str, room: int) -> str:
    """Return the longest ending that fits, without splitting a letter from its combining marks."""
    start = max(0, len(text) - max(0, room))
    while start and cell_len(text[start - 1 :]) <= room:
        start -= 1
    while start < len(text) and (cell_len(text[start:]) > room or _is_combining_mark(text[start])):
        start += 1
    return text[start:]


def _is_combining_mark(character: str) -> bool:
    return bool(character) and unicodedata.category(character).startswith("M")
