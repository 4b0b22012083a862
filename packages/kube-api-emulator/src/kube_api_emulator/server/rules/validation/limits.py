"""LimitRanges and ResourceQuotas.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateLimitRange,
ValidateResourceQuotaSpec, ValidateResourceQuotaUpdate), pkg/apis/core/helper/helpers.go
(IsResourceQuotaScopeValidForResource, IsStandardQuotaResourceName, IsIntegerResourceName).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import list_key_problems
from kube_api_emulator.server.rules.validation.pods.resources import allows_overcommit

Part = Mapping[str, Any]

_TYPES = ("Pod", "Container", "PersistentVolumeClaim")
_FIELDS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_OF_PODS = "may not be specified when `type` is 'Pod'"
_CONTAINER_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage"})
_STANDARD = "must be a standard resource type or fully qualified"
_SCOPES = frozenset(
    {
        *("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"),
        "VolumeAttributesClass",
    }
)
_THAN = "{0} is greater than"
_OVER_LIMIT = f"default request value {_THAN} default limit value {{1}}"
# Pairs of amounts of which the first may not be the greater one: with the field and the amount of the message.
_ORDER = (
    ("min", "max", "min", "min", "min value {0} is greater than max value {1}"),
    ("min", "defaultRequest", "defaultRequest", "defaultRequest", f"min value {_THAN} default request value {{1}}"),
    ("defaultRequest", "max", "defaultRequest", "defaultRequest", f"default request value {_THAN} max value {{1}}"),
    ("defaultRequest", "default", "defaultRequest", "defaultRequest", _OVER_LIMIT),
    ("min", "default", "default", "min", f"min value {_THAN} default value {{1}}"),
    ("default", "max", "default", "max", f"default value {_THAN} max value {{1}}"),
)


def check_limit_range(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    seen: list[str] = []
    for index, limit in enumerate((item.get("spec") or {}).get("limits") or ()):
        place, kind = f"spec.limits[{index}]", limit.get("type") or ""
        for text in list_key_problems(kind):
            causes.refuse(f"{place}.type", kind, text)
        if "/" not in kind and kind not in _TYPES and not list_key_problems(kind):
            causes.refuse(f"{place}.type", kind, "must be a standard limit type or fully qualified")
        if kind in seen:
            causes.report_duplicate(f"{place}.type", kind)
        seen.append(kind)
        _check_limit(limit, kind, place, causes)


def _check_limit(limit: Part, kind: str, place: str, causes: Causes) -> None:
    amounts = {name: limit.get(name) or {} for name in _FIELDS}
    for name in ("default", "defaultRequest") if kind == "Pod" else ():
        if amounts[name]:
            causes.forbid(f"{place}.{name}", _OF_PODS)
            amounts[name] = {}
    for name in _FIELDS:
        for resource in sorted(amounts[name]):
            _check_name(kind, resource, f"{place}.{name}[{resource}]", causes)
    if kind == "PersistentVolumeClaim" and "storage" not in {**amounts["min"], **amounts["max"]}:
        text = "either minimum or maximum storage value is required, but neither was provided"
        causes.require(f"{place}.limits", text)
    for resource in sorted({key for each in amounts.values() for key in each}):
        found = {name: each[resource] for name, each in amounts.items() if resource in each}
        _check_amounts(found, resource, place, causes)


def _check_name(kind: str, name: str, field: str, causes: Causes) -> None:
    problems = list_key_problems(name)
    for text in problems:
        causes.refuse(field, name, text)
    if "/" in name or problems:
        return
    is_known = name in _CONTAINER_RESOURCES or name.startswith("hugepages-")
    if kind in ("Pod", "Container") and not is_known:
        causes.refuse(field, name, "must be a standard resource for containers")
    elif kind not in ("Pod", "Container") and not is_known and name != "storage":
        causes.refuse(field, name, _STANDARD)


def _check_amounts(amounts: Mapping[str, str], resource: str, place: str, causes: Causes) -> None:
    for lesser, greater, field, shown, text in _ORDER:
        if lesser in amounts and greater in amounts:
            low, high = amounts[lesser], amounts[greater]
            if parse_quantity(low) > parse_quantity(high):
                causes.refuse(f"{place}.{field}[{resource}]", amounts[shown], text.format(low, high))
    _check_ratio(amounts, resource, place, causes)
    default, request = amounts.get("default"), amounts.get("defaultRequest")
    if default is None or request is None or allows_overcommit(resource):
        return
    if parse_quantity(default) != parse_quantity(request):
        text = f"default value {default} must equal to defaultRequest value {request} in {resource}"
        causes.refuse(f"{place}.defaultRequest[{resource}]", request, text)


def _check_ratio(amounts: Mapping[str, str], resource: str, place: str, causes: Causes) -> None:
    ratio = amounts.get("maxLimitRequestRatio")
    if ratio is None:
        return
    field = f"{place}.maxLimitRequestRatio[{resource}]"
    if parse_quantity(ratio) < 1:
        causes.refuse(field, ratio, f"ratio {ratio} is less than 1")
    if "min" in amounts and "max" in amounts and parse_quantity(amounts["min"]):
        limit = parse_quantity(amounts["max"]) / parse_quantity(amounts["min"])
        if parse_quantity(ratio) > limit:
            causes.refuse(field, ratio, f"ratio {ratio} is greater than max/min = {limit:.6f}")


def check_quota_amounts(amounts: Mapping[str, str], field: str, causes: Causes) -> None:
    """Check amounts by the names that quotas have for them."""
    for name, amount in sorted(amounts.items()):
        place = f"{field}[{name}]"
        problems = list_key_problems(name)
        for text in problems:
            causes.refuse(place, name, text)
        if "/" not in name and name not in _OF_QUOTAS and not name.startswith(("hugepages-", "requests.hugepages-")):
            if not problems and name != "storage":
                causes.refuse(place, name, _STANDARD)
            causes.refuse(place, name, "must be a standard resource for quota")
        if parse_quantity(amount) < 0:
            causes.refuse(place, amount, "must be greater than or equal to 0")
        if "." not in name and "/" not in name and name in _COUNTED and parse_quantity(amount) % Decimal(1):
            causes.refuse(place, amount, "must be an integer")


def check_resource_quota(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    check_quota_amounts(spec.get("hard") or {}, "spec.hard", causes)
    scopes = spec.get("scopes") or []
    hard = sorted(spec.get("hard") or {})
    for scope in scopes:
        if scope not in _SCOPES:
            causes.refuse("spec.scopes", scopes, "unsupported scope")
        for _ in range(_count_unfit(scope, hard)):
            causes.refuse("spec.scopes", scopes, _UNFIT)
    _check_pairs(set(scopes), scopes, causes)
    selector = spec.get("scopeSelector") or {}
    for expression in selector.get("matchExpressions") or ():
        _check_scope(expression, selector, hard, causes)
    named = {each.get("scopeName") for each in selector.get("matchExpressions") or ()}
    _check_pairs(named, spec.get("scopes"), causes)
    if before is not None:
        former = (before.get("spec") or {}).get("scopes") or []
        if set(scopes) != set(former):
            causes.refuse("spec.scopes", spec.get("scopes"), "field is immutable")


_OF_QUOTAS = frozenset(
    {
        *("cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage"),
        *("requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage"),
        *("pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims"),
        *("configmaps", "services.nodeports", "services.loadbalancers"),
    }
)
_AMOUNTS_OF_PODS = frozenset(
    {"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}
)
_FITTING: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("Terminating", "NotTerminating", "NotBestEffort", "PriorityClass"), _AMOUNTS_OF_PODS),
    "CrossNamespacePodAffinity": _AMOUNTS_OF_PODS,
    "BestEffort": frozenset({"pods"}),
    "VolumeAttributesClass": frozenset({"persistentvolumeclaims", "requests.storage"}),
}
_PAIRS = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_UNFIT = "unsupported scope applied to resource"
_COUNTED = frozenset(
    {
        *("pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "replicationcontrollers"),
        "resourcequotas",
    }
)


def _count_unfit(scope: str, hard: Sequence[str]) -> int:
    """Return how many resources of a quota can't have a scope."""
    known = [name for name in hard if name in _OF_QUOTAS or name.startswith(("hugepages-", "requests.hugepages-"))]
    return sum(name not in _FITTING[scope] for name in known) if scope in _FITTING else 0


def _check_pairs(found: set[Any], shown: object, causes: Causes) -> None:
    for pair in _PAIRS:
        if pair <= found:
            causes.refuse("spec.scopes", shown, "conflicting scopes")


def _check_scope(expression: Part, selector: Part, hard: Sequence[str], causes: Causes) -> None:
    field = "spec.scopeSelector.matchExpressions"
    name, operator = expression.get("scopeName") or "", expression.get("operator") or ""
    if name not in _SCOPES:
        causes.refuse(f"{field}.scopeName", name, "unsupported scope")
    for _ in range(_count_unfit(name, hard)):
        causes.refuse(field, selector, _UNFIT, "*@core.ScopeSelector")
    if name in _SCOPES - {"PriorityClass", "VolumeAttributesClass"} and operator != "Exists":
        text = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
        text += "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
        causes.refuse(f"{field}.operator", operator, text + "ResourceQuotaScopeCrossNamespacePodAffinity")
    if operator not in ("DoesNotExist", "Exists", "In", "NotIn"):
        causes.refuse(f"{field}.operator", operator, "not a valid selector operator")
