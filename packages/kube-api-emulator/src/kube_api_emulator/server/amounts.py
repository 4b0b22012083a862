"""Amounts of resources: sums, and how they are shown."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from kube_api_emulator.schemas.quantity import format_quantity, parse_quantity

Amounts = dict[str, Decimal]
Part = Mapping[str, Any]

_OF_QUALITY = ("cpu", "memory")
_BINARY_NAMES = ("memory", "storage")
_KIBI = 1024


def read_amounts(raw: Part | None) -> Amounts:
    return {name: parse_quantity("0" if value is None else value) for name, value in (raw or {}).items()}


def add_amounts(each: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for amounts in each:
        for name, value in amounts.items():
            total[name] = total.get(name, Decimal(0)) + value
    return total


def format_amount(name: str, value: Decimal) -> str:
    """Return an amount as Kubernetes shows a sum: memory in powers of two."""
    whole = value == value.to_integral_value()
    is_binary = name.endswith(_BINARY_NAMES) or name.startswith("hugepages-")
    if is_binary and whole and value and not int(value) % _KIBI:
        return format_quantity(f"{int(value) // _KIBI}Ki")
    return format_quantity(f"{value.normalize():f}")


def sum_resources(spec: Part, kind: str) -> Amounts:
    """Return the `requests` or the `limits` of a pod: those of its containers, or of a larger initialization."""
    running = [read_amounts((each.get("resources") or {}).get(kind)) for each in spec.get("containers") or ()]
    total = add_amounts(running)
    sidecars: list[Amounts] = []
    for container in spec.get("initContainers") or ():
        wanted = read_amounts((container.get("resources") or {}).get(kind))
        if container.get("restartPolicy") == "Always":
            sidecars.append(wanted)
            total = add_amounts((total, wanted))
            continue
        for name, value in add_amounts((*sidecars, wanted)).items():
            total[name] = max(total.get(name, Decimal(0)), value)
    return add_amounts((total, read_amounts(spec.get("overhead"))))


def find_quality(spec: Part) -> str:
    """Return the class of service of a pod, by what its containers ask for."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    asking = [(each or {}).get("resources") or {} for each in containers]
    requests = add_amounts(_read_of_quality(each.get("requests")) for each in asking)
    limits = add_amounts(_read_of_quality(each.get("limits")) for each in asking)
    if not requests and not limits:
        return "BestEffort"
    is_limited = all(set(_read_of_quality(each.get("limits"))) == set(_OF_QUALITY) for each in asking)
    return "Guaranteed" if is_limited and requests == limits else "Burstable"


def _read_of_quality(raw: Part | None) -> Amounts:
    return {name: value for name, value in read_amounts(raw).items() if name in _OF_QUALITY and value > 0}
