"""Computed defaults of kube-apiserver, by definition.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/v1/defaults.go (SetDefaults_PodSpec, SetDefaults_Pod,
SetDefaults_Container), pkg/apis/apps/v1/defaults.go (SetDefaults_Deployment, SetDefaults_DaemonSet,
SetDefaults_StatefulSet), pkg/apis/batch/v1/defaults.go (SetDefaults_Job).
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

Part = dict[str, Any]

_RBAC = "rbac.authorization.k8s.io"
_LONGEST_IMAGE = 255
# A reference that is not of this form has no tag for the server.
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::\d+)?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z0-9.+_-]+:[0-9a-fA-F]{32,})?"
)
_FIRST_NODE_PORT, _LAST_NODE_PORT = 30000, 32767


def _set(part: Part, **values: object) -> None:
    for name, value in values.items():
        if part.get(name) is None:
            part[name] = value


def _choose_number(seed: str, count: int) -> int:
    """Return the same number for the same seed, where the server takes a random one."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % count


def _choose_pull_policy(image: str) -> str:
    if not _IMAGE.fullmatch(image) or len(image.partition("@")[0]) > _LONGEST_IMAGE:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    is_latest = tag == "latest" or (not tag and "@" not in image)
    return "Always" if is_latest else "IfNotPresent"


def _default_container(container: Part) -> None:
    _set(container, imagePullPolicy=_choose_pull_policy(container.get("image") or ""))


def _default_pod_spec(spec: Part) -> None:
    # The older field follows the newer one.
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]


def _default_volume(volume: Part) -> None:
    if not set(volume) - {"name"}:
        volume["emptyDir"] = {}
    image = volume.get("image")
    if image is not None:
        _set(image, pullPolicy=_choose_pull_policy(image.get("reference") or ""))


def _default_pod(pod: Part) -> None:
    spec = pod.setdefault("spec", {})
    _set(spec, enableServiceLinks=True)
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        limits = (container.get("resources") or {}).get("limits")
        if limits:
            container["resources"]["requests"] = {**limits, **(container["resources"].get("requests") or {})}
        for port in (container.get("ports") or ()) if spec.get("hostNetwork") else ():
            _set(port, hostPort=port.get("containerPort"))
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        spec["terminationGracePeriodSeconds"] = 1
    tolerations = spec.setdefault("tolerations", [])
    for name in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{name}"
        if not any(each.get("key") in (key, None) for each in tolerations):
            added = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            tolerations.append(added)


def _default_rolling_update(strategy: Part, **values: object) -> None:
    if strategy.get("type") in (None, "RollingUpdate"):
        _set(strategy.setdefault("rollingUpdate", {}), **values)


def _default_deployment_strategy(strategy: Part) -> None:
    _default_rolling_update(strategy, maxUnavailable="25%", maxSurge="25%")


def _default_daemon_set_strategy(strategy: Part) -> None:
    _default_rolling_update(strategy, maxUnavailable=1, maxSurge=0)


def _default_daemon_set(item: Part) -> None:
    annotations = item["metadata"].get("annotations") or {}
    item["metadata"]["annotations"] = {"deprecated.daemonset.template.generation": "1"} | annotations


def _default_stateful_set(item: Part) -> None:
    strategy = item["spec"]["updateStrategy"]
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        _set(strategy, rollingUpdate={})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        _set(strategy["rollingUpdate"], partition=0)
    for claim in item.get("spec", {}).get("volumeClaimTemplates") or ():
        _set(claim, apiVersion="v1", kind="PersistentVolumeClaim")


def _default_job(item: Part) -> None:
    """Set the defaults of a Job, which those of a CronJob's template do not have."""
    spec = item.setdefault("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    most_retries = 6 if spec.get("backoffLimitPerIndex") is None else 2**31 - 1
    _set(
        spec, parallelism=1, backoffLimit=most_retries, completionMode="NonIndexed", suspend=False, manualSelector=False
    )
    _set(spec, podReplacementPolicy="Failed" if spec.get("podFailurePolicy") is not None else "TerminatingOrFailed")
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for condition in rule.get("onPodConditions") or ():
            _set(condition, status="True")
    template = spec.setdefault("template", {})
    uid = item["metadata"].get("uid")
    if uid and not spec.get("selector") and not spec["manualSelector"]:
        name = item["metadata"].get("name", "")
        labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name}
        labels |= {"controller-uid": uid, "job-name": name}
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        metadata = template.setdefault("metadata", {})
        metadata["labels"] = (metadata.get("labels") or {}) | labels
    _default_labels_of_template(item)


