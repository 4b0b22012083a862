"""Amounts that containers and pods ask for.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateContainerResourceRequirements,
validateContainerResourceName), pkg/apis/core/v1/helper/helpers.go (IsExtendedResourceName, IsOvercommitAllowed).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
)

Part = Mapping[str, Any]

_STANDARD_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage"})
_HUGE = "hugepages-"
# Standard resources of quotas and volumes, which no container can ask for.
_QUOTA_RESOURCES = frozenset(
    {
        *("storage", "pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps"),
        *("persistentvolumeclaims", "services.nodeports", "services.loadbalancers", "requests.storage"),
        *("requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu", "limits.memory"),
        "limits.ephemeral-storage",
    }
)


def check_resources(resources: Part, field: str, causes: Causes) -> None:
    """Check limits and requests. All values are amounts."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, value in sorted(amounts.items()):
            check_resource_name(name, f"{field}.{group}[{name}]", causes)
            _check_amount(name, value, f"{field}.{group}[{name}]", causes)
    for name, value in sorted(requests.items()):
        is_shared = allows_overcommit(name)
        if name in limits:
            _compare_amounts(name, value, limits[name], f"{field}.requests", causes, is_shared=is_shared)
        elif not is_shared:
            causes.require(f"{field}.limits", "Limit must be set for non overcommitable resources")
    names = {*limits, *requests}
    if any(name.startswith(_HUGE) for name in names) and not names & {"cpu", "memory"}:
        causes.forbid(field, "HugePages require cpu or memory")


def _check_amount(name: str, value: str, field: str, causes: Causes) -> None:
    amount = parse_quantity(value)
    if amount < 0:
        causes.refuse(field, value, "must be greater than or equal to 0")
    if not _is_native(name) and amount % 1:
        causes.refuse(field, value, "must be an integer")
    if name.startswith(_HUGE):
        page = _read_page(name.removeprefix(_HUGE))
        if page and (amount <= 0 or amount % page):
            causes.refuse(field, value, f"{value} is not positive integer multiple of {name}")


def _read_page(text: str) -> Decimal | None:
    try:
        return parse_quantity(text)
    except ValueError:
        return None


def _compare_amounts(name: str, value: str, limit: str, field: str, causes: Causes, *, is_shared: bool) -> None:
    amount, most = parse_quantity(value), parse_quantity(limit)
    if amount != most and not is_shared:
        causes.refuse(field, value, f"must be equal to {name} limit of {limit}")
    elif amount > most:
        causes.refuse(field, value, f"must be less than or equal to {name} limit of {limit}")


def allows_overcommit(name: str) -> bool:
    """Return whether containers may ask for less of a resource than their limit."""
    return _is_native(name) and not name.startswith(_HUGE)


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def check_resource_name(name: str, field: str, causes: Causes) -> None:
    """Check the name of a resource that containers ask for."""
    problems = list_key_problems(name)
    for text in problems:
        causes.refuse(field, name, text)
    if "/" in name:
        if not _is_native(name) and (name.startswith("requests.") or list_key_problems(f"requests.{name}")):
            causes.refuse(field, name, "doesn't follow extended resource name standard")
    elif name not in _STANDARD_RESOURCES and not name.startswith(_HUGE):
        if name not in _QUOTA_RESOURCES and not problems:
            causes.refuse(field, name, "must be a standard resource type or fully qualified")
        causes.refuse(field, name, "must be a standard resource for containers")
