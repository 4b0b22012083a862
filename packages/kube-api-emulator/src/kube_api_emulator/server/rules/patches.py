"""JSON patch (RFC 6902), JSON merge patch (RFC 7386) and Kubernetes' strategic merge patch.

Source: gopkg.in/evanphx/json-patch.v4 v4.13.0, merge.go (MergePatch, doMergePatch, pruneNulls), patch.go (Apply,
DecodePatch, findObject).
"""

import copy
import json
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.schemas.schemas import ANY, Schema, Schemas
from kube_api_emulator.server.rules.content_errors import ContentError, refuse_request
from kube_api_emulator.server.rules.go.json_types import format_go, name_go_type, name_type
from kube_api_emulator.server.rules.structured_merge import is_equal

_DIRECTIVE, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"
_MERGE_KEY = "patch-merge-key"


def apply_merge_patch(target: object, patch: object) -> Any:  # noqa: ANN401 (a part of JSON)
    """Return the target with the patch over it; null removes a field."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch if isinstance(target, dict) else _drop_nulls(patch))
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply_merge_patch(merged.get(name), value)
    return merged


def _drop_nulls(value: object) -> object:
    """Return a new value without fields that are null. The items of lists stay."""
    if isinstance(value, dict):
        return {name: _drop_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_drop_nulls(inner) for inner in value] if isinstance(value, list) else value


# -- JSON patch ----------------------------------------------------------------------------------------------------


def apply_json_patch(target: object, operations: object) -> Any:  # noqa: ANN401 (a part of JSON)
    """Return the target after all operations. Raises ContentError 400, and 422 if one can't be made."""
    if not isinstance(operations, list):
        raise ContentError(
            400,
            "BadRequest",
            f"error decoding patch: json: cannot unmarshal {name_type(operations)} into Go value of type "
            "[]handlers.jsonPatchOp",
        )
    for operation in operations:
        if not isinstance(operation, dict):
            text = f"json: cannot unmarshal {name_type(operation)} into Go value of type handlers.jsonPatchOp"
            raise ContentError(400, "BadRequest", f"error decoding patch: {text}")
    document = {"": copy.deepcopy(target)}
    for operation in operations:
        try:
            _make_operation(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise refuse_request() from error
    if not isinstance(document.get(""), dict | list):
        raise refuse_request()
    return document[""]


def _make_operation(document: dict[str, Any], operation: Mapping[str, Any]) -> None:
    kind = operation["op"]
    if kind in ("move", "copy"):
        parent, key = _find_place(document, operation["from"])
        # The server copies what is not there as null.
        is_missing = kind == "copy" and isinstance(parent, dict) and key not in parent
        value = None if is_missing else copy.deepcopy(_get_value(parent, key))
        if kind == "move":
            del parent[_to_index(parent, key)]
        _add_value(*_find_place(document, operation["path"]), value)
        return
    parent, key = _find_place(document, operation["path"])
    if kind == "add":
        _add_value(parent, key, operation["value"])
    elif kind == "replace":
        if isinstance(parent, list):
            _get_value(parent, key)
        # The server sets a field that is not there, too.
        parent[_to_index(parent, key)] = operation["value"]
    elif kind == "remove":
        del parent[_to_index(parent, key)]
    elif kind != "test" or not _passes_test(parent, key, operation.get("value")):
        raise ValueError(kind)


def _find_place(document: Any, pointer: str) -> tuple[Any, str]:  # noqa: ANN401 (a part of JSON)
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]
    for step in steps[:-1]:
        document = _get_value(document, step)
    return document, steps[-1]


def _to_index(parent: object, key: str) -> Any:  # noqa: ANN401 (a key or an index)
    if isinstance(parent, list):
        index = int(key)
        if not -len(parent) <= index < len(parent):
            raise IndexError(key)
        return index
    return key


def _get_value(parent: Any, key: str) -> Any:  # noqa: ANN401 (a part of JSON)
    return parent[_to_index(parent, key)]


