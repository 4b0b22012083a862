"""Groups of the API that a program in the cluster serves, such as metrics."""

from typing import Any

from tests.cluster import LocalCluster

NAME = "v1beta1.metrics.k8s.io"
METRICS: dict[str, Any] = {
    "apiVersion": "apiregistration.k8s.io/v1",
    "kind": "APIService",
    "metadata": {"name": NAME},
    "spec": {
        "service": {"name": "metrics-server", "namespace": "shop"},
        "group": "metrics.k8s.io",
        "version": "v1beta1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    },
}
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "metrics-server"},
    "spec": {"ports": [{"port": 443}]},
}


def read_reason(running: LocalCluster) -> str:
    found = running.get("APIService", NAME) or {}
    return str((found.get("status") or {}).get("conditions", [{}])[0].get("reason", ""))


def test_group_is_available_once_its_service_exists(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(METRICS)
    kubernetes_cluster.wait_for(lambda: read_reason(kubernetes_cluster) == "ServiceNotFound")
    kubernetes_cluster.apply(SERVICE)
    kubernetes_cluster.wait_for(lambda: read_reason(kubernetes_cluster) == "Passed")
