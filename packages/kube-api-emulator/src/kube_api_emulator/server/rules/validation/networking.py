"""Services, Ingresses and NetworkPolicies.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (validateService, validateServicePort,
validateServiceExternalTrafficPolicy), pkg/apis/networking/validation/validation.go (ValidateIngressSpec,
ValidateIngressCreate, validateIngressBackend).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.addresses import (
    check_range,
    check_service_addresses,
    parse_address,
    parse_range,
)
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.changes import check_service_changes
from kube_api_emulator.server.rules.validation.names import (
    check_labels,
    list_host_problems,
    list_key_problems,
    list_label_problems,
    list_port_name_problems,
    list_segment_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.pods.handlers import check_port_or_name
from kube_api_emulator.server.rules.validation.selectors import check_selector

Part = Mapping[str, Any]

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_BAD_SEQUENCES, _BAD_SUFFIXES = ("//", "/./", "/../", "%2f", "%2F"), ("/..", "/.")


def check_service(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    kind, address, ports = spec.get("type"), spec.get("clusterIP"), spec.get("ports") or ()
    if before is not None:
        check_service_changes(spec, before.get("spec") or {}, causes)
    if not ports and address != "None" and kind != "ExternalName":
        causes.require("spec.ports")
    if kind == "ExternalName":
        _check_external_name(spec, causes)
    if address == "None" and kind in ("LoadBalancer", "NodePort"):
        causes.refuse("spec.clusterIPs[0]", address, f"may not be set to 'None' for {kind} services")
    _check_service_ports(ports, causes)
    check_labels(spec.get("selector"), "spec.selector", causes)
    causes.check_choice("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    causes.check_choice("spec.type", kind, _TYPES)
    _check_double_node_ports(ports, causes)
    _check_port_keys(ports, causes)
    for index, port in enumerate(ports):
        if port.get("nodePort") and kind == "ClusterIP":
            causes.forbid(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
    check_service_addresses(spec, causes)
    _check_policies(spec, causes)


def _check_policies(spec: Part, causes: Causes) -> None:
    kind = spec.get("type")
    is_reachable = kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and spec.get("externalIPs"))
    for name in ("externalTrafficPolicy", "internalTrafficPolicy") if is_reachable else ("internalTrafficPolicy",):
        causes.check_choice(f"spec.{name}", spec.get(name), ("Cluster", "Local"))
    if spec.get("externalTrafficPolicy") and not is_reachable:
        text = "may only be set for externally-accessible services"
        causes.refuse("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], text)


def _check_external_name(spec: Part, causes: Causes) -> None:
    name = spec.get("externalName") or ""
    if spec.get("clusterIP"):
        causes.forbid("spec.clusterIPs", "may not be set for ExternalName services")
    for field in ("ipFamilies", "ipFamilyPolicy"):
        if spec.get(field):
            causes.forbid(f"spec.{field}", "may not be set for ExternalName services")
    if not name:
        causes.require("spec.externalName")
    for text in list_subdomain_problems(name.removesuffix(".")) if name else ():
        causes.refuse("spec.externalName", name, text)


def _check_service_ports(ports: Sequence[Part], causes: Causes) -> None:
    names: set[str] = set()
    for index, port in enumerate(ports):
        place, name = f"spec.ports[{index}]", port.get("name") or ""
        if not name and len(ports) > 1:
            causes.require(f"{place}.name")
        for text in list_label_problems(name) if name else ():
            causes.refuse(f"{place}.name", name, text)
        if name and name in names:
            causes.report_duplicate(f"{place}.name", name)
        names.add(name)
        causes.check_port(f"{place}.port", port.get("port") or 0)
        causes.check_choice(f"{place}.protocol", port.get("protocol"), ("SCTP", "TCP", "UDP"))
        check_port_or_name(port.get("targetPort"), f"{place}.targetPort", causes)
        protocol = port.get("appProtocol")
        for text in list_key_problems(protocol) if protocol is not None else ():
            causes.refuse(f"{place}.appProtocol", protocol, text)


def _check_double_node_ports(ports: Sequence[Part], causes: Causes) -> None:
    seen: set[tuple[object, object]] = set()
    for index, port in enumerate(ports):
        key = port.get("protocol"), port.get("nodePort")
        if key[1] and key in seen:
            causes.report_duplicate(f"spec.ports[{index}].nodePort", key[1])
        seen.add(key)


def _check_port_keys(ports: Sequence[Part], causes: Causes) -> None:
    seen: set[tuple[object, object]] = set()
    for index, port in enumerate(ports):
        key = port.get("protocol"), port.get("port")
        if key in seen:
            shown = {
                "Name": "",
                "Protocol": key[0],
                "AppProtocol": None,
                "Port": key[1],
                "TargetPort": 0,
                "NodePort": 0,
            }
            causes.report_duplicate(f"spec.ports[{index}]", shown)
        seen.add(key)


# -- Ingress -------------------------------------------------------------------------------------------------------


def check_ingress(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    rules = spec.get("rules") or ()
    if not rules and spec.get("defaultBackend") is None:
        causes.refuse("spec", None, "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend") is not None:
        _check_backend(spec["defaultBackend"], "spec.defaultBackend", causes)
    for index, rule in enumerate(rules):
        _check_rule(rule, f"spec.rules[{index}]", causes)
    for index, entry in enumerate(spec.get("tls") or ()):
        _check_tls(entry, f"spec.tls[{index}]", causes)
    name = spec.get("ingressClassName")
    for text in list_subdomain_problems(name) if name is not None else ():
        causes.refuse("spec.ingressClassName", name, text)
    annotation = (item["metadata"].get("annotations") or {}).get("kubernetes.io/ingress.class")
    if before is None and annotation is not None and name is not None and annotation != name:
        text = "must match `ingressClassName` when both are specified"
        causes.refuse("annotations.kubernetes.io/ingress.class", annotation, text)


def _check_tls(entry: Part, place: str, causes: Causes) -> None:
    for index, host in enumerate(entry.get("hosts") or ()):
        for text in list_host_problems(host):
            causes.refuse(f"{place}.hosts[{index}]", host, text)
    name = entry.get("secretName")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse(f"{place}.secretName", name, text)


def _check_rule(rule: Part, place: str, causes: Causes) -> None:
    host = rule.get("host") or ""
    if parse_address(host):
        causes.refuse(f"{place}.host", host, "must be a DNS name, not an IP address")
    for text in list_host_problems(host) if host else ():
        causes.refuse(f"{place}.host", host, text)
    http = rule.get("http")
    if http is None:
        return
    paths = http.get("paths") or ()
    if not paths:
        causes.require(f"{place}.http.paths")
    for index, each in enumerate(paths):
        _check_path(each, f"{place}.http.paths[{index}]", causes)


def _check_path(each: Part, place: str, causes: Causes) -> None:
    kind, path = each.get("pathType"), each.get("path") or ""
    if kind is None:
        causes.require(f"{place}.pathType", "pathType must be specified")
        return
    if kind in ("Exact", "Prefix"):
        if not path.startswith("/"):
            causes.refuse(f"{place}.path", path, "must be an absolute path")
        if path:
            for text in (each for each in _BAD_SEQUENCES if each in path):
                causes.refuse(f"{place}.path", path, f"must not contain '{text}'")
            for text in (each for each in _BAD_SUFFIXES if path.endswith(each)):
                causes.refuse(f"{place}.path", path, f"cannot end with '{text}'")
    elif kind == "ImplementationSpecific":
        if path and not path.startswith("/"):
            causes.refuse(f"{place}.path", path, "must be an absolute path")
    else:
        causes.refuse_choice(f"{place}.pathType", kind, _PATH_TYPES)
    _check_backend(each.get("backend") or {}, f"{place}.backend", causes)


def _check_backend(backend: Part, place: str, causes: Causes) -> None:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        causes.refuse(place, "", "cannot set both resource and service backends")
    elif resource is not None:
        group = resource.get("apiGroup")
        for text in list_subdomain_problems(group) if group is not None else ():
            causes.refuse(f"{place}.resource.apiGroup", group, text)
        for name in ("kind", "name"):
            value = resource.get(name) or ""
            if not value:
                causes.require(f"{place}.resource.{name}")
            for text in list_segment_problems(value):
                causes.refuse(f"{place}.resource.{name}", value, text)
    elif service is not None:
        _check_service_backend(service, place, causes)
    else:
        causes.refuse(place, "", "resource or service backend is required")


def _check_service_backend(service: Part, place: str, causes: Causes) -> None:
    name, port = service.get("name") or "", service.get("port") or {}
    if not name:
        causes.require(f"{place}.service.name")
    for text in list_label_problems(name) if name else ():
        causes.refuse(f"{place}.service.name", name, text)
    label, number = port.get("name") or "", port.get("number") or 0
    if label and number:
        causes.refuse(place, "", "cannot set both port name & port number")
    elif label:
        for text in list_port_name_problems(label):
            causes.refuse(f"{place}.service.port.name", label, text)
    elif number:
        causes.check_port(f"{place}.service.port.number", number)
    else:
        causes.require(place, "port name or number is required")


# -- NetworkPolicy -------------------------------------------------------------------------------------------------


def check_network_policy(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    spec = item.get("spec") or {}
    check_selector(spec.get("podSelector"), "spec.podSelector", causes)
    for group, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(group) or ()):
            place = f"spec.{group}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                _check_policy_port(port, f"{place}.ports[{number}]", causes)
            for number, peer in enumerate(rule.get(peers) or ()):
                _check_peer(peer, f"{place}.{peers}[{number}]", causes)
    types = spec.get("policyTypes") or ()
    if len(types) > 2:  # noqa: PLR2004
        causes.refuse("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, each in enumerate(types):
        causes.check_choice(f"spec.policyTypes[{index}]", each, ("Ingress", "Egress"))


def _check_policy_port(port: Part, place: str, causes: Causes) -> None:
    causes.check_choice(f"{place}.protocol", port.get("protocol"), _PROTOCOLS)
    number, last = port.get("port"), port.get("endPort")
    if isinstance(number, int):
        causes.check_port(f"{place}.port", number)
        if last is not None:
            if last < number:
                causes.refuse(f"{place}.endPort", number, "must be greater than or equal to `port`")
            causes.check_port(f"{place}.endPort", last)
    elif number is not None:
        if last is not None:
            causes.refuse(f"{place}.endPort", last, "may not be specified when `port` is non-numeric")
        for text in list_port_name_problems(number):
            causes.refuse(f"{place}.port", number, text)
    elif last is not None:
        causes.refuse(f"{place}.endPort", last, "may not be specified when `port` is not specified")


def _check_peer(peer: Part, place: str, causes: Causes) -> None:
    kinds = [kind for kind in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(kind) is not None]
    for kind in ("podSelector", "namespaceSelector"):
        check_selector(peer.get(kind), f"{place}.{kind}", causes)
    block = peer.get("ipBlock")
    if block is not None:
        _check_block(block, f"{place}.ipBlock", causes)
    if not kinds:
        causes.require(place, "must specify a peer")
    elif len(kinds) > 1 and block is not None:
        causes.forbid(place, "may not specify both ipBlock and another peer")


def _check_block(block: Part, place: str, causes: Causes) -> None:
    if not block.get("cidr"):
        causes.require(f"{place}.cidr")
        return
    check_range(block["cidr"], f"{place}.cidr", causes)
    whole = parse_range(block["cidr"])
    if whole is None:
        return
    for index, text in enumerate(block.get("except") or ()):
        check_range(text, f"{place}.except[{index}]", causes)
        part = parse_range(text)
        if part is not None and not (part.network_address in whole and part.prefixlen > whole.prefixlen):
            causes.refuse(f"{place}.except[{index}]", text, "must be a strict subset of `cidr`")
