"""Discovery: the kinds of a cluster, in the aggregated format and in the older ones."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence

from kube_api_emulator.server.resources import Object, Resource, ResourceRegistry
from kube_api_emulator.server.subresources import Subresource, find_subresource

AGGREGATED_MEDIA = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

_GROUP_VERSION = re.compile(r"/api/(?P<core>v1)|/apis/(?P<group>[^/]+)/(?P<version>[^/]+)")
_GROUP = re.compile(r"/apis/(?P<group>[^/]+)")
_NEWEST_FIRST = re.compile(r"v(?P<major>\d+)(?:(?P<stage>alpha|beta)(?P<minor>\d+))?")

_GROUPS = (
    *("", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io"),
    *("autoscaling", "batch", "networking.k8s.io", "policy", "rbac.authorization.k8s.io"),
    *("storage.k8s.io", "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io"),
    *("coordination.k8s.io", "node.k8s.io", "discovery.k8s.io"),
)
_STORED = {
    ("autoscaling", "horizontalpodautoscalers"): ("autoscaling", "v2"),
    ("events.k8s.io", "events"): ("", "v1"),
    ("apiextensions.k8s.io", "customresourcedefinitions"): ("apiextensions.k8s.io", "v1beta1"),
}

Versions = Mapping[str, Sequence[Resource]]


def describe_kinds(registry: ResourceRegistry, path: str, accept: str) -> tuple[str, Object] | None:
    """Return the media type and the document of a path of discovery; None for another path."""
    groups = _sort_groups(registry.group_versions())
    if path in ("/api", "/apis"):
        is_core = path == "/api"
        chosen = {group: versions for group, versions in groups.items() if (group == "") == is_core}
        if is_aggregated(accept):
            return AGGREGATED_MEDIA, _describe_aggregated(chosen)
        return "application/json", _describe_core() if is_core else _describe_groups(chosen)
    if match := _GROUP_VERSION.fullmatch(path):
        versions = groups.get(match["group"] or "", {})
        version = match["version"] or match["core"]
        return ("application/json", _describe_resources(versions[version])) if version in versions else None
    if (match := _GROUP.fullmatch(path)) and match["group"] in groups:
        group = _describe_group(match["group"], groups[match["group"]])
        return "application/json", {"kind": "APIGroup", "apiVersion": "v1"} | group
    return None


def _sort_groups(groups: Mapping[str, Versions]) -> dict[str, Versions]:
    """Return groups in the order of the server: those of custom kinds by name, after the built-in ones."""
    places = {group: place for place, group in enumerate(_GROUPS)}
    return dict(sorted(groups.items(), key=lambda each: (places.get(each[0], len(places)), each[0])))


def sort_versions(versions: Versions) -> list[str]:
    """Return versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1."""
    return sorted(versions, key=_rank_version)


def _rank_version(version: str) -> tuple[int, int, int, str]:
    match = _NEWEST_FIRST.fullmatch(version)
    if match is None:
        return 3, 0, 0, version
    stage = {None: 0, "beta": 1, "alpha": 2}[match["stage"]]
    return stage, -int(match["major"]), -int(match["minor"] or 0), version


def is_aggregated(accept: str) -> bool:
    """Return whether a client wants all kinds in one document."""
    # The first media type that the server knows is taken.
    first = next((part for part in accept.split(",") if "json" in part), "")
    return "as=APIGroupDiscoveryList" in first and "v=v2" in first.replace("v=v2beta1", "")


def _describe_aggregated(groups: Mapping[str, Versions]) -> Object:
    items = []
    for group, versions in groups.items():
        metadata: Object = {"name": group} if group else {}
        items.append({"metadata": metadata | {"creationTimestamp": None}, "versions": _describe_versions(versions)})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _describe_versions(versions: Versions) -> list[Object]:
    return [
        {"version": version, "resources": _describe_aggregated_kinds(versions[version])} | {"freshness": "Current"}
        for version in sort_versions(versions)
    ]


def _describe_aggregated_kinds(resources: Sequence[Resource]) -> list[Object]:
    return [_describe_aggregated_kind(each) for each in sorted(resources, key=lambda each: each.plural)]


def _describe_aggregated_kind(resource: Resource) -> Object:
    described: Object = {
        "resource": resource.plural,
        "responseKind": _name_kind(resource, Subresource()),
        "scope": "Namespaced" if resource.is_namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    }
    if resource.short_names:
        described["shortNames"] = list(resource.short_names)
    if resource.categories:
        described["categories"] = list(resource.categories)
    if resource.subresources:
        described["subresources"] = [
            {"subresource": each, "responseKind": _name_kind(resource, part), "verbs": list(part.verbs)}
            for each, part in _list_parts(resource)
        ]
    return described


def _list_parts(resource: Resource) -> list[tuple[str, Subresource]]:
    return [(each, find_subresource(resource.plural, each)) for each in resource.subresources]


def _name_kind(resource: Resource, part: Subresource) -> Object:
    # Built-in kinds name only another group than their own.
    own = (resource.group, resource.version) if resource.is_custom else ("", "")
    group, version = (part.group, part.version) if part.group else own
    return {"group": group, "version": version, "kind": part.kind or resource.kind}


def _describe_core() -> Object:
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def _describe_groups(groups: Mapping[str, Versions]) -> Object:
    listed = [_describe_group(group, versions) for group, versions in groups.items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def _describe_group(group: str, versions: Versions) -> Object:
    listed = [{"groupVersion": f"{group}/{version}", "version": version} for version in sort_versions(versions)]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}


def _describe_resources(resources: Sequence[Resource]) -> Object:
    listed: list[Object] = []
    for resource in sorted(resources, key=lambda each: each.plural):
        described: Object = {
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.is_namespaced,
            "kind": resource.kind,
            "verbs": resource.verbs,
        }
        if resource.short_names:
            described["shortNames"] = list(resource.short_names)
        if resource.categories:
            described["categories"] = list(resource.categories)
        if resource.is_stored:
            described["storageVersionHash"] = _hash_storage(resource)
        listed.append(described)
        listed.extend(_describe_subresource(resource, *each) for each in _list_parts(resource))
    group_version = resources[0].group_version
    # The server does not name the version of the list of the oldest group.
    version = {"apiVersion": "v1"} if resources[0].group else {}
    return {"kind": "APIResourceList", **version, "groupVersion": group_version, "resources": listed}


def _hash_storage(resource: Resource) -> str:
    """Return the mark of the version in which objects are stored."""
    group, version = _STORED.get((resource.group, resource.plural), (resource.group, resource.version))
    digest = hashlib.sha256(f"{group}/{version}/{resource.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _describe_subresource(resource: Resource, name: str, part: Subresource) -> Object:
    described: Object = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.is_namespaced}
    if part.group:
        described |= {"group": part.group, "version": part.version}
    return described | {"kind": part.kind or resource.kind, "verbs": list(part.verbs)}
