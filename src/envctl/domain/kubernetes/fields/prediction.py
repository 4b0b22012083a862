"""Prediction of an apply without the server: for a role without the permission for a dry run, and for adoptions.

It knows no defaults, no webhooks and no validation.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from envctl.domain.kubernetes.fields.differences import index_items
from envctl.domain.kubernetes.fields.ownership import list_dropped_fields, list_own_fields
from envctl.domain.kubernetes.fields.paths import MISSING, remove_field, select_field
from envctl.domain.kubernetes.objects import Manifest
from envctl.domain.plan.changes import is_same_value

_KEPT_BY_SERVER = frozenset({"apiVersion", "kind", "metadata", "status"})
_KEPT_BY_PEOPLE = ("labels", "annotations")


def predict_apply(live: Manifest, desired: Manifest, manager: str) -> dict[str, Any]:
    """Return the object as an apply would leave it: fields that this manager no longer sets go away."""
    result: Any = dict(live)
    for path in list_own_fields(live, manager):
        if select_field(desired, path) is MISSING:
            result = remove_field(result, path)
    merged: dict[str, Any] = _merge(remove_dropped_fields(result, live, desired, manager), desired)
    return merged


def remove_dropped_fields(predicted: Any, live: Manifest, desired: Manifest, manager: str) -> Any:  # noqa: ANN401
    """Return the predicted object without the fields that go away with its adoption."""
    for path in list_dropped_fields(live, desired, manager):
        predicted = remove_field(predicted, path)
    return predicted


def list_replacements(live: Manifest, wanted: Manifest) -> list[dict[str, Any]]:
    """Return the operations of a JSON patch that make the live object the wanted one, but for what the server keeps."""
    metadata, before = wanted["metadata"], live["metadata"]
    parts = {f"/metadata/{key}": (before.get(key), metadata.get(key)) for key in _KEPT_BY_PEOPLE}
    keys = {*live, *wanted} - _KEPT_BY_SERVER
    parts |= {f"/{key}": (live.get(key), wanted.get(key)) for key in sorted(keys)}
    return [
        {"op": "remove", "path": path} if new is None else {"op": "add", "path": path, "value": new}
        for path, (old, new) in parts.items()
        if old != new
    ]


def _merge(live: Any, desired: Any) -> Any:  # noqa: ANN401 (parts of JSON documents)
    if isinstance(live, Mapping) and isinstance(desired, Mapping):
        # The server keeps nothing empty that was not there before.
        told = {key: value for key, value in desired.items() if value not in (None, {}, []) or key in live}
        return {**live, **{key: _merge(live.get(key), value) for key, value in told.items()}}
    if isinstance(live, list) and isinstance(desired, list):
        return _merge_lists(live, desired)
    return live if is_same_quantity(live, desired) else desired


def _merge_lists(live: list[Any], desired: list[Any]) -> list[Any]:
    old, new = index_items(desired, live), index_items(live, desired)
    if old is None or new is None:
        return live if is_same_value(live, desired) else desired
    kept = [_merge(item, new[key]) if key in new else item for key, item in old.items()]
    return [*kept, *(item for key, item in new.items() if key not in old)]


def is_same_quantity(one: object, other: object) -> bool:
    """Check if two values are the same, or the same quantity, such as `0.5` and `500m`."""
    if is_same_value(one, other):
        return True
    numbers = [_to_number(each) for each in (one, other)]
    return None not in numbers and numbers[0] == numbers[1]


def _to_number(value: object) -> Decimal | None:
    # A package of its own: no stack of objects is prepared without it.
    from kube_api_emulator.schemas.quantity import is_quantity, parse_quantity

    if isinstance(value, bool) or not isinstance(value, str | int | float) or not is_quantity(str(value)):
        return None
    return parse_quantity(value)
