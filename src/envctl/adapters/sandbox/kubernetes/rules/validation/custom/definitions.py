"""CustomResourceDefinitions (apiextensions-apiserver, pkg/apis/apiextensions/validation)."""

from collections.abc import Mapping, Sequence
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes
from envctl.adapters.sandbox.kubernetes.rules.validation.custom.schema_checks import check_schema, is_convertible
from envctl.adapters.sandbox.kubernetes.rules.validation.custom.structure import check_structure
from envctl.adapters.sandbox.kubernetes.rules.validation.names import (
    list_service_problems,
    list_subdomain_problems,
)

Part = Mapping[str, Any]

_SCHEMA_PARTS: tuple[tuple[str, type], ...] = (("properties", dict), ("required", list), ("enum", list), ("type", str))
_COLUMN_TYPES = "boolean,date,integer,number,string"
_COLUMN_FORMATS = "byte,date,date-time,double,float,int32,int64,password"
_MIXED_CASE = "may have mixed case, but should otherwise match: "
_REPLICA_PATHS = (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status."))
# What versions may have in common, and where the server keeps it then.
_PLACES = {name: f"spec.{name}" for name in ("schema", "subresources", "additionalPrinterColumns", "selectableFields")}
_VERSIONS = "[]@apiextensions.CustomResourceDefinitionVersion"


def check_definition(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    names, versions = spec.get("names") or {}, spec.get("versions") or ()
    expected = f"{names.get('plural') or ''}.{spec.get('group') or ''}"
    name, group = item["metadata"].get("name") or "", spec.get("group") or ""
    if before is None and name != expected:
        causes.refuse("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    _check_group(group, causes)
    if not spec.get("scope"):
        causes.require("spec.scope")
    else:
        causes.check_choice("spec.scope", spec["scope"], ("Cluster", "Namespaced"))
    for index, version in enumerate(versions):
        if (version.get("schema") or {}).get("openAPIV3Schema") is None:
            causes.require(f"spec.versions[{index}].schema.openAPIV3Schema")
    shared, own = _split_versions(versions)
    for index, version in enumerate(own):
        _check_version(version, f"spec.versions[{index}]", causes)
    _check_versions(own, causes)
    _check_names(names, causes)
    _check_parts(shared, {**_PLACES, "schema": "spec.validation"}, causes)
    if not any(version.get("storage") for version in versions) and before is None:
        causes.refuse("status.storedVersions", None, "must have at least one stored version")
    if before is not None:
        _check_changes(spec, before.get("spec") or {}, causes)


def _check_group(group: str, causes: Causes) -> None:
    if not group:
        causes.require("spec.group")
    elif problems := list_subdomain_problems(group):
        causes.refuse("spec.group", group, ",".join(problems))
    elif "." not in group:
        causes.refuse("spec.group", group, "should be a domain with at least one dot")


def _split_versions(versions: Sequence[Part]) -> tuple[Part, list[Part]]:
    """Return what all versions have in common, which the server keeps once, and the versions without it."""
    shared = {
        name: versions[0][name]
        for name in _PLACES
        if versions
        and versions[0].get(name) is not None
        and all(each.get(name) == versions[0][name] for each in versions)
    }
    return shared, [{name: value for name, value in each.items() if name not in shared} for each in versions]


def _check_versions(versions: Any, causes: Causes) -> None:  # noqa: ANN401 (JSON)
    named = [version.get("name") or "" for version in versions]
    if len(set(named)) < len(named):
        causes.refuse("spec.versions", list(versions), "must contain unique version names", _VERSIONS)
    if sum(1 for version in versions if version.get("storage")) != 1:
        text = "must have exactly one version marked as storage version"
        causes.refuse("spec.versions", list(versions) or None, text, _VERSIONS)


def _check_names(names: Part, causes: Causes) -> None:
    for field in ("plural", "singular", "kind", "listKind"):
        if not names.get(field):
            causes.require(f"spec.names.{field}")
    for field in ("plural", "singular", "kind", "listKind"):
        name = names.get(field) or ""
        is_kind = field in ("kind", "listKind")
        if name and (problems := list_service_problems(name.lower() if is_kind else name)):
            causes.refuse(f"spec.names.{field}", name, (_MIXED_CASE if is_kind else "") + ",".join(problems))
    for field in ("shortNames", "categories"):
        for index, name in enumerate(names.get(field) or ()):
            if problems := list_service_problems(name):
                causes.refuse(f"spec.names.{field}[{index}]", name, ",".join(problems))
        if field == "shortNames" and names.get("kind") and names["kind"] == names.get("listKind"):
            causes.refuse("spec.names.listKind", names["listKind"], "kind and listKind may not be the same")


def _check_changes(spec: Part, old: Part, causes: Causes) -> None:
    for field in ("group", "scope"):
        causes.check_unchanged(f"spec.{field}", spec.get(field), old.get(field))
    names, former = spec.get("names") or {}, old.get("names") or {}
    for field in ("kind", "plural"):
        causes.check_unchanged(f"spec.names.{field}", names.get(field), former.get(field))


def _check_version(version: Part, place: str, causes: Causes) -> None:
    name = version.get("name") or ""
    if problems := list_service_problems(name):
        causes.refuse(f"{place}.name", name, ",".join(problems))
    warning = version.get("deprecationWarning")
    if warning is not None and not version.get("deprecated"):
        causes.refuse(f"{place}.deprecationWarning", warning, "can only be set for deprecated versions")
    elif warning == "":
        causes.refuse(f"{place}.deprecationWarning", warning, "must not be an empty string")
    _check_parts(version, {name: f"{place}.{name}" for name in _PLACES}, causes)


def _check_parts(version: Part, places: Mapping[str, str], causes: Causes) -> None:
    """Check the schema, the subresources and the columns of a version, or of all versions."""
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    field = f"{places['schema']}.openAPIV3Schema"
    if schema is not None and _is_readable(schema, field, causes):
        if schema.get("nullable"):
            causes.forbid(f"{field}.nullable", "nullable cannot be true at the root")
        if is_convertible(schema):
            check_structure(schema, field, causes)
        check_schema(schema, field, causes)
    _check_scale((version.get("subresources") or {}).get("scale"), f"{places['subresources']}.scale", causes)
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        _check_column(column, f"{places['additionalPrinterColumns']}[{index}]", causes)


def _check_scale(scale: Part | None, place: str, causes: Causes) -> None:
    for name, begin in _REPLICA_PATHS if scale is not None else ():
        path, field = (scale or {}).get(name) or "", f"{place}.{name}"
        if not path:
            causes.require(field)
        elif not path.startswith("."):
            causes.refuse(field, path, "must be a simple json path starting with .")
        elif not path.startswith(begin):
            causes.refuse(field, path, f"should be a json path under {begin.rstrip('.')}")
    path = (scale or {}).get("labelSelectorPath") or ""
    if path and not path.startswith("."):
        causes.refuse(f"{place}.labelSelectorPath", path, "must be a simple json path starting with .")
    elif path and not path.startswith((".spec.", ".status.")):
        causes.refuse(f"{place}.labelSelectorPath", path, "should be a json path under either .spec or .status")


def _check_column(column: Part, place: str, causes: Causes) -> None:
    type_, form, path = (column.get(name) or "" for name in ("type", "format", "jsonPath"))
    if not column.get("name"):
        causes.require(f"{place}.name")
    if not type_:
        causes.require(f"{place}.type", f"must be one of {_COLUMN_TYPES}")
    elif type_ not in _COLUMN_TYPES.split(","):
        causes.refuse(f"{place}.type", type_, f"must be one of {_COLUMN_TYPES}")
    if form and form not in _COLUMN_FORMATS.split(","):
        causes.refuse(f"{place}.format", form, f"must be one of {_COLUMN_FORMATS}")
    if not path:
        causes.require(f"{place}.JSONPath")
    elif not path.startswith("."):
        causes.refuse(f"{place}.JSONPath", path, "must be a simple json path starting with .")


def _is_readable(schema: object, place: str, causes: Causes) -> bool:
    """Check that a schema and all schemas in it have the types that the other checks need."""
    if not isinstance(schema, Mapping):
        causes.refuse(place, schema, "must be a schema")
        return False
    wrong = [name for name, types in _SCHEMA_PARTS if not isinstance(schema.get(name) or types(), types)]
    if "required" not in wrong and any(not isinstance(name, str) for name in schema.get("required") or ()):
        wrong.append("required")
    for name in wrong:
        causes.refuse(f"{place}.{name}", schema[name], "must be a part of a schema")
    if wrong:
        return False
    if isinstance(schema.get("items"), list):
        causes.forbid(f"{place}.items", "items must be a schema object and not an array")
        return False
    inner = [(f"{place}.properties[{name}]", each) for name, each in (schema.get("properties") or {}).items()]
    others = ((name, schema.get(name)) for name in ("items", "additionalProperties", "not"))
    inner += [(f"{place}.{name}", each) for name, each in others if each is not None and not isinstance(each, bool)]
    for name in ("anyOf", "allOf", "oneOf"):
        inner += [(f"{place}.{name}[{index}]", each) for index, each in enumerate(schema.get(name) or ())]
    readable = [_is_readable(each, field, causes) for field, each in inner]
    return all(readable)
