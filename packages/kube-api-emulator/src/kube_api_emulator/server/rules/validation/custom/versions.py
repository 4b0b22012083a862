"""The parts of a CustomResourceDefinition that all versions can share: schema, subresources, columns, fields.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apis/apiextensions/validation/validation.go
(validateCustomResourceDefinitionVersion, validateDeprecationWarning, validateCustomResourceDefinitionValidation),
pkg/apis/apiextensions/v1/conversion.go
(Convert_v1_CustomResourceDefinitionSpec_To_apiextensions_CustomResourceDefinitionSpec).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.custom.field_paths import find_field
from kube_api_emulator.server.rules.validation.custom.schema_checks import check_schema, is_convertible
from kube_api_emulator.server.rules.validation.custom.structure import check_structure

Part = Mapping[str, Any]

# What versions may have in common, and where the server keeps it then.
_PLACES = {name: f"spec.{name}" for name in ("schema", "subresources", "additionalPrinterColumns", "selectableFields")}
_COLUMN_TYPES = "boolean,date,integer,number,string"
_COLUMN_FORMATS = "byte,date,date-time,double,float,int32,int64,password"
_REPLICA_PATHS = (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status."))
_MOST_FIELDS = 8
_SCALARS = ("boolean", "integer", "string")
_FIELD_TYPES = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
)
# The fields of a schema in the order of its struct, and those that it may have at the root beside a status.
_FIELDS = (
    *("id", "$schema", "$ref", "description", "type", "nullable", "format", "title", "default", "maximum"),
    *("exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems"),
    *("uniqueItems", "multipleOf", "enum", "maxProperties", "minProperties", "required", "items", "allOf", "oneOf"),
    *("anyOf", "not", "properties", "additionalProperties", "patternProperties", "dependencies", "additionalItems"),
    *("definitions", "externalDocs", "example", "x-kubernetes-preserve-unknown-fields"),
    *("x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys"),
    *("x-kubernetes-list-type", "x-kubernetes-map-type", "x-kubernetes-validations"),
)
_AT_ROOT = {
    "description": "Description",
    "type": "Type",
    "format": "Format",
    "title": "Title",
    "maximum": "Maximum",
    "exclusiveMaximum": "ExclusiveMaximum",
    "minimum": "Minimum",
    "exclusiveMinimum": "ExclusiveMinimum",
    "maxLength": "MaxLength",
    "minLength": "MinLength",
    "pattern": "Pattern",
    "maxItems": "MaxItems",
    "minItems": "MinItems",
    "uniqueItems": "UniqueItems",
    "multipleOf": "MultipleOf",
    "required": "Required",
    "items": "Items",
    "properties": "Properties",
    "externalDocs": "ExternalDocs",
    "example": "Example",
    "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
    "x-kubernetes-validations": "XValidations",
}
_WITH_STATUS = "if the status subresource is enabled"


def split_versions(versions: Sequence[Part]) -> tuple[Part, list[Part]]:
    """Return what all versions have in common, which the server keeps once, and the versions without it."""
    shared = {
        name: versions[0][name]
        for name in _PLACES
        if versions
        and versions[0].get(name) is not None
        and all(each.get(name) == versions[0][name] for each in versions)
    }
    return shared, [{name: value for name, value in each.items() if name not in shared} for each in versions]


def check_shared(shared: Part, versions: Sequence[Part], causes: Causes) -> None:
    """Check what all versions have in common. `versions` are the versions without it."""
    places = {**_PLACES, "schema": "spec.validation"}
    has_status = any(_has_status(each) for each in (shared, *versions))
    _check_parts(shared, places, causes, has_status=has_status)
    if shared.get("selectableFields"):
        missing = "may only be set when validations.schema is included"
        _check_fields(shared, places["selectableFields"], missing, causes)


def check_version(version: Part, place: str, shared: Part, versions: Sequence[Part], causes: Causes) -> None:
    """Check what one version has for itself."""
    warning = version.get("deprecationWarning")
    if warning is not None and not version.get("deprecated"):
        causes.refuse(f"{place}.deprecationWarning", warning, "can only be set for deprecated versions")
    elif warning is not None:
        _check_warning(warning, f"{place}.deprecationWarning", causes)
    named = next((each for each in versions if (each.get("name") or "") == (version.get("name") or "")), version)
    has_own = any(each.get("subresources") is not None for each in versions)
    places = {name: f"{place}.{name}" for name in _PLACES}
    _check_parts(version, places, causes, has_status=_has_status(named if has_own else shared))
    if version.get("selectableFields"):
        missing = "may only be set when `version.schema.openAPIV3Schema` is not included"
        _check_fields(version, places["selectableFields"], missing, causes)


def _check_warning(warning: str, field: str, causes: Causes) -> None:
    most = 256
    if len(warning.encode()) > most:
        causes.refuse(field, warning, f"must be <= {most} characters long")
    if not warning:
        causes.refuse(field, warning, "must not be an empty string")
    strange = next((index for index, letter in enumerate(warning) if not letter.isprintable()), None)
    if strange is not None:
        place = len(warning[:strange].encode())
        text = f"must only contain printable UTF-8 characters; non-printable character found at index {place}"
        causes.refuse(field, warning, text)


def _has_status(version: Part) -> bool:
    return (version.get("subresources") or {}).get("status") is not None


def _check_parts(version: Part, places: Mapping[str, str], causes: Causes, *, has_status: bool) -> None:
    """Check the schema, the subresources and the columns of a version, or of all versions."""
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    field = f"{places['schema']}.openAPIV3Schema"
    if schema is not None:
        if has_status:
            _check_root(schema, field, causes)
        if schema.get("nullable"):
            causes.forbid(f"{field}.nullable", "nullable cannot be true at the root")
        is_sound = is_convertible(schema) and check_structure(schema, field, causes)
        check_schema(schema, field, causes, is_sound=is_sound)
    _check_scale((version.get("subresources") or {}).get("scale"), f"{places['subresources']}.scale", causes)
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        _check_column(column, f"{places['additionalPrinterColumns']}[{index}]", causes)


def _check_root(schema: Part, field: str, causes: Causes) -> None:
    """Check that the root has only what stays true if the status is taken out."""
    for name in _FIELDS:
        if schema.get(name) in (None, "", False):
            continue
        if name == "type" and schema[name] != "object":
            text = f'only "object" is allowed as the type at the root of the schema {_WITH_STATUS}'
            causes.refuse(f"{field}.type", schema[name], text)
            return
        if name not in _AT_ROOT:
            text = f"only [{' '.join(_AT_ROOT.values())}] fields are allowed at the root of the schema {_WITH_STATUS}"
            causes.refuse(field, schema, text, "@apiextensions.JSONSchemaProps")
            return


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


def _check_fields(version: Part, place: str, missing: str, causes: Causes) -> None:
    """Check the fields that lists can be selected by."""
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None:
        causes.refuse(place, "", missing)
        return
    seen: list[tuple[str, ...]] = []
    for index, each in enumerate(version["selectableFields"]):
        field, path = f"{place}[{index}].jsonPath", each.get("jsonPath") or ""
        if not path:
            causes.require(field)
            continue
        try:
            names, found = find_field(path, schema, allows_brackets=False)
        except ValueError as error:
            causes.refuse(field, path, f"is an invalid path: {error}")
            continue
        if names[0] == "metadata":
            causes.refuse(field, path, "must not point to fields in metadata")
        if (found or {}).get("type") not in _SCALARS:
            causes.refuse(field, path, _FIELD_TYPES)
        if names in seen:
            causes.report_duplicate(field, path)
        else:
            seen.append(names)
    if len(seen) > _MOST_FIELDS:
        causes.report_count(place, len(seen), _MOST_FIELDS)
