"""Pods and their templates."""

from collections.abc import Mapping, Sequence
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.validation.addresses import check_address
from envctl.adapters.sandbox.kubernetes.rules.validation.affinity import check_affinity
from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes
from envctl.adapters.sandbox.kubernetes.rules.validation.changes import check_pod_changes
from envctl.adapters.sandbox.kubernetes.rules.validation.containers import check_containers
from envctl.adapters.sandbox.kubernetes.rules.validation.names import (
    check_annotations,
    check_labels,
    list_key_problems,
    list_label_problems,
    list_subdomain_problems,
    list_value_problems,
)
from envctl.adapters.sandbox.kubernetes.rules.validation.selectors import check_selector
from envctl.adapters.sandbox.kubernetes.rules.validation.volumes import check_volumes

Part = Mapping[str, Any]

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ANY_KEY = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'


def check_template(template: Part, field: str, causes: Causes, claims: Sequence[Part] = ()) -> None:
    """Check a template of pods. `claims` are volumes that it gets besides its own."""
    metadata = template.get("metadata") or {}
    check_labels(metadata.get("labels"), f"{field}.labels", causes)
    check_annotations(metadata.get("annotations"), f"{field}.annotations", causes)
    check_pod_spec(template.get("spec") or {}, f"{field}.spec", causes, claims)


def check_pod_spec(spec: Part, field: str, causes: Causes, claims: Sequence[Part] = ()) -> None:
    """Check the spec of a pod, in the order of the server."""
    names = {claim.get("name") for claim in claims}
    own = [volume for volume in spec.get("volumes") or () if volume.get("name") not in names]
    volumes = check_volumes([*claims, *own], f"{field}.volumes", causes)
    containers = spec.get("containers") or ()
    if not containers:
        causes.require(f"{field}.containers")
    check_containers(containers, f"{field}.containers", volumes, causes)
    others = spec.get("initContainers") or ()
    check_containers(others, f"{field}.initContainers", volumes, causes, is_init=True)
    _check_sleeps(spec, field, causes)
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        for text in list_key_problems(gate.get("conditionType") or ""):
            causes.refuse(f"{field}.readinessGates[{index}].conditionType", gate.get("conditionType") or "", text)
    main = {container.get("name") for container in containers}
    for index, container in enumerate(others):
        if container.get("name") in main:
            causes.report_duplicate(f"{field}.initContainers[{index}].name", container.get("name"))
    causes.check_choice(f"{field}.restartPolicy", spec.get("restartPolicy"), _RESTART_POLICIES)
    causes.check_choice(f"{field}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    check_labels(spec.get("nodeSelector"), f"{field}.nodeSelector", causes)
    check_affinity(spec.get("affinity") or {}, f"{field}.affinity", causes)
    _check_network(spec, field, causes)
    if spec.get("os") is not None:
        _check_system(spec["os"], f"{field}.os", causes)
    _check_spread(spec.get("topologySpreadConstraints") or (), f"{field}.topologySpreadConstraints", causes)
    _check_names(spec, field, causes)
    check_tolerations(spec.get("tolerations") or (), f"{field}.tolerations", causes)
    causes.check_not_negative(f"{field}.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds"))


