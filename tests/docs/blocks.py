"""The blocks of the pages that are typed or written to a file, with the marks above them, which a page does not show.

| mark | means |
|---|---|
| `run in: PLACE` | from here on the commands are typed in another project: places.py lists them |
| `given: SITUATION` | before the block this is so, in a project of its own: situations.py lists them |
| `where: 3fa9c1 is NAME` | what the page can't know; values.py says what it is |
| `by: bob@shop.example` | who types the block |
| `typed: a password` | what stands on the standard input of each command |
| `ends with: 3` | the exit code of the last command, or of each |
| `stopped: with Ctrl-C` | no command ends by itself: each is left alone for some seconds first |
| `then: OUTCOME` | what the commands have brought about where nobody sees it: outcomes.py lists them |
| `apart: WHERE` | a test of its own types the block: test_installing.py |
| `not run: REASON` | the block is only read; the reasons are counted |
| `written to: FILE` | the block, in any language, is the content of that file of the project |
| `added to: FILE` | the block is what that file ends with from here on |
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = ("written to", "added to")
KINDS = ("run in", "given", "where", "by", "typed", "ends with", "stopped", "then", "apart", "not run", *FILES)
_MARK = re.compile(rf"^<!-- ({'|'.join(KINDS)}): (.+?) -->$")
_OPENING = re.compile(r"^```(sh|console)$")


@dataclass(frozen=True)
class Step:
    """One command, and what the page shows of its output; None where it shows nothing."""

    command: str
    shown: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    steps: tuple[Step, ...]
    marks: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def codes(self) -> tuple[int, ...]:
        """The exit code that each command must have."""
        told = [int(code) for code in self.marks.get("ends with", "0").split()] if self.steps else []
        return tuple(told if len(told) == len(self.steps) else [*[0] * (len(self.steps) - 1), *told])


def pages() -> list[Path]:
    """README.md, and the pages of the site that have command blocks."""
    outside = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "app" / "README.md"]
    outside += sorted(ROOT.glob("modules/*/README.md"))
    return [page for page in (*sorted(ROOT.glob("docs/**/*.md")), *outside) if any(blocks(page))]


def blocks(page: Path) -> Iterator[Block]:
    name = page.relative_to(ROOT).as_posix()
    marks: dict[str, str] = {}
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        if mark := _MARK.match(line):
            marks[mark[1]] = mark[2]
        elif line.startswith("```") and set(FILES) & set(marks):
            yield Block(name, number, (), marks, "\n".join([*_until_closed(lines), ""]))
            marks = {}
        elif fence := _OPENING.match(line):
            text = list(_until_closed(lines))
            steps = _shown(text) if fence[1] == "console" else _typed(text)
            found = Block(name, number, tuple(steps), marks)
            # Those that have targets of their own are for this repository, and each is somebody else's test.
            made = all(step.command.startswith("make ") for step in found.steps)
            yield replace(found, marks={"not run": "a target of the makefile"}) if made else found
            marks = {}
        elif line.startswith("```"):
            list(_until_closed(lines))


def _until_closed(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line == "```":
            return
        yield line


def _typed(lines: list[str]) -> Iterator[Step]:
    """One command a line; a backslash at the end, or a line that is indented, goes on with it."""
    command = ""
    for line in lines:
        goes_on = command.endswith("\\") or line.startswith(" ")
        if not goes_on and command:
            yield Step(command)
            command = ""
        if goes_on or (line.strip() and not line.startswith("#")):
            command = f"{command}\n{line}" if command else line
    if command:
        yield Step(command)


def _shown(lines: list[str]) -> Iterator[Step]:
    command: str | None = None
    output: list[str] = []
    for line in [*lines, "$ "]:
        if command is not None and command.endswith("\\"):
            command += f"\n{line}"
        elif line.startswith("$ "):
            if command is not None:
                yield Step(command, tuple(output))
            command, output = line[2:], []
        else:
            output.append(line)
