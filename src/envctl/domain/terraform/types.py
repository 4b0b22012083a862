"""Type constraints of Terraform variables: read from text, and written back in one canonical spelling."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeGuard, TypeVar, get_args

from envctl.domain.terraform.literals import literal, number_of, unquote

T = TypeVar("T")
PrimitiveName = Literal["string", "number", "bool"]
CollectionName = Literal["list", "set", "map"]


@dataclass(frozen=True)
class Primitive:
    name: PrimitiveName


@dataclass(frozen=True)
class Anything:
    """`any`: Terraform finds the type from the value."""


@dataclass(frozen=True)
class Collection:
    kind: CollectionName
    element: "TypeExpression"


@dataclass(frozen=True)
class Tuple:
    elements: "tuple[TypeExpression, ...]"


@dataclass(frozen=True)
class Attribute:
    name: str
    type: "TypeExpression"
    optional: bool = False
    default: object = None
    has_default: bool = False


@dataclass(frozen=True)
class Object:
    attributes: tuple[Attribute, ...]


TypeExpression: TypeAlias = Primitive | Anything | Collection | Tuple | Object


def describe(type_: TypeExpression) -> str:
    match type_:
        case Primitive(name):
            return name
        case Anything():
            return "any"
        case Collection(kind, element):
            return f"{kind}({describe(element)})"
        case Tuple(elements):
            return f"tuple([{', '.join(map(describe, elements))}])"
        case Object(attributes):
            return f"object({{{', '.join(map(_describe_attribute, attributes))}}})"


def _describe_attribute(attribute: Attribute) -> str:
    inner = describe(attribute.type)
    if attribute.has_default:
        inner = f"optional({inner}, {literal(attribute.default)})"
    elif attribute.optional:
        inner = f"optional({inner})"
    return f"{attribute.name} = {inner}"


def parse_type(text: str) -> TypeExpression:
    """Raises ValueError with a message for people."""
    parser = _Parser(list(_tokens(text)))
    type_ = parser.type()
    parser.expect("")
    return type_


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
      | (?P<name>[^\W\d][\w-]*)
      | (?P<number>-?\s*\d+(\.\d+)?([eE][+-]?\d+)?)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<mark>[()\[\]{},=:])""",
    re.VERBOSE | re.DOTALL,
)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"a type can't hold {text[at : at + 12].strip()!r}")
        at = found.end()
        if found.lastgroup != "skip":
            yield _Token(str(found.lastgroup), found.group())
    yield _Token("end", "")


def _is_primitive(name: str) -> TypeGuard[PrimitiveName]:
    return name in get_args(PrimitiveName)


def _is_collection(name: str) -> TypeGuard[CollectionName]:
    return name in get_args(CollectionName)


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> str:
        return self._tokens[self._at].text

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def expect(self, text: str) -> None:
        token = self._take()
        if token.text != text:
            raise ValueError(f"expected {text or 'the end'!r} and found {token.text or 'the end'!r}")

    def type(self) -> TypeExpression:
        token = self._take()
        name = token.text
        if token.kind == "string":
            raise ValueError(f"a type is written without quotes: {name[1:-1]}")
        if _is_primitive(name):
            return Primitive(name)
        if name == "any":
            return Anything()
        if _is_collection(name):
            return Collection(name, self._element())
        if name == "tuple":
            return Tuple(tuple(self._enclosed("([", self.type, "])")))
        if name == "object":
            return self._object()
        if name == "optional":
            raise ValueError("optional() is for attributes of an object only")
        raise ValueError(f"{name or 'nothing'!r} is not a type; types are string, number, bool, any, list, set, map, "
                         "tuple and object")  # fmt: skip

    def _element(self) -> TypeExpression:
        if self._next != "(":
            return Anything()  # a bare `list` or `map` is Terraform's old spelling of list(any) and map(any)
        self.expect("(")
        element = self.type()
        self.expect(")")
        return element

    def _object(self) -> Object:
        attributes = tuple(self._enclosed("({", self._attribute, "})"))
        if len({attribute.name for attribute in attributes}) < len(attributes):
            raise ValueError("an object names an attribute twice")
        return Object(attributes)

    def _attribute(self) -> Attribute:
        token = self._take()
        if token.kind != "name":
            raise ValueError(f"an attribute of an object needs a plain name, not {token.text or 'the end'!r}")
        self._assign()
        if self._next != "optional":
            return Attribute(token.text, self.type())
        self._take()
        self.expect("(")
        type_ = self.type()
        has_default = self._next == ","
        if has_default:
            self._take()
        default = self._value() if has_default and self._next != ")" else None
        self.expect(")")
        return Attribute(token.text, type_, optional=True, default=default, has_default=has_default)

    def _assign(self) -> None:
        if self._next not in {"=", ":"}:
            raise ValueError(f"expected '=' and found {self._next or 'the end'!r}")
        self._take()

    def _enclosed(self, opening: str, item: Callable[[], T], closing: str) -> Iterator[T]:
        for mark in opening:
            self.expect(mark)
        while self._next != closing[0]:
            yield item()
            if self._next == ",":
                self._take()
        for mark in closing:
            self.expect(mark)

    def _value(self) -> object:
        """A literal, as the default of an optional attribute."""
        if self._next == "[":
            return list(self._enclosed("[", self._value, "]"))
        if self._next == "{":
            return dict(self._enclosed("{", self._pair, "}"))
        token = self._take()
        if token.kind == "string":
            return unquote(token.text)
        if token.kind == "number":
            return number_of("".join(token.text.split()))
        if token.text in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[token.text]
        raise ValueError(f"a default must be a literal value, not {token.text or 'nothing'!r}")

    def _pair(self) -> tuple[str, object]:
        token = self._take()
        self._assign()
        return unquote(token.text) if token.kind == "string" else token.text, self._value()
