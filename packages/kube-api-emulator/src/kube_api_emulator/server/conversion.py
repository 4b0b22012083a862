"""Built-in kinds with two versions: their objects are stored in one, and read and written in both.

The rules are those of pkg/apis/autoscaling/v1/conversion.go and pkg/apis/events/v1/conversion.go in
kubernetes/kubernetes. Other kinds, and custom ones, have the same content in each version.
"""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from kube_api_emulator.server.resources import Object, Resource

_Convert = Callable[[Object], Object]

_TEMPLATE_COUNT = "deprecated.daemonset.template.generation"
_PREFIX = "autoscaling.alpha.kubernetes.io/"
_METRICS, _BEHAVIOR = f"{_PREFIX}metrics", f"{_PREFIX}behavior"
_CONDITIONS, _CURRENT = f"{_PREFIX}conditions", f"{_PREFIX}current-metrics"
_ANNOTATIONS = frozenset({_METRICS, _BEHAVIOR, _CONDITIONS, _CURRENT})
# Names of the fields of an event in events.k8s.io/v1, and in v1, where events are stored.
_EVENT_FIELDS = (
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
)


def is_stored(resource: Resource) -> bool:
    """Check that objects are stored in this version, or do not differ from the stored ones."""
    return _name_version(resource) not in _CONVERSIONS


def to_stored(resource: Resource, item: Object) -> Object:
    """Return an object of a version as it is stored."""
    if is_stored(resource):
        return item
    stored_version, convert, _ = _CONVERSIONS[_name_version(resource)]
    return {**convert(item), "apiVersion": stored_version}


def to_version(resource: Resource, item: Object) -> Object:
    """Return a stored object in the version of a resource."""
    if item.get("apiVersion") == resource.group_version:
        return item
    _, _, convert = _CONVERSIONS.get(_name_version(resource), ("", _keep, _keep))
    return {**convert(item), "apiVersion": resource.group_version}


def to_internal(resource: Resource, item: Object) -> Object:
    """Return an object without what only its version in a request has, as tables and metadata show it."""
    version, kind = _name_version(resource)
    if (version, kind) == ("autoscaling/v1", "HorizontalPodAutoscaler"):
        return {**_CONVERSIONS[version, kind][1](copy.deepcopy(item)), "apiVersion": version}
    annotations = item["metadata"].get("annotations") or {}
    if (version, kind) != ("apps/v1", "DaemonSet") or _TEMPLATE_COUNT not in annotations:
        return item
    kept = {name: value for name, value in annotations.items() if name != _TEMPLATE_COUNT}
    metadata = {name: value for name, value in item["metadata"].items() if name != "annotations"}
    return {**item, "metadata": metadata | ({"annotations": kept} if kept else {})}


def _name_version(resource: Resource) -> tuple[str, str]:
    return ("", "") if resource.is_custom else (resource.group_version, resource.kind)


def _keep(item: Object) -> Object:
    return item


# -- events ----------------------------------------------------------------------------------------------------------


def _to_core_event(item: Object) -> Object:
    names = dict(_EVENT_FIELDS)
    return {names.get(name, name): value for name, value in item.items()}


def _to_events_event(item: Object) -> Object:
    names = {core: name for name, core in _EVENT_FIELDS}
    # These are no empty texts in events.k8s.io/v1.
    reporting = ("reportingComponent", "reportingInstance")
    return {names.get(name, name): value for name, value in item.items() if value != "" or name not in reporting}


# -- HorizontalPodAutoscaler -----------------------------------------------------------------------------------------


def _to_autoscaler_v2(item: Object) -> Object:
    known = (item.get("metadata") or {}).get("annotations") or {}
    spec, status = dict(item.get("spec") or {}), dict(item.get("status") or {})
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    current = status.pop("currentCPUUtilizationPercentage", None)
    metrics = [_to_metric_v2(each) for each in _parse(known, _METRICS)]
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    if metrics:
        spec["metrics"] = metrics
    if behavior := _parse(known, _BEHAVIOR):
        spec["behavior"] = behavior
    if conditions := _parse(known, _CONDITIONS):
        status["conditions"] = conditions
    if current is not None:
        resource = {"name": "cpu", "current": {"averageUtilization": current}}
        status["currentMetrics"] = [{"type": "Resource", "resource": resource}]
    return _put_together(item, {name: text for name, text in known.items() if name not in _ANNOTATIONS}, spec, status)


