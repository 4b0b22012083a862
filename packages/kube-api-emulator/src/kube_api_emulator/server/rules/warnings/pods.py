"""Warnings of pods and their templates.

Source: k8s.io/kubernetes v1.36.2, pkg/api/pod/warnings.go (warningsForPodSpecAndMeta, warningsForPodAffinityTerms,
warningsForWeightedPodAffinityTerms), pkg/api/persistentvolumeclaim/util.go (GetWarningsForPersistentVolumeClaimSpec).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity

Part = Mapping[str, Any]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
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
    yield from _warn_of_doubles(spec.get("hostAliases") or (), "ip", f"{field}.hostAliases")
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
    grace = spec.get("terminationGracePeriodSeconds")
    # A pod gets 1 before it is looked at, a template doesn't.
    if grace is not None and grace < 0 and field != "spec":
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{field}.terminationGracePeriodSeconds: {text}"
    yield from _warn_of_affinity(spec.get("affinity") or {}, f"{field}.affinity")


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
    nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    place = f"{field}.affinity.nodeAffinity"
    for index, term in enumerate((nodes.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        yield from _warn_of_term(term, f"{place}.{_REQUIRED}.nodeSelectorTerms[{index}]")
    for index, each in enumerate(nodes.get(_PREFERRED) or ()):
        term, where = each.get("preference") or {}, f"{place}.{_PREFERRED}[{index}].preference"
        yield from _warn_of_term(term, where)
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        where, key = f"{field}.topologySpreadConstraints[{index}]", constraint.get("topologyKey") or ""
        if text := _DEPRECATED_LABELS.get(key):
            yield f"{where}.topologyKey: {key} is {text}"
        if constraint.get("labelSelector") is None:
            yield f"{where}.labelSelector: {_NO_PODS}"


def _warn_of_term(term: Part, field: str) -> Iterator[str]:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        key = expression.get("key") or ""
        if text := _DEPRECATED_LABELS.get(key):
            yield f"{field}.matchExpressions[{index}].key: {key} is {text}"


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
    known: dict[tuple[Any, Any], list[tuple[str, Part]]] = {}
    named: dict[str, str] = {}
    names: list[str] = []
    for place, container in _list_containers(spec, field):
        for index, port in enumerate(container.get("ports") or ()):
            where = f"{place}.ports[{index}]"
            others = known.setdefault((port.get("containerPort"), port.get("protocol")), [])
            for other_place, other in others:
                if text := _compare_ports(port, other):
                    yield f"{where}: {text} port definition with {other_place}"
            others.append((where, port))
            name = port.get("name")
            if name in named:
                first = named[name]
                text = f"services and probes that select ports by name will use {first}"
                names.append(f"{where}: duplicate port name {json.dumps(name)} with {first}, {text}")
            elif name:
                named[name] = where
    yield from names


def _compare_ports(port: Part, other: Part) -> str:
    address, outer = port.get("hostIP") or "", port.get("hostPort") or 0
    other_address, other_outer = other.get("hostIP") or "", other.get("hostPort") or 0
    if (address, outer) == (other_address, other_outer):
        return "duplicate"
    if not outer or not other_outer:
        return "overlapping"
    return "dangerously ambiguous" if outer == other_outer and (not address) != (not other_address) else ""


def _warn_of_affinity(affinity: Part, field: str) -> Iterator[str]:
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name) or {}
        for index, term in enumerate(terms.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{field}.{name}.{_REQUIRED}[{index}].labelSelector: {_NO_PODS}"
        for index, each in enumerate(terms.get(_PREFERRED) or ()):
            if (each.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{field}.{name}.{_PREFERRED}[{index}].podAffinityTerm.labelSelector: {_NO_PODS}"
