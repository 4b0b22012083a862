"""Warnings of pods and their templates.

Source: k8s.io/kubernetes v1.36.2, pkg/api/pod/warnings.go (warningsForPodSpecAndMeta),
pkg/api/persistentvolumeclaim/util.go (GetWarningsForPersistentVolumeClaimSpec).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity

Part = Mapping[str, Any]

_GROUPS = ("initContainers", "containers", "ephemeralContainers")
_NO_PODS = "a null labelSelector results in matching no pod"
# Labels of nodes.
_DEPRECATED_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"


def warn_of_pod(metadata: Part, spec: Part, root: str = "") -> Iterator[str]:
    """Yield warnings of a pod, or of the template at the field `root`."""
    prefix = f"{root}." if root else ""
    field = f"{prefix}spec"
    yield from _warn_of_nodes(spec, field)
    annotations = metadata.get("annotations") or {}
    for key, text in _ANNOTATIONS.items():
        if key in annotations:
            yield f"{prefix}metadata.annotations[{key}]: {text}"
    secrets = spec.get("imagePullSecrets") or ()
    yield from _warn_of_doubles(secrets, "name", f"{field}.imagePullSecrets")
    for index, secret in enumerate(secrets):
        if not secret.get("name"):
            yield f'{field}.imagePullSecrets[{index}].name: invalid empty name ""'
    if _SECCOMP in annotations and (spec.get("securityContext") or {}).get("seccompProfile") is None:
        text = 'non-functional in v1.27+; use the "seccompProfile" field instead'
        yield f"{prefix}metadata.annotations[{_SECCOMP}]: {text}"
    yield from _warn_of_containers(spec, field)
    yield from _warn_of_ports(spec, field)


def _warn_of_fraction(resources: Part, group: str, name: str, field: str) -> Iterator[str]:
    """Yield a warning of a part of a byte."""
    amount = (resources.get(group) or {}).get(name)
    if amount is not None and parse_quantity(amount) % 1:
        shown = json.dumps(amount)
        yield f"{field}.resources.{group}[{name}]: fractional byte value {shown} is invalid, must be an integer"


def _warn_of_nodes(spec: Part, field: str) -> Iterator[str]:
    for key in spec.get("nodeSelector") or ():
        if text := _DEPRECATED_LABELS.get(key):
            yield f"{field}.nodeSelector[{key}]: {text}"
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        where, key = f"{field}.topologySpreadConstraints[{index}]", constraint.get("topologyKey") or ""
        if text := _DEPRECATED_LABELS.get(key):
            yield f"{where}.topologyKey: {key} is {text}"
        if constraint.get("labelSelector") is None:
            yield f"{where}.labelSelector: {_NO_PODS}"


def warn_of_claim_spec(spec: Part, field: str) -> Iterator[str]:
    """Yield warnings of a claim of a volume."""
    for group in ("requests", "limits"):
        yield from _warn_of_fraction(spec.get("resources") or {}, group, "storage", field)


def _warn_of_doubles(items: Sequence[Part], name: str, field: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        value = item.get(name) or ""
        if value in seen:
            yield f"{field}[{index}].{name}: duplicate {name} {json.dumps(value)}"
        seen.add(value)


def _list_containers(spec: Part, field: str) -> Iterator[tuple[str, Part]]:
    for group in _GROUPS:
        for index, container in enumerate(spec.get(group) or ()):
            yield f"{field}.{group}[{index}]", container


def _warn_of_containers(spec: Part, field: str) -> Iterator[str]:
    for place, container in _list_containers(spec, field):
        resources = container.get("resources") or {}
        for name in ("memory", "ephemeral-storage"):
            for group in ("limits", "requests"):
                yield from _warn_of_fraction(resources, group, name, place)
        seen: set[str] = set()
        for index, variable in enumerate(container.get("env") or ()):
            name = variable.get("name") or ""
            if name in seen and (
                variable.get("valueFrom") is not None or not _extends(variable.get("value") or "", name)
            ):
                text = f"hides previous definition of {json.dumps(name)}, which may be dropped when using apply"
                yield f"{place}.env[{index}]: {text}"
            seen.add(name)


def _extends(value: str, name: str) -> bool:
    """Return whether a value contains an earlier one of the same name, and more."""
    reference = f"$({name})"
    return reference in value and value != reference


def _warn_of_ports(spec: Part, field: str) -> Iterator[str]:
    known: dict[tuple[object, ...], list[str]] = {}
    named: dict[str, str] = {}
    names: list[str] = []
    for place, container in _list_containers(spec, field):
        for index, port in enumerate(container.get("ports") or ()):
            where = f"{place}.ports[{index}]"
            outer = port.get("hostIP") or "", port.get("hostPort") or 0
            others = known.setdefault((port.get("containerPort"), port.get("protocol"), *outer), [])
            for other in others:
                yield f"{where}: duplicate port definition with {other}"
            others.append(where)
            name = port.get("name")
            if name in named:
                first = named[name]
                text = f"services and probes that select ports by name will use {first}"
                names.append(f"{where}: duplicate port name {json.dumps(name)} with {first}, {text}")
            elif name:
                named[name] = where
    yield from names
