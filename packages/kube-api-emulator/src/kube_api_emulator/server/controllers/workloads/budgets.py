"""The status of PodDisruptionBudgets.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/disruption/disruption.go (trySync, getExpectedPodCount,
countHealthyPods, updatePdbStatus).
"""

from kube_api_emulator.server.controllers.context import Context, build_condition
from kube_api_emulator.server.controllers.pod_status import is_ready
from kube_api_emulator.server.label_selectors import match_labels
from kube_api_emulator.server.resources import Object, Place, Resource

_SCALED = {"ReplicaSet": "replicasets", "StatefulSet": "statefulsets"}


def reconcile_budget(context: Context, resource: Resource, item: Object) -> float | None:
    if item["metadata"].get("deletionTimestamp"):
        return None
    pods = [
        pod
        for pod in context.cluster.store.list_items(context.find("", "pods"), item["metadata"]["namespace"])
        if match_labels(item["spec"].get("selector"), pod["metadata"].get("labels") or {})
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    ]
    healthy = sum(map(is_ready, pods))
    expected, desired = _count_expected(context, item, pods)
    allowed = max(0, healthy - desired) if expected > 0 else 0
    reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
    condition = build_condition(item.get("status") or {}, "DisruptionAllowed", *reason) | {"message": ""}
    generation = item["metadata"].get("generation", 1)
    status = {
        "conditions": [condition | {"observedGeneration": generation}],
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": allowed,
        "expectedPods": expected,
        "observedGeneration": generation,
    }
    context.set_status(resource, item, status)
    return None


def _count_expected(context: Context, item: Object, pods: list[Object]) -> tuple[int, int]:
    """Return how many pods there should be, and how many of them must be healthy."""
    spec = item["spec"]
    least, unavailable = spec.get("minAvailable"), spec.get("maxUnavailable")
    if isinstance(least, int):
        return len(pods), least
    expected = _count_scale(context, pods)
    if unavailable is not None:
        return expected, max(0, expected - _resolve(unavailable, expected))
    return expected, _resolve(least or 0, expected)


def _resolve(value: int | str, total: int) -> int:
    return value if isinstance(value, int) else -(-total * int(value.rstrip("%")) // 100)


def _count_scale(context: Context, pods: list[Object]) -> int:
    """Return the sum of the replicas that the owners of pods want."""
    owners = {
        (each["kind"], each["name"])
        for pod in pods
        for each in pod["metadata"].get("ownerReferences") or ()
        if each.get("controller") and each["kind"] in _SCALED
    }
    namespace = pods[0]["metadata"]["namespace"] if pods else ""
    places = [Place(context.find("apps", _SCALED[kind]), namespace, name) for kind, name in owners]
    found = [each for each in map(context.cluster.store.find, places) if each]
    return sum(int(each["spec"].get("replicas", 1)) for each in found)
