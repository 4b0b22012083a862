"""Drift of a stack: differences of its objects in the cluster from the release, with their managers.

A difference is drift if another manager wrote the live field. It is pending if envctl owns the live field: then the
release or its settings have changed. `before` is the applied value, `after` the live one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from envctl.adapters.kubernetes.stack.deletions import find_deletions
from envctl.adapters.kubernetes.stack.inventories import load_inventory
from envctl.adapters.kubernetes.stack.observing import NO_DRY_RUN, Observer, Surroundings
from envctl.adapters.kubernetes.stack.planning import place_objects
from envctl.adapters.kubernetes.stack.repeating import describe_noise, observe_objects
from envctl.adapters.kubernetes.stack.scene import Scene
from envctl.domain.kubernetes.fields.differences import Difference
from envctl.domain.kubernetes.fields.ownership import (
    ForeignField,
    find_foreign_fields,
    is_trusted,
    list_fields_by_manager,
    list_own_fields,
)
from envctl.domain.kubernetes.fields.paths import MISSING, Path, is_overlapping, locate_field, select_field
from envctl.domain.kubernetes.fields.prediction import predict_apply
from envctl.domain.kubernetes.objects import Manifest, identify, is_passing
from envctl.domain.kubernetes.plan import (
    Observation,
    list_differences,
    plan_change,
    plan_deletion,
    show_difference,
    show_foreign_field,
)
from envctl.domain.plan.changes import Action, ResourceChange, StackPlan
from envctl.domain.plan.drift import StackComparison
from envctl.domain.text.lists import join_names


def compare_objects(scene: Scene, objects: Sequence[Manifest], *, unchanged: bool) -> StackComparison:
    """Return the drift of the cluster from the objects, and the pending changes. With `unchanged`, these objects
    were applied last: then all differences are drift.
    """
    inventory = load_inventory(scene)
    desired = place_objects(scene, objects)
    observer = Observer(scene, Surroundings.from_objects(desired, inventory), may_be_gone=True)
    drift: list[ResourceChange] = []
    pending: list[ResourceChange] = []
    with scene.span("dry runs"):
        observed = observe_objects(scene, observer, desired)
    for seen in observed:
        if seen.live is None:
            if seen.identity in inventory.objects and is_passing(seen.desired):
                continue
            if unchanged or seen.identity in inventory.objects:
                drift.append(plan_deletion(seen.identity, "it is no longer in the cluster"))
            else:
                pending += _plan_one(seen, scene)
            continue
        changed = Comparison(scene, seen, seen.live, is_unchanged=unchanged)
        drift += changed.list_drift()
        pending += changed.list_pending()
    left, warnings = find_deletions(scene, inventory, {identify(each) for each in desired})
    pending += [plan_deletion(each.identity, "it is no longer in the code") for each in left]
    notes = (NO_DRY_RUN,) if observer.lacks_dry_run else ()
    nothing = StackPlan(
        scene.stack, stateless=not (inventory.exists or inventory.objects), in_state=len(inventory.objects)
    )
    return StackComparison(
        replace(nothing, resources=tuple(drift), warnings=(*notes, *warnings, *describe_noise(observed))),
        replace(nothing, resources=tuple(pending)),
    )


def _plan_one(seen: Observation, scene: Scene) -> list[ResourceChange]:
    change = plan_change(seen, scene.hider)
    return [change] if change else []


@dataclass(frozen=True)
class Comparison:
    scene: Scene
    seen: Observation
    live: Manifest
    is_unchanged: bool

    def list_drift(self) -> list[ResourceChange]:
        identity, hider = self.seen.identity, self.scene.hider
        differences = [each for each in self._differences if self._is_drift(each)]
        foreign = find_foreign_fields(self.live, self.scene.workload.manager, self.scene.workload.managers)
        added = [each for each in foreign if self._is_added(each)]
        if not (differences or added or self._is_blocked):
            return []
        turned = [Difference(each.path, each.after, each.before) for each in differences]
        shown = [show_difference(each, identity, hider) for each in turned]
        shown += [show_foreign_field(each, identity, hider) for each in added]
        return [
            ResourceChange(
                address=str(identity),
                type=identity.type,
                action=Action.UPDATE,
                attributes=tuple(shown),
                reason=self.seen.reason if self._is_blocked else "",
                remarks=self._describe_writers(
                    foreign, [*(each.path for each in differences), *(each.path for each in added)]
                ),
            )
        ]

    def list_pending(self) -> list[ResourceChange]:
        if self._is_blocked or self.is_unchanged:
            return []
        if self.seen.replaced:
            return _plan_one(self.seen, self.scene)
        identity = self.seen.identity
        left = [each for each in self._differences if not self._is_drift(each) and not self._is_trusted(each)]
        shown = tuple(show_difference(each, identity, self.scene.hider) for each in left)
        return (
            [ResourceChange(address=str(identity), type=identity.type, action=Action.UPDATE, attributes=shown)]
            if shown
            else []
        )

    @property
    def _is_blocked(self) -> bool:
        """Whether the live object can't be updated at all: the release changes no immutable field of its own."""
        return self.seen.predicted is None and (self.is_unchanged or not self.seen.replaced)

    @cached_property
    def _differences(self) -> tuple[Difference, ...]:
        predicted = self.seen.predicted
        if predicted is None:
            if not self._is_blocked:
                return ()
            predicted = predict_apply(self.live, self.seen.desired, self.scene.workload.manager)
        return list_differences(self.seen, self.live, predicted)

    @cached_property
    def _own(self) -> tuple[Sequence[object], ...]:
        return tuple(locate_field(self.live, path) for path in list_own_fields(self.live, self.scene.workload.manager))

    @cached_property
    def _trusted(self) -> tuple[Sequence[object], ...]:
        names, owned = self.scene.workload.managers, list_fields_by_manager(self.live)
        return tuple(
            locate_field(self.live, path) for name, paths in owned.items() if is_trusted(name, names) for path in paths
        )

    def _is_drift(self, difference: Difference) -> bool:
        """Check if another manager wrote the live value: envctl would own it otherwise."""
        if self._is_trusted(difference):
            return False
        if self.is_unchanged or self._is_blocked:
            return True
        if difference.before is None:
            return False
        where = locate_field(self.live, difference.path)
        return not any(is_overlapping(where, each) for each in self._own)

    def _is_trusted(self, difference: Difference) -> bool:
        where = locate_field(self.live, difference.path)
        return difference.before is not None and any(is_overlapping(where, each) for each in self._trusted)

    def _is_added(self, field: ForeignField) -> bool:
        """Check that a foreign field is not in the release, no noise, and in no difference that is shown already."""
        if self._is_blocked and self._differences:
            # What blocks the object is shown already, under another key.
            return False
        where = locate_field(self.live, field.path)
        if any(is_overlapping(where, locate_field(self.live, each)) for each in self.seen.noise):
            return False
        known = (locate_field(self.live, each.path) for each in self._differences)
        return select_field(self.seen.desired, field.path) is MISSING and not any(
            where[: len(each)] == each for each in known
        )

    def _describe_writers(self, foreign: Sequence[ForeignField], shown: Sequence[Path]) -> tuple[str, ...]:
        places = [locate_field(self.live, path) for path in shown]
        writers = {
            each.owner.manager_text: each.time
            for each in foreign
            if any(is_overlapping(locate_field(self.live, each.path), place) for place in places)
        }
        if not writers:
            return ()
        named = [f"{manager}{f' at {time}' if time else ''}" for manager, time in sorted(writers.items())]
        return (f"changed by {join_names(named)}",)
