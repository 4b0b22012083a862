"""Fields of served kinds that the server does not support: an object that uses one is refused, never accepted unseen.

docs/scope.md names each of them.

Source: none; this is a helper of the admission of writes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kube_api_emulator.server.rules.content_errors import Cause

_MESSAGE = "Forbidden: kube-api-emulator does not support this field"
_SHARED_DISKS = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd"),
    *("scaleIO", "storageos", "vsphereVolume"),
)
_GROUPS = ("initContainers", "containers", "ephemeralContainers")

# A path in the spec of a pod. `[*]` stands for each item, and `=` for one value alone.
POD_FIELDS: tuple[str, ...] = (
    "os.name=windows",
    "securityContext.windowsOptions",
    *(f"{group}[*].securityContext.windowsOptions" for group in _GROUPS),
    "resourceClaims",
    "resources",
    *(f"{group}[*].resources.claims" for group in _GROUPS),
    *(f"{group}[*].restartPolicyRules" for group in _GROUPS),
    *(f"{group}[*].env[*].valueFrom.fileKeyRef" for group in _GROUPS),
    "hostnameOverride",
    "volumes[*].gitRepo",
    *(f"volumes[*].{disk}" for disk in _SHARED_DISKS),
)
_TEMPLATES: Mapping[str, str] = {
    "Pod": "spec",
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"), "spec.template.spec"
    ),
    "CronJob": "spec.jobTemplate.spec.template.spec",
}
OTHER_FIELDS: Mapping[str, tuple[str, ...]] = {
    "PersistentVolume": tuple(f"spec.{disk}" for disk in _SHARED_DISKS),
    "Pod": ("status.extendedResourceClaimStatus", "status.resourceClaimStatuses"),
}
_STEP = re.compile(r"\[\*\]|[^.\[]+")


def list_unsupported_fields(kind: str) -> list[str]:
    """Return the paths of a built-in kind's fields that the server refuses."""
    in_pods = [f"{_TEMPLATES[kind]}.{path}" for path in POD_FIELDS] if kind in _TEMPLATES else []
    return [*in_pods, *OTHER_FIELDS.get(kind, ())]


def find_unsupported_fields(kind: str, item: Mapping[str, Any]) -> list[Cause]:
    """Return a cause for each unsupported field that an object of a built-in kind uses."""
    found = []
    for path in list_unsupported_fields(kind):
        steps, _, value = path.partition("=")
        for field, used in _walk(item, _STEP.findall(steps), ""):
            if used not in (None, []) and value in ("", used):
                found.append(Cause(field, "FieldValueForbidden", _MESSAGE))
    return found


def _walk(part: object, steps: list[str], field: str) -> Iterator[tuple[str, object]]:
    """Yield the places of a path in a part of an object, each with its value."""
    if not steps:
        yield field, part
    elif steps[0] == "[*]":
        for index, each in enumerate(part if isinstance(part, list) else ()):
            yield from _walk(each, steps[1:], f"{field}[{index}]")
    elif isinstance(part, Mapping):
        yield from _walk(part.get(steps[0]), steps[1:], f"{field}.{steps[0]}".removeprefix("."))
