"""Whether a body of a request fits the schema of its kind, in the words of kube-apiserver.

Source: k8s.io/apimachinery v0.36.2, pkg/runtime/serializer/json/json.go (Decode), pkg/runtime/error.go
(NewStrictDecodingError), pkg/runtime/converter.go (FromUnstructuredWithValidation).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kube_api_emulator.schemas.quantity import explain_quantity
from kube_api_emulator.schemas.schema_check import SchemaProblem, Step, find_problems, format_path
from kube_api_emulator.schemas.schemas import ANY, Schema, Schemas
from kube_api_emulator.server.rules.content_errors import ContentError, describe_object
from kube_api_emulator.server.rules.field_sets import format_step
from kube_api_emulator.server.rules.go.decode_errors import (
    describe_unconvertible,
    describe_wrong_type,
    find_large_number,
)
from kube_api_emulator.server.rules.schema_parts import is_schema_part, is_within_part
from kube_api_emulator.server.rules.structured_merge import StructuredMerge

# The fields of a custom resource that have Go types.
_DECODED = ("apiVersion", "kind", "metadata")
_APPLY_WORDS = {
    "integer": "numeric (int or float)",
    "number": "numeric (int or float)",
    "object": "map",
    "array": "list",
}


@dataclass(frozen=True)
class Kind:
    """A kind with its schema.

    Attributes:
        api_version: as in `apps/v1`.
        scale_paths: where the values of the subresource scale are; empty for a kind of Kubernetes itself.
    """

    schemas: Schemas
    schema: Schema
    group: str
    version: str
    name: str
    scale_paths: Mapping[str, str] = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def is_custom(self) -> bool:
        return self.schemas.is_custom(self.group, self.version, self.name)


def check_applied_types(kind: Kind, config: Mapping[str, Any]) -> None:
    """Check a configuration of a server-side apply. Raises ContentError 500, as the server does."""
    texts = []
    # The server leaves a map at its first unknown field.
    left: set[tuple[Step, ...]] = set()
    for problem in find_problems(kind.schemas, kind.schema, config):
        if problem.kind == "unknown" and problem.path[:-1] in left:
            continue
        if is_within_part(kind.schemas, kind.schema, problem.path):
            # The conversion to the Go type tells it.
            continue
        text = _describe_for_apply(kind, config, problem)
        if text:
            texts.append(text)
        if problem.kind == "unknown":
            left.add(problem.path[:-1])
    texts += _list_keyless(kind, config)
    if texts:
        text = texts[0] if len(texts) == 1 else "errors:\n  " + "\n  ".join(texts)
        found = config.get("metadata")
        metadata = found if isinstance(found, Mapping) else {}
        namespace, name = (
            each if isinstance(each := metadata.get(field), str) else "" for field in ("namespace", "name")
        )
        shown = describe_object(namespace, name, kind.api_version, kind.name)
        raise ContentError(500, "", f"failed to create typed patch object ({shown}): {text}")


def has_keyless(kind: Kind, item: Mapping[str, Any]) -> bool:
    """Check for items of lists that have none of their keys."""
    return next(_find_keyless(kind.schemas, kind.schema, item, ()), None) is not None


def _list_keyless(kind: Kind, config: Mapping[str, Any]) -> list[str]:
    """Return the problems of items of lists that have none of their keys."""
    texts = []
    for path in _find_keyless(kind.schemas, kind.schema, config, ()):
        keys = kind.schemas.get_list_keys(_find_schema(kind, path[:-1]))
        listed = "[" + " ".join(json.dumps(key) for key in keys) + "]"
        text = f"omits all key fields {listed} (and doesn't have default values for any key fields)"
        place = _format_typed_path(kind, config, path[:-1])
        texts.append(f"{place}: element {path[-1]}: associative list with keys has an element that {text}")
    return texts


def _find_keyless(
    schemas: Schemas, schema: Schema, value: object, path: tuple[Step, ...]
) -> Iterator[tuple[Step, ...]]:
    if is_schema_part(schema):
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _find_keyless(schemas, schemas.get_field(schema, name) or ANY, inner, (*path, name))
    elif isinstance(value, list):
        keys, items = schemas.get_list_keys(schema), schemas.get_items(schema)
        keys = () if set(keys) & _list_defaulted(schemas, items) else keys
        for index, inner in enumerate(value):
            is_map = keys and isinstance(inner, dict)
            if is_map and not schemas.get_key_values(schema, inner):
                yield (*path, index)
            yield from _find_keyless(schemas, items, inner, (*path, index))


def _list_defaulted(schemas: Schemas, items: Schema) -> set[str]:
    """Return the fields that are empty texts without a value: those of Kubernetes' own types that are no pointers."""
    reference = str(items.get("$ref", ""))
    named = {"name"} if reference.endswith(".LocalObjectReference") else set()
    return named | set(schemas.resolve(items).get("required") or ()) if reference else named


