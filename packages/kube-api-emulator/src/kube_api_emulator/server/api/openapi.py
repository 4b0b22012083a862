"""The OpenAPI documents of a cluster: one for each version of a group."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha512
from typing import Any

from kube_api_emulator.schemas.packed import load_published
from kube_api_emulator.server.resources import Object, Resource, ResourceRegistry
from kube_api_emulator.server.subresources import find_subresource

PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

_PATH = re.compile(r"/openapi/v3/(?:api/(?P<core>v1)|apis/(?P<group_version>[^/]+/[^/]+))")
_REFERENCE, _REFERENCE_HERE, _REFERENCE_OLD = "#/$defs/", "#/components/schemas/", "#/definitions/"
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
# What the answers of each kind can be.
_COMMON = tuple(
    f"io.k8s.apimachinery.pkg.apis.meta.v1.{name}"
    for name in ("APIResourceList", "DeleteOptions", "Patch", "Status", "WatchEvent")
)
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

    def find_document(
        self, registry: ResourceRegistry, path: str, accept: str = ""
    ) -> tuple[str, Object | bytes] | None:
        """Return the media type and the document of a path; None for another path."""
        if path == "/openapi/v2":
            # An empty document of protobuf is no bytes at all: clients read version 3.
            return (PROTOBUF_V2, b"") if "protobuf" in accept else ("application/json", self._describe_all(registry))
        groups = registry.group_versions()
        if path == "/openapi/v3":
            paths = {}
            for group, versions in groups.items():
                for version, resources in versions.items():
                    key = f"apis/{group}/{version}" if group else f"api/{version}"
                    content = self._build(resources) if group else self._version.encode()
                    digest = sha512(content).hexdigest().upper()
                    paths[key] = {"serverRelativeURL": f"/openapi/v3/{key}?hash={digest}"}
            return "application/json", {"paths": paths}
        if match := _PATH.fullmatch(path):
            group, _, version = (match["core"] or match["group_version"]).rpartition("/")
            found = groups.get(group, {}).get(version)
            return ("application/json", self._build(found)) if found else None
        return None

    def _describe_all(self, registry: ResourceRegistry) -> Object:
        """Return the document of version 2 of OpenAPI, which has all kinds."""
        versions = [resources for each in registry.group_versions().values() for resources in each.values()]
        paths: Object = {}
        schemas: dict[str, Any] = {}
        for resources in versions:
            paths |= {path: item for each in resources for path, item in _describe_paths(each).items()}
            schemas |= self._collect_schemas(resources)
        info = {"title": "Kubernetes", "version": f"v{self._version}.0"}
        return {"swagger": "2.0", "info": info, "paths": paths, "definitions": _to_openapi(schemas, is_old=True)}

    def _build(self, resources: Sequence[Resource]) -> bytes:
        key = tuple(resources)
        if key not in self._documents or any(each.is_custom for each in resources):
            self._documents[key] = json.dumps(self._describe(resources)).encode()
        return self._documents[key]

    def _describe(self, resources: Sequence[Resource]) -> Object:
        paths: Object = {}
        for resource in resources:
            paths |= _describe_paths(resource)
        schemas = _to_openapi(self._collect_schemas(resources))
        info = {"title": "Kubernetes", "version": f"v{self._version}.0"}
        return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}

    def _collect_schemas(self, resources: Sequence[Resource]) -> dict[str, Any]:
        """Return the schemas of kinds and of all that they contain, as a server publishes them."""
        schemas: dict[str, Any] = {}
        for resource in resources:
            name, schema = self._find_schema(resource)
            schemas[name] = schema
            schemas |= self._find_answers(resource, name)
        pending = list(schemas.values())
        while pending:
            for name in _find_references(pending.pop()):
                if name not in schemas and name in self._definitions:
                    schemas[name] = self._definitions[name]
                    pending.append(schemas[name])
        published = load_published()
        return {name: _publish(_drop_version(schema), published.get(name, {})) for name, schema in schemas.items()}

    def _find_answers(self, resource: Resource, name: str) -> dict[str, Mapping[str, Any]]:
        """Return the definitions of the lists, options and subresources of a kind."""
        parts = (find_subresource(resource.plural, part) for part in resource.subresources)
        names = [self._names.get((part.group, part.version, part.kind), "") for part in parts]
        if resource.is_stored:
            names += [f"{name}List", *_COMMON]
        found = {each: self._definitions[each] for each in names if each in self._definitions}
        return {each: _keep_group(schema, resource) if each in _COMMON else schema for each, schema in found.items()}

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


def _keep_group(schema: Mapping[str, Any], resource: Resource) -> Mapping[str, Any]:
    """Return a schema with those of its kinds that the group of a resource knows."""
    known = ({"group": "", "version": "v1"}, {"group": resource.group, "version": resource.version})
    kinds = schema.get("x-kubernetes-group-version-kind") or ()
    kept = [each for each in kinds if {"group": each["group"], "version": each["version"]} in known]
    return {**schema, "x-kubernetes-group-version-kind": kept} if kept else schema


def _publish(schema: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with what only a server tells of it."""
    if not more:
        return schema
    published = dict(schema)
    for name, value in more.items():
        if name == "more":
            published["description"] = published.get("description", "") + value
        elif name == "properties":
            known = published.get("properties") or {}
            published[name] = known | {each: _publish(known[each], value[each]) for each in value if each in known}
        elif isinstance(value, Mapping) and isinstance(published.get(name), Mapping):
            published[name] = _publish(published[name], value)
        else:
            published[name] = value
    return published


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


def _to_openapi(value: Any, *, is_old: bool = False) -> Any:  # noqa: ANN401 (a part of JSON)
    """Translate JSON schema: other references, and no null in a list of types. `is_old` means version 2."""
    if isinstance(value, list):
        return [_to_openapi(inner, is_old=is_old) for inner in value]
    if not isinstance(value, Mapping):
        return value
    translated: Object = {
        name: {each: _to_openapi(field, is_old=is_old) for each, field in inner.items()}
        if name in ("properties", "patternProperties") and isinstance(inner, Mapping)
        else _to_openapi(inner, is_old=is_old)
        for name, inner in value.items()
    }
    if isinstance(translated.get("type"), list):
        translated["type"] = next((each for each in translated["type"] if each != "null"), "object")
    if is_old:
        return _to_old_openapi(translated)
    if isinstance(translated.get("$ref"), str):
        reference = {"$ref": translated.pop("$ref").replace(_REFERENCE, _REFERENCE_HERE)}
        # Clients ignore what stands beside a reference, such as the description of the field.
        return {"allOf": [reference], **translated} if translated else reference
    return translated


def _to_old_openapi(schema: Object) -> Object:
    """Return a schema in version 2, which knows no choices of types and tells no default values."""
    kept = {name: value for name, value in schema.items() if name not in ("default", "oneOf")}
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = kept["$ref"].replace(_REFERENCE, _REFERENCE_OLD)
    return kept | ({"type": "string"} if "oneOf" in schema else {})
