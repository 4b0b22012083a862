"""Tables for `kubectl get`: columns of common kinds and of custom resources, name and age for all others."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envctl.adapters.sandbox.kubernetes.api.cluster_columns import CLUSTER_COLUMNS
from envctl.adapters.sandbox.kubernetes.api.columns import AGE, COLUMNS, Column, format_age
from envctl.adapters.sandbox.kubernetes.resources import Object, Resource

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[(\d+)\]")


def build_table(resource: Resource, items: Sequence[Object], metadata: Mapping[str, Any], *, objects: str) -> Object:
    """Return a Table of objects. `objects` says how much of each comes along: `Object`, `Metadata` or `None`."""
    columns = _find_columns(resource)
    rows = []
    for item in items:
        row: Object = {"cells": [column.read(item) for column in columns]}
        if objects == "Object":
            row["object"] = item
        elif objects != "None":
            partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
            row["object"] = partial | {"metadata": item["metadata"]}
        rows.append(row)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": dict(metadata),
        "columnDefinitions": [_describe_column(column) for column in columns],
        "rows": rows,
    }


def _describe_column(column: Column) -> Object:
    format_ = "name" if column.name == "Name" else ""
    described = {"name": column.name, "type": column.type, "format": format_, "description": ""}
    return described | {"priority": column.priority}


def _find_columns(resource: Resource) -> list[Column]:
    name = Column("Name", lambda item: item["metadata"]["name"])
    if resource.is_custom:
        custom = [
            Column(column["name"], _read_path(column["jsonPath"], column["type"]), _type_of(column["type"]))
            for column in resource.columns
        ]
        return [name, *(custom or [AGE])]
    columns = COLUMNS.get(resource.kind) or CLUSTER_COLUMNS.get(resource.kind, ())
    if resource.kind == "Event":
        return list(columns)
    if resource.kind == "ComponentStatus" or any(column.name == "Created At" for column in columns):
        return [name, *columns]
    # Wide columns come after the age.
    return [name, *columns] if AGE in columns else [name, *columns, AGE]


def _type_of(column_type: str) -> str:
    return column_type if column_type in {"integer", "number", "boolean"} else "string"


def _read_path(path: str, column_type: str) -> Callable[[Object], object]:
    """Return a reader of a simple JSON path such as `.status.conditions[0].status`."""
    steps = [match[1] or match[2] or int(match[3]) for match in _STEP.finditer(path)]

    def read(item: Object) -> object:
        found: Any = item
        for step in steps:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return format_age(str(found)) if column_type == "date" else found

    return read
