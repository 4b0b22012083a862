"""The apply of a plan: the objects in their order; then, once they are ready, the deletion of the removed ones.

Any step may be the last one of a killed run. The inventory names each object before it is made, and the next plan finds
what is done.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from envctl.adapters.kubernetes.api import ApiRefusal
from envctl.adapters.kubernetes.refusals import CONFLICT
from envctl.adapters.kubernetes.stack.deletions import Deletion, find_deletions
from envctl.adapters.kubernetes.stack.inventories import (
    delete_inventory,
    identify_inventory,
    load_inventory,
    save_inventory,
)
from envctl.adapters.kubernetes.stack.observing import describe_refusal, is_field_conflict
from envctl.adapters.kubernetes.stack.planning import ClusterPlan
from envctl.adapters.kubernetes.stack.scene import Scene
from envctl.adapters.kubernetes.stack.waiting import await_gone, await_ready
from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, OperationFailedError
from envctl.domain.kubernetes.fields.ownership import adopt_entries
from envctl.domain.kubernetes.fields.paths import Path
from envctl.domain.kubernetes.inventory import Inventory
from envctl.domain.kubernetes.objects import CRD_TYPE, NAMESPACE, Manifest, ObjectIdentity
from envctl.domain.kubernetes.order import is_restriction, rank_object
from envctl.domain.kubernetes.plan import Observation, plan_change
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.domain.text.lists import join_first

_ATTEMPTS, _PAUSE, _WEBHOOK_PAUSE = 5, 0.2, 2.0
DEFINITION_SECONDS = 60.0
MAX_NAMED = 3
Step = TypeVar("Step", Observation, Deletion)


def require_same(scene: Scene, planned: ClusterPlan, now: ClusterPlan) -> None:
    """Raise OperationFailedError if the cluster has changed since the plan: nothing is changed then.

    What is noise of the server in one of both plans is left out of both: by chance, two values may be the same.
    """
    if planned.changes == now.changes:
        return
    noise = {each: (*planned.noise.get(each, ()), *now.noise.get(each, ())) for each in {*planned.noise, *now.noise}}
    before, after = (_index_changes(scene, each, noise) for each in (planned, now))
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if names:
        message = f"the cluster has changed since the plan of {scene.stack}: {join_first(names, MAX_NAMED)}"
        hint = "plan again, and check the new changes"
        raise scene.build_error("E644", f"{message}. Nothing was changed", hint)


def _index_changes(
    scene: Scene, plan: ClusterPlan, noise: Mapping[ObjectIdentity, tuple[Path, ...]]
) -> dict[str, ResourceChange]:
    """Return the changes of a plan without this noise, by address."""
    changes: dict[str, ResourceChange | None] = {change.address: change for change in plan.changes}
    for each in plan.observations:
        if each.identity in noise:
            changes[str(each.identity)] = plan_change(replace(each, noise=noise[each.identity]), scene.hider)
    return {address: change for address, change in changes.items() if change is not None}


def apply_plan(scene: Scene, plan: ClusterPlan) -> None:
    """Apply the changed objects, wait for their rollout if objects are to be deleted, and delete those."""
    inventory = plan.inventory
    steps = _group_steps(plan.observations)
    if NAMESPACE in {each.identity.type for step in steps[:1] for each in step}:
        # The inventory may lie in one of them.
        _apply_step(scene, steps.pop(0))
    inventory = _save_inventory(scene, inventory, inventory.merge(Inventory.from_objects(plan.desired)))
    _delete_all(scene, [each for each in plan.deletions if each.taken], inventory)
    with scene.span("objects"):
        for step in steps:
            _apply_step(scene, step)
    left = [each for each in plan.deletions if not each.taken]
    _delete_all(scene, [each for each in left if is_restriction(each.identity)], inventory)
    left = [each for each in left if not is_restriction(each.identity)]
    if left:
        with scene.span("rollout"):
            _await_rollout(scene, plan, left)
        with scene.span("deletions"):
            _delete_all(scene, left, inventory)
    # What stays in the cluster on purpose is no longer the stack's.
    _save_inventory(scene, inventory, Inventory.from_objects(plan.desired))


def _await_rollout(scene: Scene, plan: ClusterPlan, left: Sequence[Deletion]) -> None:
    """Wait until the objects of the release are ready. Otherwise nothing is deleted: old pods may need it."""
    try:
        await_ready(scene, Inventory.from_objects(plan.desired).objects, scene.workload.wait)
    except OperationFailedError as error:
        names = join_first([str(each.identity) for each in left], MAX_NAMED)
        message = f"{scene.stack}: the rollout is not ready, so nothing was deleted. Still there: {names}"
        rollback = format_command("rollback", scene.environment)
        hint = f"correct the cause and apply again, or go back: {rollback}. If the old objects are in the way, remove"
        hint += " them in a release of their own"
        raise OperationFailedError(*error.problems, *scene.build_error("E661", message, hint).problems) from None


def apply_destruction(scene: Scene, plan: ClusterPlan) -> None:
    """Delete all objects of the stack, then its inventory."""
    _delete_all(scene, plan.deletions, plan.inventory)
    delete_inventory(scene)


def settle_inventory(scene: Scene, desired: Sequence[Manifest]) -> Inventory:
    """Return the inventory of a deployed release. Write it if it names objects that are gone: a killed run or a person
    has deleted them, and nothing was left to apply. A removed object that is still there stays in the inventory.
    """
    before, wanted = load_inventory(scene), Inventory.from_objects(desired)
    if not before.exists:
        return before
    left, _ = find_deletions(scene, before, wanted.objects)
    _save_inventory(scene, before, wanted.merge(before.select(each.identity for each in left)))
    return wanted


def _save_inventory(scene: Scene, before: Inventory, inventory: Inventory) -> Inventory:
    scene.require_running()
    try:
        return save_inventory(scene, before, inventory)
    except ApiRefusal as refusal:
        raise describe_refusal(scene, identify_inventory(scene), refusal) from None


def _group_steps(items: Iterable[Step]) -> list[list[Step]]:
    """Return the objects by rank: each after those that it needs."""
    steps: dict[int, list[Step]] = {}
    for each in items:
        steps.setdefault(rank_object(each.identity), []).append(each)
    return [steps[rank] for rank in sorted(steps)]


def _apply_step(scene: Scene, step: Sequence[Observation]) -> None:
    scene.run_each(lambda each: _apply_object(scene, each), step)
    definitions = {each.identity: str(each.desired["apiVersion"]) for each in step if each.identity.type == CRD_TYPE}
    if definitions:
        await_ready(scene, definitions, DEFINITION_SECONDS)
        scene.api.rediscover()


def _apply_object(scene: Scene, seen: Observation) -> None:
    action = _find_action(seen)
    with _report_change(scene, seen.identity, action):
        if seen.live is not None and action is Action.REPLACE:
            _delete_and_wait(scene, seen.identity, seen.live, str(seen.desired["apiVersion"]))
        if seen.adopted_from and action is not Action.REPLACE:
            _adopt_fields(scene, seen.desired)
        _apply_manifest(scene, seen.desired)


@contextmanager
def _report_change(scene: Scene, identity: ObjectIdentity, action: Action) -> Iterator[None]:
    """Report the start and the end of a change, and name the object in an error."""
    began = time.monotonic()
    scene.report("started", identity, action, began)
    try:
        yield
    except EnvctlError as error:
        scene.report("failed", identity, action, began)
        raise (describe_refusal(scene, identity, error) if isinstance(error, ApiRefusal) else error) from None
    scene.report("done", identity, action, began)


def _find_action(seen: Observation) -> Action:
    if seen.live is None:
        return Action.CREATE
    return Action.UPDATE if seen.predicted is not None else Action.REPLACE


def _adopt_fields(scene: Scene, desired: Manifest) -> None:
    """Make envctl the owner of what an earlier tool has set. A change in between is refused, and read again."""
    path = scene.api.find_path(desired)
    for attempt in range(_ATTEMPTS):
        live = scene.api.get(path) if path else None
        entries = adopt_entries(live, scene.workload.manager) if live is not None else None
        if path is None or live is None or entries is None:
            return
        version = live["metadata"]["resourceVersion"]
        operations = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": version},
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        ]
        try:
            scene.api.patch_json(path, operations, manager=scene.workload.manager)
        except ApiRefusal as refusal:
            # A failed `test` is a 422 of the API, as other faults are.
            now = scene.api.get(path)
            is_changed = now is not None and now["metadata"]["resourceVersion"] != version
            if attempt == _ATTEMPTS - 1 or not (is_changed or refusal.code == CONFLICT):
                raise
            scene.pause(_PAUSE)
        else:
            return


def _apply_manifest(scene: Scene, desired: Manifest) -> None:
    """Apply an object. A webhook that comes with the same release gets the time of the stack to start."""
    deadline = time.monotonic() + scene.workload.wait
    attempts = _ATTEMPTS
    while True:
        try:
            scene.api.apply(desired, manager=scene.workload.manager, force=True)
        except ApiRefusal as refusal:
            attempts -= 1
            # A controller writes at the same time.
            if refusal.code != CONFLICT or is_field_conflict(refusal) or not attempts:
                raise
            scene.pause(_PAUSE)
        except OperationFailedError as error:
            if "failed calling webhook" not in str(error) or time.monotonic() > deadline:
                raise
            scene.pause(_WEBHOOK_PAUSE)
        else:
            return


def _delete_all(scene: Scene, deletions: Sequence[Deletion], inventory: Inventory) -> None:
    """Delete the objects step by step: an object after those that need it."""

    def delete_object(each: Deletion) -> None:
        with _report_change(scene, each.identity, Action.DELETE):
            _delete_and_wait(scene, each.identity, each.live, inventory.objects[each.identity])

    for step in reversed(_group_steps(deletions)):
        scene.run_each(delete_object, step)


def _delete_and_wait(scene: Scene, identity: ObjectIdentity, live: Manifest, api_version: str) -> None:
    """Delete this very object, and wait until it is gone."""
    path = scene.api.find_path({"apiVersion": api_version, "kind": identity.kind, "metadata": live["metadata"]})
    if path is None:
        # Its definition went in a step before, and it with that.
        return
    uid = live["metadata"]["uid"]
    scene.api.delete(path, uid=uid)
    await_gone(scene, {identity: api_version}, {identity: uid})
