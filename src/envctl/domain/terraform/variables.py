"""Declarations of modules with the types of their variables, and assignments of settings files.

A type constraint is parsed from text, and written in one canonical form.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeAlias, TypeVar, get_args

from envctl.domain.errors import Location
from envctl.domain.terraform.literals import format_literal, parse_number, unquote_string

T = TypeVar("T")
PrimitiveName = Literal["string", "number", "bool"]
CollectionName = Literal["list", "set", "map"]


@dataclass(frozen=True)
class Primitive:
    name: PrimitiveName


@dataclass(frozen=True)
class AnyType:
    """The constraint `any`: Terraform infers the type from the value."""


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


TypeExpression: TypeAlias = Primitive | AnyType | Collection | Tuple | Object
_PRIMITIVES: Mapping[str, Primitive] = {name: Primitive(name) for name in get_args(PrimitiveName)}
_COLLECTIONS: Mapping[str, CollectionName] = {name: name for name in get_args(CollectionName)}


def format_type(type_: TypeExpression) -> str:
    match type_:
        case Primitive(name):
            return name
        case AnyType():
            return "any"
        case Collection(kind, element):
            return f"{kind}({format_type(element)})"
        case Tuple(elements):
            return f"tuple([{', '.join(map(format_type, elements))}])"
        case Object(attributes):
            return f"object({{{', '.join(map(_format_attribute, attributes))}}})"


def _format_attribute(attribute: Attribute) -> str:
    inner = format_type(attribute.type)
    if attribute.has_default:
        inner = f"optional({inner}, {format_literal(attribute.default)})"
    elif attribute.optional:
        inner = f"optional({inner})"
    return f"{attribute.name} = {inner}"


def parse_type(text: str) -> TypeExpression:
    """Parse a type constraint. Raises ValueError with a message for users."""
    parser = _Parser(list(_tokenize(text)))
    type_ = parser.parse_type()
    parser.expect_text("")
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


def _tokenize(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"a type can't hold {text[at : at + 12].strip()!r}")
        at = found.end()
        if found.lastgroup != "skip":
            yield _Token(str(found.lastgroup), found.group())
    yield _Token("end", "")


@dataclass(eq=False, repr=False)
class _Parser:
    tokens: list[_Token]
    _at: int = 0

    @property
    def _next_text(self) -> str:
        return self.tokens[self._at].text

    def _take_token(self) -> _Token:
        token = self.tokens[self._at]
        self._at += token.kind != "end"
        return token

    def expect_text(self, text: str) -> None:
        token = self._take_token()
        if token.text != text:
            raise ValueError(f"expected {text or 'the end'!r} and found {token.text or 'the end'!r}")

    def parse_type(self) -> TypeExpression:
        token = self._take_token()
        name = token.text
        if token.kind == "string":
            raise ValueError(f"a type is written without quotes: {name[1:-1]}")
        if name in _PRIMITIVES:
            return _PRIMITIVES[name]
        if name == "any":
            return AnyType()
        if name in _COLLECTIONS:
            return Collection(_COLLECTIONS[name], self._parse_element())
        if name == "tuple":
            return Tuple(tuple(self._parse_enclosed("([", self.parse_type, "])")))
        if name == "object":
            attributes = tuple(self._parse_enclosed("({", self._parse_attribute, "})"))
            if len({attribute.name for attribute in attributes}) < len(attributes):
                raise ValueError("an object names an attribute twice")
            return Object(attributes)
        if name == "optional":
            raise ValueError("optional() is for attributes of an object only")
        raise ValueError(f"{name or 'nothing'!r} is not a type; types are string, number, bool, any, list, set, map, "
                         "tuple and object")  # fmt: skip

    def _parse_element(self) -> TypeExpression:
        if self._next_text != "(":
            return AnyType()  # `list` and `map` alone are Terraform's old spelling of list(any) and map(any)
        self.expect_text("(")
        element = self.parse_type()
        self.expect_text(")")
        return element

    def _parse_attribute(self) -> Attribute:
        token = self._take_token()
        if token.kind != "name":
            raise ValueError(f"an attribute of an object needs a plain name, not {token.text or 'the end'!r}")
        self._expect_assignment()
        if self._next_text != "optional":
            return Attribute(token.text, self.parse_type())
        self._take_token()
        self.expect_text("(")
        type_ = self.parse_type()
        has_default = self._next_text == ","
        if has_default:
            self._take_token()
        default = self._parse_default() if has_default and self._next_text != ")" else None
        self.expect_text(")")
        return Attribute(token.text, type_, optional=True, default=default, has_default=has_default)

    def _expect_assignment(self) -> None:
        if self._next_text not in {"=", ":"}:
            raise ValueError(f"expected '=' and found {self._next_text or 'the end'!r}")
        self._take_token()

    def _parse_enclosed(self, opening: str, item: Callable[[], T], closing: str) -> Iterator[T]:
        for mark in opening:
            self.expect_text(mark)
        while self._next_text != closing[0]:
            yield item()
            if self._next_text == ",":
                self._take_token()
        for mark in closing:
            self.expect_text(mark)

    def _parse_default(self) -> object:
        """Parse a literal, the default of an optional attribute."""
        if self._next_text == "[":
            return list(self._parse_enclosed("[", self._parse_default, "]"))
        if self._next_text == "{":
            return dict(self._parse_enclosed("{", self._parse_pair, "}"))
        token = self._take_token()
        if token.kind == "string":
            return unquote_string(token.text)
        if token.kind == "number":
            return parse_number("".join(token.text.split()))
        if token.text in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[token.text]
        raise ValueError(f"a default must be a literal value, not {token.text or 'nothing'!r}")

    def _parse_pair(self) -> tuple[str, object]:
        token = self._take_token()
        self._expect_assignment()
        return unquote_string(token.text) if token.kind == "string" else token.text, self._parse_default()


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A `variable` block of a module. Without a type in the block, `type_text` is `any`."""

    name: str
    type_text: str
    has_default: bool
    default: object = field(repr=False)
    nullable: bool
    sensitive: bool
    description: str
    location: Location
    ephemeral: bool = False  # in no plan and in no state; always sensitive as well

    @property
    def type(self) -> TypeExpression:
        return parse_type(self.type_text)

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "Variable":
        """Read a variable stored by `to_json`. Raises KeyError, TypeError or ValueError for other documents."""
        location = document["location"]
        # Older releases, and most variables, do not have the last field.
        if not isinstance(location, Mapping) or {*document, "ephemeral"} != set(cls.__dataclass_fields__):
            raise ValueError("not a variable of a release's settings schema")
        line = location["line"]
        parse_type(str(document["type_text"]))
        return cls(
            name=str(document["name"]),
            type_text=str(document["type_text"]),
            has_default=bool(document["has_default"]),
            default=document["default"],
            nullable=bool(document["nullable"]),
            sensitive=bool(document["sensitive"]),
            description=str(document["description"]),
            location=Location(str(location["file"]), None if line is None else int(line)),
            ephemeral=document.get("ephemeral") is True,
        )

    def to_json(self) -> dict[str, object]:
        """Return the document of the variable, without a field that is false in all older releases."""
        document = asdict(self)
        return document if self.ephemeral else {name: each for name, each in document.items() if name != "ephemeral"}


