"""Addresses: those of Services, Endpoints and EndpointSlices.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (validateService,
validateClientIPAffinityConfig, validateLoadBalancerClassField), pkg/apis/discovery/validation/validation.go
(ValidateEndpointSlice, validateEndpoints, validatePorts).
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
    list_label_problems,
    list_subdomain_problems,
    list_value_problems,
)

Part = Mapping[str, Any]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Range = ipaddress.IPv4Network | ipaddress.IPv6Network

_NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NO_RANGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_ONLY_LOAD_BALANCERS = "may only be used when `type` is 'LoadBalancer'"
_MOST_ADDRESSES, _DAY = 100, 86400
_LOCAL_GROUPS = ipaddress.ip_network("224.0.0.0/24"), ipaddress.ip_network("ff02::/16")


def parse_address(text: str) -> Address | None:
    """Return an address, also one of IPv4 with numbers that begin with 0; None for no address."""
    head, colon, tail = text.rpartition(":")
    if "." in tail:
        tail = re.sub(r"\b0+(?=\d)", "", tail)
    try:
        return None if "%" in text else ipaddress.ip_address(f"{head}{colon}{tail}")
    except ValueError:
        return None


def parse_range(text: str) -> Range | None:
    """Return the range that a text names with an address in it; None for no range."""
    place, _, bits = text.partition("/")
    address = parse_address(place)
    try:
        return None if address is None else ipaddress.ip_network(f"{address}/{int(bits)}", strict=False)
    except ValueError:
        return None


def find_address_problem(text: str) -> str:
    """Return why an address is refused; empty for none."""
    address = parse_address(text)
    if address is None:
        return _NO_ADDRESS
    if _has_zeros(text):
        return "must not have leading 0s"
    return "must not be an IPv4-mapped IPv6 address" if _is_mapped(address) else ""


def find_form_problem(text: str) -> str:
    """Return why an address is refused where it has to be in its usual form; empty for none."""
    address = str(parse_address(text))
    return find_address_problem(text) or ("" if text == address else f'must be in canonical form ("{address}")')


def find_range_problem(text: str) -> str:
    """Return why a range of addresses is refused; empty for none."""
    network, (place, _, bits) = parse_range(text), text.partition("/")
    if network is None:
        return _NO_RANGE
    if _has_zeros(place) or bits != str(network.prefixlen):
        return "must not have leading 0s in IP or prefix length"
    if _is_mapped(ipaddress.ip_address(place)):
        return "must not have an IPv4-mapped IPv6 address"
    is_first = ipaddress.ip_address(place) == network.network_address
    return "" if is_first else "must not have bits set beyond the prefix length"


def _has_zeros(text: str) -> bool:
    """Check whether Python refuses an address that Go takes: for zeros before its numbers."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return True
    return False


def _is_mapped(address: Address) -> bool:
    return getattr(address, "ipv4_mapped", None) is not None


def check_address(text: str, field: str, causes: Causes) -> bool:
    """Check an address; returns whether it is one."""
    problem = find_address_problem(text)
    if problem:
        causes.refuse(field, text, problem)
    return not problem


