"""Roles, bindings and users for tests. No tests."""

from typing import Any

from tests.cluster import LocalCluster, User

GROUP = "rbac.authorization.k8s.io"
API = f"{GROUP}/v1"
AUTHENTICATED = "system:authenticated"


def build_role(name: str, *rules: dict[str, Any], kind: str = "Role", **parts: Any) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name}, "rules": list(rules)} | parts


def build_rule(verbs: str, resources: str, group: str = "", **parts: Any) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()} | parts


def build_binding(role: str, subject: str, kind: str = "RoleBinding", role_kind: str = "ClusterRole") -> dict[str, Any]:
    """Bind a role to `User NAME`, `Group NAME` or `ServiceAccount NAME`."""
    subject_kind, name = subject.split()
    meant = {"kind": subject_kind, "name": name}
    meant |= {"namespace": "shop"} if subject_kind == "ServiceAccount" else {"apiGroup": GROUP}
    reference = {"apiGroup": GROUP, "kind": role_kind, "name": role}
    metadata = {"name": f"{role}-{name}".replace(":", "-")}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "roleRef": reference, "subjects": [meant]}


def become(cluster: LocalCluster, name: str, *groups: str) -> None:
    """Make all further requests as a user."""
    cluster.tokens[name] = User(name, (*groups, AUTHENTICATED))
    cluster.token = name


def is_allowed(cluster: LocalCluster, verb: str, resource: str, namespace: str = "shop", **more: str) -> bool:
    """Ask as `kubectl auth can-i` does. `resource` may be `deployments.apps` or `deployments.apps/scale`."""
    plural, _, part = resource.partition("/")
    name, _, group = plural.partition(".")
    asked = {"verb": verb, "group": group, "resource": name, "namespace": namespace, "subresource": part} | more
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = cluster.request("POST", path, {"spec": {"resourceAttributes": asked}})
    return bool(answer["status"]["allowed"])
