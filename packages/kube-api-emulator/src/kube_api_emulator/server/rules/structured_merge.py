"""Merge and compare objects by their schemas, as Kubernetes' structured-merge-diff does.

A value is JSON. `ABSENT` is a field that is not there, which differs from null.

Source: sigs.k8s.io/structured-merge-diff/v6 v6.3.2, typed/merge.go (doList, doMap), typed/compare.go (doList, doMap,
compareListItem), typed/remove.go (removeItemsWithSchema).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kube_api_emulator.schemas.schema_check import get_json_type
from kube_api_emulator.schemas.schemas import ANY, Schema, Schemas
from kube_api_emulator.server.rules.field_sets import (
    FieldPath,
    FieldSet,
    FieldTree,
    name_field,
    name_item,
    name_value,
    to_tree,
)

ABSENT: Final = object()


@dataclass
class Comparison:
    """Differences between an object and an earlier one, as fields."""

    added: set[FieldPath] = field(default_factory=set)
    modified: set[FieldPath] = field(default_factory=set)
    removed: set[FieldPath] = field(default_factory=set)

    def leave_out(self, roots: tuple[FieldPath, ...]) -> None:
        """Drop these fields and all below them."""
        for fields in (self.added, self.modified, self.removed):
            fields -= {path for path in fields if any(path[: len(root)] == root for root in roots)}


def is_equal(left: object, right: object) -> bool:
    """Return whether two values are the same JSON: true is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(is_equal(*pair) for pair in zip(left, right, strict=True))
    return left == right


