"""The metadata of objects: fields of the server, and checks of those from clients."""

import copy
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import replace

from kube_api_emulator.server.new_status import build_new_status
from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.rules.kind_updates import list_status_metadata
from kube_api_emulator.server.rules.pod_updates import POD_PARTS
from kube_api_emulator.server.rules.schema_rules import format_time
from kube_api_emulator.server.status_errors import (
    StatusError,
    bad_request,
    conflict,
    invalid,
    name_details,
    stale_version,
)

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH = 5
MOST_BASE = 63 - _SUFFIX_LENGTH
# No write changes these; an update that sends others is read as if it had not sent them.
_FIXED = (
    *("name", "namespace", "uid", "creationTimestamp", "resourceVersion", "generation"),
    *("deletionTimestamp", "deletionGracePeriodSeconds"),
)
# The part of the metadata that counts for the generation, too.
_COUNTED_METADATA = {"Deployment": "annotations", "EndpointSlice": "labels"}
_LIMIT_RANGES = ("", "limitranges")
_NOT_FROM_CLIENTS = ("resourceVersion", "selfLink", "deletionTimestamp", "generation")
_WRONG_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


def prepare_new(resource: Resource, namespace: str, item: Object) -> Object:
    """Return a new object with its metadata. Raises StatusError."""
    metadata = _require_metadata(item)
    if resource.is_namespaced:
        _check_same_namespace(metadata, namespace)
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    if not metadata.get("name"):
        base = metadata.get("generateName") or ""
        suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
        # The validation refuses an object without both, other than a LimitRange.
        is_free = resource.key == _LIMIT_RANGES and not base
        metadata["name"] = str(uuid.uuid4()) if is_free else base and base[:MOST_BASE] + suffix
    for name in _NOT_FROM_CLIENTS:
        metadata.pop(name, None)
    metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": format_time()}
    if resource.has_first_generation:
        metadata["generation"] = 1
    if resource.has_status:
        item.pop("status", None)
        if status := build_new_status(resource, item):
            item["status"] = status
    if resource.is_namespace:
        item["spec"] = (item.get("spec") or {}) | {"finalizers": ["kubernetes"]}
        metadata["labels"] = (metadata.get("labels") or {}) | {"kubernetes.io/metadata.name": metadata["name"]}
    return {**item, "apiVersion": resource.group_version, "kind": resource.kind}


def check_new(place: Place, item: Object) -> None:
    """Check that an update which creates an object means this one. Raises StatusError."""
    metadata = _require_metadata(item)
    if not metadata.get("name"):
        raise refuse_nameless(place)
    _check_same_name(metadata, place.name)
    if metadata.get("uid"):
        raise _refuse_identity(place, metadata["uid"], "")


def check_identity(place: Place, item: Object) -> None:
    """Check that a body has the name and the namespace of its path. Raises StatusError."""
    metadata = _require_metadata(item)
    if place.resource.is_namespaced:
        _check_same_namespace(metadata, place.namespace)
    if not metadata.get("name"):
        raise refuse_nameless(place)
    _check_same_name(metadata, place.name)


def check_custom_kind(resource: Resource, item: Object) -> None:
    """Check that a custom resource has the kind of its path. Raises StatusError 422."""
    kind = item.get("kind")
    if resource.is_custom and kind and kind != resource.kind:
        text = f"Invalid value: {json.dumps(kind, ensure_ascii=False)}: must be {resource.kind}"
        name = (item.get("metadata") or {}).get("name") or ""
        raise invalid(replace(resource, kind=str(kind)), name, [("kind", "FieldValueInvalid", text)])


def check_update(place: Place, item: Object, live: Object, *, is_patch: bool = False) -> None:
    """Check that an update means this object in this version. Raises StatusError."""
    check_identity(place, item)
    metadata = item["metadata"]
    if place.resource.needs_version and not is_patch and metadata.get("resourceVersion") in (None, "", "0"):
        raise _refuse_unversioned(place)
    _check_version(place, metadata, live)
    if metadata.get("uid") and metadata["uid"] != live["metadata"]["uid"]:
        if is_patch:
            raise _refuse_uid(place.resource, live, metadata["uid"])
        raise _refuse_identity(place, metadata["uid"], str(live["metadata"]["uid"]))


