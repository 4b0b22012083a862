"""The types of the kinds of one Kubernetes version, and of custom resources."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Schema = Mapping[str, Any]
"""A JSON schema with Kubernetes' extensions. A `$ref` names a definition: `#/$defs/NAME`."""
GroupVersionKind = tuple[str, str, str]
"""Group (empty for Kubernetes' core), version and kind."""
ListType = Literal["atomic", "set", "map"]

ANY: Schema = {}
"""The schema of a value of any type."""
_COMMON: Mapping[str, Schema] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
}
_QUANTITY = "#/$defs/io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "#/$defs/io.k8s.apimachinery.pkg.util.intstr.IntOrString"
# Any JSON, which only its reader knows.
_RAW = "#/$defs/io.k8s.apimachinery.pkg.runtime.RawExtension"
# In Kubernetes' own schemas, these are the defaults of keys of lists, which the packed definitions do not have.
_KEY_DEFAULTS = {"protocol": "TCP"}
_NAMED, _NAMES = ".LocalObjectReference", {"name": ""}


def split_api_version(api_version: str) -> tuple[str, str]:
    """Return group and version: ("apps", "v1") for `apps/v1`, and ("", "v1") for `v1`."""
    group, _, version = api_version.rpartition("/")
    return group, version


def format_api_version(group: str, version: str) -> str:
    """Return `apps/v1`, or `v1` for Kubernetes' core."""
    return f"{group}/{version}" if group else version


def read_minor_version(version: str) -> str:
    """Return `1.35` for `1.35` and `v1.35.2+k3s1`; empty for a text that is no version."""
    found = re.match(r"v?(\d+\.\d+)", version)
    return found[1] if found else ""


def choose_version(wanted: str, known: Sequence[str]) -> str:
    """Return the wanted version, as in `1.35`, `v1.35.2+k3s1` or empty for the newest, or the nearest known one."""
    found = read_minor_version(wanted)
    if not found:
        return known[-1]
    major, minor = map(int, found.split("."))

    def measure_distance(version: str) -> int:
        known_major, known_minor = map(int, version.split("."))
        return abs((known_major - major) * 1000 + known_minor - minor)

    return min(known, key=measure_distance)


