"""Whether a body of a request fits the schema of its kind, in the words of kube-apiserver."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.content_errors import ContentError, describe_object
from envctl.adapters.sandbox.kubernetes.rules.field_sets import format_step
from envctl.adapters.sandbox.kubernetes.rules.structured_merge import StructuredMerge
from envctl.domain.kubernetes.schema_check import SchemaProblem, Step, find_problems, format_path
from envctl.domain.kubernetes.schemas import ANY, Schema, Schemas

_APPLY_WORDS = {
    "integer": "numeric (int or float)",
    "number": "numeric (int or float)",
    "object": "map",
    "array": "list",
}
_GO_TYPES = {"integer": "int32", "string": "string", "boolean": "bool", "number": "float64"}
_JSON_WORDS = ((bool, "bool"), (int, "number"), (float, "number"), (str, "string"), (dict, "object"), (list, "array"))


@dataclass(frozen=True)
class Kind:
    """A kind with its schema.

    Attributes:
        api_version: as in `apps/v1`.
    """

    schemas: Schemas
    schema: Schema
    group: str
    version: str
    name: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


def check_applied_types(kind: Kind, config: Mapping[str, Any]) -> None:
    """Check a configuration of a server-side apply. Raises ContentError 500, as the server does."""
    texts = []
    # The server leaves a map at its first unknown field.
    left: set[tuple[Step, ...]] = set()
    for problem in find_problems(kind.schemas, kind.schema, config):
        if problem.kind == "unknown" and problem.path[:-1] in left:
            continue
        text = _describe_for_apply(kind, config, problem)
        if text:
            texts.append(text)
        if problem.kind == "unknown":
            left.add(problem.path[:-1])
    if texts:
        text = texts[0] if len(texts) == 1 else "errors:\n  " + "\n  ".join(texts)
        metadata = config.get("metadata") or {}
        shown = describe_object(metadata.get("namespace", ""), metadata.get("name", ""), kind.api_version, kind.name)
        raise ContentError(500, "", f"failed to create typed patch object ({shown}): {text}")


def _describe_for_apply(kind: Kind, config: Mapping[str, Any], problem: SchemaProblem) -> str:
    if problem.kind == "unknown":
        return f"{_format_typed_path(kind, config, problem.path)}: field not declared in schema"
    if problem.kind == "duplicate":
        place = _format_typed_path(kind, config, problem.path[:-1])
        step = _format_typed_path(kind, config, problem.path).removeprefix(place)
        return f"{place}: duplicate entries for key {step}"
    if problem.kind == "null":
        what = (
            "with keys may not have a null element" if problem.expected == "map" else "without keys has a null element"
        )
        place = _format_typed_path(kind, config, problem.path[:-1])
        return f"{place}: element {problem.path[-1]}: associative list {what}"
    if problem.kind != "type":
        return ""
    value = _find_value(config, problem.path)
    wanted = _APPLY_WORDS.get(problem.expected, problem.expected)
    return (
        f"{_format_typed_path(kind, config, problem.path)}: expected {wanted}, got {_show_go(problem.expected, value)}"
    )


def _show_go(expected: str, value: object) -> str:
    """Return a value as the Go format of the message for its expected type shows it."""
    if expected in ("integer", "number"):
        return {bool: "bool", float: "float64", str: "string", dict: "map[string]interface {}", list: "[]interface {}"}[
            type(value)
        ]
    if expected == "string":
        return f"&value.valueUnstructured{{Value:{_format_go(value)}}}"
    return f"&{{{_format_go(value)}}}"


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


def check_body_types(kind: Kind, body: dict[str, Any], field_validation: str) -> list[str]:
    """Check a body of a create or an update, and drop its unknown fields. Returns warnings, raises ContentError 400."""
    problems = list(find_problems(kind.schemas, kind.schema, body))
    for problem in problems:
        if problem.kind == "type":
            raise _refuse_type(kind, body, problem)
    unknown = [problem.path for problem in problems if problem.kind == "unknown"]
    texts = [f'unknown field "{format_path(path)}"' for path in unknown]
    if texts and field_validation == "Strict":
        raise refuse_strictly(kind, texts)
    for path in reversed(unknown):
        _drop_field(body, path)
    return texts if field_validation == "Warn" else []


def refuse_strictly(kind: Kind, texts: Sequence[str]) -> ContentError:
    """Return the refusal of unknown and duplicate fields (400)."""
    message = (
        f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: '
        f"strict decoding error: {', '.join(texts)}"
    )
    return ContentError(400, "BadRequest", message)


def _refuse_type(kind: Kind, body: dict[str, Any], problem: SchemaProblem) -> ContentError:
    value = _find_value(body, problem.path)
    have = next(word for type_, word in _JSON_WORDS if isinstance(value, type_))
    place = ".".join(step for step in problem.path if isinstance(step, str))
    owner = f"{kind.name}{str(problem.path[0]).capitalize()}" if len(problem.path) > 1 else kind.name
    wanted = _GO_TYPES.get(problem.expected, "[]" if problem.expected == "array" else "map[string]")
    message = (
        f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: json: cannot unmarshal {have} '
        f"into Go struct field {owner}.{place} of type {wanted}"
    )
    return ContentError(400, "BadRequest", message)


def _find_value(value: Any, path: Sequence[Step]) -> Any:  # noqa: ANN401 (a part of JSON)
    for step in path:
        value = value[step]
    return value


def _drop_field(body: dict[str, Any], path: Sequence[Step]) -> None:
    owner = _find_value(body, path[:-1])
    owner.pop(path[-1], None)
