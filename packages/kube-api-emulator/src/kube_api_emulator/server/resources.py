"""The kinds of a cluster: their paths, scopes and subresources. Custom resources come and go with their definition."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kube_api_emulator.schemas.schemas import Schemas
from kube_api_emulator.server.built_in_kinds import BUILT_IN

Object = dict[str, Any]
"""An object of Kubernetes as JSON."""

# In the order in which the server lists them.
_CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_FEW_VERBS: Mapping[str, tuple[str, ...]] = {
    "Namespace": tuple(verb for verb in _ALL_VERBS if verb != "deletecollection"),
}
# The kinds of `kubectl get api-extensions`.
_EXTENSIONS = ("admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io")

# Their spec counts generations in the storage of kube-apiserver.
_COUNTED_KINDS = frozenset(
    {
        *("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Pod"),
        *(
            "EndpointSlice",
            "Job",
            "CronJob",
            "Ingress",
            "IngressClass",
            "NetworkPolicy",
            "PodDisruptionBudget",
        ),
        *("CSIDriver", "CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    }
)
# An update of them must name the version that it changes (AllowUnconditionalUpdate in pkg/registry).
_VERSIONED_UPDATES = frozenset(
    {
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        *("CustomResourceDefinition", "Lease", "RuntimeClass", "PodDisruptionBudget"),
        *("APIService", "CSIDriver"),
    }
)
# An update of one that is not there creates it (AllowCreateOnUpdate).
_CREATED_BY_UPDATES = frozenset(
    {
        *("ClusterRole", "ClusterRoleBinding", "Endpoints", "Event", "Lease", "LimitRange", "Role", "RoleBinding"),
        *("RuntimeClass", "Service"),
    }
)
# What `kubectl get all` shows.
_KINDS_IN_ALL = frozenset(
    {
        *("Pod", "Service", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"),
        *("HorizontalPodAutoscaler", "ReplicationController"),
    }
)

_DEPRECATIONS = {
    ("v1", "Endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
}
# Kinds of one group whose objects are those of another one.
_SHARED_KEYS = {("events.k8s.io", "events"): ("", "events")}


@dataclass(frozen=True)
class Resource:
    """One kind in one version of its group.

    Attributes:
        schema: of its objects, for a custom resource; built-in kinds have theirs in the schemas of the version.
        columns: additional printer columns of a custom resource.
        selectable_fields: further fields by which a custom resource can be selected.
        deprecation: warning for each request; empty for none.
    """

    group: str
    version: str
    plural: str
    kind: str
    is_namespaced: bool
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    singular: str = ""
    list_kind: str = ""
    categories: tuple[str, ...] = ()
    is_custom: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)
    columns: tuple[Mapping[str, Any], ...] = field(default=(), hash=False, compare=False)
    selectable_fields: tuple[Mapping[str, Any], ...] = field(default=(), hash=False, compare=False)
    scale_paths: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)
    deprecation: str = ""

    @property
    def group_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> tuple[str, str]:
        """The key of its objects in the store: the same for all versions."""
        return _SHARED_KEYS.get((self.group, self.plural), (self.group, self.plural))

    @property
    def qualified_name(self) -> str:
        """The plural as in messages: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def is_review(self) -> bool:
        """Whether it is a question to the server, of which no object is stored."""
        return not self.is_custom and self.kind.endswith("Review")

    @property
    def is_namespace(self) -> bool:
        return self.key == ("", "namespaces")

    @property
    def is_definition(self) -> bool:
        """Whether its objects define custom resources."""
        return self.key == ("apiextensions.k8s.io", "customresourcedefinitions")

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources

    @property
    def counts_generations(self) -> bool:
        return self.is_custom or self.kind in _COUNTED_KINDS

    @property
    def has_first_generation(self) -> bool:
        """Whether a new object has a generation."""
        return (self.counts_generations and self.kind != "CSIDriver") or self.kind == "PriorityClass"

    @property
    def needs_version(self) -> bool:
        """Whether an update must name the version that it changes."""
        return self.is_custom or self.kind in _VERSIONED_UPDATES

    @property
    def is_created_by_updates(self) -> bool:
        return not self.is_custom and self.kind in _CREATED_BY_UPDATES

    @property
    def verbs(self) -> list[str]:
        if self.is_review:
            return ["create"]
        return list(_CUSTOM_VERBS if self.is_custom else _FEW_VERBS.get(self.kind, _ALL_VERBS))

    @property
    def is_cached(self) -> bool:
        """Whether the server reads its objects from a cache, which can wait for a version."""
        return self.kind != "Event" or self.is_custom

    @property
    def is_stored(self) -> bool:
        """Whether the server keeps objects of it."""
        return "watch" in self.verbs


