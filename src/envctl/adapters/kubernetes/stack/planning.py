"""The plan of a stack: the changes by an apply of its objects, and its removed objects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from envctl.adapters.kubernetes.stack.deletions import Deletion, Holders, find_deletions, mark_taken
from envctl.adapters.kubernetes.stack.inventories import identify_inventory, identify_namespace, load_inventory
from envctl.adapters.kubernetes.stack.observing import NO_DRY_RUN, Observer, Surroundings
from envctl.adapters.kubernetes.stack.repeating import describe_noise, observe_objects
from envctl.adapters.kubernetes.stack.scene import Scene, to_reference
from envctl.domain.kubernetes.fields.paths import Path
from envctl.domain.kubernetes.inventory import Inventory
from envctl.domain.kubernetes.objects import CRD_TYPE, Manifest, ObjectIdentity, identify
from envctl.domain.kubernetes.order import rank_object
from envctl.domain.kubernetes.plan import Observation, plan_change, plan_deletion
from envctl.domain.kubernetes.workload import LABEL
from envctl.domain.plan.changes import ResourceChange
from envctl.domain.plan.cluster_identity import CLUSTER_KEY, ClusterIdentity
from envctl.domain.plan.fingerprint import plan_value


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """What is to be done in the cluster, and how people see it.

    Attributes:
        observations: of the objects that change.
        deletions: of objects of the inventory that the release does not have.
        desired: all objects of the release.
        destroys: whether the stack goes away, with its inventory.
        held: number of objects of the inventory that are there, without those that stay when the stack leaves.
        noise: fields that the server writes anew at each request, by object.
        cluster: where they are; None if it was not reached.
    """

    changes: tuple[ResourceChange, ...] = ()
    observations: tuple[Observation, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    desired: tuple[Manifest, ...] = ()
    inventory: Inventory = field(default_factory=Inventory)
    warnings: tuple[str, ...] = ()
    destroys: bool = False
    held: int = 0
    noise: Mapping[ObjectIdentity, tuple[Path, ...]] = field(default_factory=dict)
    cluster: ClusterIdentity | None = None


def plan_objects(scene: Scene, objects: Iterable[Manifest]) -> ClusterPlan:
    """Return the plan of an apply. Raises OperationFailedError with all objects that can't be applied."""
    inventory = load_inventory(scene)
    desired = place_objects(scene, objects)
    own = identify_inventory(scene)
    if any(identify(each) == own for each in desired):
        message = f"{own} has the name of the inventory that envctl writes for {scene.stack}"
        raise scene.build_error("E648", message, "give that ConfigMap another name", own)
    if desired and not inventory.exists:
        _require_namespace(scene, desired)
    removed, warnings = find_deletions(scene, inventory, {identify(each) for each in desired})
    holders = Holders.from_deletions(removed)
    observer = Observer(scene, Surroundings.from_objects(desired, inventory, holders.find_taken))
    with scene.span("dry runs"):
        seen = observe_objects(scene, observer, desired)
    planned = [(each, plan_change(each, scene.hider)) for each in seen]
    changed = [(each, change) for each, change in planned if change is not None]
    changed.sort(key=lambda pair: (rank_object(pair[0].identity), pair[0].identity))
    deletions = mark_taken(scene, removed, seen, desired)
    gone = tuple(each.plan_removal() for each in deletions)
    notes = (NO_DRY_RUN,) if observer.lacks_dry_run else ()
    return ClusterPlan(
        changes=_bind_cluster(scene, (*(change for _, change in changed), *gone)),
        observations=tuple(each for each, _ in changed),
        deletions=deletions,
        desired=desired,
        inventory=inventory,
        warnings=(*notes, *warnings, *describe_noise(seen)),
        noise={each.identity: each.noise for each in seen if each.noise},
        cluster=scene.cluster,
        held=len(deletions) + sum(each.live is not None and each.identity in inventory.objects for each in seen),
    )


def plan_destruction(scene: Scene) -> ClusterPlan:
    """Return a plan to delete all objects of the inventory."""
    inventory = load_inventory(scene)
    deletions, warnings = find_deletions(scene, inventory, ())
    changes = tuple(each.plan_change() for each in deletions)
    if inventory.exists and not changes:
        # A new deployment would find it, and take the stack for an old one.
        changes = (plan_deletion(identify_inventory(scene), "it is the inventory of the stack"),)
    return ClusterPlan(
        changes=_bind_cluster(scene, changes),
        observations=(),
        deletions=deletions,
        desired=(),
        inventory=inventory,
        warnings=warnings,
        destroys=True,
        held=len(deletions),
        cluster=scene.cluster,
    )


def _bind_cluster(scene: Scene, changes: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """Return the changes with their cluster as a value, so that an approval binds it."""
    bound = {CLUSTER_KEY: plan_value(scene.cluster.recorded)}
    return tuple(replace(each, planned={**each.planned, **bound}) for each in changes)


def place_objects(scene: Scene, objects: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """Return the objects with the namespace that their kind needs, and with the label of their stack."""
    listed = tuple(objects)
    scopes = {
        f"{each['spec']['names']['kind']}.{each['spec']['group']}": each["spec"].get("scope") == "Namespaced"
        for each in listed
        if identify(each).type == CRD_TYPE
    }
    return tuple(_place_object(scene, each, scopes) for each in listed)


def _place_object(scene: Scene, manifest: Manifest, scopes: Mapping[str, bool]) -> dict[str, Any]:
    metadata = dict(manifest["metadata"])
    resource = scene.api.find_resource(manifest["apiVersion"], manifest["kind"])
    is_namespaced = resource.namespaced if resource else scopes.get(identify(manifest).type, True)
    if not is_namespaced:
        # Kustomize takes each kind that it does not know for one with a namespace.
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = scene.workload.namespace
    metadata["labels"] = {**(metadata.get("labels") or {}), LABEL: scene.workload.owner}
    return {**manifest, "metadata": metadata}


def _require_namespace(scene: Scene, desired: Iterable[Manifest]) -> None:
    """Raise OperationFailedError if the inventory has no place: it is written before the objects."""
    home = identify_namespace(scene)
    if any(identify(each) == home for each in desired) or scene.api.get(to_reference(home, "v1")) is not None:
        return
    message = f"the {scene.api.name} has no namespace {home.name}, the one of {scene.stack}"
    raise scene.build_error("E641", message, "add a Namespace to the stack, or to a stack before it", home)
