"""PersistentVolumeClaims, and the volumes that the controller provisions for them.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/volume/persistentvolume/pv_controller.go (syncUnboundClaim,
provisionClaim, reclaimVolume), pkg/controller/volume/pvcprotection/pvc_protection_controller.go (processPVC).
"""

from collections.abc import Iterator

from kube_api_emulator.server.controllers.context import Context
from kube_api_emulator.server.resources import Object, Place, Resource, locate

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
_VOLUME_PROTECTION = "kubernetes.io/pv-protection"
_COMPONENT = "persistentvolume-controller"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_RETRY_SECONDS = 0.5


def reconcile_claim(context: Context, resource: Resource, item: Object) -> float | None:
    """Bind a claim to a volume of its own, once its class wants that."""
    if item["metadata"].get("deletionTimestamp"):
        return _release_claim(context, resource, item)
    status = item.get("status") or {}
    if status.get("phase") == "Bound":
        return None
    spec = item["spec"]
    storage_class = _find_class(context, spec.get("storageClassName") or "")
    if spec.get("storageClassName") and storage_class is None:
        message = f'storageclass.storage.k8s.io "{spec["storageClassName"]}" not found'
        _report_once(context, item, "ProvisioningFailed", message)
        return _RETRY_SECONDS
    if storage_class and _waits_for_pod(storage_class) and not any(_list_users(context, item)):
        message = "waiting for first consumer to be created before binding"
        _report_once(context, item, "WaitForFirstConsumer", message)
        return _RETRY_SECONDS
    _bind(context, resource, item, storage_class or {})
    return None


def _report_once(context: Context, item: Object, reason: str, message: str) -> None:
    if context.notice(item, reason):
        kind = "Warning" if reason == "ProvisioningFailed" else "Normal"
        context.report(item, _COMPONENT, reason, message, kind)  # type: ignore[arg-type]


def _bind(context: Context, resource: Resource, item: Object, storage_class: Object) -> None:
    uid, requests = item["metadata"]["uid"], (item["spec"].get("resources") or {}).get("requests") or {}
    if not item["spec"].get("volumeName"):
        item = context.change(resource, item, lambda claim: claim["spec"].update(volumeName=f"pvc-{uid}"))
        volumes = context.find("", "persistentvolumes")
        volume = context.create(volumes, "", _build_volume(item, requests, storage_class))
        context.set_status(volumes, volume, {"phase": "Bound"})
        text = f"Successfully provisioned volume pvc-{uid}"
        context.report(item, storage_class.get("provisioner", _COMPONENT), "ProvisioningSucceeded", text)
    status = {"phase": "Bound", "accessModes": item["spec"].get("accessModes") or [], "capacity": requests}
    context.set_status(resource, item, status)


def _build_volume(item: Object, requests: Object, storage_class: Object) -> Object:
    metadata, spec = item["metadata"], item["spec"]
    claim = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "name": metadata["name"]}
    claim |= {"namespace": metadata["namespace"], "uid": metadata["uid"]}
    driver = storage_class.get("provisioner", "emulator.local")
    volume: Object = {
        "capacity": requests,
        "accessModes": spec.get("accessModes") or [],
        "claimRef": claim,
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
        "volumeMode": spec.get("volumeMode", "Filesystem"),
        "csi": {"driver": driver, "volumeHandle": f"vol-{metadata['uid']}"},
    }
    if spec.get("storageClassName"):
        volume["storageClassName"] = spec["storageClassName"]
    return {"metadata": {"name": f"pvc-{metadata['uid']}", "annotations": {_PROVISIONED_BY: driver}}, "spec": volume}


def find_claim_problem(context: Context, pod: Object) -> str:
    """Return why a pod has to wait for its claims; empty if it does not."""
    claims, namespace = context.find("", "persistentvolumeclaims"), pod["metadata"]["namespace"]
    for name in _list_claims(pod):
        claim = context.cluster.store.find(Place(claims, namespace, name))
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if (claim.get("status") or {}).get("phase") == "Bound":
            continue
        storage_class = _find_class(context, claim["spec"].get("storageClassName") or "")
        if storage_class is None or not _waits_for_pod(storage_class):
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def _list_claims(pod: Object) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        if name := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
            yield name


def _list_users(context: Context, claim: Object) -> Iterator[Object]:
    metadata = claim["metadata"]
    for pod in context.cluster.store.list_items(context.find("", "pods"), metadata["namespace"]):
        if metadata["name"] in _list_claims(pod):
            yield pod


def _find_class(context: Context, name: str) -> Object | None:
    return context.cluster.store.find(Place(context.find("storage.k8s.io", "storageclasses"), "", name))


def _waits_for_pod(storage_class: Object) -> bool:
    return bool(storage_class.get("volumeBindingMode") == "WaitForFirstConsumer")


def _release_claim(context: Context, resource: Resource, item: Object) -> float | None:
    """Let a claim go that is being deleted, once no pod uses it."""
    if CLAIM_PROTECTION not in (item["metadata"].get("finalizers") or ()):
        return None
    if any(_list_users(context, item)):
        return context.ready_seconds
    context.cluster.finalize(resource, item, CLAIM_PROTECTION)
    return None


def release_volume(context: Context, claim: Object) -> None:
    """Delete the volume of a claim that is gone, or keep it as its class says."""
    volumes = context.find("", "persistentvolumes")
    found = context.cluster.store.find(Place(volumes, "", claim["spec"].get("volumeName", "")))
    if not found or (found["spec"].get("claimRef") or {}).get("uid") != claim["metadata"]["uid"]:
        return
    if found["spec"].get("persistentVolumeReclaimPolicy") != "Delete":
        context.set_status(volumes, found, {"phase": "Released"})
        return
    context.delete(volumes, found)
    if marked := context.cluster.store.find(locate(volumes, found)):
        context.cluster.finalize(volumes, marked, _VOLUME_PROTECTION)
