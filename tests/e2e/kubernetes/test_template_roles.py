"""What people of each group may do in the cluster of the template `eks`: tried as each of them, and as its pods."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests.kubernetes_cluster import KubernetesCluster, RefusedError, User, run_kubernetes_cluster

BASE = Path(__file__).parents[3] / "kubernetes" / "base"
GROUPS = {"developer": "shop:developers", "qa": "shop:qa", "operator": "shop:operators", "other": "shop:others"}
ACCOUNTS = ("web", "default")
ALL, QA, DEVELOPER, NONE = {"developer", "qa", "operator"}, {"qa"}, {"developer"}, set[str]()

CORE = "/api/v1/namespaces/shop"
APPS = "/apis/apps/v1/namespaces/shop"
BATCH = "/apis/batch/v1/namespaces/shop"
NETWORK = "/apis/networking.k8s.io/v1/namespaces/shop"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop"
CLUSTER_RBAC = "/apis/rbac.authorization.k8s.io/v1"
SYSTEM = "/api/v1/namespaces/kube-system"
ADMIN = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
WRITER = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "write"}
SUBJECTS = [{"kind": "Group", "name": "shop:developers", "apiGroup": "rbac.authorization.k8s.io"}]
NAME: dict[str, Any] = {"metadata": {"name": "try"}}
BINDING = {**NAME, "roleRef": ADMIN, "subjects": SUBJECTS}
EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web", "namespace": "shop"}}
CONTAINERS = [
    {
        "name": "try",
        "image": "try",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
]
SECURITY = {"runAsNonRoot": True, "runAsUser": 1, "seccompProfile": {"type": "RuntimeDefault"}}
POD = {"containers": CONTAINERS, "securityContext": SECURITY}
HOST: dict[str, Any] = {**NAME, "spec": {**POD, "hostNetwork": True}}
WITH_SECRET = {**NAME, "spec": {**POD, "volumes": [{"name": "s", "secret": {"secretName": "web-database"}}]}}

READABLE = (
    *(f"{CORE}/{each}" for each in ("pods", "configmaps", "services", "events", "serviceaccounts")),
    *(f"{CORE}/{each}" for each in ("replicationcontrollers", "pods/web/log")),
    *(f"{APPS}/{each}" for each in ("deployments", "replicasets", "statefulsets", "daemonsets")),
    *(f"{BATCH}/{each}" for each in ("jobs", "cronjobs")),
    *(f"{NETWORK}/{each}" for each in ("ingresses", "networkpolicies")),
    *(f"{RBAC}/{each}" for each in ("roles", "rolebindings")),
    "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers",
    "/apis/policy/v1/namespaces/shop/poddisruptionbudgets",
    "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
)
UNREADABLE = (
    *(f"{CORE}/secrets", f"{CORE}/secrets/web-database", "/api/v1/secrets"),
    *("/api/v1/nodes", "/api/v1/namespaces", "/api/v1/pods", "/api/v1/persistentvolumes"),
    *(f"{SYSTEM}/pods", f"{SYSTEM}/configmaps/aws-auth", "/api/v1/namespaces/default/pods"),
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    f"{CLUSTER_RBAC}/clusterroles",
    # kubectl opens a connection to a pod by GET first, so `get` on these can be as much as `create`.
    *(f"{CORE}/pods/web/{each}" for each in ("exec", "attach", "portforward", "proxy")),
    f"{CORE}/services/web/proxy",
)
# The request, and who may make it in dev and elsewhere.
WRITES: dict[str, tuple[tuple[str, str, object], tuple[set[str], set[str]]]] = {
    "run a program in a pod": (("POST", f"{CORE}/pods/web/exec", {}), (DEVELOPER, NONE)),
    "connect to a pod": (("POST", f"{CORE}/pods/web/portforward", {}), (DEVELOPER | QA, QA)),
    "attach to a pod": (("POST", f"{CORE}/pods/web/attach", {}), (NONE, NONE)),
    "add a container to a pod": (("PATCH", f"{CORE}/pods/web/ephemeralcontainers", {}), (NONE, NONE)),
    "evict a pod": (("POST", f"{CORE}/pods/web/eviction", EVICTION), (NONE, NONE)),
    "bind a pod to a node": (("POST", f"{CORE}/pods/web/binding", {}), (NONE, NONE)),
    "write the status of a pod": (("PATCH", f"{CORE}/pods/web/status", {}), (NONE, NONE)),
    "delete a pod": (("DELETE", f"{CORE}/pods/web", None), (DEVELOPER, NONE)),
    "delete all pods": (("DELETE", f"{CORE}/pods", None), (NONE, NONE)),
    "make a pod": (("POST", f"{CORE}/pods", {**NAME, "spec": POD}), (DEVELOPER, NONE)),
    "make a pod with the secret": (("POST", f"{CORE}/pods", WITH_SECRET), (DEVELOPER, NONE)),
    "make a pod in the network of its node": (("POST", f"{CORE}/pods", HOST), (NONE, NONE)),
    "make a pod of the system": (("POST", f"{SYSTEM}/pods", {**NAME, "spec": POD}), (NONE, NONE)),
    "make a configmap": (("POST", f"{CORE}/configmaps", NAME), (DEVELOPER, NONE)),
    "change a configmap": (("PATCH", f"{CORE}/configmaps/web", {"data": {"a": "b"}}), (DEVELOPER, NONE)),
    "delete a configmap": (("DELETE", f"{CORE}/configmaps/web", None), (DEVELOPER, NONE)),
    "change a deployment": (("PATCH", f"{APPS}/deployments/web", {"spec": {}}), (DEVELOPER, NONE)),
    "delete a deployment": (("DELETE", f"{APPS}/deployments/web", None), (DEVELOPER, NONE)),
    "scale": (("PATCH", f"{APPS}/deployments/web/scale", {"spec": {"replicas": 2}}), (DEVELOPER, NONE)),
    "make a daemonset": (("POST", f"{APPS}/daemonsets", NAME), (NONE, NONE)),
    "change an ingress": (("PATCH", f"{NETWORK}/ingresses/web", {}), (DEVELOPER, NONE)),
    "open the network": (("DELETE", f"{NETWORK}/networkpolicies/closed", None), (NONE, NONE)),
    "delete a budget": (("DELETE", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web", None), (NONE, NONE)),
    "make a secret": (("POST", f"{CORE}/secrets", NAME), (NONE, NONE)),
    "make a service account": (("POST", f"{CORE}/serviceaccounts", NAME), (NONE, NONE)),
    "change a service account": (("PATCH", f"{CORE}/serviceaccounts/web", {}), (NONE, NONE)),
    "take a token": (("POST", f"{CORE}/serviceaccounts/web/token", {}), (NONE, NONE)),
    "take a token of the system": (("POST", f"{SYSTEM}/serviceaccounts/default/token", {}), (NONE, NONE)),
    "make a role": (("POST", f"{RBAC}/roles", {**NAME, "rules": []}), (NONE, NONE)),
    "change a role": (("PATCH", f"{RBAC}/roles/read", {"rules": []}), (NONE, NONE)),
    "bind a role": (("POST", f"{RBAC}/rolebindings", {**BINDING, "roleRef": WRITER}), (NONE, NONE)),
    "bind an administrator": (("POST", f"{RBAC}/rolebindings", BINDING), (NONE, NONE)),
    "bind in the cluster": (("POST", f"{CLUSTER_RBAC}/clusterrolebindings", BINDING), (NONE, NONE)),
    "admit roles of AWS": (("PATCH", f"{SYSTEM}/configmaps/aws-auth", {"data": {}}), (NONE, NONE)),
    "allow privileged pods": (("PATCH", "/api/v1/namespaces/shop", {"metadata": {"labels": {}}}), (NONE, NONE)),
    "delete the namespace": (("DELETE", "/api/v1/namespaces/shop", None), (NONE, NONE)),
    "cordon a node": (("PATCH", "/api/v1/nodes/a", {"spec": {"unschedulable": True}}), (NONE, NONE)),
    "change a type": (("PATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/a", {}), (NONE, NONE)),
}
Place = tuple[KubernetesCluster, bool]


@pytest.fixture(scope="module", params=["write", "read"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A cluster with the objects of `kubernetes/base`; and whether it is that of dev, where developers write."""
    command = [find_tool(KUBECTL), "kustomize", str(BASE)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    with run_kubernetes_cluster(is_secured=True) as cluster:
        for each in yaml.safe_load_all(text):
            if each["kind"] == "RoleBinding" and each["metadata"]["name"] == "developers":
                each["roleRef"]["name"] = request.param
            if each["kind"] != "CustomResourceDefinition":
                cluster.apply(each)
        for name, group in GROUPS.items():
            cluster.tokens[name] = User(f"{name}:ann", (group, "system:authenticated"))
        for account in ACCOUNTS:
            groups = ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated")
            cluster.tokens[account] = User(f"system:serviceaccount:shop:{account}", groups)
        yield cluster, request.param == "write"


def list_allowed(cluster: KubernetesCluster, method: str, path: str, body: object = None, **query: str) -> set[str]:
    """Return who gets no 403 for a request: people by their role, and pods by their service account."""
    allowed = set()
    for name in (*GROUPS, *ACCOUNTS):
        cluster.token = name
        try:
            cluster.request(method, path, body, **query)
        except RefusedError as refused:
            if refused.code == 403:
                continue
        allowed.add(name)
    return allowed


@pytest.mark.parametrize("path", READABLE)
def test_all_groups_read_the_application(place: Place, path: str) -> None:
    assert list_allowed(place[0], "GET", path) == ALL


@pytest.mark.parametrize("path", UNREADABLE)
def test_no_group_reads_secrets_or_the_rest(place: Place, path: str) -> None:
    assert list_allowed(place[0], "GET", path) == NONE


@pytest.mark.parametrize(("made", "expected"), WRITES.values(), ids=WRITES)
def test_only_developers_write_and_only_in_dev(
    place: Place, made: tuple[str, str, object], expected: tuple[set[str], set[str]]
) -> None:
    cluster, is_dev = place
    method, path, body = made
    media = "application/merge-patch+json" if method == "PATCH" else "application/json"
    allowed = list_allowed(cluster, method, path, body, media=media, dryRun="All")
    assert allowed == (expected[0] if is_dev else expected[1])
