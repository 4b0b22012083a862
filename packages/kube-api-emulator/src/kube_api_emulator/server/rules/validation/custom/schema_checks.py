"""The schemas of custom kinds: what they may have besides their structure, and their rules.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apis/apiextensions/validation/validation.go
(ValidateCustomResourceDefinitionOpenAPISchema, validateMapListKeysMapSet, pathValid),
pkg/apiserver/schema/cel/compilation.go (Compile, compileRule).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kube_api_emulator.server.rules.cel.compilation import (
    find_compilation_problem,
    find_result_type,
    find_unknown_fields,
    find_wrong_calls,
)
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.custom.field_paths import find_field
from kube_api_emulator.server.rules.validation.custom.rule_types import list_variables
from kube_api_emulator.server.rules.validation.custom.structure import list_parts

Part = Mapping[str, Any]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_LIST_TYPE, _MAP_TYPE = "x-kubernetes-list-type", "x-kubernetes-map-type"
_KEYS, _RULES = "x-kubernetes-list-map-keys", "x-kubernetes-validations"
_NOT_SUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_KEY_DEFAULT = f"this property is in {_KEYS}, so it must have a default or be a required property"
# Calls of a value that may be missing.
_OPTIONAL = re.compile(r"\boldSelf\.(hasValue|value|orValue|optMap|optFlatMap)\(")
_NEW_LINE, _OLD = re.compile(r"[\n\r]"), re.compile(r"\boldSelf\b")
_RULE_TYPE = "@apiextensions.ValidationRule"
_WRONG_TYPE = "wrong type"
_TEXT: Part = {"type": "string"}
_META: Part = {
    "apiVersion": _TEXT,
    "kind": _TEXT,
    "metadata": {"type": "object", "properties": {"generateName": _TEXT, "name": _TEXT}},
}
_FIELD = re.compile(r"\b(?:self|oldSelf(?:\.value\(\))?)((?:\.[A-Za-z_]\w*)+)(?!\w*\()")


@dataclass(frozen=True)
class _Context:
    """Where a schema is.

    Attributes:
        is_root: whether it is that of the whole object.
        is_in_metadata: whether it is within apiVersion, kind or metadata.
        no_defaults: why it may have no default; empty if it may.
        unordered: the nearest place above whose old and new values the server can't match; empty for none.
        is_sound: whether its rules can be compiled.
    """

    is_root: bool = False
    is_in_metadata: bool = False
    no_defaults: str = ""
    unordered: str = ""
    is_sound: bool = True


def check_schema(schema: Part, place: str, causes: Causes, *, is_sound: bool) -> None:
    """Check a schema and all schemas in it, and then their rules. `is_sound` tells that it is structural."""
    found = _check(schema, place, _Context(is_root=True, is_sound=is_sound))
    causes.extend(found.schema)
    causes.extend(found.rules)


@dataclass
class _Found:
    """The problems of a schema, and those of its rules."""

    schema: Causes = field(default_factory=Causes)
    rules: Causes = field(default_factory=Causes)

    def add(self, other: "_Found") -> None:
        self.schema.extend(other.schema)
        self.rules.extend(other.rules)


def _check(schema: Part, place: str, context: _Context) -> _Found:
    found = _Found()
    causes = found.schema
    _check_standard(schema, place, context, causes)
    if schema.get("uniqueItems"):
        text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        causes.forbid(f"{place}.uniqueItems", text)
    if schema.get("properties") and schema.get("additionalProperties") not in (None, True):
        causes.forbid(f"{place}.additionalProperties", "additionalProperties and properties are mutual exclusive")
    for inner_place, inner, inner_context in _list_inner(schema, place, replace(context, is_root=False)):
        is_root = context.is_root and inner_context.is_in_metadata
        reason = f"in top-level {inner_place.rpartition('[')[2][:-1]}" if is_root else inner_context.no_defaults
        found.add(_check(inner, inner_place, replace(inner_context, no_defaults=reason)))
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        causes.refuse(f"{place}.x-kubernetes-preserve-unknown-fields", value=False, detail="must be true or undefined")
    _check_map(schema, place, causes)
    _check_list(schema, place, causes)
    rules = [(f"{place}.{_RULES}[{index}]", rule) for index, rule in enumerate(schema.get(_RULES) or ())]
    for rule_place, rule in rules:
        _check_rule(schema, rule, rule_place, causes)
    for rule_place, rule in rules if context.is_sound and not causes else ():
        _check_expressions(schema, rule, rule_place, context.unordered, found.rules)
    return found


def _list_inner(schema: Part, place: str, context: _Context) -> Iterator[tuple[str, Part, _Context]]:
    """Yield the schemas within a schema, each with its place and context."""
    others, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(others, Mapping):
        reason = "inside additionalProperties applying to object metadata" if context.is_in_metadata else ""
        inside = replace(context, no_defaults=reason or context.no_defaults)
        yield f"{place}.additionalProperties", others, inside
    can_match = schema.get(_MAP_TYPE) in (None, "atomic", "granular")
    is_object = place.endswith("openAPIV3Schema") or schema.get("x-kubernetes-embedded-resource")
    for name, inner in (schema.get("properties") or {}).items():
        inside = context if can_match else replace(context, unordered=context.unordered or place)
        inside = replace(inside, is_in_metadata=True) if is_object and name in _META else inside
        yield f"{place}.properties[{name}]", inner, inside
    for inner_place, inner in _list_apart(schema, place):
        yield inner_place, inner, replace(context, is_sound=False)
    inside = context if schema.get(_LIST_TYPE) == "map" else replace(context, unordered=context.unordered or place)
    if isinstance(items, Mapping):
        yield f"{place}.items", items, inside
    for index, inner in enumerate(items if isinstance(items, list) else ()):
        yield f"{place}.items[{index}]", inner, inside


def _list_apart(schema: Part, place: str) -> Iterator[tuple[str, Part]]:
    """Yield the schemas of conditions and the like, whose rules are not compiled."""
    if schema.get("not") is not None:
        yield f"{place}.not", schema["not"]
    for name in ("allOf", "oneOf", "anyOf"):
        for index, inner in enumerate(schema.get(name) or ()):
            yield f"{place}.{name}[{index}]", inner
    for name in ("definitions", "dependencies"):
        for key, inner in (schema.get(name) or {}).items():
            if isinstance(inner, Mapping):
                yield f"{place}.{name}[{key}]", inner


def is_convertible(schema: Part) -> bool:
    """Check that no schema has a field that a structural one does not have."""
    if any(schema.get(name) for name in _NOT_SUPPORTED) or schema.get("x-kubernetes-preserve-unknown-fields") is False:
        return False
    if isinstance(schema.get("items"), list) and schema["items"]:
        return False
    return all(is_convertible(inner) for _, _, inner in list_parts(schema, ""))


def _check_standard(schema: Part, place: str, context: _Context, causes: Causes) -> None:
    if schema.get("type"):
        causes.check_choice(f"{place}.type", schema["type"], _TYPES)
    if schema.get("default") is not None and context.no_defaults:
        causes.forbid(f"{place}.default", f"must not be set {context.no_defaults}")
    for name in _NOT_SUPPORTED:
        if schema.get(name):
            causes.forbid(f"{place}.{name}", f"{name} is not supported")
    if schema.get("type") == "null":
        causes.forbid(f"{place}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        causes.forbid(f"{place}.items", "items must be a schema object and not an array")
    if context.is_in_metadata and schema.get("x-kubernetes-embedded-resource"):
        causes.forbid(f"{place}.x-kubernetes-embedded-resource", "must not be used inside of resource meta")


def _require_type(schema: Part, wanted: str, extension: str, place: str, causes: Causes) -> None:
    if schema.get("type") == wanted:
        return
    text = f"must be {wanted} if {extension} is specified"
    if schema.get("type"):
        causes.refuse(f"{place}.type", schema["type"], text)
    else:
        causes.require(f"{place}.type", text)


def _check_map(schema: Part, place: str, causes: Causes) -> None:
    if schema.get(_MAP_TYPE) is not None:
        _require_type(schema, "object", _MAP_TYPE, place, causes)
        causes.check_choice(f"{place}.{_MAP_TYPE}", schema[_MAP_TYPE], ("atomic", "granular"))


def _check_list(schema: Part, place: str, causes: Causes) -> None:
    kind, keys, items = schema.get(_LIST_TYPE), list(schema.get(_KEYS) or ()), schema.get("items")
    if kind is not None:
        _require_type(schema, "array", _LIST_TYPE, place, causes)
        if kind == "set" and isinstance(items, Mapping) and schema.get("type") == "array":
            _check_set(items, place, causes)
        causes.check_choice(f"{place}.{_LIST_TYPE}", kind, ("atomic", "set", "map"))
    if keys and kind is None:
        causes.require(f"{place}.{_LIST_TYPE}", f"must be map if {_KEYS} is non-empty")
    elif keys and kind != "map":
        causes.refuse(f"{place}.{_LIST_TYPE}", kind, f"must be map if {_KEYS} is non-empty")
    if kind == "map":
        if not keys:
            causes.require(f"{place}.{_KEYS}", f"must not be empty if {_LIST_TYPE} is map")
        if items is None:
            causes.require(f"{place}.items", f"must have a schema if {_LIST_TYPE} is map")
        elif not isinstance(items, Mapping):
            text = f"must only have a single schema if {_LIST_TYPE} is map"
            causes.refuse(f"{place}.items", items, text, "@apiextensions.JSONSchemaPropsOrArray")
        else:
            _check_keys(items, keys, place, causes)
    if kind in ("set", "map") and isinstance(items, Mapping):
        _check_required_keys(items, keys if kind == "map" else [], kind, place, causes)


def _check_set(items: Part, place: str, causes: Causes) -> None:
    text = f"must be atomic as item of a list with {_LIST_TYPE}=set"
    if items.get("type") == "array" and items.get(_LIST_TYPE) not in (None, "atomic"):
        causes.refuse(f"{place}.items.{_LIST_TYPE}", items[_LIST_TYPE], text)
    if items.get("type") == "object" and items.get(_MAP_TYPE) != "atomic":
        causes.refuse(f"{place}.items.{_MAP_TYPE}", items.get(_LIST_TYPE), text)


def _check_keys(items: Part, keys: list[str], place: str, causes: Causes) -> None:
    if items.get("type") != "object":
        text = f"must be object if parent array's {_LIST_TYPE} is map"
        causes.refuse(f"{place}.items.type", items.get("type") or "", text)
        return
    fields = items.get("properties") or {}
    for index, key in enumerate(keys):
        if key not in fields:
            causes.refuse(f"{place}.{_KEYS}", keys, "entries must all be names of item properties")
        elif fields[key].get("type") in ("array", "object"):
            text = f"must be a scalar type if parent array's {_LIST_TYPE} is map"
            causes.refuse(f"{place}.items.properties[{key}].type", "object", text)
        if key in keys[:index]:
            causes.refuse(f"{place}.{_KEYS}", keys, "must not contain duplicate entries")


def _check_required_keys(items: Part, keys: list[str], kind: str, place: str, causes: Causes) -> None:
    """Check that items and their keys are always there."""
    if items.get("nullable"):
        causes.forbid(f"{place}.items.nullable", f"cannot be nullable when {_LIST_TYPE} is {kind}")
    for key in keys:
        key_place, found = f"{place}.items.properties[{key}]", (items.get("properties") or {}).get(key)
        if found is None:
            continue
        if key not in (items.get("required") or ()) and found.get("default") is None:
            causes.require(f"{key_place}.default", _KEY_DEFAULT)
        if found.get("nullable"):
            causes.forbid(f"{key_place}.nullable", f"this property is in {_KEYS}, so it cannot be nullable")


# -- rules -----------------------------------------------------------------------------------------------------------


def _check_rule(schema: Part, rule: Part, place: str, causes: Causes) -> None:
    text, message = (str(rule.get("rule") or "")), str(rule.get("message") or "")
    if not text.strip():
        causes.require(f"{place}.rule", "rule is not specified")
    elif message and not message.strip():
        causes.refuse(f"{place}.message", message, "must be non-empty if specified")
    elif _NEW_LINE.search(message.strip()):
        causes.refuse(f"{place}.message", message, "must not contain line breaks")
    elif _NEW_LINE.search(text.strip()) and not message.strip():
        causes.require(f"{place}.message", "message must be specified if rule contains line breaks")
    if rule.get("messageExpression") and not str(rule["messageExpression"]).strip():
        causes.require(f"{place}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.get("reason") is not None:
        causes.check_choice(f"{place}.reason", rule["reason"], _REASONS)
    path = str(rule.get("fieldPath") or "")
    if path and not path.strip():
        causes.refuse(f"{place}.fieldPath", path, "must be non-empty if specified")
    if _NEW_LINE.search(path):
        causes.refuse(f"{place}.fieldPath", path, "must not contain line breaks")
    if path and not _has_path(schema, path):
        causes.refuse(f"{place}.fieldPath", path, "must be a valid path")


def _has_path(schema: Part, path: str) -> bool:
    """Check that a path leads to a field of a schema."""
    try:
        find_field(path, schema)
    except ValueError:
        return False
    return True


def _check_expressions(schema: Part, rule: Part, place: str, unordered: str, causes: Causes) -> None:
    text = str(rule["rule"])
    problem = "" if rule.get("optionalOldSelf") else find_wrong_calls(text, _OPTIONAL, "selfType")
    problem = problem or _find_problem(schema, text, "bool", place)
    if problem:
        problem = "cel expression must evaluate to a bool" if problem == _WRONG_TYPE else problem
        causes.refuse(f"{place}.rule", rule, problem, _RULE_TYPE)
    if rule.get("messageExpression"):
        wrong = _find_problem(schema, str(rule["messageExpression"]), "string", place)
        if wrong:
            wrong = "must evaluate to a string" if wrong == _WRONG_TYPE else wrong
            causes.refuse(f"{place}.messageExpression", rule, f"messageExpression {wrong}", _RULE_TYPE)
    if not problem and _OLD.search(text):
        if unordered:
            detail = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {unordered}"
            causes.refuse(f"{place}.rule", text, detail)
    elif rule.get("optionalOldSelf") is not None:
        detail = "may not be set if oldSelf is not used in rule"
        causes.refuse(f"{place}.optionalOldSelf", rule["optionalOldSelf"], detail)


def _find_problem(schema: Part, text: str, wanted: str, place: str) -> str:
    """Return why an expression can't be compiled, or the mark of one whose value has another type; empty for none."""
    variables = list_variables(schema, text)
    problem = find_compilation_problem(text, variables)
    has_metadata = place.partition(f".{_RULES}")[0].endswith("openAPIV3Schema")
    schema = {**schema, "properties": {**_META, **(schema.get("properties") or {})}} if has_metadata else schema
    problem = problem or find_unknown_fields(text, _FIELD, lambda names: _find_unknown_name(schema, names))
    found = "" if problem else find_result_type(text, variables)
    # Types of objects are not known.
    return _WRONG_TYPE if found not in ("", wanted) and "dyn" not in found else problem


def _find_unknown_name(schema: Part, names: Sequence[str]) -> int | None:
    """Return the index of the first name that the schema of `self` does not have."""
    for index, name in enumerate(names):
        is_open = schema.get("additionalProperties") or schema.get("x-kubernetes-embedded-resource")
        if is_open or schema.get("type") != "object" or "__" in name:
            return None
        if name not in (schema.get("properties") or {}):
            return index
        schema = schema["properties"][name]
    return None
