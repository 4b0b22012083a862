"""LimitRange: default resources of containers, and bounds of containers, pods and claims.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/admission/limitranger/admission.go (mergePodResourceRequirements,
PodValidateLimitFunc, PersistentVolumeClaimValidateLimitFunc, minConstraint, maxConstraint).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.amounts import format_amount, read_amounts, sum_resources
from kube_api_emulator.server.new_status import build_new_status

Part = Mapping[str, Any]
_Sides = Sequence[tuple[str, Decimal | None]]


def set_default_resources(request: AdmissionRequest) -> bool:
    """Give the resources of LimitRanges to the containers of a new pod that have none. Returns whether any did."""
    if not request.is_new("", "Pod") or request.item is None:
        return False
    limits = [each for each in _list_limits(request) if each.get("type") == "Container"]
    changed = False
    for limit in limits:
        for name in ("initContainers", "containers"):
            for container in request.item["spec"].get(name) or ():
                changed |= _set_defaults(container, limit)
    if changed and (status := build_new_status(request.resource, request.item)):
        request.item["status"] = status
    return changed


def _set_defaults(container: dict[str, Any], limit: Part) -> bool:
    resources = container.get("resources") or {}
    before = dict(resources)
    for kind, defaults in (("limits", limit.get("default")), ("requests", limit.get("defaultRequest"))):
        if defaults:
            resources = resources | {kind: {**defaults, **(resources.get(kind) or {})}}
    container["resources"] = resources
    return bool(resources != before)


def check_limit_ranges(request: AdmissionRequest) -> None:
    """Check a new pod or a claim. Raises StatusError 403."""
    item = request.item
    if item is None or request.part:
        return
    is_claim = (request.resource.group, request.resource.kind) == ("", "PersistentVolumeClaim")
    if not is_claim and not request.is_new("", "Pod"):
        return
    problems: list[str] = []
    for limit in _list_limits(request):
        problems += _find_problems(limit, item["spec"], is_claim=is_claim)
    if problems:
        raise request.refuse(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")


def _list_limits(request: AdmissionRequest) -> list[Part]:
    ranges = request.list_items("", "limitranges", request.namespace)
    return [limit for each in ranges for limit in each["spec"].get("limits") or ()]


def _find_problems(limit: Part, spec: Part, *, is_claim: bool) -> list[str]:
    kind = limit.get("type", "")
    if is_claim:
        requests = read_amounts((spec.get("resources") or {}).get("requests"))
        return list(_check(limit, kind, requests, requests)) if kind == "PersistentVolumeClaim" else []
    if kind == "Container":
        containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
        parts = [each.get("resources") or {} for each in containers]
        amounts = [(read_amounts(each.get("requests")), read_amounts(each.get("limits"))) for each in parts]
    elif kind == "Pod":
        amounts = [(sum_resources(spec, "requests"), sum_resources(spec, "limits"))]
    else:
        amounts = []
    return [problem for requests, limits in amounts for problem in _check(limit, kind, requests, limits)]


def _check(limit: Part, kind: str, requests: Mapping[str, Decimal], limits: Mapping[str, Decimal]) -> Iterator[str]:
    for bound, word in (("min", "minimum"), ("max", "maximum")):
        for name, text in sorted((limit.get(bound) or {}).items()):
            shown = f"{word} {name} usage per {kind} is {text}"
            sides = (("request", requests.get(name)), ("limit", limits.get(name)))
            if bound == "min":
                yield from _check_bound(shown, sides, parse_quantity(text).__gt__, name)
            else:
                yield from _check_bound(shown, sides[::-1], parse_quantity(text).__lt__, name)
    for name, text in sorted((limit.get("maxLimitRequestRatio") or {}).items()):
        shown = f"{name} max limit to request ratio per {kind} is {text}"
        if not requests.get(name):
            yield f"{shown}, but no request is specified or request is 0"
        elif not limits.get(name):
            yield f"{shown}, but no limit is specified or limit is 0"
        elif limits[name] / requests[name] > parse_quantity(text):
            yield f"{shown}, but provided ratio is {limits[name] / requests[name]:.6f}"


def _check_bound(shown: str, sides: _Sides, is_wrong: Callable[[Decimal], bool], name: str) -> Iterator[str]:
    """Check a bound. The first side is needed."""
    if sides[0][1] is None:
        yield f"{shown}.  No {sides[0][0]} is specified"
        return
    for word, value in sides:
        if value is not None and is_wrong(value):
            yield f"{shown}, but {word} is {format_amount(name, value)}"
            return
