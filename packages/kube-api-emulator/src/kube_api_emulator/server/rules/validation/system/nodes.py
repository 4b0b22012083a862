"""Nodes, and the names of drivers on them.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate,
validateNodeTaints, ValidateCSIDriverName).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.addresses import check_range, parse_range
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
    list_subdomain_problems,
    list_value_problems,
)

Part = Mapping[str, Any]

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_LONGEST_DRIVER = 63


def check_node(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    cidrs = list(spec.get("podCIDRs") or ())
    if before is None:
        _check_taints(spec.get("taints") or (), causes)
        _check_cidrs(cidrs, causes)
        return
    old = before.get("spec") or {}
    former = list(old.get("podCIDRs") or ())
    text = 'node updates may not change {} except from "" to valid'
    if former and len(former) != len(cidrs):
        causes.forbid("spec.podCIDRs", text.format("podCIDR"))
    elif former:
        for one, other in zip(former, cidrs, strict=True):
            if one != other:
                causes.forbid("spec.podCIDRs", text.format("podCIDR"))
    if old.get("providerID") and old["providerID"] != spec.get("providerID"):
        causes.forbid("spec.providerID", text.format("providerID"))
    _check_taints(spec.get("taints") or (), causes)


def _check_taints(taints: Sequence[Part], causes: Causes) -> None:
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        place = f"metadata.taints[{index}]"
        key, value, effect = (taint.get(name) or "" for name in ("key", "value", "effect"))
        for text in list_key_problems(key):
            causes.refuse(f"{place}.key", key, text)
        if problems := list_value_problems(value):
            causes.refuse(f"{place}.value", value, ";".join(problems))
        if not effect:
            causes.require(f"{place}.effect")
        else:
            causes.check_choice(f"{place}.effect", effect, _EFFECTS)
        if (key, effect) in seen:
            shown = {"Key": key, "Value": value, "Effect": effect, "TimeAdded": taint.get("timeAdded")}
            causes.report_duplicate(place, shown, "taints must be unique by key and effect pair")
        seen.add((key, effect))


def _check_cidrs(cidrs: list[str], causes: Causes) -> None:
    families = []
    for index, cidr in enumerate(cidrs):
        check_range(cidr, f"spec.podCIDRs[{index}]", causes)
        network = parse_range(cidr)
        families.append(network.version if network else 0)
    if len(cidrs) > 1 and sorted(families) != [4, 6]:
        causes.refuse("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family")


def check_driver_name(name: str, field: str, causes: Causes) -> None:
    """Check the name of a CSI driver."""
    if not name:
        causes.require(field)
        return
    if len(name) > _LONGEST_DRIVER:
        causes.report_length(field, _LONGEST_DRIVER)
    for text in list_subdomain_problems(name.lower()):
        causes.refuse(field, name, text)
