"""Values in conditions: texts, bools, exact numbers, null, sequences and records."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal

from envctl.domain.terraform.variables import AnyType, Collection, Object, Primitive, Tuple, TypeExpression

# Terraform computes with 512 bits. Within these digits its numbers compare as exact ones do.
_MOST_DIGITS = 100


class UncertainError(Exception):
    """The value can't be known without Terraform."""


class EvaluationError(Exception):
    """Every Terraform reports an error here. `can` and `try` catch it."""


class Opaque:
    """A value of which only its existence is known."""


@dataclass(frozen=True)
class Sequence:
    kind: Literal["list", "set", "tuple"]
    items: tuple[object, ...]


@dataclass(frozen=True)
class Record:
    kind: Literal["map", "object"]
    items: Mapping[str, object]


def normalize_text(text: str) -> str:
    """Return the text as Terraform has it: every string there is in the normal form C."""
    return unicodedata.normalize("NFC", text)


def to_number(value: float | Decimal | str) -> Fraction:
    """Return the exact number. Raises UncertainError if it is too long for an exact comparison in Terraform."""
    try:
        exact = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        raise UncertainError("not a number") from None
    digits = len(exact.as_tuple().digits)
    if not exact.is_finite() or digits > _MOST_DIGITS or abs(exact.adjusted()) > _MOST_DIGITS:
        raise UncertainError("a number with too many digits")
    if exact.is_zero() and exact.is_signed():
        raise UncertainError("a negative zero")
    return Fraction(exact)


def to_value(value: object, type_: TypeExpression) -> object:
    """Return the value of a variable of that type. `value` is already converted to the type."""
    if value is None:
        return None
    match type_:
        case Primitive(name):
            return _to_primitive(value, name)
        case Collection("map", element) if isinstance(value, Mapping):
            return Record("map", {normalize_text(key): to_value(item, element) for key, item in value.items()})
        case Collection("list" | "set" as kind, element) if isinstance(value, list):
            return Sequence(kind, tuple(to_value(item, element) for item in value))
        case Tuple(elements) if isinstance(value, list) and len(value) == len(elements):
            return Sequence("tuple", tuple(map(to_value, value, elements)))
        case Object(attributes) if isinstance(value, Mapping):
            return Record("object", {each.name: to_value(value.get(each.name), each.type) for each in attributes})
        case AnyType():
            return _infer_value(value)
    raise UncertainError("a value that does not have its type")


def _to_primitive(value: object, name: str) -> object:
    if name == "bool" and isinstance(value, bool):
        return value
    if name == "string" and isinstance(value, str):
        return normalize_text(value)
    if name == "number" and not isinstance(value, bool) and isinstance(value, int | float | Decimal | str):
        return to_number(value)
    raise UncertainError("a value that does not have its type")


def _infer_value(value: object) -> object:
    match value:
        case bool():
            return value
        case int() | float() | Decimal():
            return to_number(value)
        case str():
            return normalize_text(value)
        case _:
            # Within collections, `any` is the type of all elements together.
            raise UncertainError("a structure of any type")


def is_number(value: object) -> bool:
    return isinstance(value, Fraction)


def is_primitive(value: object) -> bool:
    return isinstance(value, str | bool | Fraction)


def are_equal(left: object, right: object) -> bool:
    """Compare as `==` does: null equals null alone, and values of different types differ."""
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        raise UncertainError("an unknown value")
    if left is None or right is None:
        return left is right
    if is_primitive(left) and is_primitive(right):
        return type(left) is type(right) and left == right
    if is_primitive(left) or is_primitive(right):
        return False
    raise UncertainError("a comparison of structures")
