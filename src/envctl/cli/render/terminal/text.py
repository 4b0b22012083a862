"""Text that is safe and kind to a terminal: nothing invisible, nothing torn, commands that can be copied."""

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.next_commands import parted, to_type
from envctl.cli.render.terminal.wrapping import wrapped

if TYPE_CHECKING:
    from rich.table import Table

    from envctl.domain.ledger.events import Actor

_KEPT = "\n\t"


def visible(text: str) -> str:
    """The same text with control characters and direction overrides spelt out: a name must not steer the terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in _KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else _spelt(c) for c in text)


def one_line(text: str) -> str:
    """What people wrote, be it over several lines."""
    return visible(" ".join(text.split()))


def plain(text: str, style: str = "") -> Text:
    return Text(visible(text), style)


def joined(*parts: str | tuple[str, str]) -> Text:
    """Pieces of text, each with or without a style, in one line."""
    return Text.assemble(*(visible(p) if isinstance(p, str) else (visible(p[0]), p[1]) for p in parts))


def say(out: Console, text: Text | str, indent: int = 0) -> None:
    """Prints it, with every line that it takes indented."""
    body = plain(text) if isinstance(text, str) else text
    for line in wrapped(body, out.width - indent):
        whole(out, line, indent)


def hanging(out: Console, text: Text, indent: int = 2) -> None:
    """Prints it with every line but the first indented, so that the next one in a list is seen to begin."""
    for number, line in enumerate(wrapped(text, out.width - indent)):
        whole(out, line, indent if number else 0)


def whole(out: Console, text: Text | str, indent: int = 0) -> None:
    """Prints it without breaking its lines, so that what is copied from the terminal is what was meant."""
    body = plain(text) if isinstance(text, str) else text
    for line in body.split("\n", allow_blank=True):
        out.print(Text(" " * indent).append_text(line), soft_wrap=True)


def trimmed(out: Console, table: "Table") -> None:
    """Prints it without the spaces at the ends of its lines: who copies them or reads a log has no use for them."""
    for segments in out.render_lines(table, pad=False):
        line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
        line.rstrip()
        whole(out, line)


def hinted(out: Console, hint: str, indent: int = 0) -> None:
    """The way on: a command to type as `next`, advice as `hint`."""
    if not hint:
        return
    hint = to_type(hint)
    if parted(hint) == ("", hint):
        whole(out, joined(("next: ", "dim"), (hint, "bold")), indent)
    else:
        advised(out, joined(("hint: ", "dim")), hint, indent)


def advised(out: Console, lead: Text, advice: str, indent: int = 0) -> None:
    """Advice that may end with a command, which is not broken even where the line is too long."""
    before, command = parted(advice)
    if not command or indent + lead.cell_len + cell_len(visible(advice)) <= out.width:
        say(out, lead.append_text(plain(advice)), indent)
        return
    say(out, lead.append_text(plain(before)), indent)
    whole(out, plain(command), indent + 2)


def shortened(text: str, room: int) -> str:
    """The beginning and the end of a text that is too long; the room is counted in terminal cells."""
    if cell_len(text) <= room:
        return text
    tail = max(0, (room - 1) // 2)
    return f"{_head(text, room - 1 - tail)}…{_tail(text, tail)}"


def cut(text: str, room: int) -> str:
    return text if cell_len(text) <= room else f"{_head(text, room - 1)}…"


def widest(texts: Iterable[str], most: int) -> int:
    return min(most, max((cell_len(visible(text)) for text in texts), default=0))


def padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def called(actor: "Actor") -> str:
    """The name without what every AWS principal's begins with; `--json` has it whole."""
    if actor.via != "aws":
        return actor.name
    return actor.name.rpartition(":")[2].removeprefix("assumed-role/").removeprefix("user/")


def known_as(actor: "Actor") -> str:
    """As `called`, and whether anybody vouches for the name."""
    return called(actor) if actor.verified else f"{called(actor)} (unverified)"


def _head(text: str, room: int) -> str:
    """As much of the beginning as fits, and no letter without its marks."""
    end = len(text) if cell_len(text) <= room else min(len(text), max(0, room))
    end += next((more for more in range(len(text) - end) if cell_len(text[: end + more + 1]) > room), 0)
    while end and (cell_len(text[:end]) > room or _marks(text[end : end + 1])):
        end -= 1
    return text[:end]


def _tail(text: str, room: int) -> str:
    start = max(0, len(text) - max(0, room))
    while start and cell_len(text[start - 1 :]) <= room:
        start -= 1
    while start < len(text) and (cell_len(text[start:]) > room or _marks(text[start])):
        start += 1
    return text[start:]


def _marks(character: str) -> bool:
    """Whether it belongs to the character before it."""
    return bool(character) and unicodedata.category(character).startswith("M")


def _spelt(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
