"""The types that rules of custom kinds see, by the schema of their value.

Source: k8s.io/apiserver v0.36.2, pkg/cel/common/schemas.go (SchemaDeclType).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Part = Mapping[str, Any]

_SCALARS = {"boolean": "bool", "integer": "int", "number": "double", "string": "string"}
_FORMATS = {
    "byte": "bytes",
    "date": "google.protobuf.Timestamp",
    "date-time": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
}
_NAME = re.compile(r"[A-Za-z_]\w*")
_SOUGHT = re.compile(r"\bhas\(\s*([\w.]+)\s*\)")
_DEEPEST = 8


def list_variables(schema: Part, text: str) -> dict[str, str]:
    """Return the variables of a rule with their types: `self`, and each of its fields with a name of its own.

    Fields that the rule looks for are no variables, as it looks for them in what is above them.
    """
    variables: dict[str, str] = {}
    sought = set(_SOUGHT.findall(text))
    for root in ("self", "oldSelf"):
        variables[root] = _find_type(schema)
        variables |= {path: type_ for path, type_ in _list_fields(schema, root) if path not in sought}
    return variables


def _list_fields(schema: Part, path: str) -> Iterator[tuple[str, str]]:
    if path.count(".") >= _DEEPEST:
        return
    for name, inner in (schema.get("properties") or {}).items():
        if not _NAME.fullmatch(name) or not isinstance(inner, Mapping):
            continue
        place = f"{path}.{name}"
        found = _find_type(inner)
        if found != "dyn":
            yield place, found
        yield from _list_fields(inner, place)


def _find_type(schema: Part) -> str:
    """Return the type of a value; `dyn` for an object, and for one whose type is unknown."""
    type_ = schema.get("type")
    if schema.get("x-kubernetes-int-or-string") or schema.get("nullable"):
        return "dyn"
    if type_ == "string":
        return _FORMATS.get(schema.get("format") or "", "string")
    if type_ == "array":
        items = schema.get("items")
        return f"list({_find_type(items)})" if isinstance(items, Mapping) else "dyn"
    if type_ == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map(string, {_find_type(schema['additionalProperties'])})"
    return _SCALARS.get(type_ or "", "dyn")
