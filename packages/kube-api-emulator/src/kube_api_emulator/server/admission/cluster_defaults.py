"""What a cluster gives new objects: the priority of pods, and the storage class of claims.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/admission/priority/admission.go (admitPod, validatePriorityClass,
resolvePriorityClass), plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go (admitPV, admitPVC).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.identity.users import CONTROLLER

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class"
_SYSTEM_CLASSES: Mapping[str, int] = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
}


_NOT_READY = "node.kubernetes.io/not-ready"
# The finalizers that keep objects as long as they are used.
_PROTECTIONS: Mapping[str, str] = {
    "PersistentVolume": "kubernetes.io/pv-protection",
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
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
        if name is not None:
            spec["priorityClassName"] = name
    system = {"value": _SYSTEM_CLASSES[name]} if name in _SYSTEM_CLASSES else None
    found: Mapping[str, Any] | None = {"value": 0} if name is None else classes.get(name) or system
    if found is None:
        raise request.refuse(f"no PriorityClass with name {name} was found")
    policy = found.get("preemptionPolicy", "PreemptLowerPriority")
    _check_priority(request, spec, found["value"], policy)
    spec |= {"priority": found["value"], "preemptionPolicy": policy}
    return True


def _check_priority(request: AdmissionRequest, spec: Mapping[str, Any], value: int, policy: str) -> None:
    sent, kept = spec.get("priority"), spec.get("preemptionPolicy")
    if sent not in (None, value):
        raise request.refuse(
            f"the integer value of priority ({sent}) must not be provided in pod spec; priority admission controller "
            f"computed {value} from the given PriorityClass name"
        )
    if kept not in (None, policy):
        raise request.refuse(
            f"the string value of PreemptionPolicy ({kept}) must not be provided in pod spec; priority admission "
            f"controller computed {policy} from the given PriorityClass name"
        )


def check_default_priority(request: AdmissionRequest) -> None:
    """Check that a class is not the second default of a cluster. Raises StatusError 403."""
    resource, item = request.resource, request.item
    if resource.is_custom or resource.kind != "PriorityClass" or item is None or not item.get("globalDefault"):
        return
    for each in request.list_items("scheduling.k8s.io", "priorityclasses"):
        if each.get("globalDefault") and each["metadata"]["name"] != request.name:
            name = each["metadata"]["name"]
            raise request.refuse(f"PriorityClass {name} is already marked as default. Only one default can exist")


def set_ingress_class(request: AdmissionRequest) -> bool:
    """Give a new ingress without a class the default one, the newest if there are several."""
    if not request.is_new("networking.k8s.io", "Ingress") or request.item is None:
        return False
    spec = request.item.setdefault("spec", {})
    annotations = request.item["metadata"].get("annotations") or {}
    if spec.get("ingressClassName") is not None or "kubernetes.io/ingress.class" in annotations:
        return False
    name = _find_default(request, "networking.k8s.io", "ingressclasses", _DEFAULT_INGRESS_CLASS)
    if name:
        spec["ingressClassName"] = name
    return bool(name)


def _find_default(request: AdmissionRequest, group: str, plural: str, annotation: str) -> str:
    """Return the name of the newest object that its annotation makes the default; empty for none."""
    items = [each["metadata"] for each in request.list_items(group, plural)]
    defaults = [each for each in items if (each.get("annotations") or {}).get(annotation) == "true"]
    defaults.sort(key=lambda metadata: metadata["name"])
    newest = max(defaults, key=lambda metadata: metadata["creationTimestamp"], default={"name": ""})
    return str(newest["name"])


def set_storage_class(request: AdmissionRequest) -> bool:
    """Give a new claim without a class the default one, the newest if there are several."""
    if not request.is_new("", "PersistentVolumeClaim") or request.item is None:
        return False
    spec = request.item["spec"]
    if spec.get("storageClassName") is not None:
        return False
    name = _find_default(request, "storage.k8s.io", "storageclasses", _DEFAULT_CLASS)
    if name:
        spec["storageClassName"] = name
    return bool(name)
