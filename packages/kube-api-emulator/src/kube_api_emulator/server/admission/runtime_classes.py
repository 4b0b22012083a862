"""Classes of runtimes: what they give the pods that run in them.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/admission/runtimeclass/admission.go (Admit, Validate, setOverhead,
setScheduling, validateOverhead), pkg/util/tolerations/tolerations.go (MergeTolerations).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.status_errors import StatusError

Part = Mapping[str, Any]

_NO_OVERHEAD = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"


def set_runtime_class(request: AdmissionRequest) -> bool:
    """Give a new pod the overhead and the nodes of its class. Raises StatusError 403 for an unknown class."""
    if not request.is_new("", "Pod") or request.item is None:
        return False
    if request.item["spec"].get("runtimeClassName") is None:
        if request.item["spec"].get("overhead") == {}:
            # An empty one counts here, and is gone when the pod is checked.
            raise request.refuse(_NO_OVERHEAD)
        return False
    found, spec = _find_class(request), request.item["spec"]
    overhead, scheduling = found.get("overhead"), found.get("scheduling")
    if overhead is not None:
        if spec.get("overhead") is not None and spec["overhead"] != (overhead.get("podFixed") or {}):
            raise request.refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        spec["overhead"] = dict(overhead.get("podFixed") or {})
    if scheduling is not None:
        _set_nodes(request, spec, scheduling)
    return overhead is not None or scheduling is not None


def check_overhead(request: AdmissionRequest) -> None:
    """Check that a new pod has no overhead of its own. Raises StatusError 403."""
    if not request.is_new("", "Pod") or request.item is None or request.item["spec"].get("overhead") is None:
        return
    if request.item["spec"].get("runtimeClassName") is None or _find_class(request).get("overhead") is None:
        raise request.refuse(_NO_OVERHEAD)


def _find_class(request: AdmissionRequest) -> Part:
    name = request.subject["spec"]["runtimeClassName"]
    if not name:
        raise StatusError(500, "", "resource name may not be empty")
    for each in request.list_items("node.k8s.io", "runtimeclasses"):
        if each["metadata"]["name"] == name:
            return each
    raise request.refuse(f'pod rejected: RuntimeClass "{name}" not found')


def _set_nodes(request: AdmissionRequest, spec: dict[str, Any], scheduling: Part) -> None:
    chosen, wanted = dict(spec.get("nodeSelector") or {}), scheduling.get("nodeSelector") or {}
    for key, value in wanted.items():
        if chosen.get(key, value) != value:
            shown = f"runtimeClass.scheduling.nodeSelector[{key}] = {value}"
            raise request.refuse(f"conflict: {shown}; pod.spec.nodeSelector[{key}] = {chosen[key]}")
    if chosen | wanted:
        spec["nodeSelector"] = chosen | wanted
    spec["tolerations"] = _merge_tolerations([*(spec.get("tolerations") or ()), *(scheduling.get("tolerations") or ())])


def _merge_tolerations(tolerations: list[Part]) -> list[Part]:
    """Return the tolerations without those that another one includes."""
    merged: list[Part] = []
    for index, each in enumerate(tolerations):
        others = [*merged, *(later for later in tolerations[index + 1 :] if later != each)]
        if not any(_includes(other, each) for other in others):
            merged.append(each)
    return merged


def _includes(toleration: Part, other: Part) -> bool:
    if toleration == other:
        return True
    operator, key = toleration.get("operator") or "Equal", toleration.get("key") or ""
    if key != (other.get("key") or "") and not (not key and operator == "Exists"):
        return False
    effect = toleration.get("effect") or ""
    if effect and effect != (other.get("effect") or ""):
        return False
    seconds, wanted = toleration.get("tolerationSeconds"), other.get("tolerationSeconds")
    if effect == "NoExecute" and seconds is not None and (wanted is None or wanted > seconds):
        return False
    if operator == "Equal":
        return (other.get("operator") or "Equal") == "Equal" and toleration.get("value") == other.get("value")
    return bool(operator == "Exists")