def build_required_variable(name: str, type_text: str, location: Location, *, nullable: bool) -> Variable:
    """Return a variable that has no `variable` block, such as one of Kubernetes objects: it needs a value."""
    return Variable(
        name=name,
        type_text=type_text,
        has_default=False,
        default=None,
        nullable=nullable,
        sensitive=False,
        description="",
        location=location,
    )


Schema = Mapping[str, tuple[Variable, ...]]
"""Variables of the module of each stack."""


@dataclass(frozen=True)
class Assignment:
    """A `name = value` line of a settings file."""

    name: str
    value: object = field(repr=False)
    location: Location


@dataclass(frozen=True)
class SettingsFile:
    """A settings file. `stack` is the stack that it is for; empty for all stacks of an environment."""

    name: str
    assignments: tuple[Assignment, ...]
    stack: str = ""


@dataclass(frozen=True)
class Validation:
    """A `validation` block of a variable. `message` is empty unless it is a literal string."""

    variable: str
    condition: str
    message: str
    location: Location


@dataclass(frozen=True)
class ModuleValidations:
    """The `validation` blocks of a module, and the names of variables whose default is an expression."""

    rules: tuple[Validation, ...] = ()
    computed_defaults: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Output:
    name: str
    sensitive: bool
    description: str
    location: Location
    ephemeral: bool = False  # for the caller of the module alone: a root module may have no such output


@dataclass(frozen=True)
class ModuleCall:
    """A `module` block inside a module. `source` is empty unless it is a literal string."""

    name: str
    source: str
    location: Location
    version: str = ""


@dataclass(frozen=True)
class RequiredProvider:
    """An entry of `required_providers`, or the provider of a `provider` block."""

    name: str  # its local name
    source: str  # as written, such as `hashicorp/aws`; empty if unset
    location: Location  # of the entry, or of the first block without one
    # Names in `configuration_aliases`, such as `aws.us_east_1`: the caller must pass them.
    aliases: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()  # aliases with a `provider` block in the module itself


@dataclass(frozen=True)
class ModuleInterface:
    """The public interface of a module, and its calls of other modules."""

    variables: tuple[Variable, ...]
    outputs: tuple[Output, ...]
    calls: tuple[ModuleCall, ...]
    providers: tuple[RequiredProvider, ...] = ()
