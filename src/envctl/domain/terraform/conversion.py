"""Terraform's conversion of a value to a type constraint. It reports every mismatch, not only the first.

The rules are those of go-cty's `convert` package and of Terraform's defaults for optional attributes. Terraform drops
unknown attributes silently: a typo in an optional attribute would have no effect and no message.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from envctl.domain.terraform.literals import NUMBER, format_number, parse_number
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
        common = _find_common_type(items, type_)
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


def _infer_type(value: object) -> TypeExpression:
    """Return the type of a literal value; null has type `any`."""
    match value:
        case bool():
            return Primitive("bool")
        case int() | float() | Decimal():
            return Primitive("number")
        case str():
            return Primitive("string")
        case list():
            return Tuple(tuple(_infer_type(item) for item in value))
        case dict():
            return Object(tuple(Attribute(key, _infer_type(value[key])) for key in sorted(value)))
        case _:
            return AnyType()


def _resolve_any(value: object, declared: TypeExpression) -> TypeExpression:
    """Return the declared type with every `any` replaced by the type of the converted value."""
    match declared:
        case AnyType():
            return _infer_type(value)
        case Primitive():
            return declared
        case Collection(kind, element):
            items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
            return Collection(
                kind, _unify_types(_drop_any([_resolve_any(item, element) for item in items])) or AnyType()
            )
        case Tuple(elements):
            parts = value if isinstance(value, list) else [None] * len(elements)
            return Tuple(tuple(_resolve_any(item, element) for item, element in zip(parts, elements, strict=True)))
        case Object(attributes):
            held = value if isinstance(value, dict) else {}
            resolved = [Attribute(each.name, _resolve_any(held.get(each.name), each.type)) for each in attributes]
            return Object(tuple(resolved))


def _find_common_type(items: Sequence[object], declared: Collection) -> TypeExpression | None:
    """Return the common type of the elements if the element type contains `any`; None if Terraform rejects them."""
    element = declared.element
    types = [_resolve_any(item, element) for item in items]
    known = _drop_any(types)
    alike = not known or all(type_ == known[0] for type_ in known)
    if declared.kind == "set" and not isinstance(element, AnyType):
        return _unify_types(known) if alike else None  # set elements are not converted a second time
    if declared.kind == "map" and isinstance(element, AnyType) and alike:
        return known[0] if known else AnyType()  # only maps allow null beside structures
    return _unify_types(types)


def _drop_any(types: Sequence[TypeExpression]) -> list[TypeExpression]:
    return [type_ for type_ in types if not isinstance(type_, AnyType)]


def _unify_types(types: Sequence[TypeExpression]) -> TypeExpression | None:
    """Return the common type, or None. The rules are those of go-cty in unsafe mode."""
    known = _drop_any(types)
    if not known:
        return AnyType()
    if len(known) < len(types) and not isinstance(known[0], Primitive):
        return None  # Terraform finds no common structure beside a null
    if all(type_ == known[0] for type_ in known):
        return known[0]
    if all(isinstance(type_, Primitive) for type_ in known):
        return Primitive("string") if Primitive("string") in known else None
    objects = [type_ for type_ in known if isinstance(type_, Object)]
    if len(objects) == len(known):
        return _unify_objects(objects)
    tuples = [type_ for type_ in known if isinstance(type_, Tuple)]
    if len(tuples) == len(known):
        return _unify_tuples(tuples)
    collections = [type_ for type_ in known if isinstance(type_, Collection)]
    if len(collections) < len(known) or len({type_.kind for type_ in collections}) > 1:
        return None
    element = _unify_types([type_.element for type_ in collections])
    return None if element is None else Collection(collections[0].kind, element)


def _unify_objects(types: Sequence[Object]) -> TypeExpression | None:
    rows = [{attribute.name: attribute.type for attribute in type_.attributes} for type_ in types]
    if any(row.keys() != rows[0].keys() for row in rows):
        element = _unify_types([type_ for row in rows for type_ in row.values()])
        return None if element is None else Collection("map", element)
    columns = {name: _unify_types([row[name] for row in rows]) for name in rows[0]}
    attributes = tuple(Attribute(name, type_) for name, type_ in columns.items() if type_ is not None)
    return Object(attributes) if len(attributes) == len(columns) else None


def _unify_tuples(types: Sequence[Tuple]) -> TypeExpression | None:
    if any(len(type_.elements) != len(types[0].elements) for type_ in types):
        element = _unify_types([element for type_ in types for element in type_.elements])
        return None if element is None else Collection("list", element)
    columns = [_unify_types(column) for column in zip(*(type_.elements for type_ in types), strict=True)]
    elements = tuple(element for element in columns if element is not None)
    return Tuple(elements) if len(elements) == len(columns) else None
