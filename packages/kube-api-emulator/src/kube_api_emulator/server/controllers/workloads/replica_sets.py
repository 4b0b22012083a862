"""ReplicaSets: as many pods as they want.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/replicaset/replica_set.go (syncReplicaSet, manageReplicas),
pkg/controller/replicaset/replica_set_utils.go (calculateStatus).
"""

from kube_api_emulator.server.controllers.context import (
    Context,
    build_condition,
    count_terminating,
)
from kube_api_emulator.server.controllers.pod_status import is_ready
from kube_api_emulator.server.controllers.pods import build_pod
from kube_api_emulator.server.resources import Object, Resource

_COMPONENT = "replicaset-controller"
_RETRY_SECONDS = 1.0


def reconcile_replica_set(context: Context, resource: Resource, item: Object) -> float | None:
    if item["metadata"].get("deletionTimestamp"):
        return None
    pods, wanted = context.find("", "pods"), int(item["spec"].get("replicas", 1))
    present = [each for each in context.list_owned(pods, item) if _is_counted(each)]
    # Pods that are not ready go first.
    for pod in sorted(present, key=is_ready)[: max(0, len(present) - wanted)]:
        context.delete_pod(item, pod, _COMPONENT)
    refusal = ""
    for _ in range(wanted - len(present)):
        refusal = context.create_pod(item, build_pod(item, item["spec"]["template"], {}), _COMPONENT)
        if refusal:
            break
    _write_status(context, resource, item, refusal)
    return _RETRY_SECONDS if refusal else None


def _is_counted(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Failed", "Succeeded")


def _write_status(context: Context, resource: Resource, item: Object, refusal: str) -> None:
    present = [each for each in context.list_owned(context.find("", "pods"), item) if _is_counted(each)]
    ready = sum(map(is_ready, present))
    status: Object = {"replicas": len(present), "observedGeneration": item["metadata"].get("generation", 1)}
    if present:
        status["fullyLabeledReplicas"] = len(present)
    if ready:
        status |= {"readyReplicas": ready, "availableReplicas": ready}
    status |= count_terminating(context)
    if refusal:
        before = item.get("status") or {}
        status["conditions"] = [build_condition(before, "ReplicaFailure", "True", "FailedCreate", refusal)]
    context.set_status(resource, item, status)
