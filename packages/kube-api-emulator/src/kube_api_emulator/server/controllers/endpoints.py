"""Endpoints and EndpointSlices of Services, from the pods that their selectors name.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/endpoint/endpoints_controller.go (syncService,
podToEndpointAddressForService, endpointPortFromServicePort), pkg/controller/endpointslice/endpointslice_controller.go
(syncService).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.controllers.context import Context, refer_to
from kube_api_emulator.server.controllers.pod_status import is_ready
from kube_api_emulator.server.label_selectors import match_labels
from kube_api_emulator.server.resources import Object, Place

_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_SERVICE_NAME = "kubernetes.io/service-name"
_HEADLESS = "service.kubernetes.io/headless"
_SLICE_MANAGER = "endpointslice-controller.k8s.io"


def write_endpoints(context: Context, service: Object) -> None:
    """Bring the endpoints of a Service to its pods. A Service without a selector keeps its own."""
    spec = service["spec"]
    if not spec.get("selector") or spec.get("type") == "ExternalName":
        return
    pods = [
        pod
        for pod in context.cluster.store.list_items(context.find("", "pods"), service["metadata"]["namespace"])
        if _is_listed(pod) and match_labels({"matchLabels": spec["selector"]}, pod["metadata"].get("labels") or {})
    ]
    _write_legacy(context, service, pods)
    _write_slice(context, service, pods)


def _is_listed(pod: Object) -> bool:
    status = pod.get("status") or {}
    is_over = status.get("phase") in ("Succeeded", "Failed") or pod["metadata"].get("deletionTimestamp")
    return bool(status.get("podIP")) and not is_over


def _write_legacy(context: Context, service: Object, pods: list[Object]) -> None:
    resource, metadata = context.find("", "endpoints"), service["metadata"]
    publishes = bool(service["spec"].get("publishNotReadyAddresses"))
    subsets: dict[str, Object] = {}
    for pod in pods:
        ports = _find_ports(service, pod)
        subset = subsets.setdefault(repr(ports), {"ports": ports} if ports else {})
        key = "addresses" if publishes or is_ready(pod) else "notReadyAddresses"
        address = {"ip": pod["status"]["podIP"], "nodeName": pod["spec"].get("nodeName", "")}
        subset.setdefault(key, []).append(address | {"targetRef": _refer(pod)})
    labels = {**(metadata.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    if service["spec"].get("clusterIP") == "None":
        labels[_HEADLESS] = ""
    content: Object = {"subsets": list(subsets.values())} if subsets else {}
    live = context.cluster.store.find(Place(resource, metadata["namespace"], metadata["name"]))
    if live is None:
        body = {"metadata": {"name": metadata["name"], "labels": labels}, **content}
        context.create(resource, metadata["namespace"], body)
    elif live.get("subsets", []) != content.get("subsets", []):
        context.change(resource, live, lambda changed: (changed.pop("subsets", None), changed.update(content)))


def _write_slice(context: Context, service: Object, pods: list[Object]) -> None:
    resource, metadata = context.find("discovery.k8s.io", "endpointslices"), service["metadata"]
    publishes = bool(service["spec"].get("publishNotReadyAddresses"))
    endpoints = [
        {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": publishes or is_ready(pod), "serving": is_ready(pod), "terminating": False},
            "nodeName": pod["spec"].get("nodeName", ""),
            "targetRef": _refer(pod),
        }
        for pod in pods
    ]
    ports = _find_ports(service, pods[0]) if pods else []
    content = {"endpoints": endpoints, "ports": [{"name": "", **port} for port in ports]}
    owned = context.list_owned(resource, service)
    if not owned:
        labels = {**(metadata.get("labels") or {}), _SERVICE_NAME: metadata["name"], _MANAGED_BY: _SLICE_MANAGER}
        if service["spec"].get("clusterIP") == "None":
            labels[_HEADLESS] = ""
        named = {"generateName": f"{metadata['name']}-", "labels": labels, "ownerReferences": [refer_to(service)]}
        body = {"metadata": named, "addressType": "IPv4", **content}
        context.create(resource, metadata["namespace"], body)
    elif any((owned[0].get(name) or []) != value for name, value in content.items()):
        context.change(resource, owned[0], lambda changed: changed.update(content))


def _find_ports(service: Object, pod: Object) -> list[Object]:
    """Return the ports of a Service as numbers of a pod; ports with a name that the pod lacks are left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = _find_number(port.get("targetPort", port["port"]), port.get("protocol", "TCP"), pod["spec"])
        if number:
            named: Object = {"name": port["name"]} if port.get("name") else {}
            found.append(named | {"port": number, "protocol": port.get("protocol", "TCP")})
    return found


def _find_number(target: int | str, protocol: str, spec: Mapping[str, Any]) -> int:
    if isinstance(target, int):
        return target
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        for port in container.get("ports") or ():
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return 0


def _refer(pod: Object) -> Object:
    metadata = pod["metadata"]
    named = {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"]}
    return named | {"uid": metadata["uid"]}
