"""Frozen values as plain JSON, and back by their types: what is read is the very value that was written, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from envctl.domain.plan.changes import Marker

# What can be wrong with what is read, or with the JSON around it.
MISFITS = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
# Stands in front of what is no value but speaks of one. A key that begins so itself gets a second one.
_SIGN = "$"
_NUMBER = "$number"

Reader = Callable[[Any], Any]


def plain(value: object) -> object:
    match value:
        case Marker():
            # Without a sign of its own it could not be told from somebody's text.
            return {_SIGN: value.value}
        case Decimal():
            # A number that a float would round.
            return {_NUMBER: str(value)}
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {_escaped(key): plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
        case frozenset():
            return sorted(value)
        case _ if is_dataclass(value):
            return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


@cache
def reader(kind: Any) -> Reader:  # noqa: ANN401 (whatever an annotation may say)
    """What makes of plain JSON the value that an annotation speaks of. Raises one of MISFITS where it is none."""
    origin = get_origin(kind)
    if origin is UnionType:
        inner = reader(next(option for option in get_args(kind) if option is not NoneType))
        return lambda value: None if value is None else inner(value)
    if origin is Literal:
        return lambda value: _one_of(get_args(kind), value)
    if origin in {tuple, frozenset}:
        item = reader(get_args(kind)[0])
        return lambda value: origin([item(each) for each in instance(list, value)])
    if origin is not None and issubclass(origin, Mapping):
        item = reader(get_args(kind)[1])
        return lambda value: {_unescaped(key): item(each) for key, each in instance(dict, value).items()}
    return _reader_of_one(kind)


def _reader_of_one(kind: Any) -> Reader:  # noqa: ANN401
    if kind is object:
        return _anything
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is datetime:
        return _moment
    return _duration if kind is timedelta else partial(instance, kind)


def _dataclass_reader(kind: type) -> Reader:
    hints = get_type_hints(kind)
    readers = {each.name: reader(hints[each.name]) for each in fields(kind)}

    def read(value: Any) -> Any:  # noqa: ANN401
        if instance(dict, value).keys() != readers.keys():
            raise TypeError(f"{sorted(value)} are not the fields of {kind.__name__}")
        return kind(*[reader(value[name]) for name, reader in readers.items()])

    return read


def _anything(value: Any) -> Any:  # noqa: ANN401
    """What an attribute of a resource may hold."""
    if isinstance(value, list):
        return [_anything(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_SIGN}:
        return Marker(value[_SIGN])
    if value.keys() == {_NUMBER}:
        return Decimal(instance(str, value[_NUMBER]))
    return {_unescaped(key): _anything(each) for key, each in value.items()}


def _escaped(key: str) -> str:
    return f"{_SIGN}{key}" if key.startswith(_SIGN) else key


def _unescaped(key: str) -> str:
    return key.removeprefix(_SIGN)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise TypeError(f"{text!r} does not say in which zone")
    return moment


def _duration(seconds: object) -> timedelta:
    return timedelta(seconds=instance(float, seconds))


def instance(kind: type, value: Any) -> Any:  # noqa: ANN401
    """The value, which must be of that very type: JSON's true is no 1."""
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not a {kind.__name__}")
    return value


def _one_of(options: tuple[object, ...], value: object) -> object:
    if value not in options:
        raise TypeError(f"{value!r} is not one of {options}")
    return value
