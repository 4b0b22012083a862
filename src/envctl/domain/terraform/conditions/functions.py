"""Functions in conditions. Each is exact, or raises UncertainError."""

import math
import re
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from envctl.domain.terraform.conditions import addresses
from envctl.domain.terraform.conditions.patterns import is_match
from envctl.domain.terraform.conditions.values import (
    EvaluationError,
    Opaque,
    Record,
    Sequence,
    UncertainError,
    are_equal,
    is_primitive,
)

_LONGEST_RANGE = 1000
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,49}")
_CONTROL = re.compile(r"[^\t-\r -\x7e]")
BOOLEAN_FUNCTIONS = frozenset({"alltrue", "anytrue", "can", "contains", "endswith", "startswith"})


@dataclass(frozen=True)
class Function:
    counts: Items[int]  # possible numbers of arguments
    call: Callable[..., object]


def _require_text(value: object) -> str:
    if value is None:
        raise EvaluationError("null is not a string")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction) and value.denominator == 1:
        return str(int(value))
    if not isinstance(value, str):
        raise UncertainError("not a string")
    return value


def _require_ascii(value: object) -> str:
    text = _require_text(value)
    if not text.isascii():
        raise UncertainError("letters outside of ASCII")
    return text


def require_number(value: object) -> Fraction:
    if value is None:
        raise EvaluationError("null is not a number")
    if not isinstance(value, Fraction):
        raise UncertainError("not a number")
    return value


def _require_whole(value: object) -> int:
    number = require_number(value)
    if number.denominator != 1:
        raise UncertainError("not a whole number")
    return int(number)


def _require_items(value: object) -> tuple[object, ...]:
    if value is None:
        raise EvaluationError("null is not a list")
    if not isinstance(value, Sequence):
        raise UncertainError("not a list")
    return value.items


def _require_alike(items: tuple[object, ...]) -> tuple[object, ...]:
    """Return elements of one primitive type: others are converted to one."""
    if not all(map(is_primitive, items)) or len({type(item) for item in items}) > 1:
        raise UncertainError("elements of several types")
    return items


def _match_pattern(pattern: object, text: object) -> object:
    if pattern is None or text is None:
        raise EvaluationError("null is not a string")
    if not is_match(_require_text(pattern), _require_text(text)):
        raise EvaluationError("no match")
    return Opaque()


def _find_all(pattern: object, text: object) -> object:
    if is_match(_require_text(pattern), _require_text(text)):
        raise UncertainError("the number of matches")
    return Sequence("list", ())


def _count(value: object) -> object:
    match value:
        case None:
            raise EvaluationError("null has no length")
        case str():
            if "\r" in value:
                raise UncertainError("a line end of two letters")
            return Fraction(len(_require_ascii(value)))
        case Sequence(_, items) | Record(_, items):
            return Fraction(len(items))
    raise UncertainError("not a string or a collection")


def _contains(items: object, value: object) -> object:
    found = _require_items(items)
    if value is None:
        raise UncertainError("null in a list")
    return any(are_equal(value, each) for each in found)


def _require_bools(value: object) -> list[bool]:
    items = _require_items(value)
    found = [item for item in items if isinstance(item, bool)]
    if len(found) != len(items):
        raise UncertainError("not bools")
    return found


def _sort_entries(value: object) -> list[tuple[str, object]]:
    if not isinstance(value, Record):
        raise UncertainError("not a map")
    return sorted(value.items.items())


def _drop_duplicates(value: object) -> tuple[object, ...]:
    return tuple(dict.fromkeys(_require_alike(_require_items(value))))


def _concatenate(*values: object) -> object:
    if any(isinstance(value, Sequence) and value.kind == "set" for value in values):
        raise UncertainError("a set has no order")
    return Sequence("tuple", tuple(item for value in values for item in _require_items(value)))


def _flatten(value: object) -> object:
    found: list[object] = []
    for item in _require_items(value):
        if isinstance(item, Sequence):
            inner = _flatten(item)
            found += inner.items if isinstance(inner, Sequence) else ()
        else:
            found.append(item)
    return Sequence("tuple", tuple(found))


def _select_items(value: object, other: object, *, shared: bool) -> object:
    one, two = _require_items(value), _require_items(other)
    _require_alike((*one, *two))
    return Sequence("set", tuple(dict.fromkeys(item for item in one if (item in two) is shared)))


def _make_range(first: object, last: object) -> object:
    start, end = _require_whole(first), _require_whole(last)
    if not start <= end <= start + _LONGEST_RANGE:
        raise UncertainError("a long range, or one that goes down")
    return Sequence("list", tuple(map(Fraction, range(start, end))))


def _split(separator: object, text: object) -> object:
    mark, whole = _require_text(separator), _require_text(text)
    if not mark or not whole:
        raise UncertainError("an empty text")
    return Sequence("list", tuple(whole.split(mark)))


def _to_number(value: object) -> object:
    if isinstance(value, str):
        if not _PLAIN_NUMBER.fullmatch(value):
            raise UncertainError("another spelling of a number")
        return Fraction(value)
    return require_number(value)


def _strip(value: object) -> object:
    text = _require_ascii(value)
    if _CONTROL.search(text):
        raise UncertainError("control characters")
    return text.strip(" \t\n\v\f\r")


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function((1,), lambda value: abs(require_number(value))),
    "alltrue": Function((1,), lambda items: all(_require_bools(items))),
    "anytrue": Function((1,), lambda items: any(_require_bools(items))),
    "ceil": Function((1,), lambda value: Fraction(math.ceil(require_number(value)))),
    "cidrhost": Function(
        (2,), lambda prefix, number: addresses.get_host(_require_text(prefix), _require_whole(number))
    ),
    "cidrnetmask": Function((1,), lambda prefix: addresses.get_netmask(_require_text(prefix))),
    "cidrsubnet": Function(
        (3,),
        lambda prefix, bits, number: addresses.get_subnet(
            _require_text(prefix), _require_whole(bits), _require_whole(number)
        ),
    ),
    "concat": Function(range(1, 9), _concatenate),
    "contains": Function((2,), _contains),
    "distinct": Function((1,), lambda value: Sequence("list", _drop_duplicates(value))),
    "endswith": Function((2,), lambda text, end: _require_text(text).endswith(_require_text(end))),
    "flatten": Function((1,), _flatten),
    "floor": Function((1,), lambda value: Fraction(math.floor(require_number(value)))),
    "keys": Function((1,), lambda value: Sequence("list", tuple(key for key, _ in _sort_entries(value)))),
    "length": Function((1,), _count),
    "lower": Function((1,), lambda text: _require_ascii(text).lower()),
    "max": Function(range(1, 9), lambda *values: max(map(require_number, values))),
    "min": Function(range(1, 9), lambda *values: min(map(require_number, values))),
    "range": Function((2,), _make_range),
    "regex": Function((2,), _match_pattern),
    "regexall": Function((2,), _find_all),
    "setintersection": Function((2,), partial(_select_items, shared=True)),
    "setsubtract": Function((2,), partial(_select_items, shared=False)),
    "split": Function((2,), _split),
    "startswith": Function((2,), lambda text, start: _require_text(text).startswith(_require_text(start))),
    "tonumber": Function((1,), _to_number),
    "toset": Function((1,), lambda value: Sequence("set", _drop_duplicates(value))),
    "trimspace": Function((1,), _strip),
    "upper": Function((1,), lambda text: _require_ascii(text).upper()),
    "values": Function((1,), lambda value: Sequence("tuple", tuple(item for _, item in _sort_entries(value)))),
}
