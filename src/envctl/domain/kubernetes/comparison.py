"""Objects of one stack in two environments or releases, compared as they are rendered: no cluster takes part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from envctl.domain.kubernetes.fields.differences import find_differences
from envctl.domain.kubernetes.objects import Manifest, ObjectIdentity, clean_object, identify
from envctl.domain.kubernetes.plan import Observation, plan_change, plan_deletion, show_difference
from envctl.domain.kubernetes.secret_values import ValueHider
from envctl.domain.kubernetes.workload import LABEL
from envctl.domain.plan.changes import Action, ResourceChange


@dataclass(frozen=True)
class ObjectSide:
    """The rendered objects of one side, and the namespace of the stack there."""

    objects: tuple[Manifest, ...]
    namespace: str


def compare_sides(before: ObjectSide, after: ObjectSide, hider: ValueHider) -> tuple[ResourceChange, ...]:
    """Return the objects that differ, as changes from one side to the other.

    An object in the namespace of the stack is the same object in the namespace that the stack has on the other side.
    """
    old, new = _index(before), _index(after)
    return tuple(_list_changes(old, new, hider))


def _list_changes(
    old: Mapping[ObjectIdentity, Manifest], new: Mapping[ObjectIdentity, Manifest], hider: ValueHider
) -> Iterator[ResourceChange]:
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            yield plan_deletion(identify(old[key]))
        elif key not in old:
            created = plan_change(Observation(desired=new[key]), hider)
            if created is not None:
                yield created
        else:
            differences = tuple(find_differences(_strip(old[key]), _strip(new[key])))
            if differences:
                shown = identify(new[key])
                if identify(old[key]) != shown:
                    shown = replace(shown, namespace="")
                attributes = tuple(show_difference(each, key, hider) for each in differences)
                yield ResourceChange(address=str(shown), type=shown.type, action=Action.UPDATE, attributes=attributes)


def _index(side: ObjectSide) -> dict[ObjectIdentity, Manifest]:
    found = {identify(each): each for each in side.objects}
    return {replace(key, namespace="") if key.namespace == side.namespace else key: each for key, each in found.items()}


def _strip(manifest: Manifest) -> dict[str, Any]:
    """Return the object without its namespace, which the key of the object has, and without the label of its stack."""
    cleaned = clean_object(manifest)
    labels = _drop(cleaned["metadata"].get("labels") or {}, LABEL)
    metadata = {**_drop(cleaned["metadata"], "namespace", "labels"), **({"labels": labels} if labels else {})}
    return {**cleaned, "metadata": metadata}


def _drop(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in names}
