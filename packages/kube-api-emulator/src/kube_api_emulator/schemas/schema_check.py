"""Check an object against the schema of its kind: fields, types, required fields, enums and formats."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kube_api_emulator.schemas.known_values import find_known_values
from kube_api_emulator.schemas.names import find_nearest, join_first, join_names
from kube_api_emulator.schemas.quantity import is_quantity
from kube_api_emulator.schemas.schemas import Schema, Schemas, format_api_version, split_api_version

Step = str | int
ProblemKind = Literal["kind", "unknown", "type", "required", "enum", "format", "duplicate", "bounds", "null"]
_WORDS = {
    "integer": "an integer",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}
_PYTHON_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (Mapping, "object"),
    (Sequence, "array"),
)
_LIMITS = {"int32": 2**31, "int64": 2**63}


@dataclass(frozen=True)
class SchemaProblem:
    """A part of an object that its schema does not allow.

    Attributes:
        path: names of fields and indexes of lists, from the object to the part.
        message: the problem, without the value of the part.
        kind: which rule is broken.
        expected: the JSON type that the schema wants, if it is about a type; the type of the list for a null in it.
    """

    path: tuple[Step, ...]
    message: str
    kind: ProblemKind
    expected: str = ""

    def __str__(self) -> str:
        return f"{format_path(self.path)}: {self.message}"


def format_path(path: Sequence[Step]) -> str:
    """Return the path as Kubernetes shows it: `spec.containers[0].image`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def check_object(schemas: Schemas, manifest: Mapping[str, Any]) -> tuple[SchemaProblem, ...] | None:
    """Return the problems of an object, in the order of its fields; None for an unknown custom kind."""
    group, version = split_api_version(str(manifest.get("apiVersion", "")))
    kind = str(manifest.get("kind", ""))
    schema = schemas.find(group, version, kind)
    if schema is not None:
        return tuple(find_problems(schemas, schema, manifest))
    problem = _explain_unknown_kind(schemas, group, version, kind)
    return (problem,) if problem else None


def _explain_unknown_kind(schemas: Schemas, group: str, version: str, kind: str) -> SchemaProblem | None:
    known = schemas.list_kinds()
    others = sorted({format_api_version(*each[:2]) for each in known if each[2] == kind})
    named = format_api_version(group, version)
    if group and group not in {each[0] for each in known} and not (others and _is_own_group(group)):
        return None
    message = f"Kubernetes {schemas.version} has no {kind or 'kind'} in {named or 'an empty apiVersion'}"
    if others:
        return SchemaProblem(("apiVersion",), f"{message}; it has it in {join_names(others)}", "kind")
    kinds = [each[2] for each in known if each[:2] == (group, version)]
    return SchemaProblem(("kind",), message + _suggest(kind, kinds), "kind")


def _is_own_group(group: str) -> bool:
    """Return whether the group is one of Kubernetes', of today or of the past."""
    return "." not in group or group.endswith(".k8s.io")


def find_problems(
    schemas: Schemas, schema: Schema, value: object, path: tuple[Step, ...] = ()
) -> Iterator[SchemaProblem]:
    """Yield what the schema does not allow, in the order of the fields. A null counts as a field that is not there."""
    if value is None:
        return
    if schemas.is_int_or_string(schema):
        if not isinstance(value, int | str) or isinstance(value, bool):
            yield SchemaProblem(path, f"must be an integer or a text, not {_name_type(value)}", "type", "string")
        elif isinstance(value, int) and "$ref" in schema and not -_LIMITS["int32"] <= value < _LIMITS["int32"]:
            yield SchemaProblem(path, "is too large for int32", "bounds")
    elif schemas.is_quantity(schema):
        yield from _check_quantity(value, path)
    else:
        yield from _check_type(schemas, schema, value, path)


def _check_quantity(value: object, path: tuple[Step, ...]) -> Iterator[SchemaProblem]:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        yield SchemaProblem(path, f"must be an amount like 500m or 1Gi, not {_name_type(value)}", "type", "string")
    elif not is_quantity(str(value)):
        yield SchemaProblem(path, "must be an amount like 500m or 1Gi", "format")


def _check_type(schemas: Schemas, schema: Schema, value: object, path: tuple[Step, ...]) -> Iterator[SchemaProblem]:
    expected, actual = schemas.get_type(schema), get_json_type(value)
    if expected and actual != expected and not (expected == "number" and actual == "integer"):
        yield SchemaProblem(path, f"must be {_WORDS[expected]}, not {_name_type(value)}", "type", expected)
    elif isinstance(value, Mapping):
        yield from _check_fields(schemas, schema, value, path)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from _check_items(schemas, schema, value, path)
    else:
        yield from _check_scalar(schemas, schema, value, path)