def _check_network(spec: Part, field: str, causes: Causes) -> None:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None" and config is None:
        causes.require(f"{field}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
    elif spec.get("dnsPolicy") == "None" and not (config or {}).get("nameservers"):
        text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        causes.require(f"{field}.dnsConfig.nameservers", text)
    elif config is not None:
        for index, address in enumerate(config.get("nameservers") or ()):
            check_address(address, f"{field}.dnsConfig.nameservers[{index}]", causes)
        for index, option in enumerate(config.get("options") or ()):
            if not option.get("name"):
                causes.require(f"{field}.dnsConfig.options[{index}]", "must not be empty")
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        check_address(alias.get("ip") or "", f"{field}.hostAliases[{index}].ip", causes)
        for number, name in enumerate(alias.get("hostnames") or ()):
            for text in list_subdomain_problems(name):
                causes.refuse(f"{field}.hostAliases[{index}].hostnames[{number}]", name, text)


def _check_sleeps(spec: Part, field: str, causes: Causes) -> None:
    grace = spec.get("terminationGracePeriodSeconds")
    for group in ("containers", "initContainers") if grace is not None else ():
        for index, container in enumerate(spec.get(group) or ()):
            for name, handler in sorted((container.get("lifecycle") or {}).items()):
                seconds = ((isinstance(handler, dict) and handler.get("sleep")) or {}).get("seconds")
                if seconds is not None and not 0 <= seconds <= grace:
                    text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                    causes.refuse(f"{field}.{group}[{index}].lifecycle.{name}.sleep", seconds, text)


def _check_system(system: Part, field: str, causes: Causes) -> None:
    if not system.get("name"):
        causes.require(f"{field}.name")
    elif system["name"] not in ("linux", "windows"):
        causes.refuse_choice(field, system["name"], ("linux", "windows"))


def _check_names(spec: Part, field: str, causes: Causes) -> None:
    for name in ("serviceAccountName", "priorityClassName", "runtimeClassName", "nodeName"):
        for text in list_subdomain_problems(spec[name]) if spec.get(name) else ():
            causes.refuse(f"{field}.{name}", spec[name], text)
    for name in ("hostname", "subdomain"):
        for text in list_label_problems(spec[name]) if spec.get(name) else ():
            causes.refuse(f"{field}.{name}", spec[name], text)
    deadline = spec.get("activeDeadlineSeconds")
    if isinstance(deadline, int) and not 1 <= deadline < 2**31:
        causes.refuse(f"{field}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")


def _check_spread(constraints: Sequence[Part], field: str, causes: Causes) -> None:
    for index, each in enumerate(constraints):
        place = f"{field}[{index}]"
        if (each.get("maxSkew") or 0) < 1:
            causes.refuse(f"{place}.maxSkew", each.get("maxSkew") or 0, "must be greater than zero")
        if each.get("minDomains") is not None and each["minDomains"] <= 0:
            causes.refuse(f"{place}.minDomains", each["minDomains"], "must be greater than zero")
        if not each.get("topologyKey"):
            causes.require(f"{place}.topologyKey", "can not be empty")
        choices = ("DoNotSchedule", "ScheduleAnyway")
        causes.check_choice(f"{place}.whenUnsatisfiable", each.get("whenUnsatisfiable") or "", choices)
        if each.get("minDomains") is not None and each.get("whenUnsatisfiable") != "DoNotSchedule":
            text = "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "
            causes.refuse(f"{place}.minDomains", each["minDomains"], text + (each.get("whenUnsatisfiable") or ""))
        if each.get("matchLabelKeys") and each.get("labelSelector") is None:
            causes.forbid(f"{place}.matchLabelKeys", "must not be specified when labelSelector is not set")
        check_selector(each.get("labelSelector"), f"{place}.labelSelector", causes)


def check_tolerations(tolerations: Sequence[Part], field: str, causes: Causes) -> None:
    """Check which taints of nodes a pod tolerates."""
    for index, each in enumerate(tolerations):
        place = f"{field}[{index}]"
        key, operator, value = each.get("key") or "", each.get("operator") or "", each.get("value") or ""
        for text in list_key_problems(key) if key else ():
            causes.refuse(f"{place}.key", key, text)
        if not key and operator != "Exists":
            causes.refuse(f"{place}.operator", operator, _ANY_KEY)
        if each.get("tolerationSeconds") is not None and each.get("effect") != "NoExecute":
            text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            causes.refuse(f"{place}.effect", each.get("effect") or "", text)
        if operator in ("Equal", ""):
            for text in list_value_problems(value):
                causes.refuse(f"{place}.operator", value, text)
        elif operator != "Exists":
            causes.refuse_choice(f"{place}.operator", operator, ("Equal", "Exists"))
        elif value:
            causes.refuse(f"{place}.operator", dict(each), "value must be empty when `operator` is 'Exists'")
        causes.check_choice(f"{place}.effect", each.get("effect"), _EFFECTS)


def check_pod(item: Part, before: Part | None, causes: Causes) -> None:
    """Check a pod and its changes."""
    spec = item.get("spec") or {}
    check_pod_spec(spec, "spec", causes)
    if before is not None:
        check_pod_changes(spec, before.get("spec") or {}, causes)
