"""Sets of fields of an object, as `metadata.managedFields` writes them down.

A path is a tuple of steps as in FieldsV1: `f:spec` for a field, `k:{"name":"web"}` for an item of a list by its keys,
`v:"x"` for a value of a set, and `i:0` for an index.

Source: sigs.k8s.io/structured-merge-diff/v6 v6.3.2, fieldpath/serialize.go (ToJSON, FromJSON),
fieldpath/serialize-pe.go (DeserializePathElement, SerializePathElement), fieldpath/element.go (String, Less).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FieldPath = tuple[str, ...]
FieldSet = frozenset[FieldPath]
FieldsV1 = dict[str, Any]

_SELF = "."
_RANKS = {"f": 0, "k": 1, "v": 2, "i": 3}


@dataclass
class FieldTree:
    """A set of fields as a tree, for walks over an object.

    Attributes:
        is_member: whether the field itself is in the set.
        children: what is in the set below the field.
    """

    is_member: bool = False
    children: dict[str, "FieldTree"] = field(default_factory=dict)


def name_field(name: str) -> str:
    """Return the step to a field or to a key of a map."""
    return f"f:{name}"


def name_item(keys: Mapping[str, Any]) -> str:
    """Return the step to an item of a list by the values of its keys."""
    return "k:" + json.dumps(dict(sorted(keys.items())), separators=(",", ":"), ensure_ascii=False)


def name_value(value: object) -> str:
    """Return the step to a value of a set."""
    return "v:" + json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def to_tree(fields: Iterable[FieldPath]) -> FieldTree:
    """Return the set as a tree."""
    root = FieldTree()
    for path in fields:
        node = root
        for step in path:
            node = node.children.setdefault(step, FieldTree())
        node.is_member = True
    return root


def to_fields_v1(fields: FieldSet) -> FieldsV1:
    """Return the set as FieldsV1."""
    return _write_children(to_tree(fields))


def _write_children(node: FieldTree) -> FieldsV1:
    written: FieldsV1 = {_SELF: {}} if node.is_member and node.children else {}
    for step in sorted(node.children, key=_rank_step):
        written[step] = _write_children(node.children[step])
    return written


def from_fields_v1(written: Mapping[str, Any]) -> FieldSet:
    """Return the set of FieldsV1."""
    return frozenset(_read_children(written, ()))


def _read_children(written: Mapping[str, Any], path: FieldPath) -> Iterator[FieldPath]:
    for step, inner in written.items():
        if step == _SELF:
            yield path
        elif not inner:
            yield (*path, step)
        else:
            yield from _read_children(inner, (*path, step))


def sort_paths(fields: Iterable[FieldPath]) -> list[FieldPath]:
    """Return paths in the order of the API server's messages: of each level the fields first, then those below them."""
    return list(_list_members(to_tree(fields), ()))


def _list_members(node: FieldTree, path: FieldPath) -> Iterator[FieldPath]:
    steps = sorted(node.children, key=_rank_step)
    for step in steps:
        if node.children[step].is_member:
            yield (*path, step)
    for step in steps:
        yield from _list_members(node.children[step], (*path, step))


def _rank_step(step: str) -> tuple[int, str]:
    return _RANKS.get(step[:1], len(_RANKS)), step


def remove_below(fields: FieldSet, roots: Iterable[FieldPath]) -> FieldSet:
    """Return the set without these fields and all that is below them."""
    chosen = tuple(roots)
    return frozenset(path for path in fields if not any(path[: len(root)] == root for root in chosen))


def format_field_path(path: FieldPath) -> str:
    """Return the path as the API server shows it: `.spec.containers[name="web"].image`."""
    return "".join(format_step(step) for step in path)


def format_step(step: str) -> str:
    """Return one step as the API server shows it."""
    kind, _, text = step.partition(":")
    if kind == "f":
        return f".{text}"
    if kind == "k":
        return f"[{','.join(_show_key(name, value) for name, value in json.loads(text).items())}]"
    return f"[={text}]" if kind == "v" else f"[{text}]"


def _show_key(name: str, value: object) -> str:
    """Return a key of an item, which is a map or a list only in an invalid object."""
    if isinstance(value, dict):
        return f"{name}=" + ",".join(_show_key(inner, each) for inner, each in sorted(value.items()))
    return f"{name}={json.dumps(value, ensure_ascii=False)}"
