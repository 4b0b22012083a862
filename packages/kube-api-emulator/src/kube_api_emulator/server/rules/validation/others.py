"""Access rules, autoscaling, disruption budgets, and configuration.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/rbac/validation/validation.go (ValidatePolicyRule, ValidateClusterRole,
ValidateRoleBinding), pkg/apis/autoscaling/validation/validation.go (validateHorizontalPodAutoscalerSpec,
validateMetricSpec, validateScalingRules), pkg/apis/policy/validation/validation.go (ValidatePodDisruptionBudgetSpec).
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_config_key_problems,
    list_label_problems,
    list_segment_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.pods.resources import check_resource_name
from kube_api_emulator.server.rules.validation.selectors import check_selector
from kube_api_emulator.server.rules.validation.workloads import check_count_or_percent

Part = Mapping[str, Any]

_GROUP = "rbac.authorization.k8s.io"
# The order in which the server looks for the source of a metric. It checks the first one.
_SOURCES = ("object", "external", "pods", "resource", "containerResource")
_METRICS = ("ContainerResource", "External", "Object", "Pods", "Resource")
_MOST_DATA = 1024 * 1024
_KEYS_OF_TYPE = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


# -- RBAC ----------------------------------------------------------------------------------------------------------


def check_role(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    is_namespaced = item.get("kind") == "Role"
    if item.get("aggregationRule") is not None:
        _check_aggregation(item["aggregationRule"], causes)
    for index, rule in enumerate(item.get("rules") or ()):
        place = f"rules[{index}]"
        if not rule.get("verbs"):
            causes.require(f"{place}.verbs", "verbs must contain at least one value")
        if rule.get("nonResourceURLs"):
            if is_namespaced:
                text = "namespaced rules cannot apply to non-resource URLs"
                causes.refuse(f"{place}.nonResourceURLs", rule["nonResourceURLs"], text)
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                text = "rules cannot apply to both regular resources and non-resource URLs"
                causes.refuse(f"{place}.nonResourceURLs", rule["nonResourceURLs"], text)
            continue
        if not rule.get("apiGroups"):
            causes.require(f"{place}.apiGroups", "resource rules must supply at least one api group")
        if not rule.get("resources"):
            causes.require(f"{place}.resources", "resource rules must supply at least one resource")


def _check_aggregation(aggregation: Part, causes: Causes) -> None:
    selectors = aggregation.get("clusterRoleSelectors") or ()
    if not selectors:
        text = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        causes.require("aggregationRule.clusterRoleSelectors", text)
    for index, selector in enumerate(selectors):
        field, count = f"aggregationRule.clusterRoleSelectors[{index}]", len(causes)
        check_selector(selector, field, causes)
        if len(causes) > count:
            causes.refuse(field, None, "invalid label selector.")


def check_role_binding(item: Part, before: Part | None, causes: Causes) -> None:
    role = item.get("roleRef") or {}
    causes.check_choice("roleRef.apiGroup", role.get("apiGroup") or "", (_GROUP,))
    kinds = ("Role", "ClusterRole") if item.get("kind") == "RoleBinding" else ("ClusterRole",)
    causes.check_choice("roleRef.kind", role.get("kind") or "", kinds)
    if not role.get("name"):
        causes.require("roleRef.name")
    for text in list_segment_problems(role.get("name") or ""):
        causes.refuse("roleRef.name", role["name"], text)
    for index, subject in enumerate(item.get("subjects") or ()):
        _check_subject(subject, f"subjects[{index}]", causes, needs_namespace=item.get("kind") != "RoleBinding")
    if before is not None and role != (before.get("roleRef") or {}):
        shown = {"APIGroup": role.get("apiGroup"), "Kind": role.get("kind"), "Name": role.get("name")}
        causes.refuse("roleRef", shown, "cannot change roleRef")


def _check_subject(subject: Part, place: str, causes: Causes, *, needs_namespace: bool) -> None:
    kind, name, group = subject.get("kind") or "", subject.get("name") or "", subject.get("apiGroup") or ""
    if not name:
        causes.require(f"{place}.name")
    if kind == "ServiceAccount":
        for text in list_subdomain_problems(name) if name else ():
            causes.refuse(f"{place}.name", name, text)
        causes.check_choice(f"{place}.apiGroup", group, ("",))
        if needs_namespace and not subject.get("namespace"):
            causes.require(f"{place}.namespace")
    elif kind in ("User", "Group"):
        causes.check_choice(f"{place}.apiGroup", group, (_GROUP,))
    else:
        causes.refuse_choice(f"{place}.kind", kind, ("ServiceAccount", "User", "Group"))


# -- autoscaling and disruption budgets ----------------------------------------------------------------------------


def check_autoscaler(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    spec = item.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if least is not None and least < 1:
        causes.refuse("spec.minReplicas", least, "must be greater than or equal to 1")
    if most == 0:
        causes.require("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        causes.refuse("spec.maxReplicas", most, "must be greater than or equal to 1")
    if least is not None and most < least:
        causes.refuse("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    _check_target(spec.get("scaleTargetRef") or {}, "spec.scaleTargetRef", causes)
    for index, metric in enumerate(spec.get("metrics") or ()):
        _check_metric(metric, f"spec.metrics[{index}]", causes)
    if least == 0 and not {"Object", "External"} & {metric.get("type") for metric in spec.get("metrics") or ()}:
        text = "must specify at least one Object or External metric to support scaling to zero replicas"
        causes.forbid("spec.metrics", text)
    for name in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(name)
        if rules is not None:
            _check_scaling_rules(rules, f"spec.behavior.{name}", causes)


def _check_scaling_rules(rules: Part, place: str, causes: Causes) -> None:
    window, most_window, most_period = rules.get("stabilizationWindowSeconds"), 3600, 1800
    if window is not None and window < 0:
        causes.refuse(f"{place}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > most_window:
        text = f"must be less than or equal to {most_window}"
        causes.refuse(f"{place}.stabilizationWindowSeconds", window, text)
    causes.check_choice(f"{place}.selectPolicy", rules.get("selectPolicy"), ("Disabled", "Max", "Min"))
    if not rules.get("policies"):
        causes.require(f"{place}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.get("policies") or ()):
        field, period = f"{place}.policies[{index}]", policy.get("periodSeconds") or 0
        if policy.get("type") not in ("Percent", "Pods"):
            causes.refuse_choice(f"{field}.type", policy.get("type") or "", ("Percent", "Pods"))
        for name in ("value", "periodSeconds"):
            if (policy.get(name) or 0) <= 0:
                causes.refuse(f"{field}.{name}", policy.get(name) or 0, "must be greater than zero")
        if period > most_period:
            causes.refuse(f"{field}.periodSeconds", period, f"must be less than or equal to {most_period}")
    tolerance = rules.get("tolerance")
    if tolerance is not None and parse_quantity(tolerance) < 0:
        causes.refuse(f"{place}.tolerance", str(tolerance), "must be greater than or equal to 0")


def _check_target(target: Part, place: str, causes: Causes, *, needs_group: bool = True) -> None:
    for name in ("kind", "name"):
        if not target.get(name):
            causes.require(f"{place}.{name}")
        for text in list_segment_problems(target.get(name) or ""):
            causes.refuse(f"{place}.{name}", target[name], text)
    version = target.get("apiVersion") or ""
    if needs_group and "/" not in version and target.get("kind") != "ReplicationController":
        causes.refuse(f"{place}.apiVersion", version, "apiVersion must specify API group")


def _check_metric(metric: Part, place: str, causes: Causes) -> None:
    kind = metric.get("type") or ""
    if not kind:
        causes.require(f"{place}.type", "must specify a metric source type")
    if kind not in _METRICS:
        causes.refuse_choice(f"{place}.type", kind, _METRICS)
    sources = [name for name in _SOURCES if metric.get(name) is not None]
    for source in sources[:1]:
        _check_metric_source(source, metric[source], f"{place}.{source}", causes)
    expected = kind[:1].lower() + kind[1:]
    if kind in _METRICS and expected not in sources:
        causes.require(f"{place}.{expected}", "must populate information for the given metric source")
    if kind not in _METRICS:
        # The server finds this twice, and its answer has both.
        causes.refuse_choice(f"{place}.type", kind, _METRICS)
    for source in sources if len(sources) > 1 else ():
        if source != expected:
            causes.forbid(f"{place}.{source}", "must populate the given metric source only")


_NO_TARGET = {
    "object": "must set either a target value or averageValue",
    "external": "must set either a target value for metric or a per-pod target",
    "pods": "must specify a positive target averageValue",
}


def _check_metric_source(name: str, source: Part, place: str, causes: Causes) -> None:
    target = source.get("target") or {}
    is_resource = name in ("resource", "containerResource")
    if is_resource:
        _check_measured_resource(name, source, place, causes)
    else:
        if name == "object":
            _check_target(source.get("describedObject") or {}, f"{place}.describedObject", causes, needs_group=False)
        metric = (source.get("metric") or {}).get("name") or ""
        if not metric:
            causes.require(f"{place}.metric.name", "must specify a metric name")
        for text in list_segment_problems(metric):
            causes.refuse(f"{place}.metric.name", metric, text)
    _check_metric_target(target, f"{place}.target", causes)
    has_value, has_average = target.get("value") is not None, target.get("averageValue") is not None
    if is_resource:
        has_use = target.get("averageUtilization") is not None
        if not has_use and not has_average:
            text = "must set either a target raw value or a target utilization"
            causes.require(f"{place}.target.averageUtilization", text)
        if has_use and has_average:
            text = "may not set both a target raw value and a target utilization"
            causes.forbid(f"{place}.target.averageValue", text)
    elif not has_average and (name == "pods" or not has_value):
        causes.require(f"{place}.target.averageValue", _NO_TARGET[name])
    elif name == "external" and has_average and has_value:
        causes.forbid(f"{place}.target.value", "may not set both a target value for metric and a per-pod target")


def _check_measured_resource(name: str, source: Part, place: str, causes: Causes) -> None:
    resource, container = source.get("name") or "", source.get("container") or ""
    if not resource:
        causes.require(f"{place}.name", "must specify a resource name")
    if name == "resource":
        return
    if resource:
        check_resource_name(resource, f"{place}.name", causes)
    if not container:
        causes.require(f"{place}.container", "must specify a container")
    for text in list_label_problems(container) if container else ():
        causes.refuse(f"{place}.container", container, text)


def _check_metric_target(target: Part, place: str, causes: Causes) -> None:
    kind = target.get("type") or ""
    if not kind:
        causes.require(f"{place}.type", "must specify a metric target type")
    if kind not in ("Utilization", "Value", "AverageValue"):
        causes.refuse(f"{place}.type", kind, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        amount = target.get(name)
        if amount is not None and parse_quantity(amount) <= 0:
            causes.refuse(f"{place}.{name}", amount, "must be positive")
    use = target.get("averageUtilization")
    if use is not None and use < 1:
        causes.refuse(f"{place}.averageUtilization", use, "must be greater than 0")


def check_disruption_budget(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    spec = item.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        text = "minAvailable and maxUnavailable cannot be both set"
        causes.refuse("spec", spec, text, "@policy.PodDisruptionBudgetSpec")
    for name in ("minAvailable", "maxUnavailable"):
        check_count_or_percent(spec.get(name), f"spec.{name}", causes)
    check_selector(spec.get("selector"), "spec.selector", causes)
    policies = ("AlwaysAllow", "IfHealthyBudget")
    causes.check_choice("spec.unhealthyPodEvictionPolicy", spec.get("unhealthyPodEvictionPolicy"), policies)


# -- configuration -------------------------------------------------------------------------------------------------


def check_config_map(item: Part, before: Part | None, causes: Causes) -> None:
    data, binary = item.get("data") or {}, item.get("binaryData") or {}
    for field, values in (("data", data), ("binaryData", binary)):
        _check_keys(values, field, causes)
    for key in sorted(data.keys() & binary.keys()):
        causes.refuse(f"data[{key}]", key, "duplicate of key present in binaryData")
    _check_data_size([*data.values(), *binary.values()], "", causes)
    _check_frozen(item, before, ("data", "binaryData"), causes)


def check_secret(item: Part, before: Part | None, causes: Causes) -> None:
    data, kind = item.get("data") or {}, item.get("type") or ""
    if before is not None:
        causes.check_unchanged("type", kind, before.get("type") or "")
    _check_frozen(item, before, ("data",), causes)
    _check_keys(data, "data", causes)
    _check_data_size(list(data.values()), "data", causes)
    for key in _KEYS_OF_TYPE.get(kind, ()):
        if key not in data or (kind == "kubernetes.io/ssh-auth" and not data[key]):
            causes.require(f"data[{key}]")
        elif kind in ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"):
            _check_json(data[key] or "", f"data[{key}]", causes)
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        causes.require("data[username]")
        causes.require("data[password]")
    name = "kubernetes.io/service-account.name"
    annotations = item["metadata"].get("annotations") or {}
    if kind == "kubernetes.io/service-account-token" and not annotations.get(name):
        causes.require(f"metadata.annotations[{name}]")


def _check_json(encoded: str, field: str, causes: Causes) -> None:
    text = base64.b64decode(encoded)
    try:
        json.loads(text)
    except ValueError:
        problem = "unexpected end of JSON input" if not text else "invalid character looking for beginning of value"
        causes.refuse(field, "<secret contents redacted>", problem)


def _check_keys(values: Mapping[str, Any], field: str, causes: Causes) -> None:
    for key in sorted(values):
        for text in list_config_key_problems(key):
            causes.refuse(f"{field}[{key}]", key, text)


def _check_data_size(values: Sequence[str], field: str, causes: Causes) -> None:
    if sum(len(str(value).encode()) for value in values) > _MOST_DATA:
        causes.report_length(field, _MOST_DATA)


def _check_frozen(item: Part, before: Part | None, fields: Sequence[str], causes: Causes) -> None:
    if before is None or not before.get("immutable"):
        return
    text = "field is immutable when `immutable` is set"
    if not item.get("immutable"):
        causes.forbid("immutable", text)
    for field in fields:
        if (item.get(field) or {}) != (before.get(field) or {}):
            causes.forbid(field, text)
