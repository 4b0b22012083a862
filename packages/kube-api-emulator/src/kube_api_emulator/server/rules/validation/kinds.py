"""The checks of each kind.

Source: k8s.io/apiserver v0.36.2, pkg/registry/rest/create.go (BeforeCreate), pkg/registry/rest/update.go
(BeforeUpdate, validateCommonFields).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kube_api_emulator.schemas.known_values import find_known_values
from kube_api_emulator.schemas.schema_check import find_problems, format_path
from kube_api_emulator.schemas.schemas import ANY
from kube_api_emulator.server.rules.body_types import Kind
from kube_api_emulator.server.rules.content_errors import Cause
from kube_api_emulator.server.rules.unsupported_fields import find_unsupported_fields
from kube_api_emulator.server.rules.validation import (
    addresses,
    classes,
    limits,
    networking,
    others,
    storage,
    webhooks,
    workloads,
)
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.custom import definitions
from kube_api_emulator.server.rules.validation.custom.parts import check_custom_resource
from kube_api_emulator.server.rules.validation.custom.rules import check_custom_rules
from kube_api_emulator.server.rules.validation.names import check_metadata
from kube_api_emulator.server.rules.validation.pods import pods
from kube_api_emulator.server.rules.validation.service_allocation import find_allocation_causes
from kube_api_emulator.server.rules.validation.statuses import check_status
from kube_api_emulator.server.rules.validation.system import (
    events,
    nodes,
    policies,
    services,
)

Part = Mapping[str, Any]

# The server checks these as new ones before their changes.
_CHECKED_TWICE = frozenset({"Job", "Node", "PersistentVolume"})
_REPEATED = ("metadata.labels", "metadata.annotations", "metadata.ownerReferences")
_OFTEN_CHECKED = frozenset(
    {
        *("APIService", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "Endpoints", "Ingress"),
        *("IngressClass", "Job", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim", "Pod", "Role"),
        *("RoleBinding", "RuntimeClass", "Secret", "ServiceAccount", "StorageClass", "ControllerRevision"),
    }
)
_RARELY_CHECKED = frozenset({"Event", "PodDisruptionBudget"})
# Of the other kinds, those whose finalizers are checked twice in an update.
_FINALIZERS_TWICE = frozenset(
    {
        *("LimitRange", "EndpointSlice"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
    }
)
# What the checks of a kind report at other fields.
_NOT_BY_SCHEMA = {
    "Node": ("spec", "status"),
    "PriorityClass": ("preemptionPolicy", "status"),
    "StorageClass": ("reclaimPolicy", "status"),
}
_EVENTS = "events.k8s.io"
_INDEX = re.compile(r"\[\d+\]")

_CHECKS: Mapping[str, Callable[[Part, Part | None, Causes], None]] = {
    "APIService": services.check_api_service,
    "ClusterRole": others.check_role,
    "ClusterRoleBinding": others.check_role_binding,
    "ConfigMap": others.check_config_map,
    "CronJob": workloads.check_cron_job,
    "CustomResourceDefinition": definitions.check_definition,
    "DaemonSet": workloads.check_daemon_set,
    "ControllerRevision": classes.check_controller_revision,
    "CSIDriver": classes.check_driver,
    "Deployment": workloads.check_deployment,
    "Endpoints": addresses.check_endpoints,
    "EndpointSlice": addresses.check_endpoint_slice,
    "Event": events.check_event,
    "HorizontalPodAutoscaler": others.check_autoscaler,
    "Ingress": networking.check_ingress,
    "IngressClass": classes.check_ingress_class,
    "Job": workloads.check_job,
    "Lease": classes.check_lease,
    "LimitRange": limits.check_limit_range,
    "NetworkPolicy": networking.check_network_policy,
    "Node": nodes.check_node,
    "PersistentVolume": storage.check_volume,
    "PersistentVolumeClaim": storage.check_claim,
    "Pod": pods.check_pod,
    "PodDisruptionBudget": others.check_disruption_budget,
    "PriorityClass": storage.check_priority_class,
    "ReplicaSet": workloads.check_replica_set,
    "ReplicationController": workloads.check_replication_controller,
    "ResourceQuota": limits.check_resource_quota,
    "Role": others.check_role,
    "RoleBinding": others.check_role_binding,
    "RuntimeClass": classes.check_runtime_class,
    "Secret": others.check_secret,
    "Service": networking.check_service,
    "StatefulSet": workloads.check_stateful_set,
    "StorageClass": storage.check_storage_class,
    "MutatingWebhookConfiguration": webhooks.check_webhooks,
    "ValidatingAdmissionPolicy": policies.check_policy,
    "ValidatingAdmissionPolicyBinding": policies.check_policy_binding,
    "ValidatingWebhookConfiguration": webhooks.check_webhooks,
}

_PART_CHECKS: Mapping[str, Callable[[Part, Part | None, Causes], None]] = {
    "ephemeralcontainers": pods.check_ephemeral_update,
}
"""Checks of the writes of subresources, in place of those of the kind."""


def find_causes(
    kind: Kind,
    item: Part,
    live: Part | None,
    *,
    is_custom: bool,
    sent_group: str = "",
    part: str = "",
) -> list[Cause]:
    """Return the problems of an object with its defaults, and of its changes to the live one.

    `sent_group` is the group of the request, if the object is stored in another one. `part` is its subresource.
    """
    if (kind.group, kind.name, part) == ("", "Service", ""):
        found = find_allocation_causes(item.get("spec") or {}, live and (live.get("spec") or {}))
        if found:
            return found
    if not is_custom and (unsupported := find_unsupported_fields(kind.name, item)):
        return unsupported
    causes = Causes()
    check_metadata(kind.name, item.get("metadata") or {}, causes, is_custom=is_custom)
    if live is not None:
        _repeat_metadata(kind.name, causes)
    if is_custom:
        check_custom_resource(kind.schema, kind.scale_paths, item, causes)
        check_custom_rules(kind.schemas, kind.schema, item, live, causes)
        return causes
    check = events.check_new_event if sent_group == _EVENTS else _PART_CHECKS.get(part) or _CHECKS.get(kind.name)
    if check and live is not None and kind.name in _CHECKED_TWICE:
        check(item, None, causes)
    if check:
        check(item, live, causes)
    if part == "status":
        check_status(kind.name, item, live, causes)
    _check_schema(kind, item, causes)
    return causes


def _repeat_metadata(kind: str, causes: Causes) -> None:
    """Report problems of metadata as often as the server finds them in an update."""
    is_often = kind in _OFTEN_CHECKED
    times = 4 if is_often else 2 if kind in _RARELY_CHECKED else 3
    of_finalizers = 3 if kind == "PersistentVolume" else 2 if is_often or kind in _FINALIZERS_TWICE else 1
    for cause in list(causes):
        if cause.field.startswith(_REPEATED):
            causes.extend([cause] * (times - 1))
        elif cause.field == "metadata.finalizers":
            causes.extend([cause] * (of_finalizers - 1))
        elif cause.field.startswith("metadata.finalizers[") and is_often:
            causes.append(cause)


def _check_schema(kind: Kind, item: Part, causes: Causes) -> None:
    """Report what the schema does not allow and no check of the kind has found."""
    # The server leaves out some indexes.
    known = [_INDEX.sub("", cause.field) for cause in causes]
    for problem in find_problems(kind.schemas, kind.schema, item):
        field = format_path(problem.path)
        plain = _INDEX.sub("", field)
        if problem.path[0] in _NOT_BY_SCHEMA.get(kind.name, ("status",)) or any(
            _is_within(each, plain) or _is_within(plain, each) for each in known
        ):
            continue
        if problem.kind == "required" and kind.name not in _CHECKS:
            causes.require(field)
        elif problem.kind == "enum":
            _report_choice(kind, item, problem.path, causes)


def _is_within(field: str, other: str) -> bool:
    return field == other or field.startswith(f"{other}.")


def _report_choice(kind: Kind, item: Part, path: tuple[str | int, ...], causes: Causes) -> None:
    schema, value = kind.schema, item
    choices: tuple[str, ...] = ()
    for step in path:
        if isinstance(step, int):
            schema, value = kind.schemas.get_items(schema), value[step]  # type: ignore[index]
        else:
            choices = find_known_values(schema.get("$ref", ""), step)
            schema, value = kind.schemas.get_field(schema, step) or ANY, value[step]
    causes.refuse_choice(format_path(path), value, choices)
