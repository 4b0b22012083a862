"""The columns of custom kinds in tables."""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.api.printing.cells import Reader, format_age, read_name
from kube_api_emulator.server.api.printing.json_paths import find_values, format_value
from kube_api_emulator.server.resources import Object, Resource

_AGE = {
    "name": "Age",
    "type": "date",
    "description": (
        "CreationTimestamp is a timestamp representing the server time when this object was created. It is not "
        "guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It "
        "is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More "
        "info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
    ),
    "jsonPath": ".metadata.creationTimestamp",
}
_NAME = {
    "name": "Name",
    "type": "string",
    "format": "name",
    "description": (
        "Name must be unique within a namespace. Is required when creating resources, although some resources may "
        "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
        "for creation idempotence and configuration definition. Cannot be updated. More info: "
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
    ),
    "priority": 0,
}


def list_custom_columns(resource: Resource) -> list[tuple[Object, Reader]]:
    """Return the definition and the reader of each column of a custom kind."""
    columns = resource.columns or (_AGE,)
    described = [(_describe(column), _read_path(column["jsonPath"], column["type"])) for column in columns]
    return [(_NAME, read_name), *described]


def _describe(column: Mapping[str, Any]) -> Object:
    path = f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
    return {
        "name": column["name"],
        "type": column["type"],
        "format": column.get("format", ""),
        "description": column.get("description") or path,
        "priority": column.get("priority", 0),
    }


def _read_path(path: str, column_type: str) -> Reader:
    def read(item: Object) -> object:
        found = find_values(item, path)
        if not found:
            return None
        return format_value(found[0]) if column_type == "string" else _to_cell(found[0], column_type)

    return read


def _to_cell(value: object, column_type: str) -> object:
    """Return a value as a cell of a type; None if it is of another one."""
    match column_type, value:
        case "boolean", bool():
            return value
        case "integer" | "number", int() | float() if not isinstance(value, bool):
            return int(value) if column_type == "integer" else value
        case "date", str():
            return format_age(value, none="<invalid>")
        case _:
            return None
