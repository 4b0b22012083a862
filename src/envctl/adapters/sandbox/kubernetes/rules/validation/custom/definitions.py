"""CustomResourceDefinitions."""

from collections.abc import Mapping
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes

Part = Mapping[str, Any]

_SCHEMA_PARTS: tuple[tuple[str, type], ...] = (("properties", dict), ("required", list), ("enum", list), ("type", str))
_TYPES = ("array", "boolean", "integer", "number", "object", "string")


def check_definition(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    names, versions = spec.get("names") or {}, spec.get("versions") or ()
    expected = f"{names.get('plural', '')}.{spec.get('group', '')}"
    name = item["metadata"].get("name") or ""
    if name != expected:
        causes.refuse("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    for place, part, field in (("spec.names", names, "plural"), ("spec.names", names, "kind"), ("spec", spec, "scope")):
        if not part.get(field):
            causes.require(f"{place}.{field}")
    if not spec.get("group"):
        causes.require("spec.group")
    elif "." not in spec["group"]:
        causes.refuse("spec.group", spec["group"], "should be a domain with at least one dot")
    causes.check_choice("spec.scope", spec.get("scope"), ("Cluster", "Namespaced"))
    if sum(1 for version in versions if version.get("storage")) != 1:
        text = "must have exactly one version marked as storage version"
        causes.refuse("spec.versions", list(versions), text)
    for index, version in enumerate(versions):
        _check_version(version, f"spec.versions[{index}]", causes)
    if before is not None:
        _check_changes(spec, before.get("spec") or {}, causes)


def _check_changes(spec: Part, old: Part, causes: Causes) -> None:
    for field in ("group", "scope"):
        causes.check_unchanged(f"spec.{field}", spec.get(field), old.get(field))
    names, former = spec.get("names") or {}, old.get("names") or {}
    for field in ("kind", "plural"):
        causes.check_unchanged(f"spec.names.{field}", names.get(field), former.get(field))


def _check_version(version: Part, place: str, causes: Causes) -> None:
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None:
        causes.require(f"{place}.schema.openAPIV3Schema", "schemas are required")
    else:
        _check_structure(schema, f"{place}.schema.openAPIV3Schema", causes)


def _check_structure(schema: object, place: str, causes: Causes) -> None:
    """Check that each part of a schema has a type, as structural schemas need."""
    if not isinstance(schema, Mapping):
        causes.refuse(place, schema, "must be a schema")
        return
    wrong = [name for name, types in _SCHEMA_PARTS if not isinstance(schema.get(name) or types(), types)]
    if "required" not in wrong and any(not isinstance(name, str) for name in schema.get("required") or ()):
        wrong.append("required")
    for name in wrong:
        causes.refuse(f"{place}.{name}", schema[name], "must be a part of a schema")
    if wrong:
        return
    causes.check_choice(f"{place}.type", schema.get("type") or None, _TYPES)
    is_open = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if not schema.get("type") and not is_open:
        causes.require(f"{place}.type", "must not be empty for specified object fields")
    for name, inner in (schema.get("properties") or {}).items():
        _check_structure(inner, f"{place}.properties[{name}]", causes)
    for name in ("items", "additionalProperties"):
        if schema.get(name) is not None and not isinstance(schema[name], bool):
            _check_structure(schema[name], f"{place}.{name}", causes)
