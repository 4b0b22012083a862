"""Values that the Go types of kube-apiserver can't take, in the words of its decoder and of its converter.

Source: sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730, internal/golang/encoding/json/decode.go
(UnmarshalTypeError, saveError, literalStore, convertNumber); k8s.io/apimachinery v0.36.2, pkg/runtime/converter.go
(fromUnstructured, sliceFromUnstructured, mapFromUnstructured, structFromUnstructured).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.schemas.quantity import explain_quantity
from kube_api_emulator.schemas.schema_check import SchemaProblem, Step
from kube_api_emulator.schemas.schemas import ANY, Schema, Schemas
from kube_api_emulator.server.rules.go.go_structs import find_embedded, name_go_type
from kube_api_emulator.server.rules.go.json_types import name_type
from kube_api_emulator.server.rules.schema_parts import SCHEMA_STRUCT, is_schema_part, name_definition

# The Go type of a value, and its kind.
_BYTES, _BYTE = "[]uint8", "uint8"
_GO_VALUES: Mapping[type, tuple[str, str]] = {
    bool: ("bool", "bool"),
    int: ("int64", "int64"),
    float: ("float64", "float64"),
    str: ("string", "string"),
    list: ("[]interface {}", "slice"),
    dict: ("map[string]interface {}", "map"),
}
# Go can convert these, and the server does not.
_CONVERTIBLE = {("int64", "string"), ("float64", "integer")}
_INTEGERS = {"int32": 2**31, "int64": 2**63}


@dataclass
class _Place:
    """Where a value is: the struct that has its field, the names of the structs and fields above, and its schema."""

    struct: str
    names: list[str]
    schema: Schema
    type: str = ""
    """The Go type, if it has a name of its own."""


def describe_wrong_type(
    schemas: Schemas,
    schema: Schema,
    kind: str,
    body: Mapping[str, Any] | list[Any],
    problem: SchemaProblem,
    *,
    is_decoded: bool = True,
) -> str:
    """Return why a value has not the type of its field. `is_decoded` tells that it is read from JSON."""
    value = _find_value(body, problem.path)
    place = _find_place(schemas, schema, kind, problem.path)
    if schemas.is_quantity(place.schema):
        # The server reads any JSON as the text of an amount.
        return explain_quantity("" if isinstance(value, dict | list) else str(value))
    have = name_type(value)
    type_ = "int32" if schemas.is_int_or_string(place.schema) else ""
    if _is_time(schemas, place.schema):
        type_ = "string"
    if type_ and not is_decoded:
        return f"json: cannot unmarshal {have} into Go value of type {type_}"
    if isinstance(value, float) and (type_ == "int32" or schemas.get_type(place.schema) == "integer"):
        have = f"number {value}"
    names = place.names
    if place.struct == "ObjectMeta" and isinstance(problem.path[0], str) and schema.get("properties"):
        # The metadata of a custom resource is decoded on its own.
        names = names[1:]
    field = f"{place.struct}.{'.'.join(names)}"
    type_ = type_ or place.type or _name_go(schemas, place.schema)
    if type_ == _BYTES and isinstance(value, list):
        # The server reads a list as single bytes.
        wrong = next((each for each in value if isinstance(each, bool) or not isinstance(each, int)), "")
        have, type_ = name_type(wrong), _BYTE
    return f"json: cannot unmarshal {have} into Go struct field {field} of type {type_}"


def describe_unconvertible(
    schemas: Schemas, schema: Schema, kind: str, body: Mapping[str, Any] | list[Any], problem: SchemaProblem
) -> str:
    """Return why the result of a strategic patch, which is no JSON any more, has not the type of its field."""
    value = _find_value(body, problem.path)
    place = _find_place(schemas, schema, kind, problem.path)
    target = place.schema
    if schemas.is_quantity(target) or schemas.is_int_or_string(target) or _is_time(schemas, target):
        return describe_wrong_type(schemas, schema, kind, body, problem, is_decoded=False)
    have, wanted = _GO_VALUES[type(value)]
    type_ = _name_go(schemas, target)
    if type_ == _BYTES and isinstance(value, list):
        return f"unrecognized type: {_BYTE}"
    if type_.startswith("[]"):
        return f"cannot restore slice from {wanted}"
    if type_.startswith("map[") or type_ == "v1.ResourceList":
        return f"cannot restore map from {wanted}"
    if schemas.get_type(target) == "object":
        return f"cannot restore struct from: {wanted}"
    if (have, schemas.get_type(target)) in _CONVERTIBLE:
        return f"cannot convert {have} to {place.type or type_}"
    return f"unrecognized type: {type_}"


def _is_time(schemas: Schemas, schema: Schema) -> bool:
    return schemas.resolve(schema).get("format") == "date-time"


def find_large_number(
    schemas: Schemas, schema: Schema, kind: str, body: Mapping[str, Any] | list[Any], path: Sequence[Step]
) -> str:
    """Return why an integer has no place in its field; empty if it has."""
    value, place = _find_value(body, path), _find_place(schemas, schema, kind, path)
    form = "int32" if schemas.is_int_or_string(place.schema) else schemas.resolve(place.schema).get("format", "")
    limit = _INTEGERS.get(form)
    if limit is None or not isinstance(value, int) or -limit <= value < limit:
        return ""
    field, type_ = f"{place.struct}.{'.'.join(place.names)}", place.type or form
    return f"json: cannot unmarshal number {value} into Go struct field {field} of type {type_}"


def _find_place(schemas: Schemas, schema: Schema, kind: str, path: Sequence[Step]) -> _Place:
    place = _Place(kind, [], schema)
    struct, is_apart = kind, False
    for number, step in enumerate(path):
        # Such a part is decoded on its own, and the server names the struct that has it.
        is_apart = is_apart or (number > 0 and is_schema_part(place.schema))
        if isinstance(step, int):
            place.schema = schemas.get_items(place.schema)
            place.type = place.type[2:] if place.type.startswith("[]") else ""
            continue
        definition = schemas.resolve(place.schema)
        if step in (definition.get("properties") or {}):
            struct = SCHEMA_STRUCT if is_apart else name_definition(place.schema).rpartition(".")[2] or struct
            place.struct = struct
            owner = ".".join(name_definition(place.schema).split(".")[-3:])
            place.type = name_go_type(owner, step)
            if embedded := find_embedded(owner, step):
                place.names.append(embedded)
                package, inner = owner.rpartition(".")[0], embedded.rpartition(".")[2]
                place.type = place.type or name_go_type(f"{package}.{inner}", step)
            place.names.append(step)
        else:
            place.type = place.type.partition("]")[2] if place.type.startswith("map[") else ""
        place.schema = schemas.get_field(place.schema, step) or ANY
    return place


def _name_go(schemas: Schemas, schema: Schema) -> str:
    """Return the Go type of a field: `int32`, `[]v1.Container`, `map[string]string`."""
    definition = schemas.resolve(schema)
    match schemas.get_type(schema):
        case "string":
            return "[]uint8" if definition.get("format") == "byte" else "string"
        case "boolean":
            return "bool"
        case "integer":
            return str(definition.get("format") or "int")
        case "number":
            return "float64"
        case "array":
            return f"[]{_name_go(schemas, schemas.get_items(schema))}"
    if reference := schema.get("$ref"):
        version, _, name = str(reference).rpartition(".")
        return f"{version.rpartition('.')[2]}.{name}"
    extra = definition.get("additionalProperties")
    if isinstance(extra, Mapping) and schemas.is_quantity(extra):
        return "v1.ResourceList"
    return f"map[string]{_name_go(schemas, extra)}" if isinstance(extra, Mapping) else "map[string]interface {}"


def _find_value(value: Any, path: Sequence[Step]) -> Any:  # noqa: ANN401 (a part of JSON)
    for step in path:
        value = value[step]
    return value
