"""The schemas of custom kinds: what they may have besides their structure, and their rules."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.compilation import (
    find_compilation_problem,
    find_result_type,
    find_unknown_field,
)
from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes
from envctl.adapters.sandbox.kubernetes.rules.validation.custom.rule_types import list_variables
from envctl.adapters.sandbox.kubernetes.rules.validation.custom.structure import list_parts

Part = Mapping[str, Any]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_LIST_TYPE, _MAP_TYPE = "x-kubernetes-list-type", "x-kubernetes-map-type"
_KEYS, _RULES = "x-kubernetes-list-map-keys", "x-kubernetes-validations"
_NOT_SUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_KEY_DEFAULT = f"this property is in {_KEYS}, so it must have a default or be a required property"
_PATH = re.compile(r"(?:\.[A-Za-z_]\w*|\['[^']+'\])+")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([^']+)'\]")
_RULE_TYPE = "@apiextensions.ValidationRule"
_WRONG_TYPE = "wrong type"
_TEXT: Part = {"type": "string"}
_META: Part = {
    "apiVersion": _TEXT,
    "kind": _TEXT,
    "metadata": {"type": "object", "properties": {"generateName": _TEXT, "name": _TEXT}},
}
_FIELD = re.compile(r"\bself((?:\.[A-Za-z_]\w*)+)(?!\w*\()")


def check_schema(schema: Part, place: str, causes: Causes) -> None:
    """Check a schema and all schemas in it."""
    before = len(causes)
    _check_standard(schema, place, causes)
    if schema.get("uniqueItems"):
        text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        causes.forbid(f"{place}.uniqueItems", text)
    if schema.get("properties") and schema.get("additionalProperties") not in (None, True):
        causes.forbid(f"{place}.additionalProperties", "additionalProperties and properties are mutual exclusive")
    for _, inner_place, inner in list_parts(schema, place):
        check_schema(inner, inner_place, causes)
    for name in ("allOf", "oneOf", "anyOf"):
        for index, inner in enumerate(schema.get(name) or ()):
            check_schema(inner, f"{place}.{name}[{index}]", causes)
    _check_map(schema, place, causes)
    _check_list(schema, place, causes)
    for index, rule in enumerate(schema.get(_RULES) or ()):
        _check_rule(schema, rule, f"{place}.{_RULES}[{index}]", causes, compiles=len(causes) == before)


def is_convertible(schema: Part) -> bool:
    """Check that no schema has a field that a structural one does not have."""
    if any(schema.get(name) for name in _NOT_SUPPORTED):
        return False
    return all(is_convertible(inner) for _, _, inner in list_parts(schema, ""))


def _check_standard(schema: Part, place: str, causes: Causes) -> None:
    if schema.get("type"):
        causes.check_choice(f"{place}.type", schema["type"], _TYPES)
    for name in _NOT_SUPPORTED:
        if schema.get(name):
            causes.forbid(f"{place}.{name}", f"{name} is not supported")
    if schema.get("type") == "null":
        causes.forbid(f"{place}.type", "type cannot be set to null, use nullable as an alternative")
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        field = f"{place}.x-kubernetes-preserve-unknown-fields"
        causes.refuse(field, value=False, detail="must be true or undefined")


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
        if not isinstance(items, Mapping):
            causes.require(f"{place}.items", f"must have a schema if {_LIST_TYPE} is map")
        else:
            _check_keys(items, keys, place, causes)


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
    for key in keys:
        field, found = f"{place}.items.properties[{key}]", fields.get(key)
        if found is not None and key not in (items.get("required") or ()) and found.get("default") is None:
            causes.require(f"{field}.default", _KEY_DEFAULT)
        if found is not None and found.get("nullable"):
            causes.forbid(f"{field}.nullable", f"this property is in {_KEYS}, so it cannot be nullable")


# -- rules -----------------------------------------------------------------------------------------------------------


def _check_rule(schema: Part, rule: Part, place: str, causes: Causes, *, compiles: bool) -> None:
    text, message = (str(rule.get("rule") or "")), str(rule.get("message") or "")
    count = len(causes)
    if not text.strip():
        causes.require(f"{place}.rule", "rule is not specified")
    elif message and not message.strip():
        causes.refuse(f"{place}.message", message, "must be non-empty if specified")
    elif "\n" in message.strip():
        causes.refuse(f"{place}.message", message, "must not contain line breaks")
    elif "\n" in text.strip() and not message.strip():
        causes.require(f"{place}.message", "message must be specified if rule contains line breaks")
    if rule.get("messageExpression") and not str(rule["messageExpression"]).strip():
        causes.require(f"{place}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.get("reason") is not None:
        causes.check_choice(f"{place}.reason", rule["reason"], _REASONS)
    if rule.get("fieldPath") and not _has_path(schema, str(rule["fieldPath"])):
        causes.refuse(f"{place}.fieldPath", rule["fieldPath"], "must be a valid path")
    if not compiles or len(causes) > count:
        return
    _check_expressions(schema, rule, place, causes)


def _has_path(schema: Part, path: str) -> bool:
    """Check that a path leads to a field of a schema."""
    if not _PATH.fullmatch(path):
        return False
    for found in _STEP.finditer(path):
        name, extra = found[1] or found[2], schema.get("additionalProperties")
        inner = (schema.get("properties") or {}).get(name, extra if isinstance(extra, Mapping) else None)
        if not isinstance(inner, Mapping):
            return False
        schema = inner
    return True


def _check_expressions(schema: Part, rule: Part, place: str, causes: Causes) -> None:
    text = str(rule["rule"])
    problem = _find_problem(schema, text, "bool", place)
    if problem:
        problem = "cel expression must evaluate to a bool" if problem == _WRONG_TYPE else problem
        causes.refuse(f"{place}.rule", rule, problem, _RULE_TYPE)
    elif rule.get("optionalOldSelf") is not None and "oldSelf" not in text:
        detail = "may not be set if oldSelf is not used in rule"
        causes.refuse(f"{place}.optionalOldSelf", rule["optionalOldSelf"], detail)

    if rule.get("messageExpression"):
        problem = _find_problem(schema, str(rule["messageExpression"]), "string", place)
        if problem:
            problem = "must evaluate to a string" if problem == _WRONG_TYPE else problem
            causes.refuse(f"{place}.messageExpression", rule, f"messageExpression {problem}", _RULE_TYPE)


def _find_problem(schema: Part, text: str, wanted: str, place: str) -> str:
    """Return why an expression can't be compiled, or the mark of one whose value has another type; empty for none."""
    variables = list_variables(schema, text)
    problem = find_compilation_problem(text, variables)
    has_metadata = place.partition(f".{_RULES}")[0].endswith("openAPIV3Schema")
    schema = {**schema, "properties": {**_META, **(schema.get("properties") or {})}} if has_metadata else schema
    problem = problem or find_unknown_field(text, _FIELD, lambda names: _find_unknown_name(schema, names))
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
