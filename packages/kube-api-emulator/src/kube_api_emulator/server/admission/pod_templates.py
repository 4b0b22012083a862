"""Pods inside of other objects.

Source: k8s.io/pod-security-admission v0.36.2, admission/admission.go (ExtractPodSpec), policy/visitor.go
(visitContainers).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kube_api_emulator.server.resources import Object, Resource

Part = Mapping[str, Any]

_PATHS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}


def find_pod(resource: Resource, item: Object) -> Part | None:
    """Return the pod, or the template of the pods, in an object; None for another kind."""
    path = None if resource.is_custom else _PATHS.get((resource.group, resource.kind))
    if path is None:
        return None
    found: Part = item
    for step in path:
        found = found.get(step) or {}
    return found


def list_containers(spec: Part) -> Iterator[Part]:
    """Yield all containers in the order of kube-apiserver: first those of the initialization."""
    for name in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(name) or ()
