"""Markdown of ours, taken apart into pieces that can be left off: paragraphs, rows of tables, lines of fences."""

import re
from collections.abc import Callable

from envctl.cli.render.markdown.page.budget import Block, Piece, Rank, Section

_FENCE = re.compile("(`{3,})(.*)")
# To type, and so worth more than what is drawn in other fences.
_COMMANDS = "sh"


def parsed(text: str, rank: Rank = Rank.TEXT) -> tuple[Block, ...]:
    """Text that consists of blocks with empty lines between them. `rank` is that of its paragraphs."""
    return _Reader(text.split("\n"), rank).blocks()


class _Reader:
    def __init__(self, lines: list[str], rank: Rank) -> None:
        self._lines = lines
        self._rank = rank

    def blocks(self) -> tuple[Block, ...]:
        found: list[Block] = []
        while self._lines:
            line = self._lines[0]
            if line == "</details>":
                break
            if not line:
                self._lines.pop(0)
            else:
                found.append(self._block(line))
        return tuple(found)

    def _block(self, line: str) -> Block:
        if fence := _FENCE.fullmatch(line):
            return self._fence(*fence.groups())
        if line.startswith("<details>"):
            return self._details()
        if line.startswith("| "):
            return self._table()
        if line.startswith("- "):
            items = self._while(lambda each: each.startswith("- "))
            return Section("", tuple(Piece(each, "point", Rank.ROW) for each in items), between="\n")
        return Piece("\n".join(self._while(bool)), rank=self._rank)

    def _fence(self, marks: str, language: str) -> Section:
        opening = self._lines.pop(0)
        rank = Rank.TEXT if language == _COMMANDS else Rank.REST
        inner = tuple(Piece(each, "line", rank) for each in self._while(lambda each: each != marks))
        del self._lines[:1]
        return Section(opening, inner, marks, "\n")

    def _details(self) -> Section:
        opening = self._lines.pop(0)
        inner = self.blocks()
        del self._lines[:1]
        return Section(opening, inner, "</details>")

    def _table(self) -> Section:
        head, rule, *rows = self._while(lambda each: each.startswith("|"))
        return Section(f"{head}\n{rule}", tuple(Piece(each, "row", Rank.ROW) for each in rows), between="\n")

    def _while(self, wanted: Callable[[str], bool]) -> list[str]:
        number = next((place for place, line in enumerate(self._lines) if not wanted(line)), len(self._lines))
        taken, self._lines[:number] = self._lines[:number], []
        return taken