def _to_autoscaler_v1(item: Object) -> Object:
    annotations = {**((item.get("metadata") or {}).get("annotations") or {})}
    spec, status = dict(item.get("spec") or {}), dict(item.get("status") or {})
    others = []
    for metric in spec.pop("metrics", None) or ():
        percent = _read_cpu_percent(metric)
        if percent is not None and "targetCPUUtilizationPercentage" not in spec:
            spec["targetCPUUtilizationPercentage"] = percent
        else:
            others.append(_to_metric_v1(metric))
    kept = {
        _METRICS: others,
        _BEHAVIOR: spec.pop("behavior", None),
        _CONDITIONS: status.pop("conditions", None),
    }
    annotations |= {name: json.dumps(value, separators=(",", ":")) for name, value in kept.items() if value}
    for metric in status.pop("currentMetrics", None) or ():
        resource = metric.get("resource") or {}
        used = (resource.get("current") or {}).get("averageUtilization")
        if resource.get("name") == "cpu" and used is not None:
            status["currentCPUUtilizationPercentage"] = used
    status.setdefault("currentReplicas", 0)
    return _put_together(item, annotations, spec, status)


def _put_together(item: Object, annotations: Mapping[str, str], spec: Object, status: Object) -> Object:
    metadata = {name: value for name, value in (item.get("metadata") or {}).items() if name != "annotations"}
    if annotations:
        metadata["annotations"] = dict(annotations)
    converted = {**item, "metadata": metadata}
    if spec or "spec" in item:
        converted["spec"] = spec
    if "status" in item:
        converted["status"] = status
    return converted


def _parse(annotations: Mapping[str, str], name: str) -> Any:  # noqa: ANN401 (JSON)
    try:
        return json.loads(annotations.get(name, "null")) or []
    except ValueError:
        return []


def _read_cpu_percent(metric: Mapping[str, Any]) -> int | None:
    resource = metric.get("resource") or {}
    if metric.get("type") != "Resource" or resource.get("name") != "cpu":
        return None
    percent: int | None = (resource.get("target") or {}).get("averageUtilization")
    return percent


# Types of targets, with their names in v2.
_TARGETS = {"averageUtilization": "Utilization", "averageValue": "AverageValue", "value": "Value"}
_RESOURCE_TARGETS = {"averageUtilization": "targetAverageUtilization", "averageValue": "targetAverageValue"}
# The field of each type of metric, and the names of its targets in v1.
_SOURCES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Resource": ("resource", _RESOURCE_TARGETS),
    "ContainerResource": ("containerResource", _RESOURCE_TARGETS),
    "Pods": ("pods", {"averageValue": "targetAverageValue"}),
    "Object": ("object", {"value": "targetValue", "averageValue": "averageValue"}),
    "External": ("external", {"value": "targetValue", "averageValue": "targetAverageValue"}),
}


def _to_metric_v1(metric: Mapping[str, Any]) -> Object:
    source, names = _SOURCES.get(str(metric.get("type")), ("", {}))
    content = dict(metric.get(source) or {})
    target, named = content.pop("target", None) or {}, content.pop("metric", None) or {}
    if source == "object":
        content["target"] = content.pop("describedObject", {})
    if named:
        content["metricName"] = named.get("name", "")
    if named.get("selector"):
        content["metricSelector" if source == "external" else "selector"] = named["selector"]
    content |= {name: target[field] for field, name in names.items() if field in target}
    return {"type": metric.get("type"), source: content}


def _to_metric_v2(metric: Mapping[str, Any]) -> Object:
    source, names = _SOURCES.get(str(metric.get("type")), ("", {}))
    content = dict(metric.get(source) or {})
    if source == "object":
        content["describedObject"] = content.pop("target", {})
    target: Object = {}
    for field, name in names.items():
        if name in content:
            target = {"type": _TARGETS[field], field: content.pop(name)}
    named: Object = {"name": content.pop("metricName")} if "metricName" in content else {}
    for name in ("selector", "metricSelector"):
        if name in content:
            named["selector"] = content.pop(name)
    return {"type": metric.get("type"), source: content | ({"metric": named} if named else {}) | {"target": target}}


_CONVERSIONS: Mapping[tuple[str, str], tuple[str, _Convert, _Convert]] = {
    ("autoscaling/v1", "HorizontalPodAutoscaler"): ("autoscaling/v2", _to_autoscaler_v2, _to_autoscaler_v1),
    ("events.k8s.io/v1", "Event"): ("v1", _to_core_event, _to_events_event),
}