def _is_set(kind: Kind, path: tuple[Step, ...]) -> bool:
    """Return whether a path leads to an item of a list whose items are what tells them apart."""
    if not path or not isinstance(path[-1], int):
        return False
    return bool(kind.schemas.get_extension(_find_schema(kind, path[:-1]), "list-type") == "set")


def _describe_for_apply(kind: Kind, config: Mapping[str, Any], problem: SchemaProblem) -> str:
    if problem.kind == "unknown":
        return f"{_format_typed_path(kind, config, problem.path)}: field not declared in schema"
    if problem.kind == "duplicate":
        place = _format_typed_path(kind, config, problem.path[:-1])
        step = _format_typed_path(kind, config, problem.path).removeprefix(place)
        if step == "[]":
            schema = _find_schema(kind, problem.path[:-1])
            defaulted = _list_defaulted(kind.schemas, kind.schemas.get_items(schema))
            keys = [f'{key}=""' for key in kind.schemas.get_list_keys(schema) if key in defaulted]
            step = f"[{','.join(keys)}]"
        return f"{place}: duplicate entries for key {step}"
    if problem.kind == "null":
        what = (
            "with keys may not have a null element"
            if problem.expected == "map"
            else "without keys has an element that's an explicit null"
        )
        place = _format_typed_path(kind, config, problem.path[:-1])
        return f"{place}: element {problem.path[-1]}: associative list {what}"
    if problem.kind != "type":
        return ""
    value = _find_value(config, problem.path)
    if isinstance(value, dict | list) and _is_set(kind, problem.path):
        what = (
            "associative list without keys has an element that's a map type"
            if isinstance(value, dict)
            else "not supported: associative list with lists as elements"
        )
        return f"{_format_typed_path(kind, config, problem.path[:-1])}: element {problem.path[-1]}: {what}"
    if _is_count_or_text(kind, problem.path) or (isinstance(value, float) and problem.expected == "integer"):
        # The type fits, and the conversion to the Go type fails.
        return ""
    if _is_amount(kind, problem.path) or _has_format(kind, problem):
        is_scalar = not isinstance(value, dict | list)
        shown = f"expected any scalar, got &{{{_format_go(value)}}}"
        return "" if is_scalar else f"{_format_typed_path(kind, config, problem.path)}: {shown}"
    if isinstance(problem.path[-1], int) and _is_keyed(kind, problem.path[:-1]):
        place = _format_typed_path(kind, config, problem.path[:-1])
        return f"{place}: element {problem.path[-1]}: associative list with keys may not have non-map elements"
    wanted = _APPLY_WORDS.get(problem.expected, problem.expected)
    return (
        f"{_format_typed_path(kind, config, problem.path)}: expected {wanted}, got {_show_go(problem.expected, value)}"
    )


def _has_format(kind: Kind, problem: SchemaProblem) -> bool:
    """Return whether a text has a format, so that the server takes any scalar for it at first."""
    form = kind.schemas.resolve(_find_schema(kind, problem.path)).get("format")
    return problem.expected == "string" and form not in (None, "", "byte")


def _find_schema(kind: Kind, path: Sequence[Step]) -> Schema:
    schema = kind.schema
    for step in path:
        inner = kind.schemas.get_items(schema) if isinstance(step, int) else kind.schemas.get_field(schema, step)
        schema = inner or ANY
    return schema


def _is_count_or_text(kind: Kind, path: Sequence[Step]) -> bool:
    return kind.schemas.is_int_or_string(_find_schema(kind, path))


def _is_keyed(kind: Kind, path: Sequence[Step]) -> bool:
    return bool(kind.schemas.get_list_keys(_find_schema(kind, path)))


def _show_go(expected: str, value: object) -> str:
    """Return a value as the Go format of the message for its expected type shows it."""
    if expected in ("integer", "number"):
        return {bool: "bool", float: "float64", str: "string", dict: "map[string]interface {}", list: "[]interface {}"}[
            type(value)
        ]
    if expected == "string":
        return f"&value.valueUnstructured{{Value:{_format_go_syntax(value)}}}"
    return f"&{{{_format_go(value)}}}"


