"""A reading on a console: wrapped at its width, and nothing cut. Large ones are written line by line."""

from collections.abc import Iterable, Iterator

from rich.cells import chop_cells
from rich.console import Console
from rich.text import Text

from envctl.cli.render.words.reading import ReadLine, Style

_STYLES: dict[Style, str] = {"": "", "head": "bold", "bad": "bold red", "warn": "yellow", "good": "green", "dim": "dim"}
# Continued lines stand deeper than their first one.
_DEEPER = 2
_MIN_ROOM = 8


def wrap_lines(lines: Iterable[ReadLine], width: int) -> Iterator[tuple[str, Style]]:
    """Yield lines of at most `width` cells, with their style."""
    for line in lines:
        if len(line.text) + line.indent <= width and line.text.isascii():
            yield f"{' ' * line.indent}{line.text}".rstrip(), line.style
            continue
        first = max(_MIN_ROOM, width - line.indent)
        for number, piece in enumerate(_chop(line.text.expandtabs(4), first)):
            yield f"{' ' * (line.indent + (_DEEPER if number else 0))}{piece}".rstrip(), line.style


def _chop(text: str, room: int) -> Iterator[str]:
    """Cut a text into pieces, behind a space if that leaves a piece of at least half the room."""
    left = room
    while True:
        piece = chop_cells(text[:left], left)[0] if text else ""
        rest = text[len(piece) :]
        space = piece.rfind(" ") + 1
        if rest and space > left // 2:
            piece, rest = text[:space], text[space:]
        yield piece
        if not rest:
            return
        text, left = rest, max(_MIN_ROOM, room - _DEEPER)


def write_lines(lines: Iterable[ReadLine], out: Console) -> None:
    """Write the lines to the console. Not by `print`: a large plan has 200,000 of them."""
    for text, style in style_lines(lines, out):
        out.file.write(f"{style.format(text)}\n")
    out.file.flush()


def style_lines(lines: Iterable[ReadLine], out: Console) -> list[tuple[str, str]]:
    """Return the wrapped lines, each with its escape codes on this console around `{}`."""
    codes = {style: _find_codes(out, name) for style, name in _STYLES.items()}
    return [(text, codes[style]) for text, style in wrap_lines(lines, out.width)]


def _find_codes(out: Console, style: str) -> str:
    with out.capture() as captured:
        # One letter fits into any width.
        out.print(Text("|", style), end="")
    return captured.get().replace("|", "{}")
