"""Parser of expressions in HCL: the part of the language that conditions commonly use."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from envctl.domain.terraform.conditions.values import UncertainError, normalize_text, to_number
from envctl.domain.terraform.literals import unquote_string


@dataclass(frozen=True)
class Literal:
    value: object


@dataclass(frozen=True)
class Name:
    """A root name like `var`, or the name of a `for` expression."""

    name: str


@dataclass(frozen=True)
class GetAttribute:
    source: "Node"
    name: str


@dataclass(frozen=True)
class GetItem:
    source: "Node"
    key: "Node"


@dataclass(frozen=True)
class Splat:
    """`source[*]`, with the attributes taken from each element."""

    source: "Node"
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    name: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True)
class Unary:
    operator: str
    operand: "Node"


@dataclass(frozen=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Conditional:
    condition: "Node"
    when_true: "Node"
    when_false: "Node"


@dataclass(frozen=True)
class ListOf:
    items: "tuple[Node, ...]"


@dataclass(frozen=True)
class ForList:
    """`[for key, value in source : item if condition]`."""

    key: str
    value: str
    source: "Node"
    item: "Node"
    condition: "Node | None"


Node: TypeAlias = (
    Literal | Name | GetAttribute | GetItem | Splat | Call | Unary | Binary | Conditional | ListOf | ForList
)
_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
      | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<mark>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))
_KEYWORDS = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=1024)
def parse_expression(text: str) -> Node:
    """Parse an expression. Raises UncertainError for syntax outside of this part of the language."""
    parser = _Parser(list(_tokenize(text)))
    try:
        node = parser.parse_node()
    except RecursionError:
        raise UncertainError("nested too deeply") from None
    parser.expect("")
    return node


def _tokenize(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise UncertainError("unknown syntax")
        at = found.end()
        if found.lastgroup != "skip":
            yield str(found.lastgroup), found.group()


@dataclass
class _Parser:
    tokens: list[tuple[str, str]]
    at: int = 0

    @property
    def next_text(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, kind: str = "") -> str:
        found, text = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        if found == "end" or (kind and found != kind):
            raise UncertainError("unknown syntax")
        self.at += 1
        return text

    def expect(self, text: str) -> None:
        if self.next_text != text:
            raise UncertainError("unknown syntax")
        self.at += 1

    def accept(self, text: str) -> bool:
        matches = self.next_text == text
        self.at += matches
        return matches

    def parse_node(self) -> Node:
        node = self._parse_level(0)
        if not self.accept("?"):
            return node
        when_true = self.parse_node()
        self.expect(":")
        return Conditional(node, when_true, self.parse_node())

    def _parse_level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._parse_unary()
        node = self._parse_level(level + 1)
        while self.next_text in _LEVELS[level]:
            operator = self.take()
            node = Binary(operator, node, self._parse_level(level + 1))
        return node

    def _parse_unary(self) -> Node:
        if self.next_text in ("!", "-"):
            return Unary(self.take(), self._parse_unary())
        return self._parse_traversal()

    def _parse_traversal(self) -> Node:
        node = self._parse_primary()
        while True:
            if self.accept("."):
                node = GetAttribute(node, self.take("name"))
            elif self.accept("["):
                if self.accept("*"):
                    self.expect("]")
                    return self._parse_splat(node)
                node = GetItem(node, self.parse_node())
                self.expect("]")
            else:
                return node

    def _parse_splat(self, source: Node) -> Node:
        attributes = []
        while self.accept("."):
            attributes.append(self.take("name"))
        if self.next_text == "[":
            raise UncertainError("an index of a splat")
        return Splat(source, tuple(attributes))

    def _parse_primary(self) -> Node:
        if self.accept("("):
            node = self.parse_node()
            self.expect(")")
            return node
        if self.accept("["):
            return self._parse_for() if self.accept("for") else ListOf(self._parse_items("]", self.parse_node))
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "number":
            return Literal(to_number(text))
        if kind == "text":
            return Literal(_unquote(text))
        if kind != "name":
            raise UncertainError("unknown syntax")
        if self.accept("("):
            return Call(text, self._parse_items(")", self.parse_node))
        return Literal(_KEYWORDS[text]) if text in _KEYWORDS else Name(text)

    def _parse_items(self, closing: str, parse: Callable[[], Node]) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self.accept(closing):
            items.append(parse())
            if self.next_text != closing:
                self.expect(",")
        return tuple(items)

    def _parse_for(self) -> Node:
        key, value = "", self.take("name")
        if self.accept(","):
            key, value = value, self.take("name")
        self.expect("in")
        source = self.parse_node()
        self.expect(":")
        item = self.parse_node()
        condition = self.parse_node() if self.accept("if") else None
        self.expect("]")
        return ForList(key, value, source, item, condition)


def _unquote(text: str) -> str:
    try:
        return normalize_text(unquote_string(text))
    except (ValueError, OverflowError):
        raise UncertainError("a template, or an unknown escape") from None
