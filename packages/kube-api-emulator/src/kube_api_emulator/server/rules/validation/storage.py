"""Claims, volumes and their attachments, storage classes and priority classes.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimSpec,
ValidatePersistentVolumeClaimUpdate, ValidatePersistentVolumeSpec), pkg/apis/storage/validation/validation.go
(ValidateStorageClass, ValidateVolumeAttachment, ValidateCSIStorageCapacity).
"""

from collections.abc import Mapping
from decimal import ROUND_UP
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.go.go_structs import diff_go
from kube_api_emulator.server.rules.validation.affinity import check_node_selector
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.changes import check_volume_changes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
    list_label_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.selectors import check_selector
from kube_api_emulator.server.rules.validation.system.disks import (
    check_attributes_class,
    check_volume_sources,
)

Part = Mapping[str, Any]

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_CLAIM_UPDATES = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_USER_PRIORITY = 1_000_000_000
_MOST_PARAMETERS, _MOST_PARAMETER_TEXT = 512, 256 * 1024

_OF_SOURCES = ("apiGroup", "kind", "name")


def check_claim_spec(spec: Part, field: str, causes: Causes) -> None:
    """Check the spec of a claim or of a StatefulSet's template of claims."""
    modes = spec.get("accessModes") or ()
    if not modes:
        causes.require(f"{field}.accessModes", "at least 1 access mode is required")
    check_selector(spec.get("selector"), f"{field}.selector", causes)
    for mode in modes:
        causes.check_choice(f"{field}.accessModes", mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        causes.forbid(f"{field}.accessModes", "may not use ReadWriteOncePod with other access modes")
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if size is None:
        causes.require(f"{field}.resources[storage]")
    elif parse_quantity(size) <= 0:
        causes.refuse(f"{field}.resources[storage]", size, "must be greater than zero")
    name = spec.get("storageClassName")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse(f"{field}.storageClassName", name, text)
    causes.check_choice(f"{field}.volumeMode", spec.get("volumeMode"), ("Block", "Filesystem"))
    _check_sources(spec, field, causes)
    attributes = spec.get("volumeAttributesClassName")
    for text in list_subdomain_problems(attributes) if attributes else ():
        causes.refuse(f"{field}.volumeAttributesClassName", attributes, text)


def _check_sources(spec: Part, field: str, causes: Causes) -> None:
    for source in ("dataSource", "dataSourceRef"):
        if spec.get(source) is not None:
            _check_source(spec[source], f"{field}.{source}", causes)
    old, new = spec.get("dataSource"), spec.get("dataSourceRef")
    # The server shows the place in place of the value.
    if old is not None and new is not None and new.get("namespace"):
        causes.refuse(field, {}, "may not be specified when dataSourceRef.namespace is specified")
    elif old is not None and new is not None and any(old.get(name) != new.get(name) for name in _OF_SOURCES):
        causes.refuse(field, {}, "must match dataSourceRef")


def _check_source(source: Part, field: str, causes: Causes) -> None:
    for name in ("name", "kind"):
        if not source.get(name):
            causes.require(f"{field}.{name}")
    if not source.get("apiGroup") and source.get("kind") != "PersistentVolumeClaim":
        text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        causes.refuse(field, source.get("kind") or "", text)
    group = source.get("apiGroup") or ""
    for text in list_subdomain_problems(group) if group else ():
        causes.refuse(f"{field}.apiGroup", group, text)
    namespace = source.get("namespace") or ""
    for text in list_label_problems(namespace) if namespace else ():
        causes.refuse(f"{field}.namespace", namespace, text)


def check_claim(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    check_claim_spec(spec, "spec", causes)
    if before is None:
        return
    old = before.get("spec") or {}
    is_bound = (before.get("status") or {}).get("phase") == "Bound"
    restored = _restore(spec, old, is_bound=is_bound)
    if restored != old:
        shown = diff_go("@core.PersistentVolumeClaimSpec", old, restored)
        causes.forbid("spec", f"{_CLAIM_UPDATES}\n{shown}")
    capacity = parse_quantity(((before.get("status") or {}).get("capacity") or {}).get("storage") or "0")
    if _read_size(spec) < _read_size(old) and _read_size(spec) <= capacity:
        causes.forbid("spec.resources.requests.storage", "field can not be less than status.capacity")
    causes.check_unchanged("volumeMode", spec.get("volumeMode"), old.get("volumeMode"))


def _restore(spec: Part, old: Part, *, is_bound: bool) -> dict[str, Any]:
    """Return the spec of a claim with the former values of the fields that may change."""
    restored = dict(spec)
    if not old.get("volumeName"):
        restored.pop("volumeName", None)
    if is_bound:
        resources = dict(spec.get("resources") or {})
        former = ((old.get("resources") or {}).get("requests") or {}).get("storage")
        if resources.get("requests") is not None:
            resources["requests"] = {**resources["requests"], "storage": former}
        restored["resources"] = resources
        restored["volumeAttributesClassName"] = old.get("volumeAttributesClassName")
    return {name: value for name, value in restored.items() if value is not None}


def _read_size(spec: Part) -> Any:  # noqa: ANN401 (a Decimal)
    return parse_quantity(((spec.get("resources") or {}).get("requests") or {}).get("storage") or "0")


def _check_capacity(spec: Part, causes: Causes) -> None:
    capacity = spec.get("capacity") or {}
    shown = dict(sorted(capacity.items())) if "capacity" in spec else None
    if not capacity:
        causes.require("spec.capacity")
    if set(capacity) != {"storage"}:
        causes.refuse_choice("spec.capacity", shown, ("storage",))
    for name, amount in sorted(capacity.items()):
        size = parse_quantity(amount)
        if size < 0:
            # The server shows the number, rounded away from zero.
            rounded = int(size.to_integral_value(ROUND_UP))
            causes.refuse(f"spec.capacity[{name}]", rounded, "must be a valid resource quantity")
        if size <= 0:
            causes.refuse(f"spec.capacity[{name}]", amount, "must be greater than zero")


def check_volume(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    _check_modes(spec, "spec", causes)
    _check_capacity(spec, causes)
    _check_volume_use(spec, causes)
    check_volume_sources(spec, causes, "spec")
    name = spec.get("storageClassName")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse("spec.storageClassName", name, text)
    causes.check_choice("spec.volumeMode", spec.get("volumeMode"), ("Block", "Filesystem"))
    check_attributes_class(spec, causes, "spec")
    if before is not None:
        check_volume_changes(spec, before.get("spec") or {}, causes)


def _check_modes(spec: Part, field: str, causes: Causes) -> None:
    modes = spec.get("accessModes") or ()
    if not modes:
        causes.require(f"{field}.accessModes")
    for mode in modes:
        causes.check_choice(f"{field}.accessModes", mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and any(mode in _ACCESS_MODES and mode != "ReadWriteOncePod" for mode in modes):
        causes.forbid(f"{field}.accessModes", "may not use ReadWriteOncePod with other access modes")


def _check_volume_use(spec: Part, causes: Causes) -> None:
    policies = ("Delete", "Recycle", "Retain")
    causes.check_choice("spec.persistentVolumeReclaimPolicy", spec.get("persistentVolumeReclaimPolicy"), policies)
    required = (spec.get("nodeAffinity") or {}).get("required")
    if required is not None:
        check_node_selector(required, "spec.nodeAffinity.required", causes)
    elif spec.get("nodeAffinity") is not None:
        causes.require("spec.nodeAffinity.required", "must specify required node constraints")


def _check_parameters(parameters: Part, causes: Causes) -> None:
    """Check the parameters of a class for its driver."""
    if len(parameters) > _MOST_PARAMETERS:
        causes.report_length("parameters", _MOST_PARAMETERS)
        return
    if "" in parameters:
        causes.refuse("parameters", "", "field can not be empty.")
    if sum(len(text.encode()) for pair in parameters.items() for text in pair) > _MOST_PARAMETER_TEXT:
        causes.report_length("parameters", _MOST_PARAMETER_TEXT)


def check_storage_class(item: Part, before: Part | None, causes: Causes) -> None:
    provisioner = (item.get("provisioner") or "").lower()
    if not provisioner:
        causes.require("provisioner")
    for text in list_key_problems(provisioner) if provisioner else ():
        causes.refuse("provisioner", provisioner, text)
    _check_parameters(item.get("parameters") or {}, causes)
    causes.check_choice("reclaimPolicy", item.get("reclaimPolicy") or None, ("Delete", "Retain"))
    terms = item.get("allowedTopologies") or ()
    for index, term in enumerate(terms):
        _check_topology(term, f"allowedTopologies[{index}]", causes)
        for _ in terms if not term.get("matchLabelExpressions") else ():
            # The server compares with as many empty terms as there are terms.
            causes.report_duplicate(f"allowedTopologies[{index}].matchLabelExpressions", "")
        for former in terms[:index]:
            if _read_topology(former) == _read_topology(term):
                causes.report_duplicate(f"allowedTopologies[{index}].matchLabelExpressions", "")
    modes = ("Immediate", "WaitForFirstConsumer")
    causes.check_choice("volumeBindingMode", item.get("volumeBindingMode"), modes)
    if before is not None:
        for name in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
            code = "{}s" if name == "parameters" else ""
            causes.check_unchanged(name, item.get(name), before.get(name), code)


def _read_topology(term: Part) -> dict[str, set[str]]:
    return {each.get("key") or "": set(each.get("values") or ()) for each in term.get("matchLabelExpressions") or ()}


def _check_topology(term: Part, field: str, causes: Causes) -> None:
    keys: list[str] = []
    for index, expression in enumerate(term.get("matchLabelExpressions") or ()):
        place, key, values = (
            f"{field}.matchLabelExpressions[{index}]",
            expression.get("key") or "",
            expression.get("values") or (),
        )
        if not values:
            causes.require(f"{place}.values")
        for number, value in enumerate(values):
            if value in values[:number]:
                causes.report_duplicate(f"{place}.values[{number}]", value)
        for text in list_key_problems(key):
            causes.refuse(f"{place}.key", key, text)
        if key in keys:
            causes.report_duplicate(f"{place}.key", key)
        keys.append(key)


def check_priority_class(item: Part, before: Part | None, causes: Causes) -> None:
    value, name = item.get("value") or 0, item["metadata"].get("name") or ""
    if name.startswith("system-"):
        text = f"error: {name} is not a known system priority class"
        reserved = "priority class names with 'system-' prefix are reserved for system use only."
        causes.forbid("metadata.name", f"{reserved} {text}")
    elif value > _USER_PRIORITY:
        causes.forbid("value", f"maximum allowed value of a user defined priority is {_USER_PRIORITY}")
    policy = item.get("preemptionPolicy")
    if policy == "" and before is None:
        causes.require("preemptionPolicy")
    elif before is None:
        causes.check_choice("preemptionPolicy", policy, ("PreemptLowerPriority", "Never"))
    if before is not None and value != (before.get("value") or 0):
        causes.forbid("value", "may not be changed in an update.")
    if before is not None:
        causes.check_unchanged("preemptionPolicy", policy, before.get("preemptionPolicy"))
