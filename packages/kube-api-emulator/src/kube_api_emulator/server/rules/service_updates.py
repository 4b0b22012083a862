"""Allocated fields of a Service: kept by an update, or dropped with a new type.

Source: k8s.io/kubernetes v1.36.2, pkg/registry/core/service/storage/storage.go (normalizeClusterIPs,
patchAllocatedValues), pkg/registry/core/service/strategy.go (dropTypeDependentFields).
"""

from collections.abc import Callable, Mapping
from typing import Any

from kube_api_emulator.server.rules.content_errors import ContentError

Part = dict[str, Any]


def adapt_service(item: Part, live: Mapping[str, Any]) -> None:
    """Keep allocated fields of a Service, and drop those without meaning for its new type."""
    spec, old = item.setdefault("spec", {}), live.get("spec") or {}
    if _has_address(old) and _has_address(spec):
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            is_unset = spec.get(name) is None if name == "ipFamilyPolicy" else not spec.get(name)
            if is_unset and old.get(name):
                spec[name] = old[name]
    _join_addresses(spec, old)
    if spec.get("ipFamilyPolicy") == "SingleStack":
        # Nothing but the policy has changed: the first family stays.
        for name in ("clusterIPs", "ipFamilies"):
            if spec.get(name) and spec[name] == old.get(name):
                spec[name] = spec[name][:1]
    if _has_node_ports(old) and _has_node_ports(spec):
        _keep_node_ports(spec, old)
        _check_node_ports(spec)
    _drop_unchanged(spec, old, _has_address, ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"))
    _drop_unchanged(spec, old, _is_external, ("externalTrafficPolicy",))
    _drop_unchanged(spec, old, _has_health_port, ("healthCheckNodePort",))
    _drop_unchanged(spec, old, _is_balanced, ("allocateLoadBalancerNodePorts", "loadBalancerClass"))
    types = ("NodePort", "LoadBalancer")
    has_lost = old.get("type") in types and spec.get("type") not in types
    if has_lost and _read_node_ports(spec) <= _read_node_ports(old):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)


def _has_address(spec: Mapping[str, Any]) -> bool:
    return spec.get("type") in (None, "", "ClusterIP", "NodePort", "LoadBalancer")


def _has_node_ports(spec: Mapping[str, Any]) -> bool:
    kind = spec.get("type")
    return kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False)


def _is_external(spec: Mapping[str, Any]) -> bool:
    kind = spec.get("type")
    return kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _has_health_port(spec: Mapping[str, Any]) -> bool:
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _is_balanced(spec: Mapping[str, Any]) -> bool:
    return spec.get("type") == "LoadBalancer"


def _join_addresses(spec: Part, old: Mapping[str, Any]) -> None:
    """Take an address that a client has changed in one of the two fields for both."""
    if spec.get("clusterIP") != old.get("clusterIP") and spec.get("clusterIPs") == old.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]] if spec.get("clusterIP") else []
        if not spec["clusterIPs"]:
            del spec["clusterIPs"]


def _keep_node_ports(spec: Part, old: Mapping[str, Any]) -> None:
    former = {port.get("name") or "": port.get("nodePort") for port in old.get("ports") or ()}
    used = _read_node_ports(old) & _read_node_ports(spec)
    for port in spec.get("ports") or ():
        number = former.get(port.get("name") or "")
        if not port.get("nodePort") and number and number not in used:
            port["nodePort"] = number


def _check_node_ports(spec: Part) -> None:
    """Check that no port of nodes stands there twice. Raises ContentError 500, as the server does not expect it."""
    seen = set()
    for port in spec.get("ports") or ():
        found = port.get("protocol") or "TCP", port.get("nodePort")
        if found[1] and found in seen:
            raise ContentError(500, "", f"duplicate nodePort: {{{found[0]} {found[1]}}}")
        seen.add(found)


def _read_node_ports(spec: Mapping[str, Any]) -> set[object]:
    return {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}


def _drop_unchanged(
    spec: Part, old: Mapping[str, Any], needs: Callable[[Mapping[str, Any]], bool], names: tuple[str, ...]
) -> None:
    """Drop fields that the former type needed, the new one does not, and the client has not changed."""
    if needs(old) and not needs(spec):
        for name in names:
            if name in spec and spec[name] == old.get(name):
                del spec[name]
