"""Pod security: the levels *baseline* and *restricted*, by the labels of namespaces.

Source: k8s.io/pod-security-admission v0.36.2, admission/admission.go (ValidateNamespace, ValidatePod,
ValidatePodController), api/helpers.go (PolicyToEvaluate, ParseLevel, ParseVersion).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.admission.pod_security_checks import Violation, find_violations
from kube_api_emulator.server.admission.pod_templates import find_pod, list_containers
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.resources import Object
from kube_api_emulator.server.status_errors import invalid

_PREFIX = "pod-security.kubernetes.io/"
_LEVELS = ("privileged", "baseline", "restricted")
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]*)")
_LATEST = "latest"


@dataclass(frozen=True)
class _Policy:
    level: str
    version: str

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"


def check_pod_security(request: AdmissionRequest) -> list[str]:
    """Check a pod, a template or a namespace. Returns warnings, raises StatusError 403 or 422."""
    item = request.item
    if item is None or request.part:
        return []
    if request.resource.is_namespace:
        return _check_namespace(request, item)
    pod = find_pod(request.resource, item)
    if pod is None or not _is_significant(request):
        return []
    labels = request.find_labels()
    enforced, warned = _read_policy(labels, "enforce"), _read_policy(labels, "warn")
    is_pod = request.resource.kind == "Pod"
    if is_pod and (text := _find_violations(request, pod, enforced)):
        raise request.refuse(f'violates PodSecurity "{enforced}": {", ".join(each.describe() for each in text)}')
    found = _find_violations(request, pod, warned)
    if not found:
        return []
    return [f'would violate PodSecurity "{warned}": {", ".join(each.describe() for each in found)}']


def _is_significant(request: AdmissionRequest) -> bool:
    """Return whether a write of a pod changes its containers. Templates are checked in each write."""
    if request.resource.kind != "Pod" or request.live is None or request.item is None:
        return True
    return _list_images(request.live) != _list_images(request.item)


def _list_images(pod: Object) -> list[tuple[str, str]]:
    return [(each["name"], each.get("image", "")) for each in list_containers(pod["spec"])]


def _check_namespace(request: AdmissionRequest, item: Object) -> list[str]:
    labels = item["metadata"].get("labels") or {}
    before = ((request.live or {"metadata": {}})["metadata"].get("labels")) or {}
    causes = _find_wrong_labels(labels)
    if causes and (request.live is None or causes != _find_wrong_labels(before)):
        raise invalid(request.resource, request.name, causes)
    policy = _read_policy(labels, "enforce")
    if request.live is None or policy == _read_policy(before, "enforce") or policy.level == _LEVELS[0]:
        return []
    return _list_violating_pods(request, policy)


def _list_violating_pods(request: AdmissionRequest, policy: _Policy) -> list[str]:
    names: dict[str, list[str]] = {}
    for pod in request.list_items("", "pods", request.name):
        if found := _find_violations(request, pod, policy):
            names.setdefault(", ".join(each.reason for each in found), []).append(pod["metadata"]["name"])
    if not names:
        return []
    first = f'existing pods in namespace "{request.name}" violate the new PodSecurity enforce level "{policy}"'
    return [first, *sorted(f"{_count_pods(pods)}: {reason}" for reason, pods in names.items())]


def _count_pods(names: list[str]) -> str:
    others = len(names) - 1
    if not others:
        return names[0]
    return f"{min(names)} (and {others} other pod{'s' if others > 1 else ''})"


def _read_policy(labels: Mapping[str, str], mode: str) -> _Policy:
    level, version = labels.get(f"{_PREFIX}{mode}"), labels.get(f"{_PREFIX}{mode}-version")
    if mode == "warn" and level is None:
        # Without a level of its own, a warning is about what is enforced.
        enforced = _read_policy(labels, "enforce")
        is_valid = labels.get(f"{_PREFIX}enforce") in _LEVELS
        level = enforced.level if is_valid else _LEVELS[0]
        version = version or enforced.version
    # What cannot be read is the strictest for `enforce`, and nothing for a warning.
    fallback = _LEVELS[2] if mode == "enforce" else _LEVELS[0]
    is_version = version is not None and _VERSION.fullmatch(version)
    known = _LEVELS[0] if level is None else level if level in _LEVELS else fallback
    return _Policy(known, version if version and is_version else _LATEST)


def _find_violations(request: AdmissionRequest, pod: Mapping[str, Any], policy: _Policy) -> list[Violation]:
    newest = int(request.cluster.version.partition(".")[2])
    version = newest if policy.version == _LATEST else min(newest, int(policy.version.partition(".")[2]))
    return find_violations(pod, policy.level, version)


def _find_wrong_labels(labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
    causes = []
    for mode in ("enforce", "audit", "warn"):
        level, version = labels.get(f"{_PREFIX}{mode}"), labels.get(f"{_PREFIX}{mode}-version")
        if level is not None and level not in _LEVELS:
            text = f'Invalid value: "{level}": must be one of {", ".join(_LEVELS)}'
            causes.append((f"metadata.labels[{_PREFIX}{mode}]", "FieldValueInvalid", text))
        if version is not None and version != _LATEST and not _VERSION.fullmatch(version):
            text = f'Invalid value: "{version}": must be "latest" or "v1.x"'
            causes.append((f"metadata.labels[{_PREFIX}{mode}-version]", "FieldValueInvalid", text))
    return causes
