"""APIServices, IPAddresses and ServiceCIDRs.

Source: k8s.io/kube-aggregator v0.36.2, pkg/apis/apiregistration/validation/validation.go (ValidateAPIService);
k8s.io/kubernetes v1.36.2, pkg/apis/networking/validation/validation.go (ValidateIPAddress, ValidateIPAddressUpdate,
ValidateServiceCIDR, ValidateServiceCIDRUpdate, validateServiceCIDRSpec).
"""

import base64
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.addresses import (
    find_form_problem,
    find_range_problem,
    parse_range,
)
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_segment_problems,
    list_service_problems,
    list_subdomain_problems,
)

Part = Mapping[str, Any]

_MOST_GROUP_PRIORITY, _MOST_VERSION_PRIORITY = 20_000, 1000
_IMMUTABLE = "field is immutable"
_MOST_CIDRS = 2


def check_api_service(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    spec, name = item.get("spec") or {}, item["metadata"].get("name") or ""
    for text in list_api_service_problems(name, spec):
        causes.refuse("metadata.name", name, text)
    group, version = spec.get("group") or "", spec.get("version") or ""
    if not group and version != "v1":
        causes.require("spec.group", "only v1 may have an empty group and it better be legacy kube")
    for text in list_subdomain_problems(group) if group else ():
        causes.refuse("spec.group", group, text)
    for text in list_service_problems(version):
        causes.refuse("spec.version", version, text)
    for field, most in (("groupPriorityMinimum", _MOST_GROUP_PRIORITY), ("versionPriority", _MOST_VERSION_PRIORITY)):
        number = spec.get(field) or 0
        if not 0 < number <= most:
            causes.refuse(f"spec.{field}", number, f"must be positive and less than {most}")
    if spec.get("service") is not None:
        _check_service(spec, causes)
        return
    if spec.get("caBundle"):
        count = len(base64.b64decode(spec["caBundle"]))
        causes.refuse("spec.caBundle", f"{count} bytes", "local APIServices may not have a caBundle")
    if spec.get("insecureSkipTLSVerify"):
        text = "local APIServices may not have insecureSkipTLSVerify"
        causes.refuse("spec.insecureSkipTLSVerify", value=True, detail=text)


def _check_service(spec: Part, causes: Causes) -> None:
    service = spec["service"]
    for field in ("namespace", "name"):
        if not service.get(field):
            causes.require(f"spec.service.{field}")
    port = service.get("port", 443)
    if not 1 <= port <= 65535:  # noqa: PLR2004
        causes.refuse("spec.service.port", port, "port is not valid: must be between 1 and 65535, inclusive")
    if spec.get("insecureSkipTLSVerify") and spec.get("caBundle"):
        causes.refuse("spec.insecureSkipTLSVerify", value=True, detail="may not be true if caBundle is present")


def list_api_service_problems(name: str, spec: Part) -> list[str]:
    """Return the problems of the name of an APIService."""
    expected = f"{spec.get('version') or ''}.{spec.get('group') or ''}"
    problems = list_segment_problems(name)
    if not name or problems or name == expected:
        return problems
    return [f'must be `spec.version+"."+spec.group`: "{expected}"']


def check_ip_address(item: Part, before: Part | None, causes: Causes) -> None:
    parent, address = (item.get("spec") or {}).get("parentRef"), item["metadata"].get("name") or ""
    for text in list_address_name_problems(address) if address else ():
        causes.refuse("metadata.name", address, text)
    if before is not None:
        former = (before.get("spec") or {}).get("parentRef")
        causes.check_unchanged("spec.parentRef", parent, former, "*@networking.ParentReference")
        return
    if parent is None:
        causes.require("spec.parentRef")
        return
    place, group = "spec.parentRef", parent.get("group") or ""
    for text in list_subdomain_problems(group) if group else ():
        causes.refuse(f"{place}.group", group, text)
    for name in ("resource", "name", "namespace"):
        value = parent.get(name) or ""
        if not value and name != "namespace":
            causes.require(f"{place}.{name}")
        for text in list_segment_problems(value):
            causes.refuse(f"{place}.{name}", value, text)


def list_address_name_problems(name: str) -> list[str]:
    """Return the problems of the name of an IPAddress, which is the address."""
    problem = find_form_problem(name)
    return [problem] if problem else []


def check_service_cidr(item: Part, before: Part | None, causes: Causes) -> None:
    cidrs = list((item.get("spec") or {}).get("cidrs") or ())
    old = list(((before or {}).get("spec") or {}).get("cidrs") or ())
    if before is None:
        _check_cidrs(cidrs, causes)
    elif len(old) == len(cidrs):
        for index, cidr in enumerate(cidrs):
            causes.check_unchanged(f"spec.cidrs[{index}]", cidr, old[index])
    elif (len(old), len(cidrs)) == (1, _MOST_CIDRS):
        causes.check_unchanged("spec.cidrs[0]", cidrs[0], old[0])
        _check_cidrs(cidrs, causes)
    else:
        causes.refuse("spec.cidrs", item.get("spec", {}).get("cidrs"), _IMMUTABLE)


def _check_cidrs(cidrs: list[str], causes: Causes) -> None:
    if not cidrs:
        causes.require("spec.cidrs", "at least one CIDR required")
        return
    if len(cidrs) > _MOST_CIDRS:
        causes.refuse("spec.cidrs", {"CIDRs": cidrs}, "may only hold up to 2 values")
        return
    networks = [parse_range(cidr) for cidr in cidrs]
    for index, (cidr, network) in enumerate(zip(cidrs, networks, strict=True)):
        problem = find_range_problem(cidr)
        if problem or cidr != str(network):
            causes.refuse(f"spec.cidrs[{index}]", cidr, problem or f'must be in canonical form ("{network}")')
    families = [network.version for network in networks if network is not None]
    if len(families) == _MOST_CIDRS and len(set(families)) == 1:
        text = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        causes.refuse("spec.cidrs", cidrs, text)
