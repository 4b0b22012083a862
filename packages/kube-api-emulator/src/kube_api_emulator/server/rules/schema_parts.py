"""The fields of a schema in a CustomResourceDefinition that hold a schema or another value in its place.

The published types know nothing of them. Their Go types read them on their own, so that unknown fields within them
are dropped without a word.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apis/apiextensions/v1/marshal.go (UnmarshalJSON).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from kube_api_emulator.schemas.schema_check import Step
from kube_api_emulator.schemas.schemas import ANY, Schema, Schemas

_NAME = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
SCHEMA: Schema = {"$ref": f"#/$defs/{_NAME}"}
SCHEMA_STRUCT = "JSONSchemaProps"
# What a list in their place has.
_LISTED: Mapping[str, Schema] = {
    "OrArray": {"items": SCHEMA},
    "OrBool": {},
    "OrStringArray": {"items": {"type": "string"}},
}
_REFERENCES = {f"{SCHEMA['$ref']}{suffix}": suffix for suffix in _LISTED}


@cache
def open_schema_parts(schemas: Schemas) -> Schemas:
    """Return the types with the fields of the schemas in these places."""
    fields = schemas.definitions[_NAME]["properties"]
    parts = {f"{_NAME}{suffix}": {"properties": fields, **listed} for suffix, listed in _LISTED.items()}
    return Schemas(schemas.version, {**schemas.definitions, **parts})


def is_schema_part(schema: Schema) -> bool:
    return schema.get("$ref") in _REFERENCES


def is_schema_or_bool(schema: Schema) -> bool:
    """Return whether the value is a schema, true or false."""
    return _REFERENCES.get(schema.get("$ref", "")) == "OrBool"


def name_definition(schema: Schema) -> str:
    """Return the definition of a reference, as in `io.k8s.api.apps.v1.Deployment`: that of the schema for a part."""
    reference = str(schema.get("$ref", ""))
    return _NAME if reference in _REFERENCES else reference.rpartition("/")[2]


def is_within_part(schemas: Schemas, schema: Schema, path: Sequence[Step]) -> bool:
    """Return whether a path leads through one of these places."""
    return any(is_schema_part(each) for each in _walk(schemas, schema, path))


def _walk(schemas: Schemas, schema: Schema, path: Sequence[Step]) -> Iterator[Schema]:
    for step in path:
        yield schema
        inner = schemas.get_items(schema) if isinstance(step, int) else schemas.get_field(schema, step)
        schema = inner or ANY