def refuse_nameless(place: Place) -> StatusError:
    """Return the refusal of a body without the name of the object."""
    return bad_request(f"the name of the object ({place.name} based on URL) was undeterminable: name must be provided")


def _refuse_identity(place: Place, wanted: str, found: str) -> StatusError:
    group = place.resource.group if place.resource.is_custom else ""
    key = "/".join(part for part in (group, place.resource.plural, place.namespace, place.name) if part)
    message = f"StorageError: invalid object, Code: 4, Key: /{key}, ResourceVersion: 0, AdditionalErrorMsg: "
    message += f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
    return conflict(place.resource, place.name, message)


def _refuse_unversioned(place: Place) -> StatusError:
    message, field = "Invalid value: 0: must be specified for an update", "metadata.resourceVersion"
    cause = {"reason": "FieldValueInvalid", "message": message, "field": field}
    text = f'{place.resource.qualified_name} "{place.name}" is invalid: {field}: {message}'
    return StatusError(422, "Invalid", text, {**name_details(place.resource, place.name), "causes": [cause]})


def _refuse_uid(resource: Resource, live: Object, uid: object) -> StatusError:
    text = f"Invalid value: {json.dumps(uid)}: field is immutable"
    return invalid(resource, live["metadata"]["name"], [("metadata.uid", "FieldValueInvalid", text)])


def check_config(place: Place, config: Object, live: Object | None) -> None:
    """Check what a server-side apply sends beside the content. Raises StatusError."""
    metadata = _require_metadata(config)
    if live is None and not metadata.get("name"):
        raise refuse_nameless(place)
    _check_same_name(metadata, place.name)
    if place.resource.is_namespaced:
        _check_same_namespace(metadata, place.namespace)
    _check_version(place, metadata, live)
    if live is not None and metadata.get("uid") not in (None, "", live["metadata"]["uid"]):
        raise _refuse_uid(place.resource, live, metadata["uid"])
    if live is None and metadata.get("uid"):
        message = f"uid mismatch: the provided object specified uid {metadata['uid']}, and no existing object was found"
        raise conflict(place.resource, place.name, message)


def keep_fixed_parts(resource: Resource, live: Object, item: Object, part: str) -> None:
    """Restore the fields outside of the reach of a request, such as all others in an update of the status."""
    is_status = part == "status"
    if is_status:
        _keep_all_but_status(resource, live, item)
    else:
        _keep_status(resource, live, item, part)
    metadata = _require_metadata(item)
    if not is_status:
        _check_deletion(resource, live["metadata"], metadata)
    for name in _FIXED:
        metadata.pop(name, None)
        if name in live["metadata"]:
            metadata[name] = live["metadata"][name]
    item["apiVersion"], item["kind"] = resource.group_version, resource.kind


def _keep_status(resource: Resource, live: Object, item: Object, part: str) -> None:
    """Restore what an update of an object itself does not change."""
    if part == "finalize":
        finalizers = list((item.get("spec") or {}).get("finalizers") or ())
        item.clear()
        item |= copy.deepcopy(live) | {"spec": {**(live.get("spec") or {}), "finalizers": finalizers}}
    elif resource.has_status and part not in POD_PARTS:
        item.pop("status", None)
        if "status" in live:
            item["status"] = copy.deepcopy(live["status"])


def _check_deletion(resource: Resource, live: Object, metadata: Object) -> None:
    """Check that an update does not mark an object as being deleted. Raises StatusError 422."""
    fields = [
        name
        for name in ("deletionTimestamp", "deletionGracePeriodSeconds")
        if metadata.get(name) is not None and live.get(name) is None
    ]
    causes = [
        (f"metadata.{name}", f"Invalid value: {json.dumps(metadata[name])}: field is immutable") for name in fields
    ]
    if causes:
        raise invalid(resource, live["name"], [(field, "FieldValueInvalid", text) for field, text in causes])


def _keep_all_but_status(resource: Resource, live: Object, item: Object) -> None:
    status, metadata = item.get("status"), item["metadata"]
    item.clear()
    item |= copy.deepcopy(live)
    item.pop("status", None)
    if status is not None:
        item["status"] = status
    for name in ("managedFields", *list_status_metadata(resource.kind, is_custom=resource.is_custom)):
        item["metadata"].pop(name, None)
        if name in metadata:
            item["metadata"][name] = metadata[name]


