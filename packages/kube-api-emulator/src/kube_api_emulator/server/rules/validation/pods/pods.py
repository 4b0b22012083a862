"""Pods and their templates.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidatePodSpec, ValidatePodTemplateSpec,
ValidatePodCreate, validatePodMetadataAndSpec, validatePodHostNetworkDeps).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.go.go_structs import diff_go
from kube_api_emulator.server.rules.validation.addresses import check_address
from kube_api_emulator.server.rules.validation.affinity import check_affinity
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.changes import check_pod_changes
from kube_api_emulator.server.rules.validation.names import (
    check_annotations,
    check_labels,
    list_key_problems,
    list_label_problems,
    list_search_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.pods.containers import (
    check_containers,
    check_ephemeral_containers,
    check_images,
    check_init_containers,
)
from kube_api_emulator.server.rules.validation.pods.resources import (
    check_resources,
)
from kube_api_emulator.server.rules.validation.pods.scheduling import (
    check_gates,
    check_spread,
    check_tolerations,
)
from kube_api_emulator.server.rules.validation.pods.security import (
    check_host_users,
    check_pod_context,
    check_system,
)
from kube_api_emulator.server.rules.validation.pods.volumes import check_volumes

Part = Mapping[str, Any]

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MOST_SERVERS, _MOST_SEARCHES, _MOST_SEARCH_TEXT = 3, 32, 2048


def check_template(template: Part, field: str, causes: Causes, claims: Sequence[Part] = ()) -> None:
    """Check a template of pods. `claims` are volumes that it gets besides its own."""
    metadata = template.get("metadata") or {}
    check_labels(metadata.get("labels"), f"{field}.labels", causes)
    check_annotations(metadata.get("annotations"), f"{field}.annotations", causes)
    spec = template.get("spec") or {}
    check_pod_spec(spec, f"{field}.spec", causes, claims)
    if spec.get("ephemeralContainers"):
        causes.forbid(f"{field}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def check_pod_spec(
    spec: Part, field: str, causes: Causes, claims: Sequence[Part] = (), *, pod: str | None = None
) -> None:
    """Check the spec of a pod, in the order of the server. `pod` is its name; None for a template."""
    names = {claim.get("name") for claim in claims}
    own = [volume for volume in spec.get("volumes") or () if volume.get("name") not in names]
    volumes = check_volumes([*claims, *own], f"{field}.volumes", causes, pod or "")
    check_containers(spec, field, volumes, causes)
    check_init_containers(spec, field, volumes, causes)
    check_ephemeral_containers(spec, field, volumes, causes)
    if spec.get("hostNetwork"):
        _check_host_network(spec, field, causes, is_pod=pod is not None)
    causes.check_choice(f"{field}.restartPolicy", spec.get("restartPolicy"), _RESTART_POLICIES)
    causes.check_choice(f"{field}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    check_labels(spec.get("nodeSelector"), f"{field}.nodeSelector", causes)
    check_pod_context(spec, field, causes)
    check_affinity(spec.get("affinity") or {}, f"{field}.affinity", causes)
    _check_dns(spec, f"{field}.dnsConfig", causes)
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        for text in list_key_problems(gate.get("conditionType") or ""):
            causes.refuse(f"{field}.readinessGates[{index}].conditionType", gate.get("conditionType") or "", text)
    check_gates(spec.get("schedulingGates") or (), f"{field}.schedulingGates", causes)
    check_spread(spec.get("topologySpreadConstraints") or (), f"{field}.topologySpreadConstraints", causes)
    check_host_users(spec, field, causes)
    _check_names(spec, field, causes)
    check_tolerations(spec.get("tolerations") or (), f"{field}.tolerations", causes)
    _check_aliases(spec.get("hostAliases") or (), f"{field}.hostAliases", causes)
    _check_classes(spec, field, causes)
    if spec.get("os") is not None:
        check_system(spec, field, causes)


def _check_host_network(spec: Part, field: str, causes: Causes, *, is_pod: bool) -> None:
    for index, container in enumerate(spec.get("containers") or ()):
        for number, port in enumerate(container.get("ports") or ()):
            outer = port.get("hostPort") or 0
            if (is_pod or outer) and outer != (port.get("containerPort") or 0):
                text = "must match `containerPort` when `hostNetwork` is true"
                causes.refuse(f"{field}.containers[{index}].ports[{number}].hostPort", outer, text)


def _check_dns(spec: Part, field: str, causes: Causes) -> None:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None" and config is None:
        causes.require(field, "must provide `dnsConfig` when `dnsPolicy` is None")
    elif spec.get("dnsPolicy") == "None" and not (config or {}).get("nameservers"):
        causes.require(f"{field}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
    elif config is not None:
        _check_servers(config.get("nameservers") or [], f"{field}.nameservers", causes)
        _check_searches(config.get("searches") or [], f"{field}.searches", causes)
        for index, option in enumerate(config.get("options") or ()):
            if not option.get("name"):
                causes.require(f"{field}.options[{index}]", "must not be empty")


def _check_servers(servers: Sequence[str], field: str, causes: Causes) -> None:
    if len(servers) > _MOST_SERVERS:
        causes.refuse(field, servers, f"must not have more than {_MOST_SERVERS} nameservers")
    for index, address in enumerate(servers):
        check_address(address, f"{field}[{index}]", causes)


def _check_searches(searches: Sequence[str], field: str, causes: Causes) -> None:
    if len(searches) > _MOST_SEARCHES:
        causes.refuse(field, searches, f"must not have more than {_MOST_SEARCHES} search paths")
    if len(" ".join(searches)) > _MOST_SEARCH_TEXT:
        text = f"must not have more than {_MOST_SEARCH_TEXT} characters (including spaces) in the search list"
        causes.refuse(field, searches, text)
    for index, search in enumerate(searches):
        domain = search.removesuffix(".")
        for text in list_search_problems(domain) if search != "." else ():
            causes.refuse(f"{field}[{index}]", domain, text)


def _check_aliases(aliases: Sequence[Part], field: str, causes: Causes) -> None:
    for index, alias in enumerate(aliases):
        check_address(alias.get("ip") or "", f"{field}[{index}].ip", causes)
        for number, name in enumerate(alias.get("hostnames") or ()):
            for text in list_subdomain_problems(name):
                causes.refuse(f"{field}[{index}].hostnames[{number}]", name, text)


def _check_names(spec: Part, field: str, causes: Causes) -> None:
    for name in ("serviceAccountName", "nodeName"):
        for text in list_subdomain_problems(spec[name]) if spec.get(name) else ():
            causes.refuse(f"{field}.{name}", spec[name], text)
    deadline = spec.get("activeDeadlineSeconds")
    if isinstance(deadline, int) and not 1 <= deadline < 2**31:
        causes.refuse(f"{field}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
    for name in ("hostname", "subdomain"):
        for text in list_label_problems(spec[name]) if spec.get(name) else ():
            causes.refuse(f"{field}.{name}", spec[name], text)


def _check_classes(spec: Part, field: str, causes: Causes) -> None:
    for name in ("priorityClassName", "runtimeClassName"):
        is_set = spec.get(name) is not None if name == "runtimeClassName" else bool(spec.get(name))
        for text in list_subdomain_problems(spec[name]) if is_set else ():
            causes.refuse(f"{field}.{name}", spec[name], text)
    policy = spec.get("preemptionPolicy")
    if policy == "":
        causes.require(f"{field}.preemptionPolicy")
    else:
        causes.check_choice(f"{field}.preemptionPolicy", policy, ("PreemptLowerPriority", "Never"))
    if spec.get("overhead") is not None:
        check_resources({"limits": spec["overhead"]}, f"{field}.overhead", causes)


def check_pod(item: Part, before: Part | None, causes: Causes) -> None:
    """Check a pod and its changes."""
    _check_whole(item, causes)
    spec = item.get("spec") or {}
    if before is not None:
        check_pod_changes(spec, before.get("spec") or {}, causes)
        return
    if spec.get("ephemeralContainers"):
        causes.forbid("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        causes.forbid("spec.nodeName", "cannot be set until all schedulingGates have been cleared")


def check_ephemeral_update(item: Part, before: Part | None, causes: Causes) -> None:
    """Check a pod whose temporary containers change: those it has stay as they are."""
    _check_whole(item, causes)
    containers = {each.get("name"): each for each in (item.get("spec") or {}).get("ephemeralContainers") or ()}
    for former in ((before or {}).get("spec") or {}).get("ephemeralContainers") or ():
        field, name = "spec.ephemeralContainers", former["name"]
        if name not in containers:
            causes.forbid(field, f'existing ephemeral containers "{name}" may not be removed\n')
        elif containers[name] != former:
            differences = diff_go("@core.EphemeralContainer", former, containers[name])
            causes.forbid(field, f'existing ephemeral containers "{name}" may not be changed\n{differences}')


def _check_whole(item: Part, causes: Causes) -> None:
    spec = item.get("spec") or {}
    check_pod_spec(spec, "spec", causes, pod=item["metadata"].get("name") or "")
    _check_tokens(spec, causes)
    check_images(spec, "spec", causes)


def _check_tokens(spec: Part, causes: Causes) -> None:
    if spec.get("serviceAccountName"):
        return
    for index, volume in enumerate(spec.get("volumes") or ()):
        for number, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            if source.get("serviceAccountToken") is not None:
                field = f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken"
                causes.forbid(field, "must not be specified when serviceAccountName is not set")
