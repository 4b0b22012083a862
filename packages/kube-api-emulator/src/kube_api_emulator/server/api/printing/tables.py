"""Tables for `kubectl get`: the columns of each kind as a real server describes them, with their cells."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from kube_api_emulator.server.api.printing.cells import Reader, read_age, read_name
from kube_api_emulator.server.api.printing.cluster_columns import CLUSTER_COLUMNS
from kube_api_emulator.server.api.printing.columns import COLUMNS
from kube_api_emulator.server.api.printing.custom_columns import list_custom_columns
from kube_api_emulator.server.api.printing.pod_cells import list_row_conditions
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.status_errors import bad_request

_COLUMNS_FILE = Path(__file__).parent / "column_definitions.json"
# The time of an object that has none, which is that of a bookmark.
_NO_TIME = "0001-01-01T00:00:00Z"
_OBJECTS = ("", "Metadata", "Object", "None")


def build_table(
    resource: Resource,
    items: Sequence[Object],
    metadata: Mapping[str, Any],
    *,
    objects: str,
    version: str = "v1",
    is_list: bool = True,
) -> Object:
    """Return a Table of objects. `objects` says how much of each comes along: `Object`, `Metadata` or `None`.

    Raises StatusError 400 for another value.
    """
    if objects not in _OBJECTS:
        text = f"includeObject: Invalid value: \"{objects}\": must be 'Metadata', 'Object', 'None', or empty"
        raise bad_request(f"Unable to convert to Table as requested: {text}")
    columns = list_custom_columns(resource) if resource.is_custom else _list_columns(resource)
    rows = []
    for item in items:
        row: Object = {"cells": [read(item) for _, read in columns]}
        if resource.kind == "Pod" and (conditions := list_row_conditions(item)):
            row["conditions"] = conditions
        rows.append(row | _include(resource, item, objects, version))
    definitions = [definition for definition, _ in columns]
    table: Object = {"kind": "Table", "apiVersion": f"meta.k8s.io/{version}", "metadata": dict(metadata)}
    table["columnDefinitions"] = definitions
    # The server has no list of rows for kinds whose cells it makes from metadata only.
    is_plain = not resource.is_custom and any(each["type"] == "date" for each in definitions)
    has_rows = bool(rows) or not is_list or not is_plain
    return table | {"rows": rows if has_rows else None}


def _include(resource: Resource, item: Object, objects: str, version: str) -> Object:
    if objects == "Object":
        return {"object": {"kind": resource.kind, "apiVersion": resource.group_version} | item}
    if objects == "None":
        return {"object": None}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}"}
    return {"object": partial | {"metadata": item["metadata"]}}


def _list_columns(resource: Resource) -> list[tuple[Object, Reader]]:
    """Return the definition and the reader of each column of a built-in kind."""
    cells: Mapping[str, Reader] = COLUMNS.get(resource.kind) or CLUSTER_COLUMNS.get(resource.kind) or {}
    readers: Mapping[str, Reader] = {
        "Name": read_name,
        "Age": read_age,
        "Created At": lambda item: item["metadata"].get("creationTimestamp", _NO_TIME),
        **cells,
    }
    known = _load_definitions()
    found = known.get(f"{resource.group}/{resource.kind}") or known["/LimitRange"]
    return [(definition, readers[definition["name"]]) for definition in found]


@cache
def _load_definitions() -> Mapping[str, Sequence[Object]]:
    """Return the column definitions of kinds as `GROUP/KIND`."""
    content = json.loads(_COLUMNS_FILE.read_text("utf-8"))
    texts = content["descriptions"]
    return {
        kind: [
            {"name": name, "type": type_, "format": format_, "description": texts[text], "priority": priority}
            for name, type_, format_, priority, text in columns
        ]
        for kind, columns in content["kinds"].items()
    }