def drop_double_owners(item: Object) -> list[str]:
    """Name each owner once, and return a warning of those that stand twice."""
    metadata = item.get("metadata") or {}
    owners = metadata.get("ownerReferences") or []
    kept: list[Object] = []
    doubled: list[str] = []
    for owner in owners:
        if owner in kept:
            doubled.append(str(owner.get("uid") or ""))
        else:
            kept.append(owner)
    if not doubled:
        return []
    metadata["ownerReferences"] = kept
    text = "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24"
    listed = f"please fix your requests; duplicate UID(s) observed: {', '.join(doubled)}"
    return [f".metadata.ownerReferences contains duplicate entries; {text}; {listed}"]


def check_preconditions(place: Place, live: Object, wanted: Mapping[str, str]) -> None:
    """Check the preconditions of a delete. Raises StatusError 409."""
    for key, shown in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        found = live["metadata"][key]
        if wanted.get(key) and wanted[key] != found:
            if place.resource.is_namespace:
                text = f"Precondition failed: {shown} in precondition: {wanted[key]}, {shown} in object meta: {found}"
                raise conflict(place.resource, place.name, text)
            cause = "deleted and then recreated" if key == "uid" else "modified"
            message = (
                f"the {shown} in the precondition ({wanted[key]}) does not match the {shown} in record ({found}). "
                f"The object might have been {cause}"
            )
            resource = place.resource
            text = f'Operation cannot be fulfilled on {resource.qualified_kind} "{place.name}": {message}'
            details = {"name": place.name, "group": resource.group, "kind": resource.kind}
            raise StatusError(409, "Conflict", text, details)


def is_same(live: Object, item: Object) -> bool:
    """Check that a write changes neither content nor owners; then it is no new version."""
    return _read_content(live) == _read_content(item) and _read_owners(live) == _read_owners(item)


def has_same_spec(live: Object, item: Object) -> bool:
    """Check that a write changes nothing that counts for the generation."""
    part = _COUNTED_METADATA.get(item["kind"])
    if part and (live["metadata"].get(part) or None) != (item["metadata"].get(part) or None):
        return False
    return _read_spec(live) == _read_spec(item)


def _read_content(item: Object) -> Object:
    counted = ("managedFields", "resourceVersion", "generation")
    metadata = {name: value for name, value in item["metadata"].items() if name not in counted}
    return item | {"metadata": metadata}


def _read_owners(item: Object) -> list[Object]:
    entries = item["metadata"].get("managedFields") or ()
    return [{name: value for name, value in entry.items() if name != "time"} for entry in entries]


def _read_spec(item: Object) -> Object:
    return {name: value for name, value in item.items() if name not in {"metadata", "status", "apiVersion", "kind"}}


def _require_metadata(item: Object) -> Object:
    """Return the metadata of a body, which may have none yet. Raises StatusError."""
    if item.get("metadata") is None:
        item["metadata"] = {}
    metadata: Object = item["metadata"]
    if not isinstance(metadata, dict):
        raise bad_request("error decoding body: json: cannot unmarshal metadata into Go value of type v1.ObjectMeta")
    return metadata


def _check_same_name(metadata: Object, name: str) -> None:
    if "name" in metadata and not metadata["name"]:
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    if metadata.get("name", name) != name:
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")


def _check_same_namespace(metadata: Object, namespace: str) -> None:
    if metadata.get("namespace") not in (None, "", namespace):
        raise bad_request(_WRONG_NAMESPACE)


def _check_version(place: Place, metadata: Object, live: Object | None) -> None:
    sent = metadata.get("resourceVersion")
    if not sent:
        return
    if not (sent.isascii() and sent.isdigit()):
        raise StatusError(500, "", f'strconv.ParseUint: parsing "{sent}": invalid syntax')
    # A new object has no version to compare with, and 0 means any.
    if live is not None and int(sent) and sent != live["metadata"]["resourceVersion"]:
        raise stale_version(place.resource, place.name)
