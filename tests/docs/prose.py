"""What a reader reads of a page: its blocks, words, sentences and links, without code and marks."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A team of two looks keys, codes, figures or columns up there: they are not read from the top to the end.
REFERENCE = (
    "docs/errors.md",
    "docs/guards.md",
    "docs/json.md",
    "docs/performance-results.md",
    "docs/project-file.md",
    "docs/security-promises.md",
    "docs/untried.md",
)
_MARK = re.compile(r"^<!-- .*? -->\n", re.MULTILINE)
_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)\)")
_CODE = re.compile(r"`[^`]*`")
_SENTENCE_END = re.compile(r"(?<=[.:?!])\**\s+(?=[A-Z`*\[]|envctl)")


@dataclass(frozen=True)
class Page:
    path: Path

    @cached_property
    def text(self) -> str:
        return _MARK.sub("", self.path.read_text(encoding="utf-8"))

    @property
    def word_count(self) -> int:
        """The words that are shown: those of code too, and the texts of links without their addresses."""
        return len(_LINK.sub(r"\1", self.text).split())

    @property
    def beginning(self) -> str:
        """All above the second heading."""
        return self.text.partition("\n## ")[0]

    @property
    def link_texts(self) -> list[str]:
        return [text for text, _ in _LINK.findall(_BLOCK.sub("", self.text))]

    @cached_property
    def prose(self) -> str:
        """The text without code blocks, spans of code, and addresses of links."""
        return _CODE.sub("`…`", _LINK.sub(r"\1", _BLOCK.sub("", self.text)))

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences of paragraphs, items and table cells; headings and rules of tables left out."""
        lines = []
        for line in self.prose.splitlines():
            if line.startswith(("#", "|--")):
                lines.append("")
            elif line.startswith("|"):
                lines += ["", line.strip("|").replace(" | ", "\n\n"), ""]
            else:
                lines.append(line if line[:2] not in {"- ", "* "} and not re.match(r"\d+\. ", line) else f"\n{line}")
        paragraphs = re.split(r"\n\s*\n", "\n".join(lines))
        found = [each.strip() for paragraph in paragraphs for each in _SENTENCE_END.split(" ".join(paragraph.split()))]
        return [each for each in found if len(each.split()) > 2]