def _default_labels_of_template(item: Part) -> None:
    labels = ((item.get("spec") or {}).get("template") or {}).get("metadata", {}).get("labels")
    if labels and not item["metadata"].get("labels"):
        item["metadata"]["labels"] = dict(labels)


def _default_service(item: Part) -> None:
    spec = item.setdefault("spec", {})
    _set(spec, type="ClusterIP", sessionAffinity="None")
    affinity = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP" and affinity.get("timeoutSeconds") is None:
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}
    name = f"{item['metadata'].get('namespace', '')}/{item['metadata'].get('name', '')}"
    if spec["type"] in ("ClusterIP", "NodePort", "LoadBalancer"):
        _set(spec, internalTrafficPolicy="Cluster")
    if spec["type"] != "ExternalName":
        _default_cluster_addresses(spec, name)
    has_node_ports = spec["type"] in ("NodePort", "LoadBalancer")
    if has_node_ports or (spec["type"] == "ClusterIP" and spec.get("externalIPs")):
        _set(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _set(spec, allocateLoadBalancerNodePorts=True)
        _default_health_port(spec, name)
    for index, port in enumerate(spec.get("ports") or ()):
        _set(port, protocol="TCP")
        _set(port, port=0)
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port["port"]
        if has_node_ports and spec.get("allocateLoadBalancerNodePorts", True):
            count = _LAST_NODE_PORT - _FIRST_NODE_PORT + 1
            _set(port, nodePort=_FIRST_NODE_PORT + _choose_number(f"{name}/{index}", count))
    _default_balancer_status(item, spec)


def _default_balancer_status(item: Part, spec: Part) -> None:
    balancer = item.setdefault("status", {}).setdefault("loadBalancer", {})
    for entry in balancer.get("ingress") or () if spec["type"] == "LoadBalancer" else ():
        if entry.get("ip"):
            _set(entry, ipMode="VIP")


def _default_cluster_addresses(spec: Part, name: str) -> None:
    if not spec.get("ipFamilies"):
        spec.pop("ipFamilies", None)
    if spec.get("clusterIP") == "None" and not spec.get("selector"):
        # Its endpoints come from the user, who may have addresses of both families.
        _set(spec, ipFamilyPolicy="RequireDualStack", ipFamilies=["IPv4"])
        if spec["ipFamilyPolicy"] in ("PreferDualStack", "RequireDualStack") and len(spec["ipFamilies"]) == 1:
            spec["ipFamilies"] = ["IPv6", "IPv4"] if spec["ipFamilies"] == ["IPv6"] else ["IPv4", "IPv6"]
    _set(spec, ipFamilyPolicy="SingleStack", ipFamilies=["IPv4"])
    if not spec.get("clusterIPs") and (spec.get("clusterIP") or spec["ipFamilies"][:1] == ["IPv4"]):
        number = _choose_number(name, 64_000)
        # The first address is that of the API server.
        _set(spec, clusterIP=f"10.96.{number // 250}.{number % 250 + 2}")
        _set(spec, clusterIPs=[spec["clusterIP"]])


def _default_health_port(spec: Part, name: str) -> None:
    if spec.get("externalTrafficPolicy") == "Local":
        number = _choose_number(f"{name}/health", _LAST_NODE_PORT - _FIRST_NODE_PORT + 1)
        _set(spec, healthCheckNodePort=_FIRST_NODE_PORT + number)


def _default_secret(item: Part) -> None:
    _set(item, type="Opaque")
    for name, value in (item.pop("stringData", None) or {}).items():
        item.setdefault("data", {})[name] = base64.b64encode(str(value).encode()).decode()


def _default_namespace(item: Part) -> None:
    labels = item["metadata"].get("labels") or {}
    item["metadata"]["labels"] = labels | {"kubernetes.io/metadata.name": item["metadata"].get("name") or ""}
    _set(item.setdefault("spec", {}), finalizers=["kubernetes"])


def _default_subject(subject: Part) -> None:
    if subject.get("kind") in ("User", "Group"):
        _set(subject, apiGroup=_RBAC)


def _default_network_policy(spec: Part) -> None:
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _default_ingress_class(spec: Part) -> None:
    if spec.get("parameters") is not None:
        _set(spec["parameters"], scope="Cluster")


def _default_replication_controller(item: Part) -> None:
    labels = ((item["spec"].get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not item["spec"].get("selector"):
        item["spec"]["selector"] = dict(labels)
    _default_labels_of_template(item)


def _default_autoscaler(spec: Part) -> None:
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def _default_scaling_behavior(behavior: Part) -> None:
    fast = {"type": "Percent", "value": 100, "periodSeconds": 15}
    pods = {"type": "Pods", "value": 4, "periodSeconds": 15}
    up = {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [pods, fast]}
    down = {"selectPolicy": "Max", "policies": [dict(fast)]}
    _set(behavior.setdefault("scaleUp", {}), **up)
    _set(behavior.setdefault("scaleDown", {}), **down)


def _default_custom_kind(item: Part) -> None:
    spec = item.setdefault("spec", {})
    names = spec.setdefault("names", {})
    if names.get("kind"):
        for name, value in (("singular", names["kind"].lower()), ("listKind", f"{names['kind']}List")):
            names[name] = names.get(name) or value
    _set(spec, conversion={"strategy": "None"})


def _default_limit(limit: Part) -> None:
    if limit.get("type") != "Container":
        return
    limit["default"] = {**(limit.get("max") or {}), **(limit.get("default") or {})}
    limit["defaultRequest"] = {
        **(limit.get("min") or {}),
        **limit["default"],
        **(limit.get("defaultRequest") or {}),
    }
    for name in ("default", "defaultRequest"):
        if not limit[name]:
            del limit[name]


def _default_claim(item: Part) -> None:
    """Set the status of a PersistentVolumeClaim."""
    item.setdefault("status", {}).setdefault("phase", "Pending")
    if item.get("spec"):
        _default_sources(item["spec"])


def _default_sources(spec: Part) -> None:
    """Write the source of a claim into both of its fields. The older one knows claims and snapshots only."""
    old, new = spec.get("dataSource"), spec.get("dataSourceRef")
    known = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
    if old is not None and new is None and (old.get("apiGroup") or "", old.get("kind") or "") not in known:
        old = spec.pop("dataSource") and None
    names = ("apiGroup", "kind", "name")
    if old is not None and new is None:
        spec["dataSourceRef"] = {name: old[name] for name in names if name in old}
    elif new is not None and old is None and not new.get("namespace"):
        spec["dataSource"] = {name: new[name] for name in names if name in new}


def _default_volume_object(item: Part) -> None:
    """Set the defaults of a PersistentVolume."""
    spec = item.setdefault("spec", {})
    spec["persistentVolumeReclaimPolicy"] = spec.get("persistentVolumeReclaimPolicy") or "Retain"
    _set(spec, volumeMode="Filesystem")
    item.setdefault("status", {}).setdefault("phase", "Pending")


def _default_node_spec(spec: Part) -> None:
    """Write the range of addresses of a node into both of its fields. The older one decides."""
    ranges = spec.get("podCIDRs") or []
    if spec.get("podCIDR") and spec["podCIDR"] != (ranges or [""])[0]:
        spec["podCIDRs"] = [spec["podCIDR"]]
    elif ranges:
        spec["podCIDR"] = ranges[0]


def _default_node_status(status: Part) -> None:
    """Let pods have all that a node has, unless it says less."""
    if status.get("capacity") and not status.get("allocatable"):
        status["allocatable"] = dict(status["capacity"])


FUNCTIONS: Mapping[str, Callable[[Part], None]] = {
    "apiextensions.v1.CustomResourceDefinition": _default_custom_kind,
    "apps.v1.DaemonSet": _default_daemon_set,
    "apps.v1.DaemonSetUpdateStrategy": _default_daemon_set_strategy,
    "apps.v1.DeploymentStrategy": _default_deployment_strategy,
    "apps.v1.StatefulSet": _default_stateful_set,
    "autoscaling.v2.HorizontalPodAutoscalerBehavior": _default_scaling_behavior,
    "autoscaling.v2.HorizontalPodAutoscalerSpec": _default_autoscaler,
    "batch.v1.Job": _default_job,
    "core.v1.Container": _default_container,
    "core.v1.EphemeralContainer": _default_container,
    "core.v1.LimitRangeItem": _default_limit,
    "core.v1.Namespace": _default_namespace,
    "core.v1.NodeSpec": _default_node_spec,
    "core.v1.NodeStatus": _default_node_status,
    "core.v1.Pod": _default_pod,
    "core.v1.PodSpec": _default_pod_spec,
    "core.v1.ReplicationController": _default_replication_controller,
    "core.v1.Secret": _default_secret,
    "core.v1.Service": _default_service,
    "core.v1.Volume": _default_volume,
    "networking.v1.IngressClassSpec": _default_ingress_class,
    "networking.v1.NetworkPolicySpec": _default_network_policy,
    "rbac.v1.Subject": _default_subject,
}
"""Functions that complete a part, by its definition. The parts below it get theirs afterwards."""

ROOT_FUNCTIONS: Mapping[str, Callable[[Part], None]] = {
    "core.v1.PersistentVolume": _default_volume_object,
    "core.v1.PersistentVolumeClaim": _default_claim,
}
"""Functions that complete an object, which do not hold for the same definition within another object."""
