"""The present, folded up to one entry, as JSON: it keeps reading short and is never believed over the entries."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from envctl.domain.present import Present
from envctl.domain.signatures import Signature

EVERY = 256
FORMAT = 4
KIND = "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """`trust` is the name of what was believed when it was made: who believes other keys reads the entries."""

    present: Present
    trust: str = ""
    signature: Signature | None = None


def encode(present: Present) -> bytes:
    return written(Checkpoint(present))


def written(kept: Checkpoint) -> bytes:
    document = {"format": FORMAT, "present": _plain(kept.present)}
    if kept.trust:
        document["trust"] = kept.trust
    if kept.signature:
        document["signature"] = _plain(kept.signature)
    return json.dumps(document, separators=(",", ":")).encode()


def to_sign(kept: Checkpoint) -> bytes:
    """The bytes that a signature of it is made of."""
    return written(replace(kept, signature=None))


def decode(data: bytes) -> Present | None:
    """As `read`, of one that nobody had to sign."""
    kept = read(data)
    return kept.present if kept else None


def read(data: bytes) -> Checkpoint | None:
    """None for anything that this version can't read: the entries themselves are read instead."""
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            return None
        present = _reader(Present)(document["present"])
        trust = _instance(str, document.get("trust", ""))
        signature = _reader(Signature)(document["signature"]) if "signature" in document else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return None
    return Checkpoint(present, trust, signature)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case tuple():
            return [_plain(item) for item in value]
        case frozenset():
            return sorted(value)
        case _ if is_dataclass(value):
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> Reader:  # noqa: ANN401 (whatever the annotations of the present say)
    """What makes of plain JSON the value that an annotation speaks of. Raises TypeError where it is another one."""
    origin = get_origin(kind)
    if origin is UnionType:
        inner = _reader(next(option for option in get_args(kind) if option is not NoneType))
        return lambda value: None if value is None else inner(value)
    if origin is Literal:
        return lambda value: _one_of(get_args(kind), value)
    if origin in {tuple, frozenset}:
        item = _reader(get_args(kind)[0])
        return lambda value: origin([item(each) for each in _instance(list, value)])
    if origin is not None and issubclass(origin, Mapping):
        item = _reader(get_args(kind)[1])
        return lambda value: {key: item(each) for key, each in _instance(dict, value).items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind is datetime:
        return _moment
    return _duration if kind is timedelta else partial(_instance, kind)


def _dataclass_reader(kind: type) -> Reader:
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind).items()}

    def read(value: Any) -> Any:  # noqa: ANN401
        if _instance(dict, value).keys() != readers.keys():
            raise TypeError(f"{sorted(value)} are not the fields of {kind.__name__}")
        return kind(*[reader(value[name]) for name, reader in readers.items()])

    return read


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise TypeError(f"{text!r} does not say in which zone")
    return moment


def _duration(seconds: object) -> timedelta:
    return timedelta(seconds=_instance(float, seconds))


def _instance(kind: type, value: Any) -> Any:  # noqa: ANN401
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not a {kind.__name__}")
    return value


def _one_of(options: tuple[object, ...], value: object) -> object:
    if value not in options:
        raise TypeError(f"{value!r} is not one of {options}")
    return value
