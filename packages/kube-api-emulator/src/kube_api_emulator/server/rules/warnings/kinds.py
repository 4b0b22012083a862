"""The warnings of each kind, as the strategies of kube-apiserver give them.

Advice about kinds of administrators, and rare advice, is left out.

Source: k8s.io/kubernetes v1.36.2, pkg/api/service/warnings.go (GetWarningsForService),
pkg/api/persistentvolumeclaim/util.go (GetWarningsForPersistentVolumeClaim).
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.names import list_label_problems
from kube_api_emulator.server.rules.warnings.pods import warn_of_claim_spec, warn_of_pod
from kube_api_emulator.server.rules.warnings.webhooks import warn_of_uncalled

Part = Mapping[str, Any]
Warn = Callable[[Part, Part | None], Iterator[str]]

_NAME_TEXT = "which can result in surprising behavior; a DNS label is recommended"
_NAMED_PODS = frozenset({"CronJob", "Deployment", "Job", "ReplicaSet", "ReplicationController"})
_STANDARD_FINALIZERS = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_CLASS = "volume.beta.kubernetes.io/storage-class"
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


def _warn_of_new_pod(item: Part, live: Part | None) -> Iterator[str]:
    if live is None:
        yield from warn_of_pod(item["metadata"], item.get("spec") or {})


def _warn_of_service(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    spec, annotations = item.get("spec") or {}, item["metadata"].get("annotations") or {}
    if _HINTS in annotations:
        yield f"annotation {_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead"
    yield from _warn_of_outer_addresses(spec)
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
    if outer and not is_headless and kind != "ExternalName":
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"


def _warn_of_ingress(item: Part, live: Part | None) -> Iterator[str]:
    annotations = item["metadata"].get("annotations") or {}
    if live is None and _INGRESS_CLASS in annotations and (item.get("spec") or {}).get("ingressClassName") is None:
        yield f"annotation \"{_INGRESS_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"


def _warn_of_claim(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    if _CLASS in (item["metadata"].get("annotations") or {}):
        yield f'metadata.annotations[{_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'
    yield from warn_of_claim_spec(item.get("spec") or {}, "spec")


def _warn_of_secret(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    """Warn of an invalid certificate or key. It is not checked whether they belong together."""
    data = item.get("data") or {}
    for key, what in (
        (("tls.crt", "certificate"), ("tls.key", "key")) if item.get("type") == "kubernetes.io/tls" else ()
    ):
        if b"-----BEGIN " not in base64.b64decode(data.get(key) or ""):
            yield f"tls: failed to find any PEM data in {what} input"
            return


_WARNINGS: Mapping[str, Warn] = {
    "Secret": _warn_of_secret,
    "CronJob": _warn_of_cron_job,
    "DaemonSet": _warn_of_template,
    "Deployment": _warn_of_template,
    "Ingress": _warn_of_ingress,
    "Job": _warn_of_template,
    "PersistentVolumeClaim": _warn_of_claim,
    "Pod": _warn_of_new_pod,
    "ReplicaSet": _warn_of_template,
    "Service": _warn_of_service,
    "StatefulSet": _warn_of_stateful_set,
    "MutatingWebhookConfiguration": warn_of_uncalled,
    "ValidatingWebhookConfiguration": warn_of_uncalled,
}
