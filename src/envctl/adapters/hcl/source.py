"""An HCL file, parsed twice: by HashiCorp's parser for verdict and values, by tree-sitter for locations.

HashiCorp's parser (pygohcl) is right about syntax and text, but it gives no locations, turns decimals into floats, and
returns expressions as if they were strings. The tree of tree-sitter shows if a value is literal.
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
# Valid HCL outside of tree-sitter's grammar: an exponent without a fraction (1e5), and several dollars before an
# escaped template ($$${x}). For the tree alone, plain characters of the same length replace them.
_UNSUPPORTED_BY_TREE = re.compile(rb"(?<!\w)\d+[eE][+-]?\d+|\${2,}\{|%{2,}\{")
_DIAGNOSTIC = re.compile(r"tmp\.hcl:(\d+),\d+-(?:\d+,)?\d+: ")
_MENTION = re.compile(r"at tmp\.hcl:(\d+),\d+-(?:\d+,)?\d+")


class Source:
    """A parsed file. Raises ConfigurationError if it is not text in UTF-8."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.data = data.removeprefix(_BOM)
        self._check_encoding()
        plain = _UNSUPPORTED_BY_TREE.sub(lambda found: b"1" * len(found[0]), self.data)
        self.root = _load_parser().parse(plain).root_node

    def _check_encoding(self) -> None:
        at = self.data.find(b"\0")  # pygohcl would silently stop there
        try:
            self.data.decode()
        except UnicodeDecodeError as error:
            at = error.start
        if at >= 0:
            location = Location(self.name, self.data.count(b"\n", 0, at) + 1)
            raise ConfigurationError(Problem("E201", "this is not text in UTF-8", "save the file as UTF-8", location))

    def locate_node(self, node: tree_sitter.Node) -> Location:
        return Location(self.name, node.start_point.row + 1)

    def read_node(self, node: tree_sitter.Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def to_problems(self, message: str) -> list[Problem]:
        """Split the diagnostics of pygohcl, given as one line, into problems."""
        parts = _DIAGNOSTIC.split(message.removeprefix("invalid HCL: "))
        found = []
        for line, text in zip(parts[1::2], parts[2::2], strict=True):
            summary, _, detail = text.rstrip(", ").partition("; ")
            hint = " ".join(_MENTION.sub(r"on line \1", detail).split()) or "correct the syntax there"
            found.append(Problem("E201", f"syntax error: {summary}", hint, Location(self.name, int(line))))
        if not found:
            hint = "simplify the values that were changed last"
            found = [Problem("E201", f"the file can't be read: {message}", hint, Location(self.name))]
        return sorted(dict.fromkeys(found), key=lambda problem: problem.location or Location(""))


@cache
def _load_parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def parse_attributes(data: bytes) -> dict[str, Any]:
    """Parse literal attributes. Raises pygohcl.HCLParseError, for too large numbers too."""
    try:
        found: dict[str, Any] = pygohcl.attributes_loadb(data)
    except ValueError as error:
        raise pygohcl.HCLParseError("a number has more digits than can be read") from error
    return found


def list_body(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the attributes and blocks of a file or a block."""
    bodies = [child for child in node.named_children if child.type == "body"]
    return [child for body in bodies for child in body.named_children if child.type in {"attribute", "block"}]


def list_attributes(nodes: list[tree_sitter.Node], source: Source) -> Iterator[tuple[str, tree_sitter.Node]]:
    """Yield names and expressions of the attributes among the nodes."""
    for node in nodes:
        if node.type == "attribute":
            identifier, expression = node.named_children[0], node.named_children[-1]
            yield source.read_node(identifier), expression
