"""The numbers of replicas of a custom resource.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/registry/customresource/validator.go (ValidateScaleSpec,
ValidateScaleStatus); k8s.io/apimachinery v0.36.2, pkg/apis/meta/v1/unstructured/helpers.go (NestedInt64, NestedString).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.go.json_types import format_go, name_go_type
from kube_api_emulator.server.rules.validation.causes import Causes

Part = Mapping[str, Any]

_MOST = 2**31 - 1


def check_scale_values(paths: Mapping[str, str], item: Part, causes: Causes) -> None:
    """Check the values of the subresource scale. `paths` is empty for a kind without it."""
    for name in ("specReplicasPath", "statusReplicasPath") if paths else ():
        path = paths[name]
        try:
            number = _read(item, path, int, "int64")
        except TypeError as error:
            causes.refuse(path, 0, str(error))
            continue
        if number < 0:
            causes.refuse(path, number, "should be a non-negative integer")
        elif number > _MOST:
            causes.refuse(path, number, f"should be less than or equal to {_MOST}")
    if path := paths.get("labelSelectorPath") or "":
        try:
            _read(item, path, str, "string")
        except TypeError as error:
            causes.refuse(path, "", str(error))


def _read(item: Part, path: str, wanted: type, shown: str) -> Any:  # noqa: ANN401 (JSON)
    """Return a value, that of an empty one if it is missing. Raises TypeError in the words of the server."""
    names = path.removeprefix(".").split(".")
    value: Any = item
    for index, name in enumerate(names):
        if value is None:
            return wanted()
        if not isinstance(value, Mapping):
            place = "." + ".".join(names[: index + 1])
            raise TypeError(_describe(place, value, "map[string]interface{}"))
        if name not in value:
            return wanted()
        value = value[name]
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise TypeError(_describe("." + ".".join(names), value, shown))
    return value


def _describe(place: str, value: object, wanted: str) -> str:
    return f"{place} accessor error: {format_go(value)} is of the type {name_go_type(value)}, expected {wanted}"
