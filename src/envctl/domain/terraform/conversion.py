"""Terraform's conversion of a value to a type constraint. It reports every mismatch, not only the first.

The rules are those of go-cty's `convert` package and of Terraform's defaults for optional attributes. Terraform drops
unknown attributes silently: a typo in an optional attribute would have no effect and no message.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from envctl.domain.terraform.literals import NUMBER, format_number, parse_number
from envctl.domain.terraform.unification import find_common_type
from envctl.domain.terraform.variables import (
    AnyType,
    Attribute,
    Collection,
    Object,
    Primitive,
    Tuple,
    TypeExpression,
    format_type,
)

ValuePath = tuple[str, ...]
_MAX_SHOWN = 60


@dataclass(frozen=True)
class Mismatch:
    """A part of a value that does not fit its type. `kind` describes the value without showing it."""

    path: ValuePath
    expected: str
    kind: str
    shown: str

    def format_message(self, name: str, *, reveal: bool) -> str:
        got = self.shown if reveal else self.kind
        return f"{name}{format_path(self.path, reveal=reveal)} must be {self.expected}, but is {got}"


def format_path(path: ValuePath, *, reveal: bool) -> str:
    # Map keys belong to the value and may be secret; attribute names and indexes do not.
    return "".join(part if reveal or not part.startswith('["') else '["…"]' for part in path)


def convert_value(value: object, type_: TypeExpression) -> tuple[object, tuple[Mismatch, ...]]:
    """Return the value as the module receives it, with defaults filled in and sets sorted, and all mismatches.

    Numbers no float holds exactly are returned as text; Terraform turns it into the exact number.
    """
    conversion = _Conversion()
    converted = conversion.convert(value, type_, ())
    return converted, tuple(conversion.mismatches)


@dataclass
class _Conversion:
    mismatches: list[Mismatch] = field(default_factory=list)

    def convert(self, value: object, type_: TypeExpression, path: ValuePath) -> object:
        match type_:
            case _ if value is None:
                return None
            case AnyType():
                return self._convert_any(value, path)
            case Primitive(name):
                converted = _PRIMITIVES[name](value)
                if converted is None:
                    self._add_mismatch(value, _TYPE_LABELS[name], path)
                return converted
            case Collection(kind, _):
                convert = self._convert_map if kind == "map" else self._convert_sequence
                return convert(value, type_, path)
            case Tuple(elements):
                if not isinstance(value, list) or len(value) != len(elements):
                    return self._add_mismatch(value, format_type(type_), path)
                pairs = enumerate(zip(value, elements, strict=True))
                return [self.convert(item, element, (*path, f"[{index}]")) for index, (item, element) in pairs]
            case Object(attributes):
                return self._convert_object(value, type_, attributes, path)

    def _add_mismatch(self, value: object, expected: str, path: ValuePath) -> object:
        kind, shown = describe_value(value)
        self.mismatches.append(Mismatch(path, expected, kind, shown))
        return None

    def _convert_any(self, value: object, path: ValuePath) -> object:
        match value:
            case Decimal():
                expected = "a number of at most 17 digits for the type any (or text in quotes)"
                self._add_mismatch(value, expected, path)
            case list():
                return [self._convert_any(item, (*path, f"[{index}]")) for index, item in enumerate(value)]
            case dict():
                return {key: self._convert_any(item, (*path, format_key(key))) for key, item in value.items()}
        return value

    def _convert_sequence(self, value: object, type_: Collection, path: ValuePath) -> object:
        if not isinstance(value, list):
            return self._add_mismatch(value, format_type(type_), path)
        items = [self.convert(item, type_.element, (*path, f"[{index}]")) for index, item in enumerate(value)]
        items = self._unify_elements(items, type_, path)
        return _sort_distinct(items) if type_.kind == "set" else items

    def _convert_map(self, value: object, type_: Collection, path: ValuePath) -> object:
        if not isinstance(value, dict):
            return self._add_mismatch(value, format_type(type_), path)
        items = [self.convert(item, type_.element, (*path, format_key(key))) for key, item in value.items()]
        return dict(zip(value, self._unify_elements(items, type_, path), strict=True))

    def _unify_elements(self, items: list[object], type_: Collection, path: ValuePath) -> list[object]:
        """Convert all elements to one common type if the element type contains `any`."""
        if not _has_any_type(type_.element) or self.mismatches:
            return items
        common = find_common_type(items, type_)
        if common is None:
            expected, got = f"{format_type(type_)}: elements of one type", "of elements of different types"
            self.mismatches.append(Mismatch(path, expected, got, got))
            return items
        return [self.convert(item, common, path) for item in items]

    def _convert_object(self, value: object, type_: Object, attributes: Sequence[Attribute], path: ValuePath) -> object:
        if not isinstance(value, dict):
            return self._add_mismatch(value, format_type(type_), path)
        converted: dict[str, object] = {}
        for each in attributes:
            inner = (*path, f".{each.name}")
            if each.name not in value and not each.optional:
                self.mismatches.append(Mismatch(inner, format_type(each.type), "missing", "missing"))
            found = value.get(each.name)
            converted[each.name] = self.convert(each.default if found is None else found, each.type, inner)
        return converted


def _to_string(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return format_number(value)
        case _:
            return None


def _to_number(value: object) -> int | float | str | None:
    number = parse_number(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value
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


_PRIMITIVES: Mapping[str, Callable[[object], object]] = {"string": _to_string, "number": _to_number, "bool": _to_bool}
_TYPE_LABELS = {"string": "a string", "number": "a number", "bool": "a bool (true or false)"}


def _sort_distinct(items: list[object]) -> list[object]:
    """Return the distinct items of a set in sorted order: writing it in another order makes no difference."""
    by_text = {json.dumps(item, sort_keys=True, ensure_ascii=False): item for item in items}
    keys = [(item is None, item if isinstance(item, int | float) else 0, text) for text, item in by_text.items()]
    return [by_text[text] for _, _, text in sorted(keys)]


def _has_any_type(type_: TypeExpression) -> bool:
    match type_:
        case AnyType():
            return True
        case Primitive():
            return False
        case Collection(_, element):
            return _has_any_type(element)
        case Tuple(elements):
            return any(map(_has_any_type, elements))
        case Object(attributes):
            return any(_has_any_type(attribute.type) for attribute in attributes)


def format_key(name: str) -> str:
    return f"[{json.dumps(name)}]"


def describe_value(value: object) -> tuple[str, str]:
    """Return the kind of a value, and the kind with the value itself, cut short."""
    match value:
        case None:
            return "null", "null"
        case bool():
            return "a bool", "true" if value else "false"
        case int() | float() | Decimal():
            return "a number", f"the number {value}"
        case str():
            short = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…"
            return "a string", f"the string {json.dumps(short, ensure_ascii=False)}"
        case list():
            return "a list", f"a list of {len(value)}"
        case _:
            return "an object", "an object"


def find_unknown_attributes(
    value: object, types: Sequence[TypeExpression], path: ValuePath = ()
) -> Iterator[tuple[ValuePath, str, frozenset[str]]]:
    """Yield path, name and known names of each unknown attribute. A name in any of the types is known."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_unknown_attributes(item, _list_element_types(types, index), (*path, f"[{index}]"))
    elif isinstance(value, dict) and types and all(isinstance(type_, Object) for type_ in types):
        objects = [type_ for type_ in types if isinstance(type_, Object)]
        known = frozenset(attribute.name for type_ in objects for attribute in type_.attributes)
        yield from ((path, name, known) for name in value if name not in known)
        for name in known & value.keys():
            inner = [each.type for type_ in objects for each in type_.attributes if each.name == name]
            yield from find_unknown_attributes(value[name], inner, (*path, f".{name}"))
    elif isinstance(value, dict):
        elements = [type_.element for type_ in types if isinstance(type_, Collection)]
        if len(elements) == len(types):
            for name, item in value.items():
                yield from find_unknown_attributes(item, elements, (*path, format_key(name)))


def _list_element_types(types: Sequence[TypeExpression], index: int) -> list[TypeExpression]:
    found: list[TypeExpression] = []
    for type_ in types:
        if isinstance(type_, Collection):
            found.append(type_.element)
        elif isinstance(type_, Tuple) and index < len(type_.elements):
            found.append(type_.elements[index])
        else:
            return []
    return found