def _check_fields(
    schemas: Schemas, schema: Schema, value: Mapping[str, Any], path: tuple[Step, ...]
) -> Iterator[SchemaProblem]:
    definition = schemas.resolve(schema)
    properties = definition.get("properties") or {}
    for name in definition.get("required") or ():
        if value.get(name) is None and path[:1] != ("status",):
            yield SchemaProblem((*path, name), "is required", "required")
    for name, inner in value.items():
        field = schemas.get_field(schema, str(name))
        if field is None:
            yield SchemaProblem((*path, str(name)), "unknown field" + _suggest(str(name), properties), "unknown")
        else:
            yield from find_problems(schemas, field, inner, (*path, str(name)))
            yield from _check_known_values(schema, str(name), inner, (*path, str(name)))
    yield from _check_size(definition, len(value), "Properties", path)


def _check_known_values(schema: Schema, name: str, value: object, path: tuple[Step, ...]) -> Iterator[SchemaProblem]:
    allowed = find_known_values(schema.get("$ref", ""), name)
    for index, each in enumerate(value if isinstance(value, list) else (value,)):
        if allowed and isinstance(each, str) and each not in allowed:
            where = (*path, index) if isinstance(value, list) else path
            yield SchemaProblem(where, f'"{each}" is not one of {", ".join(allowed)}', "enum")


def _check_items(
    schemas: Schemas, schema: Schema, value: Sequence[Any], path: tuple[Step, ...]
) -> Iterator[SchemaProblem]:
    items, keys = schemas.get_items(schema), schemas.get_list_keys(schema)
    list_type = schemas.get_list_type(schema)
    seen: list[object] = []
    for index, inner in enumerate(value):
        if inner is None and list_type != "atomic":
            yield SchemaProblem((*path, index), "must not be null", "null", list_type)
            continue
        yield from find_problems(schemas, items, inner, (*path, index))
        if list_type == "set":
            identity: object = inner
        elif keys and isinstance(inner, Mapping):
            identity = schemas.get_key_values(schema, inner)
        else:
            continue
        if identity in seen:
            what = join_names(keys) if keys else "value"
            yield SchemaProblem((*path, index), f"has the same {what} as another item of the list", "duplicate")
        seen.append(identity)
    yield from _check_size(schemas.resolve(schema), len(value), "Items", path)


def _check_size(definition: Schema, size: int, what: str, path: tuple[Step, ...]) -> Iterator[SchemaProblem]:
    least, most = definition.get(f"min{what}"), definition.get(f"max{what}")
    if least is not None and size < least:
        yield SchemaProblem(path, f"must have at least {least} {_SIZES[what]}", "bounds")
    if most is not None and size > most:
        yield SchemaProblem(path, f"must have at most {most} {_SIZES[what]}", "bounds")


_SIZES = {"Properties": "fields", "Items": "items", "Length": "characters"}


def _check_scalar(schemas: Schemas, schema: Schema, value: object, path: tuple[Step, ...]) -> Iterator[SchemaProblem]:
    definition = schemas.resolve(schema)
    allowed = definition.get("enum")
    # Kubernetes' own definitions have no enums but those of apiVersion and kind, which name the kind.
    if allowed and value not in allowed:
        yield SchemaProblem(path, f"must be one of {join_first([str(each) for each in allowed], 8)}", "enum")
    if isinstance(value, str):
        yield from _check_size(definition, len(value), "Length", path)
        yield from _check_pattern(definition, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _check_bounds(definition, value, path)


def _check_pattern(definition: Schema, value: str, path: tuple[Step, ...]) -> Iterator[SchemaProblem]:
    pattern = definition.get("pattern")
    if pattern and not _search(pattern, value):
        yield SchemaProblem(path, f"must match {pattern}", "format")


def _search(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:  # Go's syntax has parts that Python's does not have
        return True


def _check_bounds(definition: Schema, value: float, path: tuple[Step, ...]) -> Iterator[SchemaProblem]:
    limit = _LIMITS.get(definition.get("format", ""))
    if limit and not -limit <= value < limit:
        yield SchemaProblem(path, f"is too large for {definition['format']}", "bounds")
    least, most = definition.get("minimum"), definition.get("maximum")
    if least is not None and (value < least or (value == least and definition.get("exclusiveMinimum") is True)):
        more = "more than" if definition.get("exclusiveMinimum") is True else "at least"
        yield SchemaProblem(path, f"must be {more} {least}", "bounds")
    if most is not None and (value > most or (value == most and definition.get("exclusiveMaximum") is True)):
        less = "less than" if definition.get("exclusiveMaximum") is True else "at most"
        yield SchemaProblem(path, f"must be {less} {most}", "bounds")


def _suggest(name: str, known: Iterable[str]) -> str:
    nearest = find_nearest(name, known)
    return f"; did you mean {nearest}?" if nearest else ""


def get_json_type(value: object) -> str:
    """Return the name of a value's type in JSON schema; empty for null."""
    return next((name for type_, name in _PYTHON_TYPES if isinstance(value, type_)), "")


def _name_type(value: object) -> str:
    return _WORDS.get(get_json_type(value), "null")
