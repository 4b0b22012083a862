"""Codec of frozen values: to plain JSON, and back by their type annotations, without loss."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from envctl.domain.plan.changes import Marker

# Raised for invalid values, or invalid JSON around them.
DECODE_ERRORS = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
# Key of a marker in place of a value. Ordinary keys with this prefix get a second one.
_MARKER_KEY = "$"
_NUMBER_KEY = "$number"

Decoder = Callable[[Any], Any]


def encode_value(value: object) -> object:
    match value:
        case Marker():
            # A plain string would be ambiguous.
            return {_MARKER_KEY: value.value}
        case Decimal():
            # A float would round it.
            return {_NUMBER_KEY: str(value)}
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {
                f"{_MARKER_KEY}{key}" if key.startswith(_MARKER_KEY) else key: encode_value(item)
                for key, item in value.items()
            }
        case tuple() | list():
            return [encode_value(item) for item in value]
        case frozenset():
            return sorted(value)
        case _ if is_dataclass(value):
            return {each.name: encode_value(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


@cache
def build_decoder(kind: Any) -> Decoder:  # noqa: ANN401 (any annotation)
    """Return the decoder of an annotated type: from plain JSON to its value. It raises one of DECODE_ERRORS."""
    origin = get_origin(kind)
    if origin is UnionType:
        inner = build_decoder(next(option for option in get_args(kind) if option is not NoneType))
        return lambda value: None if value is None else inner(value)
    if origin is Literal:
        return lambda value: _require_option(get_args(kind), value)
    if origin in {tuple, frozenset}:
        item = build_decoder(get_args(kind)[0])
        return lambda value: origin([item(each) for each in require_type(list, value)])
    if origin is not None and issubclass(origin, Mapping):
        item = build_decoder(get_args(kind)[1])
        return lambda value: {
            key.removeprefix(_MARKER_KEY): item(each) for key, each in require_type(dict, value).items()
        }
    return _build_class_decoder(kind)


def _build_class_decoder(kind: Any) -> Decoder:  # noqa: ANN401
    if kind is object:
        return _decode_attribute
    if isinstance(kind, type) and is_dataclass(kind):
        return _build_dataclass_decoder(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is datetime:
        return _parse_moment
    if kind is timedelta:
        return lambda seconds: timedelta(seconds=require_type(float, seconds))
    return partial(require_type, kind)


def _build_dataclass_decoder(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    readers = {each.name: build_decoder(hints[each.name]) for each in fields(kind)}

    def decode_fields(value: Any) -> Any:  # noqa: ANN401
        if require_type(dict, value).keys() != readers.keys():
            raise TypeError(f"{sorted(value)} are not the fields of {kind.__name__}")
        return kind(**{name: reader(value[name]) for name, reader in readers.items()})

    return decode_fields


def _decode_attribute(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_decode_attribute(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_MARKER_KEY}:
        return Marker(value[_MARKER_KEY])
    if value.keys() == {_NUMBER_KEY}:
        return Decimal(require_type(str, value[_NUMBER_KEY]))
    return {key.removeprefix(_MARKER_KEY): _decode_attribute(each) for key, each in value.items()}


def _parse_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise TypeError(f"{text!r} has no time zone")
    return moment


def require_type(kind: type, value: Any) -> Any:  # noqa: ANN401
    """Return the value if it has exactly this type: JSON's true is not 1. Raises TypeError otherwise."""
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not a {kind.__name__}")
    return value


def _require_option(options: tuple[object, ...], value: object) -> object:
    if value not in options:
        raise TypeError(f"{value!r} is not one of {options}")
    return value
