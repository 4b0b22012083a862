"""What the server checks of a Service before it validates it.

A problem of addresses or ports of nodes is the only one that it answers with.

Source: k8s.io/kubernetes v1.36.2, pkg/registry/core/service/storage/alloc.go (allocateCreate, initIPFamilyFields,
allocIPs), pkg/registry/core/service/portallocator/allocator.go (Allocate, ErrNotInRange).
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.addresses import check_address
from kube_api_emulator.server.rules.validation.causes import Causes

Part = Mapping[str, Any]

_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_ADDRESSES, _FAMILIES, _POLICY = "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"
_FIRST_PORT, _LAST_PORT = 30_000, 32_767
_MOST_ADDRESSES = 2
_WITH_PORTS = ("LoadBalancer", "NodePort")


def find_allocation_causes(spec: Part, old: Part | None) -> Causes:
    """Return why a Service can't get its addresses and ports of nodes. The cluster has addresses of IPv4.

    `old` is the spec before an update.
    """
    causes, is_new = Causes(), old is None
    if spec.get("type") != "ExternalName":
        _check_fields(spec, causes)
        if not causes:
            _check_policy(spec, old or {}, causes)
        is_free = spec.get("clusterIP") == "None" and not spec.get("selector")
        if not causes and not is_free:
            _check_families(spec, causes)
    if not causes and is_new and spec.get("type") in _WITH_PORTS:
        _check_taken_ports(spec.get("ports") or (), causes)
    return causes


def _check_fields(spec: Part, causes: Causes) -> None:
    address, addresses = spec.get("clusterIP") or "", spec.get("clusterIPs") or ()
    families = spec.get("ipFamilies") or ()
    if addresses and not address:
        causes.refuse(_ADDRESSES, addresses, "must be empty when `clusterIP` is not specified")
    elif addresses and addresses[0] != address:
        causes.refuse(_ADDRESSES, addresses, "first value must match `clusterIP`")
    for index, family in enumerate(families):
        causes.check_choice(f"{_FAMILIES}[{index}]", family, ("IPv4", "IPv6"))
        if family in families[:index]:
            causes.report_duplicate(f"{_FAMILIES}[{index}]", family)
    causes.check_choice(_POLICY, spec.get("ipFamilyPolicy"), _POLICIES)
    is_headless = list(addresses) == ["None"]
    valid = _check_addresses(addresses, causes)
    if len(addresses) > _MOST_ADDRESSES:
        causes.refuse(_ADDRESSES, addresses, "may only hold up to 2 values")
    if not valid:
        return
    versions = [ipaddress.ip_address(each).version for each in addresses if each != "None"]
    if len(addresses) > 1 and len(set(versions)) < len(versions):
        causes.refuse(_ADDRESSES, addresses, "may specify no more than one IP for each IP family")
    for index, (version, family) in enumerate(zip(() if is_headless else versions, families, strict=False)):
        if family in ("IPv4", "IPv6") and family != f"IPv{version}":
            text = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            causes.refuse(f"{_ADDRESSES}[{index}]", addresses[index], text)


def _check_addresses(addresses: Sequence[str], causes: Causes) -> bool:
    is_valid = True
    for index, each in enumerate(addresses):
        if index == 0 and each == "None":
            if len(addresses) > 1:
                is_valid = False
                causes.refuse(_ADDRESSES, addresses, "'None' must be the first and only value")
            continue
        is_valid = check_address(each, f"{_ADDRESSES}[{index}]", causes) and is_valid
    return is_valid


def _check_policy(spec: Part, old: Part, causes: Causes) -> None:
    policy, addresses, families = spec.get("ipFamilyPolicy"), spec.get("clusterIPs") or (), spec.get("ipFamilies") or ()
    former = {"cluster IP": (addresses, old.get("clusterIPs")), "IP family": (families, old.get("ipFamilies"))}
    for name, (values, before) in former.items():
        if policy != "SingleStack" and 0 < len(values) < len(before or ()):
            causes.refuse(_POLICY, policy, f"must be 'SingleStack' to release the secondary {name}")
    text = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
    for values, shown in ((addresses, "cluster IPs"), (families, "IP families")):
        if policy == "SingleStack" and len(values) > 1:
            causes.refuse(_POLICY, "SingleStack", text.format(shown))


def _check_families(spec: Part, causes: Causes) -> None:
    if spec.get("ipFamilyPolicy") == "RequireDualStack":
        causes.refuse(_POLICY, "RequireDualStack", "this cluster is not configured for dual-stack services")
    for index, family in enumerate(spec.get("ipFamilies") or ()):
        if family != "IPv4":
            causes.refuse(f"{_FAMILIES}[{index}]", family, "not configured on this cluster")


def find_port_causes(spec: Part, old: Part) -> Causes:
    """Return why a Service can't get the ports of nodes that it asks for; the first wrong one is reported."""
    causes = Causes()
    kept = {port.get("nodePort") for port in old.get("ports") or ()}
    for index, port in enumerate(spec.get("ports") or ()):
        number = port.get("nodePort")
        if number and number not in kept and not _FIRST_PORT <= number <= _LAST_PORT:
            text = f"The range of valid ports is {_FIRST_PORT}-{_LAST_PORT}"
            place = f"spec.ports[{index}].nodePort"
            causes.refuse(place, number, f"provided port is not in the valid range. {text}")
            break
    return causes if spec.get("type") in _WITH_PORTS else Causes()


def find_taken(spec: Part, others: Sequence[Part], *, has_addresses: bool) -> Causes:
    """Return why a Service can't have the address or ports of nodes that it asks for: others have them.

    The first problem is reported. `others` are the specs of the other Services; a dry run takes no addresses.
    """
    causes, address = Causes(), spec.get("clusterIP")
    addresses = {each for other in others for each in (other.get("clusterIP"), *(other.get("clusterIPs") or ()))}
    if has_addresses and address and address != "None" and address in addresses:
        text = f"failed to allocate IP {address}: provided IP is already allocated"
        causes.refuse(_ADDRESSES, [address], text)
        return causes
    ports = {port.get("nodePort") for other in others for port in other.get("ports") or ()}
    for index, port in enumerate(spec.get("ports") or ()) if spec.get("type") in _WITH_PORTS else ():
        number = (port or {}).get("nodePort")
        if number and number in ports:
            causes.refuse(f"spec.ports[{index}].nodePort", number, "provided port is already allocated")
            break
    return causes


def _check_taken_ports(ports: Sequence[Part], causes: Causes) -> None:
    chosen: dict[object, object] = {}
    for index, port in enumerate(ports):
        number = port.get("nodePort")
        if not number or chosen.get(port.get("port")) == number:
            continue
        if number in chosen.values():
            causes.refuse(f"spec.ports[{index}].nodePort", number, "provided port is already allocated")
            break
        chosen.setdefault(port.get("port"), number)
