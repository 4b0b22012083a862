"""Objects within custom resources, and lists with keys or without repeated values.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apiserver/schema/objectmeta/validation.go (Validate,
validateEmbeddedResource), pkg/apiserver/schema/listtype/validation.go (ValidateListSetsAndMaps, validateListSet,
validateListMap).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kube_api_emulator.schemas.schemas import Schema
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.custom.scale_values import check_scale_values
from kube_api_emulator.server.rules.validation.custom.values import check_value
from kube_api_emulator.server.rules.validation.names import list_service_problems

Part = Mapping[str, Any]

_MOST_SLASHES = 1


def check_custom_resource(schema: Schema, scale_paths: Mapping[str, str], item: Part, causes: Causes) -> None:
    """Check a custom resource by its schema, and the values of its scale."""
    content = {name: value for name, value in item.items() if name not in ("apiVersion", "kind", "metadata")}
    check_value(schema, content, "", causes)
    check_scale_values(scale_paths, item, causes)
    for inner, value, path in _walk(schema, content, ""):
        if isinstance(value, dict) and inner.get("x-kubernetes-embedded-resource"):
            _check_embedded(value, path, causes)
    for inner, value, path in _walk(schema, content, ""):
        if isinstance(value, list) and inner.get("x-kubernetes-list-type") in ("set", "map"):
            _check_list(inner, value, path, causes)


def _walk(schema: Schema, value: object, path: str) -> Iterator[tuple[Schema, object, str]]:
    """Yield each value with its schema and its path."""
    if "$ref" in schema:
        return
    yield schema, value, path
    if isinstance(value, dict):
        fields, others = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, inner in value.items():
            if name in fields:
                yield from _walk(fields[name], inner, f"{path}.{name}" if path else name)
            elif isinstance(others, Mapping):
                yield from _walk(others, inner, f"{path}[{name}]")
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, inner in enumerate(value):
            yield from _walk(schema["items"], inner, f"{path}[{index}]")


def _check_embedded(item: Part, path: str, causes: Causes) -> None:
    for name in ("apiVersion", "kind"):
        if name not in item:
            causes.require(f"{path}.{name}")
            continue
        value, field = item[name], f"{path}.{name}"
        if not isinstance(value, str):
            causes.refuse(field, value, "must be a string")
        elif not value:
            causes.refuse(field, value, "must not be empty")
        elif name == "apiVersion" and value.count("/") > _MOST_SLASHES:
            causes.refuse(field, value, f"unexpected GroupVersion string: {value}")
        elif name == "kind" and (problems := list_service_problems(value.lower())):
            text = f"may have mixed case, but should otherwise match: {','.join(problems)}"
            causes.refuse(field, value, text)


def _check_list(schema: Schema, items: list[Any], path: str, causes: Causes) -> None:
    """Check that no item of a list stands there twice."""
    identities: list[Any] = items
    if schema["x-kubernetes-list-type"] == "map":
        for index, item in enumerate(items):
            if item is not None and not isinstance(item, dict):
                causes.refuse(f"{path}[{index}]", item, "must be an object for an array of list-type map")
                return
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        identities = [{key: (item or {})[key] for key in keys if key in (item or {})} for item in items]
    known = [json.dumps(each, sort_keys=True) for each in identities]
    for index, identity in enumerate(known):
        # The server names the second one of equal items, and no third one.
        if known[:index].count(identity) == 1:
            causes.report_duplicate(f"{path}[{index}]", json.loads(identity))
