"""StatefulSets: pods with names and claims of their own, one after the other.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet,
processReplica, processCondemned, updateStatefulSetAfterInvariantEstablished),
pkg/controller/statefulset/stateful_set_utils.go (newStatefulSetPod, getPersistentVolumeClaims).
"""

from collections.abc import Sequence

from kube_api_emulator.server.controllers.context import Context, drop_zeros
from kube_api_emulator.server.controllers.pod_status import is_ready
from kube_api_emulator.server.controllers.pods import build_pod
from kube_api_emulator.server.controllers.workloads.deployments import hash_template
from kube_api_emulator.server.controllers.workloads.revisions import (
    REVISION_LABEL,
    has_revision,
    save_revision,
)
from kube_api_emulator.server.resources import Object, Place, Resource

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"
_COMPONENT = "statefulset-controller"
_RETRY_SECONDS = 1.0


def reconcile_stateful_set(context: Context, resource: Resource, item: Object) -> float | None:
    """Create pods in order, and replace those of an older template from the last to the first, one at a time."""
    metadata, spec = item["metadata"], item["spec"]
    if metadata.get("deletionTimestamp"):
        return None
    pods, wanted = context.find("", "pods"), int(spec.get("replicas", 1))
    revision = f"{metadata['name']}-{hash_template(spec['template'])}"
    save_revision(context, item, revision)
    names = [f"{metadata['name']}-{number}" for number in range(wanted)]
    present = {pod["metadata"]["name"]: pod for pod in context.list_owned(pods, item)}
    surplus = [name for name in present if name not in names]
    outdated = [name for name in reversed(names) if name in present and not has_revision(present[name], revision)]
    missing = [name for name in names if name not in present]
    is_parallel = spec.get("podManagementPolicy") == "Parallel"
    if surplus:
        # The last one goes first.
        for name in sorted(surplus, key=_read_number, reverse=True):
            context.delete_pod(item, present[name], _COMPONENT)
    elif missing and (is_parallel or all(is_ready(pod) for pod in present.values())):
        for name in missing if is_parallel else missing[:1]:
            _create_claims(context, item, name)
            number = str(_read_number(name))
            labels = {REVISION_LABEL: revision, POD_NAME_LABEL: name, INDEX_LABEL: number}
            pod = build_pod(item, _add_claims(item, name), labels, name)
            if context.create_pod(item, pod, _COMPONENT):
                return _RETRY_SECONDS
    elif not missing and outdated and (spec.get("updateStrategy") or {}).get("type") != "OnDelete":
        # A pod that is not ready is replaced too, or a bad template could never be mended.
        unready = [name for name in names if not is_ready(present[name])]
        if not unready or unready == outdated[:1] or unready[0] in outdated:
            context.delete_pod(item, present[unready[0] if unready else outdated[0]], _COMPONENT)
    _write_stateful_status(context, resource, item, context.list_owned(pods, item), revision)
    return None


def _read_number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _add_claims(item: Object, pod_name: str) -> Object:
    """Return the template of a pod with the claims that are its own."""
    template: Object = item["spec"]["template"]
    names = [each["metadata"]["name"] for each in item["spec"].get("volumeClaimTemplates") or ()]
    if not names:
        return template
    others = [each for each in template["spec"].get("volumes") or () if each["name"] not in names]
    own = [{"name": each, "persistentVolumeClaim": {"claimName": f"{each}-{pod_name}"}} for each in names]
    return {**template, "spec": {**template["spec"], "volumes": [*own, *others]}}


def _create_claims(context: Context, item: Object, pod_name: str) -> None:
    claims = context.find("", "persistentvolumeclaims")
    for template in item["spec"].get("volumeClaimTemplates") or ():
        name = f"{template['metadata']['name']}-{pod_name}"
        namespace = item["metadata"]["namespace"]
        if context.cluster.store.find(Place(claims, namespace, name)) is None:
            labels = (item["spec"].get("selector") or {}).get("matchLabels") or {}
            claim = {"metadata": {"name": name, "labels": labels}, "spec": template["spec"]}
            context.create(claims, namespace, claim)
            text = f"create Claim {name} Pod {pod_name} in StatefulSet {item['metadata']['name']} success"
            context.report(item, _COMPONENT, "SuccessfulCreate", text)


def _write_stateful_status(
    context: Context, resource: Resource, item: Object, present: Sequence[Object], revision: str
) -> None:
    before = item.get("status") or {}
    ready = sum(map(is_ready, present))
    updated = sum(has_revision(pod, revision) for pod in present)
    is_complete = updated == len(present) == int(item["spec"].get("replicas", 1)) == ready
    current = revision if is_complete else before.get("currentRevision", revision)
    counts = {
        "readyReplicas": ready,
        "currentReplicas": sum(has_revision(pod, current) for pod in present),
        "updatedReplicas": updated,
    }
    status: Object = {"observedGeneration": item["metadata"].get("generation", 1), "replicas": len(present)}
    status |= drop_zeros(counts) | {"availableReplicas": ready, "collisionCount": 0}
    context.set_status(resource, item, status | {"currentRevision": current, "updateRevision": revision})
