"""HorizontalPodAutoscalers without metrics: they keep the bounds, and say that they know no more.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler,
computeReplicasForMetrics, setCondition).
"""

from kube_api_emulator.server.cluster import WriteOptions
from kube_api_emulator.server.controllers.context import MANAGER, Context, build_condition
from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.rules.schema_rules import format_time

_COMPONENT = "horizontal-pod-autoscaler"
_NO_METRICS = (
    "unable to get metrics for resource {name}: unable to fetch metrics from resource metrics API: "
    "the server could not find the requested resource (get pods.metrics.k8s.io)"
)
_NO_CUSTOM = "unable to get metric {name}: unable to fetch metrics from {kind} metrics API: no {kind} metrics API"


def reconcile_autoscaler(context: Context, resource: Resource, item: Object) -> float | None:
    if item["metadata"].get("deletionTimestamp"):
        return None
    before = item.get("status") or {}
    target = _find_target(context, item)
    if isinstance(target, str):
        text = f"the HPA controller was unable to get the target's current scale: {target}"
        condition = build_condition(before, "AbleToScale", "False", "FailedGetScale", text)
        context.report(item, _COMPONENT, "FailedGetScale", target, "Warning")
        _write_status(context, resource, item, before, [condition])
        return None
    kind, found = target
    current = int(found["spec"].get("replicas", 1))
    least, most = int(item["spec"].get("minReplicas", 1)), int(item["spec"]["maxReplicas"])
    able = "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale"
    if current == 0 and least != 0:
        text = "scaling is disabled since the replica count of the target is zero"
        conditions = [
            build_condition(before, "AbleToScale", *able),
            build_condition(before, "ScalingActive", "False", "ScalingDisabled", text),
        ]
        _write_status(context, resource, item, {"currentReplicas": 0, "desiredReplicas": 0}, conditions)
        return None
    if not least <= current <= most:
        _rescale(context, resource, item, (kind, found))
        return context.ready_seconds
    _report_metrics(context, resource, item, current, able)
    return None


def _find_target(context: Context, item: Object) -> tuple[Resource, Object] | str:
    """Return the target with its resource, or why there is none."""
    reference = item["spec"]["scaleTargetRef"]
    group, _, version = reference.get("apiVersion", "").rpartition("/")
    resource = context.cluster.resources.find_kind(group, version, reference["kind"])
    if resource is None:
        return f'no matches for kind "{reference["kind"]}" in group "{group}"'
    found = context.cluster.store.find(Place(resource, item["metadata"]["namespace"], reference["name"]))
    return (resource, found) if found else f'{resource.qualified_name} "{reference["name"]}" not found'


def _rescale(context: Context, resource: Resource, item: Object, target: tuple[Resource, Object]) -> None:
    kind, found = target
    current = int(found["spec"].get("replicas", 1))
    before = item.get("status") or {}
    least, most = int(item["spec"].get("minReplicas", 1)), int(item["spec"]["maxReplicas"])
    is_above = current > most
    wanted = most if is_above else least
    reason = f"Current number of replicas {'above Spec.MaxReplicas' if is_above else 'below Spec.MinReplicas'}"
    place = Place(kind, found["metadata"]["namespace"], found["metadata"]["name"])
    changed = {**found, "spec": {**found["spec"], "replicas": wanted}}
    context.cluster.update(place, changed, WriteOptions(MANAGER, part="scale"))
    context.report(item, _COMPONENT, "SuccessfulRescale", f"New size: {wanted}; reason: {reason}")
    text = f"the HPA controller was able to update the target scale to {wanted}"
    conditions = [build_condition(before, "AbleToScale", "True", "SucceededRescale", text)]
    status: Object = {"currentReplicas": current, "desiredReplicas": wanted, "lastScaleTime": format_time()}
    _write_status(context, resource, item, status, conditions)


def _report_metrics(
    context: Context, resource: Resource, item: Object, current: int, able: tuple[str, str, str]
) -> None:
    """Say that no metric is known, as without metrics-server."""
    before = item.get("status") or {}
    reason, problem = _describe_metric(item)
    text = f"the HPA was unable to compute the replica count: {problem}"
    conditions = [
        build_condition(before, "AbleToScale", *able),
        build_condition(before, "ScalingActive", "False", reason, text),
    ]
    status: Object = {"currentReplicas": current, "desiredReplicas": before.get("desiredReplicas", 0)}
    if before.get("lastScaleTime"):
        status["lastScaleTime"] = before["lastScaleTime"]
    _write_status(context, resource, item, status, conditions)
    if context.notice(item, reason):
        context.report(item, _COMPONENT, reason, problem, "Warning")
        text = f"invalid metrics (1 invalid out of 1), first error is: {problem}"
        context.report(item, _COMPONENT, "FailedComputeMetricsReplicas", text, "Warning")


def _describe_metric(item: Object) -> tuple[str, str]:
    """Return the reason and the message for the first metric."""
    metric: Object = next(iter(item["spec"].get("metrics") or ()), {"type": "Resource", "resource": {"name": "cpu"}})
    kind = metric["type"]
    if kind in ("Resource", "ContainerResource"):
        source = metric.get("resource") or metric.get("containerResource") or {}
        name = source.get("name", "cpu")
        is_share = "averageUtilization" in (source.get("target") or {"averageUtilization": 0})
        head = f"failed to get {name} {'utilization' if is_share else 'resource metric value'}: "
        return f"FailedGet{kind}Metric", head + _NO_METRICS.format(name=name)
    source = metric.get(kind.lower()) or {}
    name = (source.get("metric") or {}).get("name", "")
    api = "external" if kind == "External" else "custom"
    return f"FailedGet{kind}Metric", _NO_CUSTOM.format(name=name, kind=api)


def _write_status(context: Context, resource: Resource, item: Object, status: Object, conditions: list[Object]) -> None:
    written = {"currentMetrics": None, "desiredReplicas": 0, **status, "conditions": conditions}
    if item["metadata"].get("generation"):
        written["observedGeneration"] = item["metadata"]["generation"]
    context.set_status(resource, item, written)