class StructuredMerge:
    """Works on the objects of one kind.

    Attributes:
        schema: of the kind.
    """

    def __init__(self, schemas: Schemas, schema: Schema) -> None:
        self._schemas = schemas
        self.schema = schema

    # -- shapes ------------------------------------------------------------------------------------------------------

    def _get_type(self, schema: Schema, *values: object) -> str:
        """Return the JSON type of the schema, or else of the first value."""
        declared = self._schemas.get_type(schema)
        if declared and not self._schemas.is_int_or_string(schema):
            return declared
        return next((get_json_type(value) for value in values if value is not ABSENT and value is not None), "")

    def _is_leaf(self, schema: Schema, type_: str, *values: object) -> bool:
        """Return whether a value has one owner as a whole: a scalar, an atomic map or list, or an empty one."""
        if type_ == "object":
            return self._schemas.is_atomic_map(schema) or not any(isinstance(each, dict) and each for each in values)
        if type_ == "array":
            is_atomic = self._schemas.get_list_type(schema) == "atomic"
            return is_atomic or not any(isinstance(each, list) and each for each in values)
        return True

    def _get_field(self, schema: Schema, name: str) -> Schema:
        return self._schemas.get_field(schema, name) or ANY

    def name_list_item(self, schema: Schema, item: object) -> str:
        """Return the step to an item of a list that is a map or a set."""
        if self._schemas.get_list_type(schema) == "map" and isinstance(item, Mapping):
            return name_item(self._schemas.get_key_values(schema, item))
        return name_value(item)

    def _index_items(self, schema: Schema, items: object) -> dict[str, Any]:
        """Return the items of a list by their steps; the first one of equal ones."""
        return {step: each[0] for step, each in self._group_items(schema, items).items()}

    def _group_items(self, schema: Schema, items: object) -> dict[str, list[Any]]:
        """Return the items of a list by their steps: more than one for items with the same keys."""
        found: dict[str, list[Any]] = {}
        for item in items if isinstance(items, list) else ():
            found.setdefault(self.name_list_item(schema, item), []).append(item)
        return found

    # -- sets of fields ----------------------------------------------------------------------------------------------

    def list_fields(self, value: object) -> FieldSet:
        """Return the fields of an applied configuration."""
        return frozenset(self._walk_fields(self.schema, value, ()))

    def _walk_fields(self, schema: Schema, value: object, path: FieldPath) -> Iterator[FieldPath]:
        type_ = self._get_type(schema, value)
        if isinstance(value, dict) and type_ == "object" and not self._schemas.is_atomic_map(schema):
            for name, inner in value.items():
                below = (*path, name_field(name))
                yield from self._walk_fields(self._get_field(schema, name), inner, below)
                if inner is None or inner == {} or not self._schemas.has_field(schema, name):
                    yield below
        elif isinstance(value, list) and type_ == "array" and self._schemas.get_list_type(schema) != "atomic":
            for step, items in self._group_items(schema, value).items():
                # Equal items have one owner as a whole.
                if len(items) == 1:
                    yield from self._walk_fields(self._schemas.get_items(schema), items[0], (*path, step))
                yield (*path, step)
        elif path and (value is not None or type_ not in ("object", "array")):
            yield path

    def add_parents(self, fields: FieldSet) -> FieldSet:
        """Return the set with the fields of structs that lead to its members. Maps and lists are not added."""
        return frozenset(self._walk_parents(self.schema, to_tree(fields), ()))

    def _walk_parents(self, schema: Schema, node: FieldTree, path: FieldPath) -> Iterator[FieldPath]:
        if node.is_member:
            yield path
        for step, child in node.children.items():
            name = step.removeprefix("f:") if step.startswith("f:") else None
            below = (*path, step)
            if name is not None and child.children and not child.is_member and self._schemas.has_field(schema, name):
                yield below
            inner = self._get_field(schema, name) if name is not None else self._schemas.get_items(schema)
            yield from self._walk_parents(inner, child, below)

    # -- merging -----------------------------------------------------------------------------------------------------

    def merge(self, live: object, applied: object) -> Any:  # noqa: ANN401 (a part of JSON)
        """Return the live object with the applied one over it."""
        return self._merge(self.schema, live, applied)

    def _merge(self, schema: Schema, live: object, applied: object) -> Any:  # noqa: ANN401 (a part of JSON)
        type_ = self._get_type(schema, applied, live)
        if self._is_leaf(schema, type_, live, applied):
            return live if applied is ABSENT else applied
        if type_ == "object":
            return self._merge_maps(schema, _to_map(live), _to_map(applied))
        return self._merge_lists(schema, live, applied)

    def _merge_maps(self, schema: Schema, live: Mapping[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
        merged = {}
        for name in dict.fromkeys((*live, *applied)):
            value = self._merge(self._get_field(schema, name), live.get(name, ABSENT), applied.get(name, ABSENT))
            if value is not ABSENT:
                merged[name] = value
        return merged

    def _merge_lists(self, schema: Schema, live: object, applied: object) -> list[Any]:
        """Merge items by their steps, in the order of the applied ones, with the others in their places."""
        ours, theirs = self._index_items(schema, live), self._index_items(schema, applied)
        items = self._schemas.get_items(schema)
        order = _interleave(list(ours), list(theirs))
        return [self._merge(items, ours.get(step, ABSENT), theirs.get(step, ABSENT)) for step in order]

    # -- comparing ---------------------------------------------------------------------------------------------------

    def compare(self, before: object, after: object) -> Comparison:
        """Return the fields by which an object differs from an earlier one."""
        found = Comparison()
        self._compare(self.schema, before, after, (), found)
        return found

    def _compare(self, schema: Schema, before: object, after: object, path: FieldPath, found: Comparison) -> None:
        type_ = self._get_type(schema, after, before)
        is_leaf = self._is_leaf(schema, type_, before, after)
        if not is_leaf and type_ == "object":
            was, now = _to_map(before), _to_map(after)
            for name in dict.fromkeys((*was, *now)):
                below = (*path, name_field(name))
                self._compare(self._get_field(schema, name), was.get(name, ABSENT), now.get(name, ABSENT), below, found)
        elif not is_leaf:
            self._compare_items(schema, before, after, path, found)
        if not path:
            return
        if before is ABSENT:
            found.added.add(path)
        elif after is ABSENT:
            found.removed.add(path)
        elif is_leaf and not is_equal(before, after):
            found.modified.add(path)

    def _compare_items(self, schema: Schema, before: object, after: object, path: FieldPath, found: Comparison) -> None:
        """Compare the items of lists. Those with the same keys count as one that has no fields."""
        items = self._schemas.get_items(schema)
        was, now = self._group_items(schema, before), self._group_items(schema, after)
        for step in dict.fromkeys((*was, *now)):
            old, new, below = was.get(step, []), now.get(step, []), (*path, step)
            if len(old) > 1 and len(new) > 1:
                if not is_equal(old, new):
                    found.modified.add(below)
                continue
            one, other = (each[0] if len(each) == 1 else ABSENT for each in (old, new))
            if one is not ABSENT or other is not ABSENT:
                self._compare(items, one, other, below, found)
            if len(old) > 1:
                found.removed.add(below)
            elif len(new) > 1:
                found.added.add(below)

    # -- removing ----------------------------------------------------------------------------------------------------

    def remove(self, value: object, fields: FieldSet) -> Any:  # noqa: ANN401 (a part of JSON)
        """Return the value without these fields. A map or a list that had other content and lost all is null."""
        return self._remove(self.schema, value, to_tree(fields))

    def _remove(self, schema: Schema, value: object, node: FieldTree) -> object:
        type_ = self._get_type(schema, value)
        if isinstance(value, dict) and type_ == "object":
            if not value or self._schemas.is_atomic_map(schema):
                return None
            kept = {}
            for name, inner in value.items():
                child = node.children.get(name_field(name))
                if child is None or not child.is_member:
                    below = child and child.children and self._remove(self._get_field(schema, name), inner, child)
                    kept[name] = below if child and child.children else inner
            return kept or None
        if isinstance(value, list) and type_ == "array":
            return self._remove_items(schema, value, node)
        return value

    def _remove_items(self, schema: Schema, value: list[Any], node: FieldTree) -> list[Any] | None:
        if not value or self._schemas.get_list_type(schema) == "atomic":
            return None
        kept = []
        for item in value:
            child = node.children.get(self.name_list_item(schema, item))
            if child is None or not child.is_member:
                is_changed = child is not None and child.children
                kept.append(
                    self._remove(self._schemas.get_items(schema), item, child) if child and is_changed else item
                )
        return kept or None


def _to_map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _interleave(live: list[str], applied: list[str]) -> list[str]:
    """Return both in one order, as structured-merge-diff does."""
    shared = [step for step in applied if step in live]
    order: list[str] = []
    left = right = 0
    while left < len(live) or right < len(applied):
        if left < len(live) and right < len(applied):
            step = live[left]
            if step == applied[right]:
                order.append(step)
                left, right = left + 1, right + 1
                shared = shared[1:]
                continue
            if step in applied and shared and shared[0] != step:
                left += 1  # the applied order has it elsewhere
                continue
        if left < len(live):
            if live[left] not in applied:
                order.append(live[left])
                left += 1
                continue
            if live[left] in order:
                left += 1
        if right < len(applied):
            step = applied[right]
            order.append(step)
            right += 1
            if shared and shared[0] == step:
                shared = shared[1:]
    return order
