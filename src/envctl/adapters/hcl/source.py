"""An HCL file: the verdict and the values of HashiCorp's parser, the places of tree-sitter's.

HashiCorp's parser (pygohcl) is right about syntax and text, but it gives no places, turns decimals into floats, and
hands out expressions as if they were strings. The tree of tree-sitter tells which of its answers are literal.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pygohcl
import tree_sitter
import tree_sitter_hcl

from envctl.domain.errors import ConfigurationError, Location, Problem

_BOM = b"\xef\xbb\xbf"
# Two things that HCL takes and tree-sitter's grammar does not: an exponent without a fraction (1e5), and more than one
# dollar before an escaped template ($$${x}). For the tree alone they are written over with as many plain characters.
_UNKNOWN_TO_TREE = re.compile(rb"(?<!\w)\d+[eE][+-]?\d+|\${2,}\{|%{2,}\{")
_DIAGNOSTIC = re.compile(r"tmp\.hcl:(\d+),\d+-(?:\d+,)?\d+: ")
_MENTION = re.compile(r"at tmp\.hcl:(\d+),\d+-(?:\d+,)?\d+")


class Source:
    """Raises ConfigurationError where the file is not text that HCL can hold."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.data = data.removeprefix(_BOM)
        self._check_text()
        plain = _UNKNOWN_TO_TREE.sub(lambda found: b"1" * len(found[0]), self.data)
        self.root = _parser().parse(plain).root_node

    def _check_text(self) -> None:
        at = self.data.find(b"\0")  # pygohcl would stop reading there, and say nothing
        try:
            self.data.decode()
        except UnicodeDecodeError as error:
            at = error.start
        if at >= 0:
            place = Location(self.name, self.data.count(b"\n", 0, at) + 1)
            raise ConfigurationError(Problem("E201", "this is not text in UTF-8", "save the file as UTF-8", place))

    def place(self, node: tree_sitter.Node) -> Location:
        return Location(self.name, node.start_point.row + 1)

    def text(self, node: tree_sitter.Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def body(self) -> list[tree_sitter.Node]:
        return body_of(self.root)

    def syntax_errors(self, message: str) -> list[Problem]:
        """The diagnostics of pygohcl, which come as one line of text."""
        parts = _DIAGNOSTIC.split(message.removeprefix("invalid HCL: "))
        found = [
            self._syntax_error(text.rstrip(", "), int(line))
            for line, text in zip(parts[1::2], parts[2::2], strict=True)
        ]
        if not found:
            hint = "simplify the values that were changed last"
            found = [Problem("E201", f"the file can't be read: {message}", hint, Location(self.name))]
        return sorted(dict.fromkeys(found), key=lambda problem: problem.location or Location(""))

    def _syntax_error(self, text: str, line: int) -> Problem:
        summary, _, detail = text.partition("; ")
        sentence = " ".join(_MENTION.sub(r"on line \1", detail).split()) or "correct the syntax there"
        return Problem("E201", f"syntax error: {summary}", sentence, Location(self.name, line))


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def attributes_of(data: bytes) -> dict[str, Any]:
    """Raises pygohcl.HCLParseError, also where a number is too large to be read."""
    try:
        found: dict[str, Any] = pygohcl.attributes_loadb(data)
    except ValueError as error:
        raise pygohcl.HCLParseError("a number has more digits than can be read") from error
    return found


def body_of(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """The attributes and blocks of a file or a block."""
    bodies = [child for child in node.named_children if child.type == "body"]
    return [child for body in bodies for child in body.named_children if child.type in {"attribute", "block"}]


def named(nodes: list[tree_sitter.Node], source: Source) -> Iterator[tuple[str, tree_sitter.Node]]:
    """The attributes among the nodes: their names, and the expressions that they are set to."""
    for node in nodes:
        if node.type == "attribute":
            identifier, expression = node.named_children[0], node.named_children[-1]
            yield source.text(identifier), expression
