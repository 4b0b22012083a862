"""Nodes, and the choice of one for each pod.

Source: k8s.io/component-helpers v0.36.2, scheduling/corev1/helpers.go (FindMatchingUntoleratedTaint,
TolerationsTolerateTaint), scheduling/corev1/nodeaffinity/nodeaffinity.go (GetRequiredNodeAffinity).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.controllers.context import KUBELET, Context, NodeFacts, build_condition
from kube_api_emulator.server.resources import Object, Place, locate
from kube_api_emulator.server.rules.schema_rules import format_time

SCHEDULER = "default-scheduler"
_CAPACITY = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}
_KEEPS_OUT = ("NoSchedule", "NoExecute")
_UNREADY = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)


def synchronize_nodes(context: Context) -> None:
    """Bring nodes to the machines of the cluster. A node that is gone takes its pods along."""
    nodes = context.find("", "nodes")
    wanted = {each.name: each for each in context.nodes}
    with context.cluster.store.lock:
        present = {each["metadata"]["name"]: each for each in context.cluster.store.list_items(nodes)}
        for name, node in present.items():
            if name not in wanted:
                context.delete(nodes, node)
                _delete_pods(context, name)
        for number, (name, facts) in enumerate(wanted.items(), 1):
            if name not in present:
                node = context.create(nodes, "", _build_node(facts), KUBELET)
                context.set_status(nodes, node, _describe_node(context, name, number), KUBELET)


def _delete_pods(context: Context, node: str) -> None:
    pods = context.find("", "pods")
    for pod in context.cluster.store.list_items(pods):
        if pod["spec"].get("nodeName") == node:
            context.delete(pods, pod)


def _build_node(facts: NodeFacts) -> Object:
    labels = {
        "kubernetes.io/hostname": facts.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        **facts.labels,
    }
    spec: Object = {"taints": [dict(each) for each in facts.taints]} if facts.taints else {}
    return {"metadata": {"name": facts.name, "labels": labels}, "spec": spec}


def _describe_node(context: Context, name: str, number: int) -> Object:
    now = format_time()
    conditions = [
        build_condition({}, kind, "False", reason, message) | {"lastHeartbeatTime": now}
        for kind, reason, message in _UNREADY
    ]
    ready = build_condition({}, "Ready", "True", "KubeletReady", "kubelet is posting ready status")
    version = f"v{context.cluster.version}.0-emulator"
    info = {
        "kubeletVersion": version,
        "kubeProxyVersion": "",
        "osImage": "none: the emulator has no machines",
        "operatingSystem": "linux",
        "architecture": "amd64",
        "containerRuntimeVersion": "none://0",
        "kernelVersion": "none",
    }
    identifiers = dict.fromkeys(("bootID", "machineID", "systemUUID"), "")
    return {
        "capacity": _CAPACITY,
        "allocatable": _CAPACITY,
        "conditions": [*conditions, ready | {"lastHeartbeatTime": now}],
        "addresses": [
            {"type": "InternalIP", "address": find_node_address(number)},
            {"type": "Hostname", "address": name},
        ],
        "nodeInfo": info | identifiers,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    }


def find_node_address(number: int) -> str:
    return f"10.0.{number // 250}.{number % 250 + 4}"


def read_node_address(node: Object) -> str:
    addresses = (node.get("status") or {}).get("addresses") or ()
    return next((str(each["address"]) for each in addresses if each["type"] == "InternalIP"), "")


def list_nodes(context: Context) -> list[Object]:
    return context.cluster.store.list_items(context.find("", "nodes"))


def tolerates_node(spec: Mapping[str, Any], node: Object, *, is_daemon: bool = False) -> bool:
    """Check the selector of a pod, and its tolerations of the taints of a node."""
    labels = node["metadata"].get("labels") or {}
    selector = spec.get("nodeSelector") or {}
    if any(labels.get(name) != value for name, value in selector.items()):
        return False
    tolerations = spec.get("tolerations") or ()
    taints = [each for each in node["spec"].get("taints") or () if each.get("effect") in _KEEPS_OUT]
    is_closed = bool(node["spec"].get("unschedulable")) and not is_daemon
    return not is_closed and all(any(_tolerates(each, taint) for each in tolerations) for taint in taints)


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.get("key"))
    return toleration.get("key") == taint.get("key") and toleration.get("value", "") == taint.get("value", "")


def assign_node(context: Context, pod: Object) -> Object | None:
    """Give a pod the node with the fewest pods. Returns the pod; None if no node takes it."""
    pods, nodes = context.find("", "pods"), list_nodes(context)
    fitting = [each for each in nodes if tolerates_node(pod["spec"], each)]
    if not fitting:
        _report_no_node(context, pod, nodes)
        return None
    counts = [each["spec"].get("nodeName") for each in context.cluster.store.list_items(pods)]
    chosen = min(fitting, key=lambda node: (counts.count(node["metadata"]["name"]), node["metadata"]["name"]))
    return bind_pod(context, pod, chosen["metadata"]["name"])


def bind_pod(context: Context, pod: Object, node: str) -> Object:
    pods, metadata = context.find("", "pods"), pod["metadata"]
    # As the subresource binding, which clients cannot write over.
    bound = {**pod, "metadata": dict(metadata), "spec": {**pod["spec"], "nodeName": node}}
    context.cluster.store.put(pods, bound)
    text = f"Successfully assigned {metadata['namespace']}/{metadata['name']} to {node}"
    context.report(bound, SCHEDULER, "Scheduled", text)
    return bound


def _report_no_node(context: Context, pod: Object, nodes: Sequence[Object]) -> None:
    closed = sum(bool(each["spec"].get("unschedulable")) for each in nodes)
    why = "no nodes available to schedule pods"
    if nodes:
        rest = len(nodes) - closed
        parts = (
            [f"{rest} node(s) didn't match Pod's node affinity/selector or had untolerated taint(s)"] if rest else []
        )
        parts += [f"{closed} node(s) were unschedulable"] if closed else []
        why = f"0/{len(nodes)} nodes are available: {', '.join(parts)}."
    before = pod.get("status") or {}
    condition = build_condition(before, "PodScheduled", "False", "Unschedulable", why)
    if before.get("conditions") != [condition]:
        pods = context.find("", "pods")
        context.report(pod, SCHEDULER, "FailedScheduling", why, "Warning")
        live = context.cluster.get(locate(pods, pod))
        context.set_status(pods, live, {**before, "phase": "Pending", "conditions": [condition]}, SCHEDULER)


def find_node(context: Context, name: str) -> Object | None:
    return context.cluster.store.find(Place(context.find("", "nodes"), "", name))
