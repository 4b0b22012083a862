"""A parser of rendered Markdown into omissible pieces: paragraphs, table rows, lines of fences."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from envctl.cli.render.markdown.page.budget import Block, Piece, Rank, Section

_FENCE = re.compile("(`{3,})(.*)")
# Commands rank higher than the output in other fences.
_COMMAND_LANGUAGE = "sh"


def parse_blocks(text: str, rank: Rank = Rank.TEXT) -> tuple[Block, ...]:
    """Parse blocks separated by empty lines; paragraphs get `rank`."""
    return _BlockParser(text.split("\n"), rank).read_blocks()


@dataclass(frozen=True, eq=False, repr=False)
class _BlockParser:
    lines: list[str]
    rank: Rank

    def read_blocks(self) -> tuple[Block, ...]:
        blocks: list[Block] = []
        while self.lines:
            line = self.lines[0]
            if line == "</details>":
                break
            if not line:
                self.lines.pop(0)
            else:
                blocks.append(self._read_block(line))
        return tuple(blocks)

    def _read_block(self, line: str) -> Block:
        if fence := _FENCE.fullmatch(line):
            return self._read_fence(*fence.groups())
        if line.startswith("<details>"):
            opening = self.lines.pop(0)
            inner = self.read_blocks()
            del self.lines[:1]
            return Section(opening, inner, "</details>")
        if line.startswith("| "):
            head, rule, *rows = self._take_while(lambda each: each.startswith("|"))
            return Section(f"{head}\n{rule}", tuple(Piece(each, "row", Rank.ROW) for each in rows), separator="\n")
        if line.startswith("- "):
            items = self._take_while(lambda each: each.startswith("- "))
            return Section("", tuple(Piece(each, "point", Rank.ROW) for each in items), separator="\n")
        return Piece("\n".join(self._take_while(bool)), rank=self.rank)

    def _read_fence(self, marks: str, language: str) -> Section:
        opening = self.lines.pop(0)
        rank = Rank.TEXT if language == _COMMAND_LANGUAGE else Rank.REST
        inner = tuple(Piece(each, "line", rank) for each in self._take_while(lambda each: each != marks))
        del self.lines[:1]
        return Section(opening, inner, marks, "\n")

    def _take_while(self, wanted: Callable[[str], bool]) -> list[str]:
        number = next((place for place, line in enumerate(self.lines) if not wanted(line)), len(self.lines))
        taken, self.lines[:number] = self.lines[:number], []
        return taken
