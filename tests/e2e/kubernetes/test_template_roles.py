"""What people of each group may do in the cluster of the template `eks`: tried as each of them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests.kubernetes_cluster import KubernetesCluster, RefusedError, User, run_kubernetes_cluster

BASE = Path(__file__).parents[3] / "kubernetes" / "base"
GROUPS = ("shop:developers", "shop:qa", "shop:operators", "shop:others")
READERS = GROUPS[:3]
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "try"}, "data": {"a": "b"}}
SPACE = "/api/v1/namespaces/shop"


@pytest.fixture(scope="module", params=["write", "read"])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[KubernetesCluster, str]]:
    """A cluster with the objects of `kubernetes/base`; and what developers may do there."""
    command = [find_tool(KUBECTL), "kustomize", str(BASE)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    with run_kubernetes_cluster(is_secured=True) as cluster:
        for each in yaml.safe_load_all(text):
            if each["kind"] == "RoleBinding" and each["metadata"]["name"] == "developers":
                each["roleRef"]["name"] = request.param
            if each["kind"] != "CustomResourceDefinition":
                cluster.apply(each)
        for group in GROUPS:
            cluster.tokens[group] = User(f"ann-{group}", (group, "system:authenticated"))
        yield cluster, request.param


def list_allowed(cluster: KubernetesCluster, method: str, path: str, body: object = None, **query: str) -> set[str]:
    """Return the groups whose request is no 403."""
    allowed = set()
    for group in GROUPS:
        cluster.token = group
        try:
            cluster.request(method, path, body, **query)
        except RefusedError as refused:
            if refused.code == 403:
                continue
        allowed.add(group)
    return allowed


@pytest.mark.parametrize(
    "path",
    [
        f"{SPACE}/pods",
        f"{SPACE}/configmaps",
        f"{SPACE}/events",
        "/apis/apps/v1/namespaces/shop/deployments",
        "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers",
        "/apis/networking.k8s.io/v1/namespaces/shop/ingresses",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings",
    ],
)
def test_all_groups_read_the_application(place: tuple[KubernetesCluster, str], path: str) -> None:
    assert list_allowed(place[0], "GET", path) == set(READERS)


@pytest.mark.parametrize(
    "path",
    [
        f"{SPACE}/secrets",
        f"{SPACE}/secrets/web-database",
        "/api/v1/secrets",
        "/api/v1/nodes",
        "/api/v1/namespaces/kube-system/configmaps/aws-auth",
    ],
)
def test_no_group_reads_secrets_or_the_rest_of_the_cluster(place: tuple[KubernetesCluster, str], path: str) -> None:
    assert list_allowed(place[0], "GET", path) == set()


def test_only_developers_write_and_only_in_dev(place: tuple[KubernetesCluster, str]) -> None:
    cluster, developers_may = place
    writers = {"shop:developers"} if developers_may == "write" else set()
    assert list_allowed(cluster, "POST", f"{SPACE}/configmaps", CONFIG) == writers
    assert list_allowed(cluster, "DELETE", f"{SPACE}/pods/web") == writers
    media = {"media": "application/merge-patch+json"}
    scale = "/apis/apps/v1/namespaces/shop/deployments/web/scale"
    assert list_allowed(cluster, "PATCH", scale, {"spec": {"replicas": 2}}, **media) == writers


def test_no_group_gives_itself_more(place: tuple[KubernetesCluster, str]) -> None:
    cluster, _ = place
    root = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop"
    admin = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "more"},
        "roleRef": admin,
        "subjects": [{"kind": "Group", "name": "shop:developers", "apiGroup": "rbac.authorization.k8s.io"}],
    }
    assert list_allowed(cluster, "POST", f"{root}/rolebindings", binding) == set()
    media = {"media": "application/merge-patch+json"}
    assert list_allowed(cluster, "PATCH", f"{root}/roles/read", {"rules": []}, **media) == set()
    assert list_allowed(cluster, "POST", f"{SPACE}/serviceaccounts/web/token", {}) == set()
    assert list_allowed(cluster, "PATCH", "/api/v1/namespaces/shop", {"metadata": {"labels": {}}}, **media) == set()


def test_qa_connects_to_pods_and_runs_nothing_there(place: tuple[KubernetesCluster, str]) -> None:
    cluster, developers_may = place
    developers = {"shop:developers"} if developers_may == "write" else set()
    assert list_allowed(cluster, "POST", f"{SPACE}/pods/web/portforward") == {"shop:qa"} | developers
    assert list_allowed(cluster, "POST", f"{SPACE}/pods/web/exec", command="sh") == developers