def _add_value(parent: Any, key: str, value: object) -> None:  # noqa: ANN401 (a part of JSON)
    if not isinstance(parent, list):
        parent[key] = value
        return
    index = len(parent) if key == "-" else int(key)
    if not -len(parent) - 1 <= index <= len(parent):
        raise IndexError(key)
    parent.insert(index if index >= 0 else index + len(parent) + 1, value)


def _passes_test(parent: Any, key: str, value: object) -> bool:  # noqa: ANN401 (a part of JSON)
    if isinstance(parent, dict) and key not in parent:
        return value is None
    return is_equal(_get_value(parent, key), value)


# -- strategic merge patch -----------------------------------------------------------------------------------------


class StrategicPatch:
    """Merges patches by the merge keys of a schema."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def apply(self, schema: Schema, target: object, patch: object) -> Any:  # noqa: ANN401 (a part of JSON)
        """Return the target with the patch over it. Raises ContentError for a directive that is not known."""
        if not isinstance(patch, dict):
            return copy.deepcopy(patch)
        directive = patch.get(_DIRECTIVE)
        if directive == "replace":
            return {name: copy.deepcopy(value) for name, value in patch.items() if name != _DIRECTIVE}
        if directive == "delete":
            return {}
        if directive is not None:
            shown = directive if isinstance(directive, str) else _show_text(directive)
            raise ContentError(500, "", f"unknown patch type: {shown} in map: {format_go(patch)}")
        merged = dict(target) if isinstance(target, dict) else {}
        if _RETAIN in patch:
            _check_retained(patch)
            merged = {name: value for name, value in merged.items() if name in patch[_RETAIN]}
        for name, value in patch.items():
            self._check_order(schema, patch, name, value)
            self._patch_field(schema, merged, name, value)
        for name, value in patch.items():
            listed = name.removeprefix(_ORDER)
            if listed != name and isinstance(value, list) and listed in merged:
                live = target.get(listed) if isinstance(target, dict) else None
                inner = self._get_field(schema, listed)
                merged[listed] = self._sort_items(inner, merged[listed], value, live or [])
        return merged

    def _check_order(self, schema: Schema, patch: Mapping[str, Any], name: str, order: object) -> None:
        """Check that an order fits the list of its patch. Raises ContentError 500."""
        listed = name.removeprefix(_ORDER)
        if listed == name:
            return
        if not isinstance(order, list):
            raise ContentError(500, "", f"expected a []interface {{}}, but received a {name_go_type(order)}")
        items, key = patch.get(listed), self._get_merge_key(self._get_field(schema, listed))
        for each in order if key else ():
            if not isinstance(each, dict):
                raise ContentError(
                    500, "", f"expected a map[string]interface {{}}, but received a {name_go_type(each)}"
                )
        if not isinstance(items, list):
            return
        sent = [each for each in items if not (isinstance(each, dict) and _DIRECTIVE in each)]
        rest = iter([_identify(each, key) for each in order])
        if not all(_identify(each, key) in rest for each in sent):
            shown = f"{format_go(items)}\n doesn't match {_ORDER[:-1]} list:\n{format_go(order)}\n"
            text = f"The order in patch list:\n{shown}"
            raise ContentError(500, "", text)

    def _get_field(self, schema: Schema, name: str) -> Schema:
        return self._schemas.get_field(schema, name) or ANY

    def _get_merge_key(self, schema: Schema) -> str:
        return self._schemas.get_extension(schema, _MERGE_KEY) or ""

    def _patch_field(self, schema: Schema, merged: dict[str, Any], name: str, value: object) -> None:
        if name in (_DIRECTIVE, _RETAIN) or name.startswith(_ORDER):
            return
        if name.startswith(_DELETE):
            if not isinstance(value, list):
                raise ContentError(400, "BadRequest", "invalid patch format of primitive list")
            listed = name.removeprefix(_DELETE)
            merged[listed] = [each for each in merged.get(listed) or () if each not in value]
        elif value is None:
            merged.pop(name, None)
        elif isinstance(value, list):
            inner = self._get_field(schema, name)
            live = merged.get(name)
            merged[name] = self._take_list(inner, value) if live is None else self._patch_list(inner, live, value)
        elif isinstance(value, dict) and value.get(_DIRECTIVE) == "delete":
            merged.pop(name, None)
        elif isinstance(value, dict) and self._is_replaced(self._get_field(schema, name)):
            is_new = name not in merged
            merged[name] = self.apply(self._get_field(schema, name), {}, value) if is_new else copy.deepcopy(value)
        else:
            merged[name] = self.apply(self._get_field(schema, name), merged.get(name), value)

    def _is_replaced(self, schema: Schema) -> bool:
        return bool(self._schemas.get_extension(schema, "patch-strategy") == "replace")

    def _take_list(self, schema: Schema, patch: list[Any]) -> list[Any]:
        """Return a list where there is none yet: its items are not merged with each other."""
        items = self._schemas.get_items(schema)
        kept = [each for each in patch if not (isinstance(each, dict) and _DIRECTIVE in each)]
        return [self.apply(items, {}, each) if isinstance(each, dict) else copy.deepcopy(each) for each in kept]

    def _patch_list(self, schema: Schema, live: list[Any], patch: list[Any]) -> list[Any]:
        strategy = self._schemas.get_extension(schema, "patch-strategy") or ""
        if "merge" not in strategy:
            return copy.deepcopy(patch)
        if len({type(each) for each in (*live, *patch)}) > 1:
            raise ContentError(500, "", f"list element types are not identical: {format_go([live, patch])}")
        key = self._get_merge_key(schema)
        if not key:
            return self._sort_items(schema, [*live, *(each for each in patch if each not in live)], patch, live)
        if any(isinstance(each, dict) and each.get(_DIRECTIVE) == "replace" for each in patch):
            return [each for each in copy.deepcopy(patch) if each.get(_DIRECTIVE) != "replace"]
        items = self._schemas.get_items(schema)
        merged = list(live)
        for each in patch:
            if not isinstance(each, dict) or key not in each:
                raise ContentError(500, "", f"map: {format_go(each)} does not contain declared merge key: {key}")
            index = next((n for n, item in enumerate(merged) if item.get(key) == each[key]), None)
            if each.get(_DIRECTIVE) == "delete":
                merged = [item for item in merged if item.get(key) != each[key]]
            elif index is None:
                merged.append(self.apply(items, {}, each))
            else:
                merged[index] = self.apply(items, merged[index], each)
        return self._sort_items(schema, merged, patch, live)

    def _sort_items(self, schema: Schema, items: list[Any], order: list[Any], live: list[Any]) -> list[Any]:
        """Return the items in the order of the patch, and the others before those that they precede in the object."""
        key = self._get_merge_key(schema)
        ours, theirs = _rank_items(live, key), _rank_items(order, key)
        listed = [item for item in items if _identify(item, key) in theirs]
        listed.sort(key=lambda item: theirs[_identify(item, key)])
        others = [item for item in items if _identify(item, key) not in theirs]
        others.sort(key=lambda item: ours.get(_identify(item, key), len(ours)))
        merged: list[Any] = []
        for item in listed:
            place = ours.get(_identify(item, key), -1)
            while others and ours.get(_identify(others[0], key), len(ours)) < place:
                merged.append(others.pop(0))
            merged.append(item)
        return [*merged, *others]


def _check_retained(patch: Mapping[str, Any]) -> None:
    kept = patch[_RETAIN]
    if not isinstance(kept, list):
        raise ContentError(400, "BadRequest", "invalid patch format of retainKeys")
    if any(name not in kept for name in patch if not name.startswith("$")):
        raise refuse_request()


def _show_text(value: object) -> str:
    """Return a value as Go prints it where it expects a text."""
    return f"%!s({name_go_type(value)}={format_go(value)})"


def _identify(item: object, key: str) -> str:
    return json.dumps(item.get(key) if key and isinstance(item, dict) else item)


def _rank_items(items: list[Any], key: str) -> dict[str, int]:
    return {_identify(item, key): number for number, item in enumerate(items)}
