"""The roles and bindings that each cluster has from its beginning.

Those of the controllers of a control plane are left out.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (ClusterRoleBindings,
addDefaultMetadata), plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go (ControllerRoleBindings).
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kube_api_emulator.server.identity.rules import Rule, format_rule

Object = dict[str, Any]

GROUP = "rbac.authorization.k8s.io"
_FILE = Path(__file__).with_name("default_roles.txt")
# Each binds the role of its name: kind and names of the subjects.
_CLUSTER_BINDINGS = """
cluster-admin Group:system:masters
system:basic-user Group:system:authenticated
system:discovery Group:system:authenticated
system:public-info-viewer Group:system:authenticated Group:system:unauthenticated
system:monitoring Group:system:monitoring
system:kube-controller-manager User:system:kube-controller-manager
system:kube-dns ServiceAccount:kube-dns
system:kube-scheduler User:system:kube-scheduler
system:node
system:node-proxier User:system:kube-proxy
system:service-account-issuer-discovery Group:system:serviceaccounts
system:volume-scheduler User:system:kube-scheduler
"""
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
_VERBS = {
    "READ": ("get", "list", "watch"),
    "WRITE": ("create", "delete", "deletecollection", "patch", "update"),
    "ALL": ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"),
    "EVENTS": ("create", "patch", "update"),
}


def build_default_roles() -> Iterator[Object]:
    """Return the ClusterRoles of a new cluster, and the Roles of its namespaces."""
    _, *parts = _FILE.read_text("utf-8").split("\n= ")
    for part in parts:
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
    """Return the ClusterRoleBindings of a new cluster."""
    for line in _CLUSTER_BINDINGS.strip().splitlines():
        name, *subjects = line.split()
        binding = _build("ClusterRoleBinding", name, {})
        binding["roleRef"] = {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}
        yield binding | ({"subjects": [_build_subject(each) for each in subjects]} if subjects else {})


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
