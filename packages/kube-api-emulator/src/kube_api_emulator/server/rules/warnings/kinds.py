"""The warnings of each kind, as the strategies of kube-apiserver give them.

Source: k8s.io/kubernetes v1.36.2, pkg/api/service/warnings.go (GetWarningsForService), pkg/api/persistentvolume/util.go
(GetWarningsForPersistentVolume), pkg/api/persistentvolumeclaim/util.go (GetWarningsForPersistentVolumeClaim).
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.validation.names import list_label_problems
from kube_api_emulator.server.rules.warnings.addresses import (
    find_deprecation,
    warn_of_address,
    warn_of_range,
)
from kube_api_emulator.server.rules.warnings.definitions import warn_of_formats
from kube_api_emulator.server.rules.warnings.pods import warn_of_claim_spec, warn_of_pod
from kube_api_emulator.server.rules.warnings.webhooks import warn_of_uncalled

Part = Mapping[str, Any]
Warn = Callable[[Part, Part | None], Iterator[str]]

_NAME_TEXT = "which can result in surprising behavior; a DNS label is recommended"
_NAMED_PODS = frozenset({"CronJob", "Deployment", "Job", "ReplicaSet", "ReplicationController"})
_STANDARD_FINALIZERS = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_CLASS = "volume.beta.kubernetes.io/storage-class"
_VOLUME_ANNOTATIONS = {
    _CLASS: 'deprecated since v1.8; use "storageClassName" attribute instead',
    "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
}
_LIMITED = ("cpu", "memory", "storage", "ephemeral-storage")
_INGRESS_CLASS, _HINTS = "kubernetes.io/ingress.class", "service.kubernetes.io/topology-aware-hints"


def list_warnings(kind: str, item: Part, live: Part | None, *, is_custom: bool) -> list[str]:
    """Return the warnings of a valid object, which an update has changed if there is a live one."""
    if is_custom:
        return list(_warn_of_finalizers(item))
    warnings = [*_warn_of_name(kind, item)] if live is None else []
    if kind in _WARNINGS:
        warnings += _WARNINGS[kind](item, live)
    return warnings


def _warn_of_finalizers(item: Part) -> Iterator[str]:
    for finalizer in item["metadata"].get("finalizers") or ():
        if "/" in finalizer or finalizer in _STANDARD_FINALIZERS:
            continue
        path = " including a path (/)" if "." in finalizer else ""
        text = (
            f"prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers"
        )
        yield f'metadata.finalizers: "{finalizer}": {text}'


def _warn_of_name(kind: str, item: Part) -> Iterator[str]:
    problems = list_label_problems(item["metadata"].get("name") or "")
    if problems and (kind in _NAMED_PODS or kind == "Pod"):
        use = "the Pod's hostname" if kind == "Pod" else "Pod names and hostnames"
        yield f"metadata.name: this is used in {use}, {_NAME_TEXT}: [{' '.join(problems)}]"


def _warn_of_template(item: Part, live: Part | None) -> Iterator[str]:
    if live is None or item.get("spec") != live.get("spec"):
        template = (item.get("spec") or {}).get("template") or {}
        yield from warn_of_pod(template.get("metadata") or {}, template.get("spec") or {}, "spec.template")


def _warn_of_cron_job(item: Part, live: Part | None) -> Iterator[str]:
    spec = item.get("spec") or {}
    if live is None or spec != live.get("spec"):
        template = ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
        root = "spec.jobTemplate.spec.template"
        yield from warn_of_pod(template.get("metadata") or {}, template.get("spec") or {}, root)


def _warn_of_stateful_set(item: Part, live: Part | None) -> Iterator[str]:
    yield from _warn_of_template(item, live)
    spec = item.get("spec") or {}
    for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        # An update is answered with a capital letter.
        field = f"spec.volumeClaimTemplates[{index}]" + ("" if live is None else ".Spec")
        yield from warn_of_claim_spec(claim.get("spec") or {}, field)
    limit = spec.get("revisionHistoryLimit")
    if limit is not None and limit < 0:
        text = "a negative value retains all historical revisions; a value >= 0 is recommended"
        yield f"spec.revisionHistoryLimit: {text}"


def _warn_of_new_pod(item: Part, live: Part | None) -> Iterator[str]:
    if live is None:
        yield from warn_of_pod(item["metadata"], item.get("spec") or {})


def _warn_of_service(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    spec, annotations = item.get("spec") or {}, item["metadata"].get("annotations") or {}
    if _HINTS in annotations:
        yield f"annotation {_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead"
    for index, address in enumerate(spec.get("clusterIPs") or ()):
        yield from warn_of_address(address, f"spec.clusterIPs[{index}]")
    yield from _warn_of_outer_addresses(spec)
    yield from warn_of_address(spec.get("loadBalancerIP") or "", "spec.loadBalancerIP")
    for index, text in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from warn_of_range(text, f"spec.loadBalancerSourceRanges[{index}]")
    is_name = spec.get("type") == "ExternalName"
    if is_name and spec.get("externalIPs"):
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if not is_name and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _warn_of_outer_addresses(spec: Part) -> Iterator[str]:
    kind, outer = spec.get("type"), spec.get("externalIPs") or ()
    is_headless = kind == "ClusterIP" and spec.get("clusterIP") == "None"
    ignored = (
        ("loadBalancerIP", spec.get("loadBalancerIP")),
        ("externalIPs", outer),
        ("SessionAffinity", spec.get("sessionAffinity") not in (None, "None")),
    )
    for name, is_set in ignored if is_headless else ():
        if is_set:
            yield f"spec.{name} is ignored for headless services"
    for index, address in enumerate(outer):
        yield from warn_of_address(address, f"spec.externalIPs[{index}]")
    if outer and not is_headless and kind != "ExternalName":
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"


def _warn_of_ingress(item: Part, live: Part | None) -> Iterator[str]:
    annotations = item["metadata"].get("annotations") or {}
    if live is None and _INGRESS_CLASS in annotations and (item.get("spec") or {}).get("ingressClassName") is None:
        yield f"annotation \"{_INGRESS_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"


def _warn_of_network_policy(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    spec = item.get("spec") or {}
    for group, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(group) or ()):
            for number, peer in enumerate(rule.get(peers) or ()):
                block, field = peer.get("ipBlock") or {}, f"spec.{group}[{index}].{peers}[{number}].ipBlock"
                yield from warn_of_range(block.get("cidr") or "", f"{field}.cidr")
                for place, text in enumerate(block.get("except") or ()):
                    yield from warn_of_range(text, f"{field}.except[{place}]")


def _warn_of_claim(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    if _CLASS in (item["metadata"].get("annotations") or {}):
        yield f"metadata.annotations[{_CLASS}]: {_VOLUME_ANNOTATIONS[_CLASS]}"
    yield from warn_of_claim_spec(item.get("spec") or {}, "spec")


def _warn_of_node(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    spec = item.get("spec") or {}
    if spec.get("configSource") is not None:
        yield "spec.configSource: the feature is removed"
    if spec.get("externalID"):
        yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    for index, text in enumerate(spec.get("podCIDRs") or ()):
        yield from warn_of_range(text, f"spec.podCIDRs[{index}]")


def _warn_of_replication_controller(item: Part, live: Part | None) -> Iterator[str]:
    """Warn of the template, in an update of the former one."""
    if live is None or item.get("spec") != live.get("spec"):
        yield from _warn_of_template(live or item, None)


def _warn_of_volume(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    spec, annotations = item.get("spec") or {}, item["metadata"].get("annotations") or {}
    for key, text in _VOLUME_ANNOTATIONS.items():
        if key in annotations:
            yield f"metadata.annotations[{key}]: {text}"
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        text = "Instead, the recommended approach is to use dynamic provisioning."
        yield f"spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. {text}"
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for index, term in enumerate(terms):
        for number, expression in enumerate(term.get("matchExpressions") or ()):
            key = expression.get("key") or ""
            if text := find_deprecation(key):
                place = f"spec.nodeAffinity.required.nodeSelectorTerms[{index}].matchExpressions[{number}].key"
                yield f"{place}: {key} is {text}"


def _warn_of_storage_class(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    for index, term in enumerate(item.get("allowedTopologies") or ()):
        for number, expression in enumerate(term.get("matchLabelExpressions") or ()):
            if text := find_deprecation(expression.get("key") or ""):
                yield f"allowedTopologies[{index}].matchLabelExpressions[{number}].key: {text}"


def _warn_of_secret(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    """Warn of an invalid certificate or key. It is not checked whether they belong together."""
    data = item.get("data") or {}
    for key, what in (
        (("tls.crt", "certificate"), ("tls.key", "key")) if item.get("type") == "kubernetes.io/tls" else ()
    ):
        if b"-----BEGIN " not in base64.b64decode(data.get(key) or ""):
            yield f"tls: failed to find any PEM data in {what} input"
            return


def _warn_of_slice(item: Part, live: Part | None) -> Iterator[str]:
    if live is None and item.get("addressType") == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"


def _warn_of_quota(item: Part, live: Part | None) -> Iterator[str]:
    hard = (item.get("spec") or {}).get("hard") or {}
    for name in _LIMITED if live is None else ():
        asked, limit = f"requests.{name}", f"limits.{name}"
        asked = name if asked not in hard and name in ("cpu", "memory") else asked
        if asked in hard and limit in hard and parse_quantity(hard[asked]) > parse_quantity(hard[limit]):
            yield f"ResourceQuota {asked} ({hard[asked]}) should be less than {limit} ({hard[limit]})"


def _warn_of_driver(item: Part, live: Part | None) -> Iterator[str]:
    spec, old = item.get("spec") or {}, (live or {}).get("spec") or {}
    is_changed = spec.get("tokenRequests") and spec["tokenRequests"] != old.get("tokenRequests")
    if is_changed and spec.get("serviceAccountTokenInSecrets") is None:
        text = "if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes"
        yield f"spec.serviceAccountTokenInSecrets is unset; {text}"


_WARNINGS: Mapping[str, Warn] = {
    "CSIDriver": _warn_of_driver,
    "Secret": _warn_of_secret,
    "CronJob": _warn_of_cron_job,
    "CustomResourceDefinition": warn_of_formats,
    "DaemonSet": _warn_of_template,
    "Deployment": _warn_of_template,
    "EndpointSlice": _warn_of_slice,
    "Ingress": _warn_of_ingress,
    "Job": _warn_of_template,
    "NetworkPolicy": _warn_of_network_policy,
    "Node": _warn_of_node,
    "PersistentVolume": _warn_of_volume,
    "PersistentVolumeClaim": _warn_of_claim,
    "Pod": _warn_of_new_pod,
    "ReplicaSet": _warn_of_template,
    "ResourceQuota": _warn_of_quota,
    "ReplicationController": _warn_of_replication_controller,
    "Service": _warn_of_service,
    "StatefulSet": _warn_of_stateful_set,
    "StorageClass": _warn_of_storage_class,
    "MutatingWebhookConfiguration": warn_of_uncalled,
    "ValidatingWebhookConfiguration": warn_of_uncalled,
}
