"""Warnings of addresses and labels that have a better spelling.

Source: k8s.io/apimachinery v0.36.2, pkg/util/validation/ip.go (GetWarningsForIP, GetWarningsForCIDR);
k8s.io/kubernetes v1.36.2, pkg/api/node/util.go (GetNodeLabelDeprecatedMessage).
"""

import ipaddress
import json

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


def find_deprecation(label: str) -> str:
    """Return why a label of nodes should not be used; empty if it may be."""
    return _DEPRECATED_LABELS.get(label, "")


def warn_of_address(text: str, field: str) -> list[str]:
    """Return a warning of an address that is not in its usual form."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return []
    shown = str(address)
    if address.version == 6 and address.ipv4_mapped is not None:  # noqa: PLR2004
        return [f"{field}: non-standard IP address {_quote(text)} is invalid: use {_quote(str(address.ipv4_mapped))}"]
    if address.version == 6 and shown != text:  # noqa: PLR2004
        return [f"{field}: IPv6 address {_quote(text)} should be in RFC 5952 canonical format ({_quote(shown)})"]
    return []


def warn_of_range(text: str, field: str) -> list[str]:
    """Return a warning of a range of addresses that is not in its usual form."""
    try:
        place = ipaddress.ip_interface(text)
    except ValueError:
        return []
    network, address = str(place.network), place.ip
    if address != place.network.network_address:
        better = f"{_quote(network)} or {_quote(f'{address}/{place.network.max_prefixlen}')}"
        return [f"{field}: CIDR value {_quote(text)} is ambiguous in this context (should be {better}?)"]
    if place.version == 6 and network != text:  # noqa: PLR2004
        return [f"{field}: IPv6 CIDR value {_quote(text)} should be in RFC 5952 canonical format ({_quote(network)})"]
    return []


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
