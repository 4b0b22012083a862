"""Terraform's own conversion of a value to a type constraint, with every mismatch found, not only the first.

The rules are those of go-cty's `convert` package and of Terraform's defaults for optional attributes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from envctl.domain.terraform.literals import NUMBER, number_of, number_text
from envctl.domain.terraform.types import (
    Anything,
    Attribute,
    Collection,
    Object,
    Primitive,
    Tuple,
    TypeExpression,
    describe,
)
from envctl.domain.terraform.unification import common_type

Path = tuple[str, ...]


@dataclass(frozen=True)
class Mismatch:
    """One place inside a value that does not fit. `kind` says what is there without showing it."""

    path: Path
    expected: str
    kind: str
    shown: str

    def sentence(self, name: str, *, reveal: bool) -> str:
        got = self.shown if reveal else self.kind
        return f"{name}{show_path(self.path, reveal=reveal)} must be {self.expected}, and is {got}"


def show_path(path: Path, *, reveal: bool) -> str:
    # The keys of a map are a part of its value; attribute names and indexes are not.
    return "".join(step if reveal or not step.startswith('["') else '["…"]' for step in path)


def convert(value: object, type_: TypeExpression) -> tuple[object, tuple[Mismatch, ...]]:
    """The value as the module will see it: optional defaults filled, sets without duplicates and sorted.

    A number that no float holds exactly comes out as text, which Terraform turns into the exact number.
    """
    conversion = _Conversion()
    converted = conversion.convert(value, type_, ())
    return converted, tuple(conversion.mismatches)


@dataclass
class _Conversion:
    mismatches: list[Mismatch] = field(default_factory=list)

    def convert(self, value: object, type_: TypeExpression, path: Path) -> object:
        match type_:
            case _ if value is None:
                return None
            case Anything():
                return self._anything(value, path)
            case Primitive(name):
                return self._primitive(value, name, path)
            case Collection(kind, _):
                return self._map(value, type_, path) if kind == "map" else self._sequence(value, type_, path)
            case Tuple(elements):
                return self._tuple(value, type_, elements, path)
            case Object(attributes):
                return self._object(value, type_, attributes, path)

    def _reject(self, value: object, expected: str, path: Path) -> object:
        kind, shown = spell(value)
        self.mismatches.append(Mismatch(path, expected, kind, shown))
        return None

    def _anything(self, value: object, path: Path) -> object:
        match value:
            case Decimal():
                self._reject(value, "a number of at most 17 digits where the type is any (or text in quotes)", path)
            case list():
                return [self._anything(item, (*path, f"[{index}]")) for index, item in enumerate(value)]
            case dict():
                return {key: self._anything(item, (*path, step(key))) for key, item in value.items()}
        return value

    def _primitive(self, value: object, name: str, path: Path) -> object:
        converted = _PRIMITIVES[name](value)
        if converted is None:
            self._reject(value, _NAMES[name], path)
        return converted

    def _sequence(self, value: object, type_: Collection, path: Path) -> object:
        if not isinstance(value, list):
            return self._reject(value, describe(type_), path)
        items = [self.convert(item, type_.element, (*path, f"[{index}]")) for index, item in enumerate(value)]
        items = self._unified(items, type_, path)
        return _distinct(items) if type_.kind == "set" else items

    def _map(self, value: object, type_: Collection, path: Path) -> object:
        if not isinstance(value, dict):
            return self._reject(value, describe(type_), path)
        items = [self.convert(item, type_.element, (*path, step(key))) for key, item in value.items()]
        return dict(zip(value, self._unified(items, type_, path), strict=True))

    def _unified(self, items: list[object], type_: Collection, path: Path) -> list[object]:
        """`any` inside a collection: all elements must come to one type."""
        if not _holds_any(type_.element) or self.mismatches:
            return items
        common = common_type(items, type_)
        if common is None:
            self.mismatches.append(
                Mismatch(path, f"{describe(type_)}: elements of one type", *["of elements of different types"] * 2)
            )
            return items
        return [self.convert(item, common, path) for item in items]

    def _tuple(self, value: object, type_: Tuple, elements: Sequence[TypeExpression], path: Path) -> object:
        if not isinstance(value, list) or len(value) != len(elements):
            return self._reject(value, describe(type_), path)
        pairs = enumerate(zip(value, elements, strict=True))
        return [self.convert(item, element, (*path, f"[{index}]")) for index, (item, element) in pairs]

    def _object(self, value: object, type_: Object, attributes: Sequence[Attribute], path: Path) -> object:
        if not isinstance(value, dict):
            return self._reject(value, describe(type_), path)
        return {attribute.name: self._attribute(value, attribute, path) for attribute in attributes}

    def _attribute(self, value: Mapping[str, object], attribute: Attribute, path: Path) -> object:
        inner = (*path, f".{attribute.name}")
        if attribute.name not in value and not attribute.optional:
            self.mismatches.append(Mismatch(inner, describe(attribute.type), "missing", "missing"))
            return None
        found = value.get(attribute.name)
        return self.convert(attribute.default if found is None else found, attribute.type, inner)


def _to_string(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return number_text(value)
        case _:
            return None


def _to_number(value: object) -> int | float | str | None:
    number = number_of(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value
    if isinstance(number, Decimal):
        return str(number)
    return number if isinstance(number, int | float) and not isinstance(number, bool) else None


def _to_bool(value: object) -> bool | None:
    match value:
        case bool():
            return value
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            return None


_PRIMITIVES: Mapping[str, Callable[[object], object]] = {
    "string": _to_string,
    "number": _to_number,
    "bool": _to_bool,
}
_NAMES = {"string": "a string", "number": "a number", "bool": "a bool (true or false)"}


def _distinct(items: list[object]) -> list[object]:
    """A set has no order: sorted, so that writing it in another order changes nothing."""
    by_text = {json.dumps(item, sort_keys=True): item for item in items}
    return sorted(by_text.values(), key=_rank)


def _rank(item: object) -> tuple[bool, float, str]:
    number = item if isinstance(item, int | float) else 0
    return item is None, number, json.dumps(item, sort_keys=True, ensure_ascii=False)


def _holds_any(type_: TypeExpression) -> bool:
    match type_:
        case Anything():
            return True
        case Primitive():
            return False
        case Collection(_, element):
            return _holds_any(element)
        case Tuple(elements):
            return any(map(_holds_any, elements))
        case Object(attributes):
            return any(_holds_any(attribute.type) for attribute in attributes)


def step(name: str) -> str:
    return f"[{json.dumps(name)}]"


_SHOWN = 60


def spell(value: object) -> tuple[str, str]:
    """What a value is, and what it is together with the value itself where that is short."""
    match value:
        case None:
            return "null", "null"
        case bool():
            return "a bool", "true" if value else "false"
        case int() | float() | Decimal():
            return "a number", f"the number {value}"
        case str():
            short = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
            return "a string", f"the string {json.dumps(short, ensure_ascii=False)}"
        case list():
            return "a list", f"a list of {len(value)}"
        case _:
            return "an object", "an object"
