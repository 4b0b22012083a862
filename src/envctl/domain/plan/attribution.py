"""The causes of planned changes: new code (*release*), other values (*settings*), or *drift* being undone.

Plans made in between tell them apart: a change already planned with the old release and the old settings comes from
drift, one planned with the new settings comes from them, and all others come from the new release.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.plan.changes import AttributeChange, OutputChange, ResourceChange, StackPlan, is_same_value

Cause = Literal["release", "settings", "drift", "other"]
CAUSES: tuple[Cause, ...] = ("release", "settings", "drift", "other")


@dataclass(frozen=True)
class Part:
    """The changes of one cause, down to single attributes. `other` is a data source, the time or another stack."""

    cause: Cause
    stacks: tuple[StackPlan, ...]


def split_by_cause(plan: Sequence[StackPlan], between: Mapping[Cause, Sequence[StackPlan]]) -> tuple[Part, ...]:
    """Split a plan by cause; changes in none of the other plans are caused by the release.

    `between` holds the plans for comparison, the one with the least differences first.
    """
    known = {cause: {stack.stack: stack for stack in stacks} for cause, stacks in between.items()}
    split_up = [
        (stack, _assign_causes(stack, {c: s[stack.stack] for c, s in known.items() if stack.stack in s}))
        for stack in plan
    ]
    parts = []
    for cause in CAUSES:
        stacks = tuple(piece for stack, pieces in split_up if (piece := _select_cause(cause, stack, pieces)).changes)
        parts += [Part(cause, stacks)] if stacks else []
    return tuple(parts)


_CausedChange = tuple[Cause, ResourceChange | OutputChange]


def _select_cause(cause: Cause, stack: StackPlan, pieces: Sequence[_CausedChange]) -> StackPlan:
    changes = [change for its, change in pieces if its == cause]
    resources = tuple(change for change in changes if isinstance(change, ResourceChange))
    outputs = tuple(change for change in changes if isinstance(change, OutputChange))
    return StackPlan(stack.stack, resources=resources, outputs=outputs)


def _assign_causes(stack: StackPlan, between: Mapping[Cause, StackPlan]) -> list[_CausedChange]:
    found: list[_CausedChange] = []
    by_address = {cause: {each.address: each for each in reversed(plan.resources)} for cause, plan in between.items()}
    for resource in stack.resources:
        seen = {cause: resources.get(resource.address) for cause, resources in by_address.items()}
        own: Cause = next((c for c, change in seen.items() if change and change.action == resource.action), "release")
        found += [(its, replace(resource, attributes=which)) for its, which in _split_attributes(resource, seen, own)]
    for output in stack.outputs:
        planned = (c for c, plan in between.items() if any(is_same_value(other, output) for other in plan.outputs))
        found.append((next(planned, "release"), output))
    if stack.drifted or any(plan.drifted for plan in between.values()):
        return found
    return [("other" if cause == "drift" else cause, change) for cause, change in found]


def _split_attributes(
    resource: ResourceChange, seen: Mapping[Cause, ResourceChange | None], own: Cause
) -> Iterator[tuple[Cause, tuple[AttributeChange, ...]]]:
    """Yield the attributes by cause. Creations and deletions have one cause for all attributes."""
    if resource.action not in {"update", "replace", "renew"} or not resource.attributes:
        yield own, resource.attributes
        return
    causes: list[Cause] = [
        next((c for c, change in seen.items() if change and _has_attribute_change(change, a)), "release")
        for a in resource.attributes
    ]
    for cause in dict.fromkeys(causes):
        yield cause, tuple(a for a, its in zip(resource.attributes, causes, strict=True) if its == cause)


def _has_attribute_change(change: ResourceChange, attribute: AttributeChange) -> bool:
    return any(a.path == attribute.path and is_same_value(a.after, attribute.after) for a in change.attributes)
