"""Whether a schema of a custom kind is structural.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apiserver/schema/validation.go (ValidateStructural,
validateStructuralInvariants, validateStructuralMetadataInvariants), pkg/apiserver/schema/complete.go
(validateStructuralCompleteness), pkg/apiserver/schema/defaulting/validation.go (ValidateDefaults).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.custom.values import check_value

Part = Mapping[str, Any]

# Problems of patterns in the words of Go, which shows the rest of the pattern.
_PATTERN_PROBLEMS = {"unterminated character set": "missing closing ]"}
_LEVELS = {"root": "at the root", "item": "for specified array items", "field": "for specified object fields"}
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING, _EMBEDDED = "x-kubernetes-int-or-string", "x-kubernetes-embedded-resource"
_EITHER = [{"type": "integer"}, {"type": "string"}]
# What a schema within `anyOf` and others may not have, and what it has to be instead.
_FORBIDDEN = (
    *(("type", "empty"), ("additionalProperties", "undefined"), ("default", "undefined"), ("title", "empty")),
    *(("description", "empty"), ("nullable", "false"), (_PRESERVE, "false"), (_EMBEDDED, "false")),
    *((_INT_OR_STRING, "false"), ("x-kubernetes-list-map-keys", "empty"), ("x-kubernetes-list-type", "undefined")),
    *(("x-kubernetes-map-type", "undefined"), ("x-kubernetes-validations", "empty")),
)


def check_structure(schema: Part, place: str, causes: Causes) -> bool:
    """Check a schema, and then its defaults. Returns whether it has no problems."""
    found = Causes()
    _check(schema, "root", place, found)
    _check_completeness(schema, schema, place, place, found)
    # The server sorts these by their texts.
    found.sort(key=lambda cause: f"{cause.field}: {cause.message}")
    if not found:
        _check_defaults(schema, place, found)
    causes.extend(found)
    return not found


def _check_completeness(condition: Part, schema: Part, place: str, origin: str, causes: Causes) -> None:
    """Check that the schema itself has all fields that its conditions name."""
    inner = [("not", condition["not"])] if condition.get("not") is not None else []
    for name in ("allOf", "anyOf", "oneOf"):
        inner += [(f"{name}[{index}]", each) for index, each in enumerate(condition.get(name) or ())]
    for name, each in inner:
        _check_part(each, schema, place, f"{origin}.{name}", causes)


def _check_part(condition: Part, schema: Part | None, place: str, origin: str, causes: Causes) -> None:
    if schema is None:
        causes.require(place, f"because it is defined in {origin}")
        return
    _check_completeness(condition, schema, place, origin, causes)
    if isinstance(condition.get("items"), Mapping):
        items = schema.get("items")
        found = items if isinstance(items, Mapping) else None
        _check_part(condition["items"], found, f"{place}.items", f"{origin}.items", causes)
    fields = schema.get("properties") or {}
    for name, each in (condition.get("properties") or {}).items():
        step = f"properties[{name}]"
        _check_part(each, fields.get(name), f"{place}.{step}", f"{origin}.{step}", causes)


def list_parts(schema: Part, place: str) -> Iterator[tuple[str, str, Part]]:
    """Yield the schemas of items and fields: their level, place and content."""
    if isinstance(schema.get("items"), Mapping):
        yield "item", f"{place}.items", schema["items"]
    for name, inner in (schema.get("properties") or {}).items():
        yield "field", f"{place}.properties[{name}]", inner
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield "field", f"{place}.additionalProperties", schema["additionalProperties"]


def _check(schema: Part, level: str, place: str, causes: Causes) -> None:
    type_ = schema.get("type") or ""
    if type_ == "array" and not isinstance(schema.get("items"), Mapping):
        causes.require(f"{place}.items", "must be specified")
    if level == "root" and schema.get("additionalProperties") is not None:
        causes.forbid(f"{place}.additionalProperties", "must not be used at the root")
    for inner_level, inner_place, inner in list_parts(schema, place):
        _check(inner, inner_level, inner_place, causes)
    for other in (_PRESERVE, _EMBEDDED):
        if schema.get(_INT_OR_STRING) and schema.get(other):
            causes.refuse(f"{place}.{other}", value=True, detail=f"must be false if {_INT_OR_STRING} is true")
    _check_conditions(schema, place, causes)
    _check_type(schema, type_, level, place, causes)
    if level == "root":
        _check_root_metadata((schema.get("properties") or {}).get("metadata"), place, causes)
    has_kinds = level == "root" or schema.get(_EMBEDDED)
    for name in ("kind", "apiVersion") if has_kinds else ():
        field = (schema.get("properties") or {}).get(name)
        if field is not None and field.get("type") != "string":
            causes.refuse(f"{place}.properties[{name}].type", field.get("type") or "", "must be string")


def _check_root_metadata(metadata: Part | None, place: str, causes: Causes) -> None:
    if metadata is None:
        return
    rest = {name for name, value in metadata.items() if value and name not in ("type", "properties", "description")}
    if rest or set(metadata.get("properties") or ()) - {"name", "generateName"}:
        text = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        causes.forbid(f"{place}.properties[metadata]", text)


def _check_type(schema: Part, type_: str, level: str, place: str, causes: Causes) -> None:
    if schema.get(_EMBEDDED) and type_ != "object":
        text = f"must be object if {_EMBEDDED} is true"
        if type_:
            causes.refuse(f"{place}.type", type_, text)
        else:
            causes.require(f"{place}.type", text)
    elif not type_ and not schema.get(_INT_OR_STRING) and not schema.get(_PRESERVE):
        causes.require(f"{place}.type", f"must not be empty {_LEVELS[level]}")
    if level == "root" and type_ not in ("", "object"):
        causes.refuse(f"{place}.type", type_, "must be object at the root")
    if schema.get(_EMBEDDED) and schema.get("additionalProperties") is not None:
        causes.forbid(f"{place}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set")
    if schema.get(_EMBEDDED) and not schema.get(_PRESERVE) and not schema.get("properties"):
        text = f"must not be empty if {_EMBEDDED} is true without {_PRESERVE}"
        causes.require(f"{place}.properties", text)


def _check_conditions(
    schema: Part, place: str, causes: Causes, *, is_inner: bool = False, skips_either: bool = False
) -> None:
    """Check the schemas in `anyOf` and others, which may only have conditions."""
    for name in ("anyOf", "allOf", "oneOf"):
        if name == "anyOf" and (skips_either or (not is_inner and schema.get(name) == _EITHER)):
            continue
        for index, inner in enumerate(schema.get(name) or ()):
            is_either = name == "allOf" and index == 0 and inner.get("anyOf") == _EITHER and not is_inner
            _check_condition(inner, f"{place}.{name}[{index}]", causes, skips_either=is_either)
    if schema.get("not") is not None:
        _check_condition(schema["not"], f"{place}.not", causes)
    if schema.get("pattern"):
        try:
            re.compile(schema["pattern"])
        except re.error as error:
            shown = _PATTERN_PROBLEMS.get(error.msg, error.msg)
            rest = f": `{schema['pattern'][error.pos :]}`" if shown != error.msg else ""
            text = f"must be a valid regular expression, but isn't: error parsing regexp: {shown}{rest}"
            causes.refuse(f"{place}.pattern", schema["pattern"], text)


def _check_condition(schema: Part, place: str, causes: Causes, *, skips_either: bool = False) -> None:
    _check_conditions(schema, place, causes, is_inner=True, skips_either=skips_either)
    for _, inner_place, inner in list_parts(schema, place):
        _check_condition(inner, inner_place, causes)
    for name, wanted in _FORBIDDEN:
        if schema.get(name):
            causes.forbid(f"{place}.{name}", f"must be {wanted} to be structural")
    if "metadata" in (schema.get("properties") or {}):
        causes.forbid(f"{place}.properties[metadata]", "must not be specified in a nested context")


def _has_unknown(schema: Part, value: object) -> bool:
    """Check for fields of a default that its schema does not have."""
    if schema.get(_PRESERVE) or schema.get(_EMBEDDED) or schema.get(_INT_OR_STRING):
        return False
    if isinstance(value, list):
        items = schema.get("items")
        return isinstance(items, Mapping) and any(_has_unknown(items, each) for each in value)
    extra, fields = schema.get("additionalProperties"), schema.get("properties") or {}
    if not isinstance(value, Mapping) or (extra and not isinstance(extra, Mapping)):
        return False
    inner = {name: fields.get(name, extra or None) for name in value}
    return any(each is None or _has_unknown(each, value[name]) for name, each in inner.items())


def _check_defaults(schema: Part, place: str, causes: Causes) -> None:
    if schema.get("default") is not None:
        if _has_unknown(schema, schema["default"]):
            causes.refuse(f"{place}.default", schema["default"], "must not have unknown fields")
        found = Causes()
        check_value({**schema, "default": None}, schema["default"], "", found)
        for cause in found:
            field = f"{place}.default" + (f".{cause.field}" if cause.field not in ("", "<nil>") else "")
            causes.append(cause._replace(field=field))
    for _, inner_place, inner in list_parts({**schema, "additionalProperties": None}, place):
        _check_defaults(inner, inner_place, causes)
