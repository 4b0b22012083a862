"""The inventory of a stack in its cluster."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from envctl.adapters.kubernetes.api import ApiResource
from envctl.adapters.kubernetes.stack.scene import Scene, to_reference
from envctl.domain.errors import OperationFailedError
from envctl.domain.kubernetes.fields.ownership import is_applied_by
from envctl.domain.kubernetes.inventory import Inventory, MalformedInventoryError, format_inventory_name
from envctl.domain.kubernetes.objects import NAMESPACE, ObjectIdentity, find_owner, identify, is_kept
from envctl.domain.kubernetes.workload import LABEL

_HINT = "restore the ConfigMap from a backup; without it, delete it, and check the cluster for objects left behind"
# Controllers write them. To list some warns of a deprecated API.
_NEVER_APPLIED = frozenset({"Endpoints", "EndpointSlice", "Event", "PodMetrics", "ReplicationController"})


def identify_inventory(scene: Scene) -> ObjectIdentity:
    return ObjectIdentity("", "ConfigMap", scene.workload.namespace, format_inventory_name(scene.workload))


def identify_namespace(scene: Scene) -> ObjectIdentity:
    """Return the namespace of the stack and of its inventory."""
    return ObjectIdentity("", NAMESPACE, "", scene.workload.namespace)


def load_inventory(scene: Scene) -> Inventory:
    """Return the inventory. Before the first deployment there is none: then it lists the objects with the label of the
    stack in its namespace, and those of its inventory in an earlier namespace.
    """
    identity = identify_inventory(scene)
    live = scene.api.get(to_reference(identity, "v1"))
    if live is None:
        has_home = scene.api.get(to_reference(identify_namespace(scene), "v1")) is not None
        objects = {**find_elsewhere(scene), **(find_labelled(scene) if has_home else {})}
        return Inventory(objects, environment=scene.environment)
    if find_owner(live) != scene.workload.owner:
        message = f"{identity} is not the inventory of {scene.stack}: it has no label of it"
        raise scene.build_error("E648", message, "rename that ConfigMap, or restore its label", identity)
    try:
        return Inventory.parse(live)
    except MalformedInventoryError as error:
        message = f"{identity}: the inventory of {scene.stack}: {error}"
        raise scene.build_error("E648", message, _HINT, identity) from None


def has_missing_objects(scene: Scene, inventory: Inventory) -> bool:
    """Check if an object of the inventory is not in the cluster."""
    listed = sorted(inventory.objects)
    found = scene.run_each(lambda each: scene.api.get(to_reference(each, inventory.objects[each])) is not None, listed)
    return not all(found)


def find_elsewhere(scene: Scene) -> dict[ObjectIdentity, str]:
    """Return the objects of the stack from when it had another namespace, with the inventory that lies there."""
    resource = scene.api.find_resource("v1", "ConfigMap")
    try:
        listed = scene.api.list_objects(resource, "", f"{LABEL}={scene.workload.owner}") if resource else []
    except OperationFailedError:
        # A role may not look into other namespaces.
        return {}
    found: dict[ObjectIdentity, str] = {}
    for each in listed:
        if each["metadata"]["name"] != identify_inventory(scene).name:
            continue
        with suppress(MalformedInventoryError):
            found |= {**Inventory.parse(each).objects, identify(each): str(each["apiVersion"])}
    return found


def find_labelled(scene: Scene) -> dict[ObjectIdentity, str]:
    """Return the objects in the namespace of the stack that it has applied, by their label and their manager. What is
    kept for ever stays there when the stack is destroyed: it is no sign of a lost inventory.
    """
    resources = [each for each in scene.api.list_resources() if each.namespaced and each.kind not in _NEVER_APPLIED]
    found = scene.run_each(lambda each: _list_applied(scene, each), resources)
    return {identify(each): str(each["apiVersion"]) for listed in found for each in listed}


def _list_applied(scene: Scene, resource: ApiResource) -> list[dict[str, Any]]:
    try:
        listed = scene.api.list_objects(resource, scene.workload.namespace, f"{LABEL}={scene.workload.owner}")
    except OperationFailedError:
        # A role may not list every kind, and a server of an API may be down: nothing is searched there.
        return []
    # Controllers copy labels, as from a Service to its endpoints. They copy no manager.
    return [each for each in listed if is_applied_by(each, scene.workload.manager) and not is_kept(each)]


def save_inventory(scene: Scene, before: Inventory, inventory: Inventory) -> Inventory:
    """Write the inventory, unless the cluster has it already. Return it."""
    inventory = replace(inventory, exists=True, environment=scene.environment)
    if before == inventory:
        return before
    scene.api.apply(inventory.to_config_map(scene.workload), manager=scene.workload.manager, force=True)
    return inventory


def delete_inventory(scene: Scene) -> None:
    path = scene.api.find_path(to_reference(identify_inventory(scene), "v1"))
    live = scene.api.get(path) if path else None
    if path and live is not None:
        scene.api.delete(path, uid=live["metadata"]["uid"])
