"""The PodDisruptionBudgets of a pod."""

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.label_selectors import match_labels
from kube_api_emulator.server.resources import Object


def find_budgets(cluster: Cluster, pod: Object) -> list[Object]:
    """Return the budgets that count a pod."""
    budgets = cluster.resources.require("policy", "v1", "poddisruptionbudgets")
    labels = pod["metadata"].get("labels") or {}
    return [
        each
        for each in cluster.store.list_items(budgets, pod["metadata"]["namespace"])
        if match_labels(each["spec"].get("selector"), labels)
    ]
