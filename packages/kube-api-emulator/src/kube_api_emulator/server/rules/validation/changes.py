"""Fields that an update can't change: of Jobs, Pods, Services, volumes and claims.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidatePodUpdate,
validateNodeAffinityMutation, ValidateServiceUpdate, ValidatePersistentVolumeUpdate),
pkg/apis/batch/validation/validation.go (ValidateJobSpecUpdate, validatePodTemplateUpdate, validateCompletions).
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.go.go_structs import diff_go
from kube_api_emulator.server.rules.validation.addresses import check_balancer_class
from kube_api_emulator.server.rules.validation.causes import Causes, drop_empty

Part = Mapping[str, Any]

_FIXED_OF_JOB = {
    "completionMode": "",
    "podFailurePolicy": "*@batch.PodFailurePolicy",
    "backoffLimitPerIndex": "",
    "managedBy": "",
    "successPolicy": "*@batch.SuccessPolicy",
}
# What a suspended Job may change in its template, as it decides where its pods run.
_SCHEDULING = ("nodeSelector", "tolerations", "schedulingGates")
_GROUPS = ("containers", "initContainers")
_POD_UPDATES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_NOT_SOURCES = frozenset(
    {
        *("accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy"),
        *("storageClassName", "volumeAttributesClassName", "volumeMode"),
    }
)
_CHANGEABLE = frozenset({"tolerations", "activeDeadlineSeconds", "schedulingGates"})
_ONCE = "may not change once set"


# -- Jobs ----------------------------------------------------------------------------------------------------------


def check_job_changes(spec: Part, old: Part, causes: Causes) -> None:
    completions = spec.get("completions")
    if spec.get("completionMode") != "Indexed":
        causes.check_unchanged("spec.completions", completions, old.get("completions"))
    elif completions not in (None, old.get("completions"), spec.get("parallelism")):
        causes.refuse("spec.completions", completions, "can only be modified in tandem with spec.parallelism")
    selector = "*@meta.v1.LabelSelector"
    causes.check_unchanged("spec.selector", spec.get("selector"), old.get("selector"), selector)
    _check_job_template(spec.get("template") or {}, old, causes)
    for name, code in _FIXED_OF_JOB.items():
        causes.check_unchanged(f"spec.{name}", spec.get(name), old.get(name), code)


def _check_job_template(template: Part, old: Part, causes: Causes) -> None:
    former = old.get("template") or {}
    if not old.get("suspend"):
        causes.check_unchanged("spec.template", template, former, "@core.PodTemplateSpec")
        return
    pod, old_pod = _hide_scheduling(template), _hide_scheduling(former)
    if drop_empty(_hide_parts(pod, "resources")) != drop_empty(_hide_parts(old_pod, "resources")):
        causes.refuse("spec.template.spec", template.get("spec"), "field is immutable", "@core.PodSpec")


def _hide_scheduling(template: Part) -> dict[str, Any]:
    pod = {name: value for name, value in (template.get("spec") or {}).items() if name not in _SCHEDULING}
    affinity = {name: value for name, value in (pod.pop("affinity", None) or {}).items() if name != "nodeAffinity"}
    return pod | ({"affinity": affinity} if affinity else {})


def _hide_parts(pod: Part, part: str) -> dict[str, Any]:
    """Return a pod without one part of each container."""
    hidden = dict(pod)
    for group in _GROUPS:
        if hidden.get(group):
            hidden[group] = [{key: value for key, value in each.items() if key != part} for each in hidden[group]]
    return hidden


# -- Pods ----------------------------------------------------------------------------------------------------------


def check_pod_changes(spec: Part, old: Part, causes: Causes) -> None:
    for group in _GROUPS:
        if len(spec.get(group) or ()) != len(old.get(group) or ()):
            causes.forbid(f"spec.{group}", "pod updates may not add or remove containers")
            return
        for index, container in enumerate(spec.get(group) or ()):
            if not container.get("image"):
                causes.require(f"spec.{group}[{index}].image")
    seconds, former = spec.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if seconds is not None and former is not None and former < seconds:
        causes.refuse("spec.activeDeadlineSeconds", seconds, "must be less than or equal to previous value")
        return
    if seconds is None and former is not None:
        text = "must not update from a positive integer to nil value"
        causes.refuse("spec.activeDeadlineSeconds", None, text)
    _check_tolerations(spec.get("tolerations") or (), old.get("tolerations") or (), causes)
    _check_new_gates(spec, old, causes)
    if old.get("schedulingGates"):
        spec = _check_gated(spec, old, causes)
    if _hide_changeable(spec) != _hide_changeable(old):
        causes.forbid("spec", f"{_POD_UPDATES}\n{diff_go('@core.PodSpec', old, _restore_changeable(spec, old))}")


def _check_new_gates(spec: Part, old: Part, causes: Causes) -> None:
    gates = {gate.get("name") for gate in old.get("schedulingGates") or ()}
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        if gate.get("name") not in gates:
            text = f"only deletion is allowed, but found new scheduling gate '{gate.get('name') or ''}'"
            causes.forbid(f"spec.schedulingGates[{index}].name", text)


def _check_gated(spec: Part, old: Part, causes: Causes) -> Part:
    """Check where a pod that is not scheduled yet may run. Returns the pod with its former nodes."""
    chosen, former = spec.get("nodeSelector") or {}, old.get("nodeSelector") or {}
    if any(chosen.get(key) != value for key, value in former.items()):
        text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        causes.refuse("spec.nodeSelector", spec.get("nodeSelector"), text, "{}s")
    affinity, old_affinity = spec.get("affinity") or {}, old.get("affinity") or {}
    if old_affinity.get("nodeAffinity") is not None:
        _check_node_terms(affinity.get("nodeAffinity") or {}, old_affinity["nodeAffinity"], causes)
    kept = {**affinity, "nodeAffinity": old_affinity.get("nodeAffinity")}
    kept = {name: value for name, value in kept.items() if value is not None}
    moved = {name: value for name, value in spec.items() if name not in ("affinity", "nodeSelector")}
    moved |= {"affinity": kept} if kept or old.get("affinity") is not None else {}
    return moved | ({"nodeSelector": former} if former else {})


def _check_node_terms(affinity: Part, old: Part, causes: Causes) -> None:
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    terms, former = ((each.get(required) or {}).get("nodeSelectorTerms") or [] for each in (affinity, old))
    field = f"spec.affinity.nodeAffinity.{required}.nodeSelectorTerms"
    if former and len(terms) != len(former):
        text = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        causes.refuse(field, terms or None, text, "[]@core.NodeSelectorTerm")
        return
    for index, (term, before) in enumerate(zip(terms, former, strict=False)):
        if any(
            (term.get(name) or [])[: len(before.get(name) or [])] != (before.get(name) or [])
            for name in ("matchExpressions", "matchFields")
        ):
            text = "only additions are allowed (no mutations or deletions)"
            causes.refuse(f"{field}[{index}]", term, text, "@core.NodeSelectorTerm")


def _check_tolerations(tolerations: Sequence[Part], old: Sequence[Part], causes: Causes) -> None:
    kept = [_hide(each, {"tolerationSeconds"}) for each in tolerations]
    if any(_hide(each, {"tolerationSeconds"}) not in kept for each in old):
        text = "existing toleration can not be modified except its tolerationSeconds"
        causes.forbid("spec.tolerations", text)


def _hide_changeable(spec: Part) -> dict[str, Any]:
    return _hide(_hide_parts(spec, "image"), _CHANGEABLE)


def _restore_changeable(spec: Part, old: Part) -> dict[str, Any]:
    """Return a pod with the former values of the fields that may change."""
    restored = {name: value for name, value in spec.items() if name not in _CHANGEABLE}
    restored |= {name: old[name] for name in _CHANGEABLE if name in old}
    for group in _GROUPS:
        pairs = zip(spec.get(group) or (), old.get(group) or (), strict=True)
        images = [{**each, "image": former.get("image")} for each, former in pairs]
        if images:
            restored[group] = images
    return restored


# -- Services ------------------------------------------------------------------------------------------------------


def check_service_changes(spec: Part, old: Part, causes: Causes) -> None:
    if "ExternalName" not in (spec.get("type"), old.get("type")):
        _check_addresses(spec, old, causes)
    if spec.get("type") == old.get("type") == "LoadBalancer":
        name = spec.get("loadBalancerClass")
        if name != old.get("loadBalancerClass"):
            causes.refuse("spec.loadBalancerClass", name, _ONCE)
    check_balancer_class(spec, causes)
    if spec.get("type") == old.get("type") == "LoadBalancer":
        port, former = spec.get("healthCheckNodePort"), old.get("healthCheckNodePort")
        policies = {spec.get("externalTrafficPolicy"), old.get("externalTrafficPolicy")}
        if policies == {"Local"} and port != former:
            causes.forbid("spec.healthCheckNodePort", "field is immutable")


def _check_addresses(spec: Part, old: Part, causes: Causes) -> None:
    address, former = spec.get("clusterIP"), old.get("clusterIP")
    if former and address != former:
        causes.refuse("spec.clusterIPs[0]", [address or ""], _ONCE)
    if "None" in (address, former):
        return
    families, before = spec.get("ipFamilies") or (), old.get("ipFamilies") or ()
    if families and before and families[0] != before[0]:
        causes.refuse("spec.ipFamilies[0]", list(families), _ONCE)


# -- volumes -------------------------------------------------------------------------------------------------------


def check_volume_changes(spec: Part, old: Part, causes: Causes) -> None:
    source, former = _hide(spec, _NOT_SOURCES), _hide(old, _NOT_SOURCES)
    if "csi" in source and "csi" in former and former["csi"].get("controllerExpandSecretRef") is None:
        source = copy.deepcopy(source)
        source["csi"].pop("controllerExpandSecretRef", None)
    if source != former:
        text = "spec.persistentvolumesource is immutable after creation"
        differences = diff_go("@core.PersistentVolumeSource", former, source)
        causes.forbid("spec.persistentvolumesource", f"{text}\n{differences}")
    causes.check_unchanged("volumeMode", spec.get("volumeMode"), old.get("volumeMode"))
    affinity = spec.get("nodeAffinity")
    if old.get("nodeAffinity") is not None and affinity != old["nodeAffinity"]:
        text = "field is immutable, except for updating from beta label to GA"
        causes.refuse("nodeAffinity", affinity, text, "*@core.VolumeNodeAffinity")
    if old.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        causes.forbid("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _hide(part: Part, names: frozenset[str] | set[str]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in names}
