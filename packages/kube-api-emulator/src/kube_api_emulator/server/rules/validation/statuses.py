"""What the status of an object may say.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/apps/validation/validation.go (ValidateDeploymentStatus,
ValidateReplicaSetStatus, ValidateStatefulSetStatus), pkg/apis/batch/validation/validation.go (validateJobStatus,
ValidateJobStatusUpdate), pkg/apis/autoscaling/validation/validation.go (ValidateHorizontalPodAutoscalerStatusUpdate).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.validation.addresses import check_address, parse_address
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.limits import check_quota_amounts
from kube_api_emulator.server.rules.validation.names import list_key_problems, list_subdomain_problems

Part = Mapping[str, Any]

_MORE_THAN_ALL = "cannot be greater than status.replicas"
# Numbers that are not negative, in the order of the server.
_NUMBERS: Mapping[str, Sequence[str]] = {
    "DaemonSet": (
        *("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"),
        *("observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable"),
    ),
    "Deployment": (
        *("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"),
        *("unavailableReplicas", "collisionCount"),
    ),
    "HorizontalPodAutoscaler": ("currentReplicas", "desiredReplicas"),
    "Job": ("active", "succeeded", "failed", "ready"),
    "PodDisruptionBudget": ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"),
    "ReplicaSet": ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"),
    "StatefulSet": (
        *("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"),
        *("observedGeneration", "collisionCount"),
    ),
}
# Numbers that are parts of all replicas.
_PARTS: Mapping[str, Sequence[str]] = {
    "Deployment": ("updatedReplicas", "readyReplicas", "availableReplicas"),
    "ReplicaSet": ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"),
    "StatefulSet": ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"),
}
_COUNTING = ("DaemonSet", "Deployment", "StatefulSet")
_SAME = {"ReplicationController": "ReplicaSet"}


def check_status(kind: str, item: Part, before: Part | None, causes: Causes) -> None:
    """Check the status of an object of a built-in kind."""
    status, old = item.get("status") or {}, (before or {}).get("status") or {}
    counted = _SAME.get(kind, kind)
    for name in _NUMBERS.get(counted, ()):
        causes.check_not_negative(f"status.{name}", status.get(name))
    for name in _PARTS.get(counted, ()):
        if (status.get(name) or 0) > (status.get("replicas") or 0):
            causes.refuse(f"status.{name}", status.get(name) or 0, _MORE_THAN_ALL)
    available = status.get("availableReplicas") or 0
    if counted in _PARTS and available > (status.get("readyReplicas") or 0):
        shown = "status.readyReplicas" if kind == "StatefulSet" else "readyReplicas"
        causes.refuse("status.availableReplicas", available, f"cannot be greater than {shown}")
    count, former = status.get("collisionCount"), old.get("collisionCount")
    if kind in _COUNTING and former is not None and (count is None or count < former):
        causes.refuse("status.collisionCount", count or 0, "cannot be decremented")
    if check := _CHECKS.get(kind):
        check(item, status, old, causes)


def _check_job(item: Part, status: Part, old: Part, causes: Causes) -> None:
    for name in ("succeeded", "failed"):
        if (status.get(name) or 0) < (old.get(name) or 0):
            causes.refuse(f"status.{name}", status.get(name) or 0, f"cannot decrease the {name} counter")
    if (status.get("ready") or 0) > (status.get("active") or 0):
        causes.refuse("status.ready", status["ready"], "cannot set more ready pods than active")
    true = {each.get("type") for each in status.get("conditions") or () if each.get("status") == "True"}
    is_without_success = "Complete" in true and "SuccessCriteriaMet" not in true
    if is_without_success:
        text = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        causes.refuse_whole("status.conditions", text)
    if true & {"Complete", "Failed"} and not status.get("startTime"):
        causes.require("status.startTime", "startTime is required for finished job")
    if is_without_success and (item.get("spec") or {}).get("successPolicy") is not None:
        text = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        causes.refuse_whole("status.conditions", text)


def _check_pod(item: Part, status: Part, old: Part, causes: Causes) -> None:  # noqa: ARG001
    for index, condition in enumerate(status.get("conditions") or ()):
        for text in list_key_problems(condition.get("type") or ""):
            causes.refuse(f"status.conditions[{index}].Type", condition.get("type") or "", text)
    for text in list_subdomain_problems(status["nominatedNodeName"]) if status.get("nominatedNodeName") else ():
        causes.refuse("status.nominatedNodeName", status["nominatedNodeName"], text)
    addresses = [each.get("ip") or "" for each in status.get("podIPs") or ()] or [status.get("podIP")]
    for index, address in enumerate(addresses):
        if address:
            check_address(address, f"status.podIPs[{index}]", causes)


def _check_load_balancer(item: Part, status: Part, old: Part, causes: Causes) -> None:  # noqa: ARG001
    field, entries = "status.loadBalancer.ingress", (status.get("loadBalancer") or {}).get("ingress") or ()
    if item.get("kind") == "Service" and entries and (item.get("spec") or {}).get("type") != "LoadBalancer":
        causes.forbid(field, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    for index, entry in enumerate(entries):
        if entry.get("ip"):
            check_address(entry["ip"], f"{field}[{index}].ip", causes)
        if item.get("kind") == "Service":
            _check_address_mode(entry, f"{field}[{index}].ipMode", causes)
        for text in list_subdomain_problems(entry["hostname"]) if entry.get("hostname") else ():
            causes.refuse(f"{field}[{index}].hostname", entry["hostname"], text)
        if parse_address(entry.get("hostname") or ""):
            text = "must be a DNS name, not an IP address"
            causes.refuse(f"{field}[{index}].hostname", entry["hostname"], text)


def _check_address_mode(entry: Part, field: str, causes: Causes) -> None:
    mode = entry.get("ipMode")
    if mode is None and entry.get("ip"):
        causes.require(field, "must be specified when `ip` is set")
    elif mode is not None and not entry.get("ip"):
        causes.forbid(field, "may not be specified when `ip` is not set")
    else:
        causes.check_choice(field, mode, ("Proxy", "VIP"))


def _check_claim(item: Part, status: Part, old: Part, causes: Causes) -> None:  # noqa: ARG001
    for name, value in sorted((status.get("capacity") or {}).items()):
        if parse_quantity(value) < 0:
            causes.refuse_whole(f"status.capacity[{name}]", f"{value}: must be a valid resource quantity")


def _check_namespace(item: Part, status: Part, old: Part, causes: Causes) -> None:  # noqa: ARG001
    phase = status.get("phase") or ""
    if item["metadata"].get("deletionTimestamp"):
        if phase != "Terminating":
            causes.refuse("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")
    elif phase != "Active":
        causes.refuse("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")


def _check_quota(item: Part, status: Part, old: Part, causes: Causes) -> None:  # noqa: ARG001
    for name in ("hard", "used"):
        check_quota_amounts(status.get(name) or {}, f"status.{name}", causes)


def _check_node(item: Part, status: Part, old: Part, causes: Causes) -> None:  # noqa: ARG001
    known: list[Part] = []
    for index, address in enumerate(status.get("addresses") or ()):
        if address in known:
            shown = {"Type": address.get("type") or "", "Address": address.get("address") or ""}
            causes.report_duplicate(f"status.addresses[{index}]", shown)
        known.append(address)


_CHECKS: Mapping[str, Callable[[Part, Part, Part, Causes], None]] = {
    "Ingress": _check_load_balancer,
    "Job": _check_job,
    "Namespace": _check_namespace,
    "Node": _check_node,
    "PersistentVolumeClaim": _check_claim,
    "Pod": _check_pod,
    "ResourceQuota": _check_quota,
    "Service": _check_load_balancer,
}