class Schemas:
    """The types of the kinds of one Kubernetes version.

    Attributes:
        version: the Kubernetes version, as in `1.36`.
        definitions: schemas by name, as in `io.k8s.api.apps.v1.Deployment`.
    """

    def __init__(
        self,
        version: str,
        definitions: Mapping[str, Schema],
        custom: Mapping[GroupVersionKind, Schema] | None = None,
    ) -> None:
        self.version = version
        self.definitions = definitions
        self._custom = dict(custom or {})
        self._kinds: dict[GroupVersionKind, Schema] = {
            (each["group"], each["version"], each["kind"]): {"$ref": f"#/$defs/{name}"}
            for name, definition in definitions.items()
            for each in definition.get("x-kubernetes-group-version-kind", ())
        } | self._custom
        self._facts: dict[int, _Facts] = {}

    def add_custom_kinds(self, definitions: Iterable[Schema]) -> "Schemas":
        """Return schemas that also know the kinds of these CustomResourceDefinitions."""
        added = {key: schema for each in definitions for key, schema in read_custom_kinds(each)}
        return Schemas(self.version, self.definitions, self._custom | added)

    def find(self, group: str, version: str, kind: str) -> Schema | None:
        """Return the schema of a kind; None if there is none."""
        return self._kinds.get((group, version, kind))

    def list_kinds(self) -> tuple[GroupVersionKind, ...]:
        """Return all kinds, in order."""
        return tuple(sorted(self._kinds))

    def is_custom(self, group: str, version: str, kind: str) -> bool:
        """Return whether the kind is that of a CustomResourceDefinition."""
        return (group, version, kind) in self._custom

    # -- parts of a schema -------------------------------------------------------------------------------------------

    def resolve(self, schema: Schema) -> Schema:
        """Return the definition that a schema refers to, or the schema itself."""
        return self._get_facts(schema).definition

    def get_field(self, schema: Schema, name: str) -> Schema | None:
        """Return the schema of a field or of a key of a map; None if the schema has no such field."""
        facts = self._get_facts(schema)
        found: Schema | None = facts.fields.get(name)
        return facts.others if found is None else found

    def get_items(self, schema: Schema) -> Schema:
        """Return the schema of the items of a list."""
        return self._get_facts(schema).items

    def get_extension(self, schema: Schema, name: str) -> Any:  # noqa: ANN401
        """Return an `x-kubernetes-` value of the schema or of its definition; None if there is none."""
        key = f"x-kubernetes-{name}"
        return schema[key] if key in schema else self.resolve(schema).get(key)

    def get_list_type(self, schema: Schema) -> ListType:
        """Return how lists are merged: by keys (map), by values (set), or not at all (atomic)."""
        return self._get_facts(schema).list_type

    def get_list_keys(self, schema: Schema) -> tuple[str, ...]:
        """Return the keys of a list of type map, in order."""
        return self._get_facts(schema).list_keys

    def get_key_values(self, schema: Schema, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the keys of an item of a list of type map, with the defaults of its schema."""
        facts = self._get_facts(schema)
        fields = self._get_facts(facts.items).fields
        defaults = _NAMES if str(facts.items.get("$ref", "")).endswith(_NAMED) else _KEY_DEFAULTS
        values = {}
        for key in facts.list_keys:
            value = item.get(key)
            if value is None:
                value = fields.get(key, ANY).get("default", defaults.get(key))
            if value is not None or key in item:
                values[key] = value
        return values

    def is_atomic_map(self, schema: Schema) -> bool:
        """Return whether a map or struct has one owner for all of its fields."""
        return self._get_facts(schema).is_atomic_map

    def has_field(self, schema: Schema, name: str) -> bool:
        """Return whether the schema names this field."""
        return name in self._get_facts(schema).fields

    def is_quantity(self, schema: Schema) -> bool:
        """Return whether the value is an amount, as in `500m` or `1Gi`."""
        return bool(schema.get("$ref") == _QUANTITY)

    def is_int_or_string(self, schema: Schema) -> bool:
        """Return whether the value is a number or a text, as in `25%`."""
        return self._get_facts(schema).is_int_or_string

    def get_type(self, schema: Schema) -> str:
        """Return the JSON type of a value; empty for any type."""
        return self._get_facts(schema).type

    def is_nullable(self, schema: Schema) -> bool:
        """Return whether null is a value of its own, which only custom resources have."""
        return bool(self.resolve(schema).get("nullable"))

    def _get_facts(self, schema: Schema) -> "_Facts":
        # Facts keep their schema: its identity can't become that of another one.
        facts = self._facts.get(id(schema))
        if facts is None:
            facts = self._facts[id(schema)] = self._read_facts(schema)
        return facts

    def _read_facts(self, schema: Schema) -> "_Facts":
        definition = schema
        while "$ref" in definition:
            definition = self.definitions[definition["$ref"].rpartition("/")[2]]
        extensions = {**definition, **schema}
        is_raw = schema.get("$ref") == _RAW
        types, items = "" if is_raw else definition.get("type", ""), definition.get("items")
        return _Facts(
            schema=schema,
            definition=definition,
            type=next((each for each in types if each != "null"), "") if isinstance(types, list) else str(types),
            fields=definition.get("properties") or {},
            others=_read_other_fields(definition),
            items=items if isinstance(items, Mapping) else ANY,
            list_type=extensions.get("x-kubernetes-list-type") or "atomic",
            list_keys=tuple(sorted(extensions.get("x-kubernetes-list-map-keys") or ())),
            is_atomic_map=is_raw or extensions.get("x-kubernetes-map-type") == "atomic",
            is_int_or_string=bool(schema.get("$ref") == _INT_OR_STRING or schema.get("x-kubernetes-int-or-string")),
        )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a walk over an object needs of a schema, read once.

    Attributes:
        others: schema of fields that are not named; None if there may be none.
    """

    schema: Schema
    definition: Schema
    type: str
    fields: Mapping[str, Schema]
    others: Schema | None
    items: Schema
    list_type: ListType
    list_keys: tuple[str, ...]
    is_atomic_map: bool
    is_int_or_string: bool


def _read_other_fields(definition: Schema) -> Schema | None:
    extra = definition.get("additionalProperties")
    if isinstance(extra, Mapping):
        return extra
    if extra is False:
        return None
    is_open = extra is True or definition.get("x-kubernetes-preserve-unknown-fields")
    return ANY if is_open or not definition.get("properties") else None


def read_custom_kinds(definition: Schema) -> Iterable[tuple[GroupVersionKind, Schema]]:
    """Return the kinds of a CustomResourceDefinition with the schemas of their served versions."""
    spec = definition.get("spec") or {}
    kind = (spec.get("names") or {}).get("kind", "")
    for version in spec.get("versions") or ():
        if version.get("served", True):
            root = (version.get("schema") or {}).get("openAPIV3Schema") or {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
            }
            yield (spec.get("group", ""), version.get("name", ""), kind), _complete_custom_schema(root)


def _complete_custom_schema(root: Schema) -> Schema:
    """Add the fields of each object. A definition of a custom resource can't change their schemas."""
    closed = _close_objects(root)
    return {**closed, "type": "object", "properties": {**closed.get("properties", {}), **_COMMON}}


def _close_objects(schema: Schema) -> Schema:
    """Return the schema in which an object without fields takes none, as in custom resources."""
    closed: dict[str, Any] = dict(schema)
    if isinstance(schema.get("properties"), Mapping):
        closed["properties"] = {name: _close_objects(inner) for name, inner in schema["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), Mapping):
            closed[name] = _close_objects(schema[name])
    if schema.get("x-kubernetes-embedded-resource"):
        closed["properties"] = {**closed.get("properties", {}), **_COMMON}
    open_keys = ("properties", "additionalProperties", "x-kubernetes-preserve-unknown-fields")
    if schema.get("type") == "object" and not any(schema.get(name) for name in open_keys):
        closed["additionalProperties"] = False
    return closed
