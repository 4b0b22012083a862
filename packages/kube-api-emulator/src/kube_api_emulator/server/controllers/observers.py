"""Which objects look at an object that has changed: a Service at its pods, a budget, an autoscaler at its target.

Source: none; this is a helper of controllers/loop.py.
"""

from collections.abc import Iterator

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.label_selectors import match_labels
from kube_api_emulator.server.resources import Object
from kube_api_emulator.server.store import Event

_Key = tuple[tuple[str, str], str, str]
_PODS, _NODES = ("", "pods"), ("", "nodes")
_SERVICES, _BUDGETS = ("", "services"), ("policy", "poddisruptionbudgets")
_AUTOSCALERS = ("autoscaling", "horizontalpodautoscalers")
_DAEMON_SETS = ("apps", "daemonsets")
_SCALED = {("apps", "deployments"): "Deployment", ("apps", "statefulsets"): "StatefulSet"}


def find_observers(cluster: Cluster, event: Event) -> Iterator[_Key]:
    """Yield the keys of objects whose controllers want to know of a change."""
    if event.key == _PODS:
        yield from _find_observers_of_pod(cluster, event.item)
    elif event.key in _SCALED:
        metadata = event.item["metadata"]
        for item in _list(cluster, _AUTOSCALERS, metadata["namespace"]):
            target = item["spec"]["scaleTargetRef"]
            if (target["kind"], target["name"]) == (_SCALED[event.key], metadata["name"]):
                yield _AUTOSCALERS, metadata["namespace"], item["metadata"]["name"]
    elif event.key == _NODES:
        for item in _list(cluster, _DAEMON_SETS, ""):
            yield _DAEMON_SETS, item["metadata"]["namespace"], item["metadata"]["name"]


def _find_observers_of_pod(cluster: Cluster, pod: Object) -> Iterator[_Key]:
    namespace, labels = pod["metadata"].get("namespace", ""), pod["metadata"].get("labels") or {}
    for service in _list(cluster, _SERVICES, namespace):
        selector = service["spec"].get("selector")
        if selector and match_labels({"matchLabels": selector}, labels):
            yield _SERVICES, namespace, service["metadata"]["name"]
    for budget in _list(cluster, _BUDGETS, namespace):
        if match_labels(budget["spec"].get("selector"), labels):
            yield _BUDGETS, namespace, budget["metadata"]["name"]


def _list(cluster: Cluster, key: tuple[str, str], namespace: str) -> list[Object]:
    resource = cluster.resources.find_key(key)
    return cluster.store.list_items(resource, namespace) if resource else []