@dataclass(frozen=True)
class Place:
    """Where an object is. The namespace is empty for the objects of the whole cluster."""

    resource: Resource
    namespace: str
    name: str


def locate(resource: Resource, item: Object) -> Place:
    """Return the place of an object."""
    return Place(resource, item["metadata"].get("namespace", ""), item["metadata"]["name"])


class ResourceRegistry:
    """The current kinds of a cluster."""

    def __init__(self, schemas: Schemas) -> None:
        self._lock = threading.Lock()
        self._resources: dict[tuple[str, str, str], Resource] = {}
        self.set_built_in(schemas)

    def set_built_in(self, schemas: Schemas) -> None:
        """Know the built-in kinds of a Kubernetes version, and no others."""
        known = (_parse_line(line) for line in BUILT_IN.strip().splitlines())
        found = [each for each in known if schemas.find(each.group, each.version, each.kind)]
        with self._lock:
            custom = [each for each in self._resources.values() if each.is_custom]
            self._resources = {(each.group, each.version, each.plural): each for each in (*found, *custom)}

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        return self._resources.get((group, version, plural))

    def require(self, group: str, version: str, plural: str) -> Resource:
        return self._resources[group, version, plural]

    def has_built_in_group(self, group: str) -> bool:
        return any(each.group == group and not each.is_custom for each in self.list_all())

    def find_key(self, key: tuple[str, str]) -> Resource | None:
        """Return the resource in whose version objects are stored."""
        return next((resource for resource in self.list_all() if resource.key == key), None)

    def find_kind(self, group: str, version: str, kind: str) -> Resource | None:
        wanted = group, version, kind
        return next((each for each in self.list_all() if (each.group, each.version, each.kind) == wanted), None)

    def list_all(self) -> list[Resource]:
        with self._lock:
            return list(self._resources.values())

    def group_versions(self) -> dict[str, dict[str, list[Resource]]]:
        """Return all kinds by group and version."""
        groups: dict[str, dict[str, list[Resource]]] = {}
        for resource in self.list_all():
            groups.setdefault(resource.group, {}).setdefault(resource.version, []).append(resource)
        return groups

    def define_custom(self, definition: Object) -> None:
        """Add or replace the kinds of a CustomResourceDefinition."""
        spec = definition["spec"]
        self.remove_custom(definition)
        for version in spec["versions"]:
            if version.get("served"):
                self._add(_parse_definition(spec, version))

    def remove_custom(self, definition: Object) -> None:
        key = definition["spec"]["group"], definition["spec"]["names"]["plural"]
        with self._lock:
            for name in [name for name, resource in self._resources.items() if resource.key == key]:
                del self._resources[name]

    def _add(self, resource: Resource) -> None:
        with self._lock:
            self._resources[resource.group, resource.version, resource.plural] = resource


def _parse_line(line: str) -> Resource:
    group_version, plural, kind, scope, short_names, subresources = line.split()
    group, _, version = group_version.rpartition("/")
    return Resource(
        group,
        version,
        plural,
        kind,
        scope == "N",
        _split_names(short_names.split(",")),
        _split_names(subresources.split(",")),
        singular=kind.lower(),
        list_kind=f"{kind}List",
        categories=("all",) if kind in _KINDS_IN_ALL else ("api-extensions",) if group in _EXTENSIONS else (),
        deprecation=_DEPRECATIONS.get((group_version, kind), ""),
    )


def _split_names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name != "-")


def _parse_definition(spec: Object, version: Object) -> Resource:
    names = spec["names"]
    subresources = version.get("subresources") or {}
    return Resource(
        spec["group"],
        version["name"],
        names["plural"],
        names["kind"],
        spec.get("scope") == "Namespaced",
        tuple(names.get("shortNames") or ()),
        tuple(name for name in ("status", "scale") if name in subresources),
        singular=names.get("singular") or names["kind"].lower(),
        list_kind=names.get("listKind") or f"{names['kind']}List",
        categories=tuple(names.get("categories") or ()),
        is_custom=True,
        schema=(version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"},
        columns=tuple(version.get("additionalPrinterColumns") or ()),
        selectable_fields=tuple(version.get("selectableFields") or ()),
        scale_paths=subresources.get("scale") or {},
        deprecation=_describe_deprecation(spec, version),
    )


def _describe_deprecation(spec: Object, version: Object) -> str:
    if not version.get("deprecated"):
        return ""
    text = f"{spec['group']}/{version['name']} {spec['names']['kind']} is deprecated"
    return str(version.get("deprecationWarning") or text)
