"""Paths of fields of an object: in `managedFields`, in the messages of the server, and for people.

An item of a list has the value of its key, as in `spec.template.spec.containers[web].image`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from envctl.domain.plan.fingerprint import encode_path

# A manifest may leave these out of the key of an item; the server never does.
_KEY_DEFAULTS = {"protocol": "TCP"}


@dataclass(frozen=True)
class ItemKey:
    """Step to an item of a list by its key fields, such as `name`."""

    pairs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class SetItem:
    """Step to an item of a list without order, by its value."""

    value: Any


Step: TypeAlias = str | int | ItemKey | SetItem
Path: TypeAlias = tuple[Step, ...]
MISSING = object()
"""Stands for a field that an object does not have."""

_PLAIN = re.compile(r"[A-Za-z_][\w-]*")
_PLAIN_ITEM = re.compile(r"[\w.:/*@-]+")


def format_path(path: Path) -> str:
    """Return a path for people, as in `metadata.labels["app.kubernetes.io/name"]`."""
    text = ""
    for step in path:
        match step:
            case str() if _PLAIN.fullmatch(step):
                text += f".{step}" if text else step
            case str():
                text += f"[{json.dumps(step)}]"
            case int():
                text += f"[{step}]"
            case ItemKey(pairs):
                text += f"[{','.join(_format_item(value) for _, value in pairs)}]"
            case SetItem(value):
                text += f"[{_format_item(value)}]"
    return text


def _format_item(value: object) -> str:
    plain = value if isinstance(value, str) else json.dumps(value)
    return plain if _PLAIN_ITEM.fullmatch(plain) else json.dumps(plain)


def encode_field(path: Path) -> str:
    """Return the path as a key of a fingerprint."""
    return encode_path([_encode_step(step) for step in path])


def _encode_step(step: Step) -> str | int:
    match step:
        case ItemKey(pairs):
            return json.dumps(dict(pairs), sort_keys=True)
        case SetItem(value):
            return f"={json.dumps(value)}"
        case _:
            return step


def list_owned_fields(fields: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """Yield the leaves of a tree of `fieldsV1`; also a map or item that is owned as such, with nothing below it."""
    for name, below in fields.items():
        if name == ".":
            continue
        here = (*path, parse_field_step(name))
        if below and below.keys() - {"."}:
            yield from list_owned_fields(below, here)
        else:
            yield here


def parse_field_step(name: str) -> Step:
    """Read a key of `fieldsV1`: `f:spec`, `k:{"name":"web"}`, `v:"text"` or `i:0`."""
    kind, _, rest = name.partition(":")
    match kind:
        case "k":
            return ItemKey(tuple(json.loads(rest).items()))
        case "v":
            return SetItem(json.loads(rest))
        case "i":
            return int(rest)
        case _:
            return rest


_SERVER_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")
_SERVER_KEY = re.compile(r"""([\w-]+)=("(?:[^"\\]|\\.)*"|[^,]+)""")


def format_server_path(text: str) -> str:
    """Return a path from a message of the server for people: its own is `.spec.containers[name="web"].image`."""
    path: list[Step] = []
    for name, item in re.findall(_SERVER_STEP, text if text.startswith((".", "[")) else f".{text}"):
        keys = re.findall(_SERVER_KEY, item)
        if name:
            path.append(name)
        elif keys:
            path.append(ItemKey(tuple((key, value.strip('"')) for key, value in keys)))
        else:
            path.append(SetItem(item.removeprefix("=").strip('"')))
    return format_path(tuple(path)) or text


def select_field(value: object, path: Sequence[Step]) -> object:
    """Return the value of a field, or MISSING."""
    for step in path:
        found = MISSING
        if isinstance(step, str) and isinstance(value, Mapping):
            found = value.get(step, MISSING)
        elif isinstance(value, list):
            found = next((item for item in value if _is_item(item, step)), MISSING)
            if isinstance(step, int) and step < len(value):
                found = value[step]
        if found is MISSING:
            return MISSING
        value = found
    return value


def locate_field(value: object, path: Sequence[Step]) -> tuple[str | int, ...]:
    """Return the path with the index of each item in place of its key. One item may have several keys: Kubernetes
    knows a port by its number, and people by its name. It ends where the object does.
    """
    found: list[str | int] = []
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            found.append(step)
            value = value.get(step)
        elif isinstance(value, list):
            index = (
                step if isinstance(step, int) else next((i for i, item in enumerate(value) if _is_item(item, step)), -1)
            )
            if not isinstance(index, int) or not 0 <= index < len(value):
                break
            found.append(index)
            value = value[index]
        else:
            break
    return tuple(found)


def is_overlapping(one: Sequence[object], other: Sequence[object]) -> bool:
    """Check if one of two located fields is part of the other."""
    end = min(len(one), len(other))
    return one[:end] == other[:end]


def remove_field(value: Any, path: Sequence[Step]) -> Any:  # noqa: ANN401 (a part of a JSON document)
    """Return a copy without the field, and without maps and lists that are empty then."""
    if not path or select_field(value, path) is MISSING:
        return value
    step, *rest = path
    if isinstance(value, Mapping):
        below = remove_field(value[str(step)], rest) if rest else None
        kept = {key: item for key, item in value.items() if key != step}
        return {**value, str(step): below} if rest and below not in ({}, []) else kept
    return [
        item if not _is_item(item, step) else remove_field(item, rest)
        for item in value
        if rest or not _is_item(item, step)
    ]


def replace_field(value: Any, path: Sequence[Step], new: object) -> Any:  # noqa: ANN401 (a part of a JSON document)
    """Return a copy with another value in a field. A field that is not there stays away."""
    if not path:
        return new
    step, *rest = path
    if select_field(value, (step,)) is MISSING:
        return value
    if isinstance(value, Mapping):
        return {**value, str(step): replace_field(value[str(step)], rest, new)}
    return [replace_field(item, rest, new) if _is_item(item, step) else item for item in value]


def _is_item(item: object, step: Step) -> bool:
    match step:
        case ItemKey(pairs):
            return isinstance(item, Mapping) and all(
                item.get(name, _KEY_DEFAULTS.get(name)) == value for name, value in pairs
            )
        case SetItem(value):
            return bool(item == value)
        case _:
            return False
