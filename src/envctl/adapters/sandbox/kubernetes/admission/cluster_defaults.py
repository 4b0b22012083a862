"""What a cluster gives new objects: the priority of pods, and the storage class of claims."""

from collections.abc import Mapping
from typing import Any

from envctl.adapters.sandbox.kubernetes.admission.requests import AdmissionRequest
from envctl.adapters.sandbox.kubernetes.identity.users import CONTROLLER

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_SYSTEM_CLASSES: Mapping[str, int] = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
}


_NOT_READY = "node.kubernetes.io/not-ready"
# The finalizers that keep objects as long as they are used.
_PROTECTIONS: Mapping[str, str] = {
    "PersistentVolume": "kubernetes.io/pv-protection",
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "VolumeAttributesClass": "kubernetes.io/vac-protection",
}


def set_protection(request: AdmissionRequest) -> bool:
    """Give a new volume or claim the finalizer that keeps it as long as it is used."""
    finalizer = _PROTECTIONS.get(request.resource.kind)
    if finalizer is None or request.item is None or request.part:
        return False
    finalizers = request.item["metadata"].setdefault("finalizers", [])
    if finalizer in finalizers:
        return False
    finalizers.append(finalizer)
    return True


def set_taint(request: AdmissionRequest) -> bool:
    """Keep pods from a new node until it is ready. The nodes of the cluster itself are."""
    if not request.is_new("", "Node") or request.item is None or request.user == CONTROLLER:
        return False
    spec = request.item.setdefault("spec", {})
    taints = spec.get("taints") or []
    if any((each.get("key"), each.get("effect")) == (_NOT_READY, "NoSchedule") for each in taints):
        return False
    spec["taints"] = [*taints, {"key": _NOT_READY, "effect": "NoSchedule"}]
    return True


def set_priority(request: AdmissionRequest) -> bool:
    """Give a new pod the priority of its class. Raises StatusError 403 for an unknown class."""
    if not request.is_new("", "Pod") or request.item is None:
        return False
    spec = request.item["spec"]
    classes = {each["metadata"]["name"]: each for each in request.list_items("scheduling.k8s.io", "priorityclasses")}
    name = spec.get("priorityClassName")
    if not name:
        name = next((key for key, each in sorted(classes.items()) if each.get("globalDefault")), None)
        if name is None:
            _check_priority(request, spec, 0, "PreemptLowerPriority")
            return False
        spec["priorityClassName"] = name
    found = classes.get(name) or ({"value": _SYSTEM_CLASSES[name]} if name in _SYSTEM_CLASSES else None)
    if found is None:
        raise request.refuse(f"no PriorityClass with name {name} was found")
    policy = found.get("preemptionPolicy", "PreemptLowerPriority")
    _check_priority(request, spec, found["value"], policy)
    spec |= {"priority": found["value"], "preemptionPolicy": policy}
    return True


def _check_priority(request: AdmissionRequest, spec: Mapping[str, Any], value: int, policy: str) -> None:
    sent = spec.get("priority") or 0
    if sent not in (0, value):
        raise request.refuse(
            f"the integer value of priority ({sent}) must not be provided in pod spec; priority admission controller "
            f"computed {value} from the given PriorityClass name"
        )
    kept = spec.get("preemptionPolicy") or policy
    if kept not in (policy, "PreemptLowerPriority"):
        raise request.refuse(
            f"the string value of PreemptionPolicy ({kept}) must not be provided in pod spec; priority admission "
            f"controller computed {policy} from the given PriorityClass name"
        )


def check_runtime_class(request: AdmissionRequest) -> None:
    """Raises StatusError 403 for a new pod whose class of runtimes doesn't exist, or has another overhead."""
    if not request.is_new("", "Pod") or request.item is None:
        return
    spec = request.item["spec"]
    name, overhead = spec.get("runtimeClassName"), None
    if name is not None:
        classes = {each["metadata"]["name"]: each for each in request.list_items("node.k8s.io", "runtimeclasses")}
        if name not in classes:
            raise request.refuse(f'pod rejected: RuntimeClass "{name}" not found')
        overhead = (classes[name].get("overhead") or {}).get("podFixed")
    if spec.get("overhead") and overhead is None:
        raise request.refuse("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")


def set_storage_class(request: AdmissionRequest) -> bool:
    """Give a new claim without a class the default one, the newest if there are several."""
    if not request.is_new("", "PersistentVolumeClaim") or request.item is None:
        return False
    spec = request.item["spec"]
    if spec.get("storageClassName") is not None:
        return False
    defaults = [
        each["metadata"]
        for each in request.list_items("storage.k8s.io", "storageclasses")
        if (each["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    ]
    if not defaults:
        return False
    defaults.sort(key=lambda metadata: metadata["name"])
    spec["storageClassName"] = max(defaults, key=lambda metadata: metadata["creationTimestamp"])["name"]
    return True