def _format_go_syntax(value: object) -> str:
    """Return a value in the syntax of Go."""
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(_format_go_syntax, value)) + "}"
    if isinstance(value, dict):
        named = (f"{json.dumps(name)}:{_format_go_syntax(inner)}" for name, inner in sorted(value.items()))
        return "map[string]interface {}{" + ", ".join(named) + "}"
    return "interface {}(nil)" if value is None else json.dumps(value, ensure_ascii=False)


def _format_go(value: object) -> str:
    if isinstance(value, list):
        return "[" + " ".join(_format_go(each) for each in value) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{_format_go(inner)}" for name, inner in sorted(value.items())) + "]"
    return value if isinstance(value, str) else json.dumps(value)


def _format_typed_path(kind: Kind, config: object, path: Sequence[Step]) -> str:
    """Return a path with the keys of items of lists: `.spec.containers[name="web"].image`."""
    merge, schema, text = StructuredMerge(kind.schemas, kind.schema), kind.schema, ""
    for step in path:
        if isinstance(step, int):
            item = config[step] if isinstance(config, list) else None
            is_keyed = kind.schemas.get_list_type(schema) != "atomic"
            text += format_step(merge.name_list_item(schema, item) if is_keyed else f"i:{step}")
            schema, config = kind.schemas.get_items(schema), item
        else:
            text += f".{step}"
            schema = kind.schemas.get_field(schema, step) or ANY
            config = config.get(step) if isinstance(config, dict) else None
    return text


def check_body_types(
    kind: Kind, body: dict[str, Any], field_validation: str, *, is_converted: bool = False
) -> list[str]:
    """Check a body of a create or an update, and drop its unknown fields. Returns warnings, raises ContentError 400.

    `is_converted` tells the result of a strategic patch, which the server converts in another way.
    """
    problems = list(find_problems(kind.schemas, kind.schema, body))
    for problem in problems:
        text = _describe_wrong_value(kind, body, problem, is_converted=is_converted)
        if text:
            message = f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: {text}'
            raise ContentError(400, "BadRequest", message)
    unknown = [problem.path for problem in problems if problem.kind == "unknown"]
    if kind.is_custom:
        unknown += _list_misplaced(body, problems)
    texts = [
        f'unknown field "{format_path(path)}"'
        for path in unknown
        if not is_within_part(kind.schemas, kind.schema, path)
    ]
    if texts and field_validation == "Strict":
        raise refuse_strictly(kind, texts)
    for path in reversed(unknown):
        _drop_field(body, path)
    return texts if field_validation == "Warn" else []


def _describe_wrong_value(kind: Kind, body: dict[str, Any], problem: SchemaProblem, *, is_converted: bool) -> str:
    """Return what the decoder of the server says of a value; empty if it can be read."""
    if kind.is_custom and problem.path[0] not in _DECODED:
        # The validation of custom resources tells it.
        return ""
    if is_converted and is_within_part(kind.schemas, kind.schema, problem.path):
        # The conversion to the Go type tells it.
        return ""
    where = kind.schemas, kind.schema, kind.name, body
    match problem.kind:
        case "type":
            return describe_unconvertible(*where, problem) if is_converted else describe_wrong_type(*where, problem)
        case "format" if problem.path[0] != "status":
            is_amount = _is_amount(kind, problem.path)
            return explain_quantity(str(_find_value(body, problem.path))) if is_amount else ""
        case "bounds":
            return "" if is_converted else find_large_number(*where, problem.path)
    return ""


def _list_misplaced(body: object, problems: Sequence[SchemaProblem]) -> list[tuple[Step, ...]]:
    """Return the fields of maps that stand in the place of other values, which the server drops."""
    misplaced = []
    for problem in problems:
        if problem.kind == "type" and problem.path[0] not in _DECODED:
            found = _find_value(body, problem.path)
            misplaced += [(*problem.path, name) for name in (found if isinstance(found, dict) else ())]
    return misplaced


def _is_amount(kind: Kind, path: Sequence[Step]) -> bool:
    return kind.schemas.is_quantity(_find_schema(kind, path))


def refuse_strictly(kind: Kind, texts: Sequence[str]) -> ContentError:
    """Return the refusal of unknown and duplicate fields (400)."""
    message = (
        f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: '
        f"strict decoding error: {', '.join(texts)}"
    )
    return ContentError(400, "BadRequest", message)


def _find_value(value: Any, path: Sequence[Step]) -> Any:  # noqa: ANN401 (a part of JSON)
    for step in path:
        value = value[step]
    return value


def _drop_field(body: dict[str, Any], path: Sequence[Step]) -> None:
    owner = _find_value(body, path[:-1])
    owner.pop(path[-1], None)
