"""DaemonSets: one pod on each node.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/daemon/daemon_controller.go (podsShouldBeOnNode, syncNodes,
NodeShouldRunDaemonPod), pkg/controller/daemon/update.go (rollingUpdate).
"""

from kube_api_emulator.server.controllers.context import Context, drop_zeros
from kube_api_emulator.server.controllers.nodes import list_nodes, tolerates_node
from kube_api_emulator.server.controllers.pod_status import is_ready
from kube_api_emulator.server.controllers.pods import build_pod
from kube_api_emulator.server.controllers.workloads.deployments import hash_template
from kube_api_emulator.server.controllers.workloads.revisions import (
    REVISION_LABEL,
    has_revision,
    save_revision,
)
from kube_api_emulator.server.resources import Object, Resource

_COMPONENT = "daemonset-controller"


def reconcile_daemon_set(context: Context, resource: Resource, item: Object) -> float | None:
    """Keep one pod on each node, and replace those of an older template one at a time."""
    metadata, spec = item["metadata"], item["spec"]
    if metadata.get("deletionTimestamp"):
        return None
    pods, revision = context.find("", "pods"), hash_template(spec["template"])
    save_revision(context, item, f"{metadata['name']}-{revision}")
    present = context.list_owned(pods, item)
    outdated = [pod for pod in present if not has_revision(pod, revision)]
    if outdated and (all(map(is_ready, present)) or not all(map(is_ready, outdated))):
        context.delete_pod(item, min(outdated, key=is_ready), _COMPONENT)
    nodes = [each["metadata"]["name"] for each in list_nodes(context) if _is_wanted(spec["template"], each)]
    for pod in context.list_owned(pods, item):
        if pod["spec"].get("nodeName") not in nodes:
            context.delete_pod(item, pod, _COMPONENT)
    for node in nodes:
        if not any(pod["spec"].get("nodeName") == node for pod in context.list_owned(pods, item)):
            pod = build_pod(item, spec["template"], {REVISION_LABEL: revision})
            pod["spec"] = {**pod["spec"], "nodeName": node}
            if context.create_pod(item, pod, _COMPONENT):
                break
    present = context.list_owned(pods, item)
    ready = sum(map(is_ready, present))
    counts = {
        "numberAvailable": ready,
        "numberUnavailable": len(nodes) - ready,
        "updatedNumberScheduled": sum(has_revision(pod, revision) for pod in present),
    }
    status: Object = {"observedGeneration": metadata.get("generation", 1), "numberMisscheduled": 0}
    status |= {"currentNumberScheduled": len(present), "desiredNumberScheduled": len(nodes), "numberReady": ready}
    context.set_status(resource, item, status | drop_zeros(counts))
    return None


def _is_wanted(template: Object, node: Object) -> bool:
    return tolerates_node(template["spec"], node, is_daemon=True)
