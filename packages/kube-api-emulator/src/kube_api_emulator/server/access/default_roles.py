"""The roles and bindings that each cluster has from its beginning.

The controllers of the sandbox need none of theirs, but people see and bind them.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (ClusterRoleBindings,
addDefaultMetadata), plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go (ControllerRoleBindings),
plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go (NamespaceRoleBindings).
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from kube_api_emulator.server.access.default_rules import (
    CLUSTER_BINDINGS,
    CLUSTER_ROLES,
    CONTROLLER_ROLES,
    NAMESPACE_BINDINGS,
    NAMESPACE_ROLES,
)
from kube_api_emulator.server.identity.rules import Rule, format_rule

Object = dict[str, Any]

GROUP = "rbac.authorization.k8s.io"
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_CONTROLLER = "system:controller:"
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
_VERBS = {
    "READ": ("get", "list", "watch"),
    "WRITE": ("create", "delete", "deletecollection", "patch", "update"),
    "ALL": ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"),
    "EVENTS": ("create", "patch", "update"),
}


def build_default_roles() -> Iterator[Object]:
    """Return the ClusterRoles of a new cluster, and the Roles of its namespaces."""
    for text in (CLUSTER_ROLES, CONTROLLER_ROLES, NAMESPACE_ROLES):
        for part in text.strip().removeprefix("= ").split("\n= "):
            head, *lines = part.splitlines()
            yield _build_role(head) | {"rules": [format_rule(_parse_rule(line)) for line in lines]}


def _build_role(head: str) -> Object:
    name, *marks = head.split()
    labels = {f"{_AGGREGATE}{mark[1:]}": "true" for mark in marks if mark.startswith(">")}
    namespace, _, name = name.rpartition("/")
    role = _build("Role" if namespace else "ClusterRole", name, labels, namespace)
    for mark in marks:
        if mark.startswith("<"):
            selector = {"matchLabels": {f"{_AGGREGATE}{mark[1:]}": "true"}}
            role["aggregationRule"] = {"clusterRoleSelectors": [selector]}
    return role


def build_default_bindings() -> Iterator[Object]:
    """Return the ClusterRoleBindings of a new cluster, and the RoleBindings of its namespaces."""
    for line in CLUSTER_BINDINGS.strip().splitlines():
        name, *subjects = line.split()
        yield _build_binding(name, "ClusterRole", name, subjects)
    for head in (line for line in CONTROLLER_ROLES.splitlines() if line.startswith("= ")):
        name = head.split()[1]
        yield _build_binding(name, "ClusterRole", name, [f"ServiceAccount:{name.removeprefix(_CONTROLLER)}"])
    for line in NAMESPACE_BINDINGS.strip().splitlines():
        place, role, *subjects = line.split()
        namespace, _, name = place.partition("/")
        yield _build_binding(name, "Role", role, subjects, namespace)


def _build_binding(name: str, kind: str, role: str, subjects: Sequence[str], namespace: str = "") -> Object:
    reference = {"apiGroup": GROUP, "kind": kind, "name": role}
    binding = _build("RoleBinding" if namespace else "ClusterRoleBinding", name, {}, namespace)
    listed = {"subjects": [_build_subject(each) for each in subjects]} if subjects else {}
    return binding | {"roleRef": reference} | listed


def _build_subject(text: str) -> Object:
    kind, _, name = text.partition(":")
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": "kube-system"}
    return {"apiGroup": GROUP, "kind": kind, "name": name}


def _parse_rule(line: str) -> Rule:
    verbs, subject, *rest = line.split()
    named = _VERBS.get(verbs) or tuple(verbs.split(","))
    if subject.startswith("/"):
        return Rule(named, paths=("*",) if subject == "/*" else tuple(subject.split(",")))
    groups = tuple("" if each == "-" else each for each in subject.split(","))
    return Rule(named, groups, tuple(rest[0].split(",")), tuple(rest[1:]))


def _build(kind: str, name: str, labels: dict[str, str], namespace: str = "") -> Object:
    metadata = {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "uid": str(uuid.uuid4()),
        "creationTimestamp": "1970-01-01T00:00:00Z",
        "labels": _LABELS | labels,
        "annotations": dict(_ANNOTATIONS),
    }
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata}
