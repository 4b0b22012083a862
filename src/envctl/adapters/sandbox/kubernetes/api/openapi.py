"""The OpenAPI documents of a cluster: one for each version of a group."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from envctl.adapters.sandbox.kubernetes.resources import Object, Resource, ResourceRegistry

PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

_PATH = re.compile(r"/openapi/v3/(?:api/(?P<core>v1)|apis/(?P<group_version>[^/]+/[^/]+))")
_REFERENCE, _REFERENCE_HERE = "#/$defs/", "#/components/schemas/"
_OPTIONS = ("dryRun", "fieldManager", "fieldValidation")
_CONVENTIONS = "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
# What the server adds to the schema of each custom kind.
_META_FIELDS: dict[str, Mapping[str, Any]] = {
    "apiVersion": {
        "description": (
            "APIVersion defines the versioned schema of this representation of an object. Servers should convert "
            "recognized schemas to the latest internal value, and may reject unrecognized values. "
            f"{_CONVENTIONS}#resources"
        ),
        "type": "string",
    },
    "kind": {
        "description": (
            "Kind is a string value representing the REST resource this object represents. Servers may infer this "
            "from the endpoint the client submits requests to. Cannot be updated. In CamelCase. "
            f"{_CONVENTIONS}#types-kinds"
        ),
        "type": "string",
    },
    "metadata": {
        "description": f"Standard object's metadata. {_CONVENTIONS}#metadata",
        "$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    },
}
# kubectl asks these documents which options the server knows.
_QUERY = [{"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in _OPTIONS]
_FORCE = {"name": "force", "in": "query", "schema": {"type": "boolean", "uniqueItems": True}}


class OpenApi:
    """Builds documents from the definitions of a Kubernetes version, and keeps them until a kind changes."""

    def __init__(self, version: str, definitions: Mapping[str, Mapping[str, Any]]) -> None:
        self._version = version
        self._definitions = definitions
        self._names = {
            (kind["group"], kind["version"], kind["kind"]): name
            for name, definition in definitions.items()
            for kind in definition.get("x-kubernetes-group-version-kind") or ()
        }
        self._documents: dict[tuple[Resource, ...], bytes] = {}

    def find_document(self, registry: ResourceRegistry, path: str) -> tuple[str, Object | bytes] | None:
        """Return the media type and the document of a path; None for another path."""
        if path == "/openapi/v2":
            # An empty document of protobuf is no bytes at all: clients read version 3.
            return PROTOBUF_V2, b""
        groups = registry.group_versions()
        if path == "/openapi/v3":
            paths = {}
            for group, versions in groups.items():
                for version, resources in versions.items():
                    key = f"apis/{group}/{version}" if group else f"api/{version}"
                    digest = sha256(self._build(resources)).hexdigest().upper() if group else self._version
                    paths[key] = {"serverRelativeURL": f"/openapi/v3/{key}?hash={digest}"}
            return "application/json", {"paths": paths}
        if match := _PATH.fullmatch(path):
            group, _, version = (match["core"] or match["group_version"]).rpartition("/")
            found = groups.get(group, {}).get(version)
            return ("application/json", self._build(found)) if found else None
        return None

    def _build(self, resources: Sequence[Resource]) -> bytes:
        key = tuple(resources)
        if key not in self._documents or any(each.is_custom for each in resources):
            self._documents[key] = json.dumps(self._describe(resources)).encode()
        return self._documents[key]

    def _describe(self, resources: Sequence[Resource]) -> Object:
        paths: Object = {}
        schemas: dict[str, Any] = {}
        for resource in resources:
            paths |= _describe_paths(resource)
            name, schema = self._find_schema(resource)
            schemas[name] = schema
        pending = list(schemas.values())
        while pending:
            for name in _find_references(pending.pop()):
                if name not in schemas and name in self._definitions:
                    schemas[name] = self._definitions[name]
                    pending.append(schemas[name])
        schemas = {name: _drop_version(schema) for name, schema in schemas.items()}
        info = {"title": "Kubernetes", "version": f"v{self._version}.0"}
        return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": _to_openapi(schemas)}}

    def _find_schema(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        name = self._names.get((resource.group, resource.version, resource.kind))
        if name and not resource.is_custom:
            return name, self._definitions[name]
        reversed_group = ".".join(reversed(resource.group.split(".")))
        schema = dict(resource.schema) or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        schema["properties"] = {
            **_META_FIELDS,
            **(schema.get("properties") or {}),
            "metadata": _META_FIELDS["metadata"],
        }
        named = f"{reversed_group or 'io.k8s.api.core'}.{resource.version}.{resource.kind}"
        return named, schema | {"x-kubernetes-group-version-kind": [kind]}


def _describe_paths(resource: Resource) -> Object:
    root = f"/apis/{resource.group_version}" if resource.group else f"/api/{resource.version}"
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    path = (
        f"{root}/namespaces/{{namespace}}/{resource.plural}" if resource.is_namespaced else f"{root}/{resource.plural}"
    )

    def describe(action: str, parameters: Sequence[Object]) -> Object:
        extensions = {"x-kubernetes-action": action, "x-kubernetes-group-version-kind": kind}
        return extensions | {"parameters": list(parameters), "responses": {"200": {"description": "OK"}}}

    return {
        path: {"get": describe("list", ()), "post": describe("post", _QUERY)},
        f"{path}/{{name}}": {
            "get": describe("get", ()),
            "put": describe("put", _QUERY),
            "patch": describe("patch", [*_QUERY, _FORCE]),
            "delete": describe("delete", _QUERY[:1]),
        },
    }


def _drop_version(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema that does not tell which version and kind an object names, as a server publishes it."""
    properties = dict(schema.get("properties") or {})
    for name in ("apiVersion", "kind"):
        if "enum" in (properties.get(name) or {}):
            properties[name] = {key: value for key, value in properties[name].items() if key != "enum"}
    return {**schema, "properties": properties} if properties else schema


def _find_references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for inner in value.values():
            yield from _find_references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_references(inner)


def _to_openapi(value: Any) -> Any:  # noqa: ANN401 (a part of JSON)
    """Translate JSON schema: other references, and no null in a list of types."""
    if isinstance(value, list):
        return [_to_openapi(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    translated = {name: _to_openapi(inner) for name, inner in value.items()}
    if isinstance(translated.get("$ref"), str):
        reference = {"$ref": translated.pop("$ref").replace(_REFERENCE, _REFERENCE_HERE)}
        # Clients ignore what stands beside a reference, such as the description of the field.
        return {"allOf": [reference], **translated} if translated else reference
    if isinstance(translated.get("type"), list):
        translated["type"] = next((each for each in translated["type"] if each != "null"), "object")
    return translated