def check_public_address(text: str, field: str, causes: Causes) -> None:
    """Check an address that traffic is sent to."""
    address = parse_address(text)
    if address is None:
        causes.refuse(field, text, "must be a valid IP address")
        return
    address = getattr(address, "ipv4_mapped", None) or address
    for is_refused, words in (
        (address.is_unspecified, f"may not be unspecified ({text})"),
        (address.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (address.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (
            any(address in each for each in _LOCAL_GROUPS),
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    ):
        if is_refused:
            causes.refuse(field, text, words)


def check_range(text: str, field: str, causes: Causes) -> None:
    """Check a range of addresses."""
    if problem := find_range_problem(text):
        causes.refuse(field, text, problem)


def check_service_addresses(spec: Part, causes: Causes) -> None:
    """Check addresses of a Service, and what only those with load balancers have."""
    kind = spec.get("type")
    if spec.get("clusterIP") not in (None, "", "None"):
        check_address(spec["clusterIP"], "spec.clusterIPs[0]", causes)
    for index, address in enumerate(spec.get("externalIPs") or ()):
        if check_address(address, f"spec.externalIPs[{index}]", causes):
            check_public_address(address, f"spec.externalIPs[{index}]", causes)
    _check_traffic(spec, causes)
    ranges = spec.get("loadBalancerSourceRanges") or ()
    if ranges and kind != "LoadBalancer":
        causes.forbid("spec.LoadBalancerSourceRanges", _ONLY_LOAD_BALANCERS)
    for index, text in enumerate(ranges):
        check_range(text.strip(), f"spec.LoadBalancerSourceRanges[{index}]", causes)
    if spec.get("allocateLoadBalancerNodePorts") is not None and kind != "LoadBalancer":
        causes.forbid("spec.allocateLoadBalancerNodePorts", _ONLY_LOAD_BALANCERS)
    check_balancer_class(spec, causes)


def check_balancer_class(spec: Part, causes: Causes) -> None:
    """Check the class of a load balancer, which the server does once more in an update."""
    name, is_balanced = spec.get("loadBalancerClass"), spec.get("type") == "LoadBalancer"
    if name is not None and not is_balanced:
        causes.forbid("spec.loadBalancerClass", _ONLY_LOAD_BALANCERS)
    for text in list_key_problems(name) if name is not None and is_balanced else ():
        causes.refuse("spec.loadBalancerClass", name, text)


def _check_traffic(spec: Part, causes: Causes) -> None:
    seconds = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds")
    if spec.get("sessionAffinity") == "ClientIP" and seconds is not None and not 0 < seconds <= _DAY:
        field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        causes.refuse(field, seconds, f"must be greater than 0 and less than {_DAY}")
    ways = ("PreferClose", "PreferSameZone", "PreferSameNode")
    causes.check_choice("spec.trafficDistribution", spec.get("trafficDistribution"), ways)
    _check_health_port(spec, causes)


def _check_health_port(spec: Part, causes: Causes) -> None:
    port = spec.get("healthCheckNodePort") or 0
    if spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
        causes.check_port("spec.healthCheckNodePort", port or None)
    elif port:
        text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        causes.refuse("spec.healthCheckNodePort", port, text)


def check_endpoints(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    for index, subset in enumerate(item.get("subsets") or ()):
        place, ports = f"subsets[{index}]", subset.get("ports") or ()
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            causes.require(place, "must specify `addresses` or `notReadyAddresses`")
        for group in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(group) or ()):
                _check_endpoint_address(address, f"{place}.{group}[{number}]", causes)
        for number, port in enumerate(ports):
            _check_endpoint_port(port, f"{place}.ports[{number}]", causes, needs_name=len(ports) > 1)


def _check_endpoint_address(address: Part, place: str, causes: Causes) -> None:
    text, name = address.get("ip") or "", address.get("hostname") or ""
    check_address(text, f"{place}.ip", causes)
    for problem in list_label_problems(name) if name else ():
        causes.refuse(f"{place}.hostname", name, problem)
    if address.get("nodeName") is not None:
        for problem in list_subdomain_problems(address["nodeName"]):
            causes.refuse(f"{place}.nodeName", address["nodeName"], problem)
    check_public_address(text, f"{place}.ip", causes)


def _check_endpoint_port(port: Part, place: str, causes: Causes, *, needs_name: bool) -> None:
    name = port.get("name") or ""
    if needs_name and not name:
        causes.require(f"{place}.name")
    for problem in list_label_problems(name) if name else ():
        causes.refuse(f"{place}.name", name, problem)
    causes.check_port(f"{place}.port", port.get("port") or 0)
    causes.check_choice(f"{place}.protocol", port.get("protocol"), _PROTOCOLS)
    _check_app_protocol(port, place, causes)


def _check_app_protocol(port: Part, place: str, causes: Causes) -> None:
    if port.get("appProtocol") is not None:
        for problem in list_key_problems(port["appProtocol"]):
            causes.refuse(f"{place}.appProtocol", port["appProtocol"], problem)


def check_endpoint_slice(item: Part, before: Part | None, causes: Causes) -> None:
    kind = item.get("addressType") or ""
    if not kind:
        causes.require("addressType")
    else:
        causes.check_choice("addressType", kind, ("FQDN", "IPv4", "IPv6"))
    for index, endpoint in enumerate(item.get("endpoints") or ()):
        _check_endpoint(endpoint, kind, f"endpoints[{index}]", causes)
    names: list[str] = []
    for index, port in enumerate(item.get("ports") or ()):
        place, name = f"ports[{index}]", port.get("name") or ""
        for problem in list_label_problems(name) if name else ():
            causes.refuse(f"{place}.name", name, problem)
        if name in names:
            causes.report_duplicate(f"{place}.name", name)
        names.append(name)
        causes.check_choice(f"{place}.protocol", port.get("protocol"), _PROTOCOLS)
        _check_app_protocol(port, place, causes)
    if before is not None:
        causes.check_unchanged("addressType", kind, before.get("addressType"))


def _check_endpoint(endpoint: Part, kind: str, place: str, causes: Causes) -> None:
    addresses = endpoint.get("addresses") or ()
    if not addresses:
        causes.require(f"{place}.addresses", "must contain at least 1 address")
    elif len(addresses) > _MOST_ADDRESSES:
        causes.report_count(f"{place}.addresses", len(addresses), _MOST_ADDRESSES)
    for index, address in enumerate(addresses):
        field = f"{place}.addresses[{index}]"
        if kind in ("IPv4", "IPv6"):
            _check_listed_address(address, kind, field, causes)
    for name, find_problems in (("nodeName", list_subdomain_problems), ("hostname", list_label_problems)):
        if endpoint.get(name) is not None:
            for problem in find_problems(endpoint[name]):
                causes.refuse(f"{place}.{name}", endpoint[name], problem)
    _check_hints(endpoint.get("hints") or {}, f"{place}.hints", causes)


def _check_listed_address(address: str, kind: str, field: str, causes: Causes) -> None:
    problem = find_form_problem(address) if kind == "IPv6" else find_address_problem(address)
    if problem:
        causes.refuse(field, address, problem)
        return
    if f"IPv{ipaddress.ip_address(address).version}" != kind:
        causes.refuse(field.rpartition("[")[0], address, f"must be an {kind} address")
    check_public_address(address, field, causes)


def _check_hints(hints: Part, place: str, causes: Causes) -> None:
    for part, find_problems in (("forZones", list_value_problems), ("forNodes", list_subdomain_problems)):
        for index, entry in enumerate(hints.get(part) or ()):
            for problem in find_problems(entry.get("name") or ""):
                causes.refuse(f"{place}.{part}[{index}].name", entry.get("name") or "", problem)
