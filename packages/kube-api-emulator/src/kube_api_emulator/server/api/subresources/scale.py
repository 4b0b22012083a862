"""The subresource scale: the number of replicas, for kinds that have one."""

import copy
from dataclasses import replace

from kube_api_emulator.server.api.bodies import require_object
from kube_api_emulator.server.cluster import Cluster, WriteOptions, Written
from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.rules.content_errors import (
    Cause,
    ContentError,
    describe_object,
    refuse_fields,
)
from kube_api_emulator.server.status_errors import StatusError, bad_request, stale_version

_SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_VERSION, _FIELDS = "autoscaling/v1", frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
_REPLICAS, _STATUS_REPLICAS = ".spec.replicas", ".status.replicas"


def read_scale(cluster: Cluster, place: Place) -> Object:
    item = cluster.get(place)
    if path := find_missing_replicas(place.resource, item):
        text = f'the spec replicas field "{path}" does not exist'
        raise StatusError(500, "InternalError", f"Internal error occurred: {text}", {"causes": [{"message": text}]})
    return _to_scale(place.resource, item)


def find_missing_replicas(resource: Resource, item: Object) -> str:
    """Return the path of the replicas that an object of a custom kind does not have; empty if it has them."""
    path = resource.scale_paths.get("specReplicasPath", "") if resource.is_custom else ""
    found: object = item
    for step in path.strip(".").split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return path if path and found is None else ""


def write_scale(cluster: Cluster, place: Place, kind: str, body: object, options: WriteOptions) -> Written:
    """Update or patch the scale of an object, and return it."""
    resource, name = place.resource, place.name
    with cluster.store.lock:
        if kind == "update":
            wanted = require_object(body)
            _check_scale(wanted, place)
        live = cluster.get(place)
        if kind != "update":
            if path := find_missing_replicas(resource, live):
                raise bad_request(f'the spec replicas field "{path}" cannot be empty')
            if kind == "apply":
                _check_config(require_object(body), place)
            # Scale has no lists: a strategic patch and an apply are merges.
            wanted = cluster.rules.patch(
                resource, _to_scale(resource, live), "json" if kind == "json" else "merge", body
            )
            _check_scale_name(wanted.get("metadata") or {}, place)
        _check_fields(wanted, options)
        sent = (wanted.get("metadata") or {}).get("resourceVersion")
        if sent and sent != live["metadata"]["resourceVersion"]:
            raise stale_version(resource, name)
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        if not isinstance(replicas, int) or replicas < 0:
            text = f"Invalid value: {replicas}: must be greater than or equal to 0"
            raise refuse_fields("autoscaling", "Scale", name, [Cause("spec.replicas", "FieldValueInvalid", text)])
        changed = copy.deepcopy(live)
        _set_path(changed, resource.scale_paths.get("specReplicasPath", _REPLICAS), replicas)
        written = cluster.update(place, changed, options)
        return replace(written, item=_to_scale(resource, written.item))


def _check_scale(scale: Object, place: Place) -> None:
    """Check that an update means the scale of this object. Raises StatusError 400."""
    kind, metadata = scale.get("kind") or "Scale", scale.get("metadata") or {}
    if kind != "Scale":
        version = str(scale.get("apiVersion") or "").rpartition("/")[2]
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a Scale: unknown conversion')
    if metadata.get("namespace") not in (None, "", place.namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    _check_scale_name(metadata, place)


def _check_config(config: Object, place: Place) -> None:
    """Check that an apply means a scale, and sends what one has. Raises StatusError 400, ContentError 500."""
    version, kind = config.get("apiVersion") or "", config.get("kind") or ""
    if (version, kind) != (_VERSION, "Scale"):
        shown = version if "/" in version else f"/{version}"
        raise bad_request(f"invalid object type: {shown}, Kind={kind}")
    if unknown := [name for name in config if name not in _FIELDS]:
        shown = describe_object(place.namespace, place.name, _VERSION, "Scale")
        texts = [f".{name}: field not declared in schema" for name in unknown[:1]]
        raise ContentError(500, "", f"failed to create typed patch object ({shown}): {texts[0]}")


def _check_fields(scale: Object, options: WriteOptions) -> None:
    """Check that a strict request sends no unknown field. Raises ContentError 400."""
    unknown = [f'unknown field "{name}"' for name in scale if name not in _FIELDS]
    if unknown and options.field_validation == "Strict":
        text = f'Scale in version "v1" cannot be handled as a Scale: strict decoding error: {", ".join(unknown)}'
        raise ContentError(400, "BadRequest", text)


def _check_scale_name(metadata: Object, place: Place) -> None:
    if not metadata.get("name"):
        text = f"the name of the object ({place.name} based on URL) was undeterminable: name must be provided"
        raise bad_request(text)
    if metadata["name"] != place.name:
        text = f"the name of the object ({metadata['name']}) does not match the name on the URL ({place.name})"
        raise bad_request(text)


def _to_scale(resource: Resource, item: Object) -> Object:
    metadata = {name: item["metadata"][name] for name in _SHOWN_METADATA if name in item["metadata"]}
    labels = ((item.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    selector = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    paths = resource.scale_paths
    status: Object = {"replicas": _read_path(item, paths.get("statusReplicasPath", _STATUS_REPLICAS))}
    return {
        "kind": "Scale",
        "apiVersion": _VERSION,
        "metadata": metadata,
        "spec": {"replicas": _read_path(item, paths.get("specReplicasPath", _REPLICAS))},
        "status": status | ({"selector": selector} if selector else {}),
    }


def _read_path(item: Object, path: str) -> int:
    found: object = item
    for step in path.strip(".").split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, int) else 0


def _set_path(item: Object, path: str, value: int) -> None:
    *above, last = path.strip(".").split(".")
    for step in above:
        item = item.setdefault(step, {})
    item[last] = value
