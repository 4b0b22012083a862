"""What updates of a few kinds keep, count and do not complete.

Source: k8s.io/kubernetes v1.36.2, pkg/registry/batch/job/strategy.go (PrepareForUpdate, generateSelectorIfNeeded),
pkg/registry/apps/daemonset/strategy.go (PrepareForUpdate).
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Object = dict[str, Any]

_COUNT = "deprecated.daemonset.template.generation"
# The server gives these a value, which the client that does not send it does not own.
_ALLOCATED: Mapping[str, tuple[str, ...]] = {
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies", "ipFamilyPolicy"),
    "Namespace": ("finalizers",),
    "Pod": ("priority", "preemptionPolicy", "tolerations"),
}


# A write of their status changes nothing else.
_ONLY_STATUS = frozenset({"APIService", "ValidatingAdmissionPolicy"})
_SOURCES = ("dataSource", "dataSourceRef")
_JOB_LABELS = ("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name")


@contextmanager
def keep_job_selector(kind: str, item: Object, live: Object | None) -> Iterator[None]:
    """Set no selector and no labels of it in an update of a Job: only a new one gets them."""
    spec = item.get("spec") or {}
    if kind != "Job" or live is None or spec.get("selector") is not None or "template" not in spec:
        yield
        return
    template = copy.deepcopy(spec["template"].get("metadata"))
    yield
    spec.pop("selector", None)
    if template is None:
        spec["template"].pop("metadata", None)
    else:
        spec["template"]["metadata"] = template


def list_status_metadata(kind: str, *, is_custom: bool) -> tuple[str, ...]:
    """Return the metadata that a write of the status changes, too."""
    if is_custom or kind in _ONLY_STATUS:
        return ()
    names = ("annotations", "finalizers", "ownerReferences")
    return names if kind == "Deployment" else ("labels", *names)


def keep_priority(kind: str, item: Object, live: Object) -> None:
    """Keep the priority of a pod if an update does not send it."""
    if kind != "Pod":
        return
    spec = item.setdefault("spec", {})
    for name in ("priority", "preemptionPolicy"):
        if spec.get(name) is None and live["spec"].get(name) is not None:
            spec[name] = live["spec"][name]


def drop_topology(kind: str, item: Object, live: Object | None) -> None:
    """Drop the former topology of endpoints, which clients can't write any more. It counts as a change before."""
    if kind != "EndpointSlice" or (live is not None and live.get("endpoints") == item.get("endpoints")):
        return
    dropped = [endpoint.pop("deprecatedTopology", None) for endpoint in item.get("endpoints") or ()]
    if live is not None and any(dropped):
        item["metadata"]["generation"] = live["metadata"].get("generation", 0) + 1


def keep_source(kind: str, item: Object, live: Object) -> None:
    """Write the source of a claim into both of its fields, also one that a new claim could not have."""
    spec, old = item.get("spec") or {}, live.get("spec") or {}
    if kind != "PersistentVolumeClaim" or not any(old.get(name) for name in _SOURCES):
        return
    if spec.get("dataSource") is not None and spec.get("dataSourceRef") is None:
        names = ("apiGroup", "kind", "name")
        spec["dataSourceRef"] = {name: spec["dataSource"][name] for name in names if name in spec["dataSource"]}


def count_template(kind: str, item: Object, live: Object) -> None:
    """Count the templates of a DaemonSet."""
    if kind != "DaemonSet":
        return
    number = int((live["metadata"].get("annotations") or {}).get(_COUNT, "1"))
    changed = (item.get("spec") or {}).get("template") != (live.get("spec") or {}).get("template")
    annotations = item["metadata"].get("annotations") or {}
    item["metadata"]["annotations"] = annotations | {_COUNT: str(number + changed)}


def drop_kept(kind: str, item: Object, sent: Object) -> Object:
    """Return an object without what the server has allocated and the client has not sent."""
    if kind == "Job":
        return _drop_job_selector(item, sent)
    if kind == "PersistentVolumeClaim":
        return _drop_source(item, sent)
    names = _ALLOCATED.get(kind)
    if not names:
        return item
    spec, wanted = dict(item.get("spec") or {}), sent.get("spec") or {}
    for name in names:
        if wanted.get(name) in (None, "", []):
            spec.pop(name, None)
    if kind == "Service" and spec.get("ports"):
        ports = wanted.get("ports") or ()
        numbered = [
            index < len(ports) and bool(ports[index].get("nodePort")) for index in range(len(spec.get("ports") or ()))
        ]
        spec["ports"] = [
            port if has_number else {name: value for name, value in port.items() if name != "nodePort"}
            for port, has_number in zip(spec.get("ports") or (), numbered, strict=True)
        ]
    rest = {name: value for name, value in item.items() if name != "spec"}
    return {**rest, "spec": spec} if spec else rest


def _drop_job_selector(item: Object, sent: Object) -> Object:
    """Return a Job without the selector that the server has made, and without its labels."""
    wanted = sent.get("spec") or {}
    if wanted.get("selector") is not None:
        return item
    dropped = copy.deepcopy(item)
    dropped["spec"].pop("selector", None)
    template = dropped["spec"].get("template") or {}
    kept = ((wanted.get("template") or {}).get("metadata") or {}).get("labels") or {}
    for owner in (dropped, template):
        metadata = owner.get("metadata") or {}
        labels = {key: value for key, value in (metadata.pop("labels", None) or {}).items() if _is_sent(key, kept)}
        if labels:
            metadata["labels"] = labels
    if not template.get("metadata"):
        template.pop("metadata", None)
    return dropped


def _is_sent(key: str, sent: Mapping[str, Any]) -> bool:
    return key not in _JOB_LABELS or key in sent


def _drop_source(item: Object, sent: Object) -> Object:
    """Return a claim with the field of its source that the client has sent, out of the two that the server fills."""
    wanted = sent.get("spec") or {}
    spec = {name: value for name, value in (item.get("spec") or {}).items() if name in wanted or name not in _SOURCES}
    spec |= {name: wanted[name] for name in _SOURCES if wanted.get(name) is not None and name not in spec}
    return {**item, "spec": spec}
