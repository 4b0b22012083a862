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


def escape_text(text: str) -> str:
    """Escape control characters and direction overrides: a name must not control the terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in _ALLOWED_CONTROLS or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else _escape_character(c)
        for c in text
    )


def to_one_line(text: str) -> str:
    """Join a text of several lines into one, with control characters escaped."""
    return escape_text(" ".join(text.split()))


def to_text(text: str, style: str = "") -> Text:
    return Text(escape_text(text), style)


def join_text(*parts: str | tuple[str, str]) -> Text:
    """Assemble pieces of text, each with an optional style."""
    return Text.assemble(*(escape_text(p) if isinstance(p, str) else (escape_text(p[0]), p[1]) for p in parts))


def print_text(out: Console, text: Text | str, indent: int = 0) -> None:
    """Print a text wrapped to the console, with each line indented."""
    body = to_text(text) if isinstance(text, str) else text
    for line in wrap_text(body, out.width - indent):
        print_nowrap(out, line, indent)


def print_item(out: Console, text: Text, indent: int = 2) -> None:
    """Print a text wrapped, with all lines but the first indented, as an item of a list."""
    for number, line in enumerate(wrap_text(text, out.width - indent)):
        print_nowrap(out, line, indent if number else 0)


def print_nowrap(out: Console, text: Text | str, indent: int = 0) -> None:
    """Print a text without wrapping, to keep it intact when copied."""
    body = to_text(text) if isinstance(text, str) else text
    for line in body.split("\n", allow_blank=True):
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
        print_nowrap(out, join_text(("next: ", "dim"), (hint, "bold")), indent)
    else:
        print_advice(out, join_text(("hint: ", "dim")), hint, indent)


def print_advice(out: Console, lead: Text, advice: str, indent: int = 0) -> None:
    """Print advice after `lead`. A command at its end stays unbroken, on its own line if needed."""
    before, command = split_command(advice)
    if not command or indent + lead.cell_len + cell_len(escape_text(advice)) <= out.width:
        print_text(out, lead.append_text(to_text(advice)), indent)
        return
    print_text(out, lead.append_text(to_text(before)), indent)
    print_nowrap(out, to_text(command), indent + 2)


def shorten_middle(text: str, room: int) -> str:
    """Cut the middle of a text longer than `room` terminal cells."""
    if cell_len(text) <= room:
        return text
    tail = max(0, (room - 1) // 2)
    return f"{_fit_start(text, room - 1 - tail)}…{_fit_end(text, tail)}"


def cut_end(text: str, room: int) -> str:
    return text if cell_len(text) <= room else f"{_fit_start(text, room - 1)}…"


def measure_width(texts: Iterable[str], limit: int) -> int:
    return min(limit, max((cell_len(escape_text(text)) for text in texts), default=0))


def pad_text(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


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


def _fit_end(text: str, room: int) -> str:
    start = max(0, len(text) - max(0, room))
    while start and cell_len(text[start - 1 :]) <= room:
        start -= 1
    while start < len(text) and (cell_len(text[start:]) > room or _is_combining_mark(text[start])):
        start += 1
    return text[start:]


def _is_combining_mark(character: str) -> bool:
    return bool(character) and unicodedata.category(character).startswith("M")


def _escape_character(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
