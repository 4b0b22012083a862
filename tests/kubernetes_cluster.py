"""A Kubernetes cluster on loopback for tests, with the namespace `shop`, where every user may do everything.

def test_x(kubernetes_cluster: KubernetesCluster) -> None:
    kubernetes_cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {}})
    kubernetes_cluster.faults.add(Fault(429, method="PATCH", times=2, retry_after=1))
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from kube_api_emulator.local_cluster import ADMIN, Fault, NodeFacts, RefusedError, User, create_tls, run_cluster
from kube_api_emulator.local_cluster import LocalCluster as KubernetesCluster

# What tests need, in one place.
__all__ = [
    "ADMIN",
    "NAMESPACE",
    "TOKEN",
    "Fault",
    "KubernetesCluster",
    "RefusedError",
    "User",
    "create_tls",
    "kubernetes_cluster",
    "run_kubernetes_cluster",
]

TOKEN = "token-of-the-deployer"
NAMESPACE = "shop"


def run_kubernetes_cluster(
    version: str = "1.36", namespace: str = NAMESPACE, *, is_secured: bool = False
) -> AbstractContextManager[KubernetesCluster]:
    """Run a cluster of its own, for tests that need several, another version, or the permissions of roles."""
    # Each node is written and checked like any object: a third of the start.
    return run_cluster(version, namespace, is_secured=is_secured, token=TOKEN, nodes=[NodeFacts("node-1")])


@pytest.fixture
def kubernetes_cluster() -> Iterator[KubernetesCluster]:
    with run_kubernetes_cluster() as running:
        yield running
