"""Why a plan changes what it changes: new code (*release*), other values (*settings*), or *drift*, which it undoes.

It is found out by planning in between: the change that would be planned with the old release and the old settings has
its cause in reality; what comes with the new settings has it in them; and the rest comes with the new release.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.plan.changes import AttributeChange, OutputChange, ResourceChange, StackPlan, same

Cause = Literal["release", "settings", "drift", "other"]
CAUSES: tuple[Cause, ...] = ("release", "settings", "drift", "other")


@dataclass(frozen=True)
class Part:
    """All that has one cause: of each resource only the attributes that have it. `other` is what comes of something
    that the code reads and that is no drift: a data source, the time, another stack.
    """

    cause: Cause
    stacks: tuple[StackPlan, ...]


def split(plan: Sequence[StackPlan], between: Mapping[Cause, Sequence[StackPlan]]) -> tuple[Part, ...]:
    """`between` holds the plans that were made for comparison, the one with the least differences first; what is in
    none of them has its cause in the release.
    """
    known = {cause: {stack.stack: stack for stack in stacks} for cause, stacks in between.items()}
    split_up = [
        (stack, _pieces(stack, {c: s[stack.stack] for c, s in known.items() if stack.stack in s})) for stack in plan
    ]
    parts = []
    for cause in CAUSES:
        stacks = tuple(piece for stack, pieces in split_up if (piece := _of(cause, stack, pieces)).changes)
        parts += [Part(cause, stacks)] if stacks else []
    return tuple(parts)


_Piece = tuple[Cause, ResourceChange | OutputChange]


def _of(cause: Cause, stack: StackPlan, pieces: Sequence[_Piece]) -> StackPlan:
    mine = [change for its, change in pieces if its == cause]
    resources = tuple(change for change in mine if isinstance(change, ResourceChange))
    outputs = tuple(change for change in mine if isinstance(change, OutputChange))
    return StackPlan(stack.stack, resources, outputs)


def _pieces(stack: StackPlan, between: Mapping[Cause, StackPlan]) -> list[_Piece]:
    found: list[_Piece] = []
    for resource in stack.resources:
        seen = {cause: _planned(resource, plan) for cause, plan in between.items()}
        own = _first(cause for cause, change in seen.items() if change and change.action == resource.action)
        found += [(its, replace(resource, attributes=which)) for its, which in _shared(resource, seen, own)]
    for output in stack.outputs:
        found.append((_first(cause for cause, plan in between.items() if _puts_out(plan, output)), output))
    return [(_named(cause, stack, between), change) for cause, change in found]


def _shared(
    resource: ResourceChange, seen: Mapping[Cause, ResourceChange | None], own: Cause
) -> Iterator[tuple[Cause, tuple[AttributeChange, ...]]]:
    """The attributes by their causes. A resource that comes or goes has one cause, whatever becomes of them."""
    if resource.action not in {"update", "replace", "renew"} or not resource.attributes:
        yield own, resource.attributes
        return
    causes = [_first(c for c, change in seen.items() if change and _has(change, a)) for a in resource.attributes]
    for cause in dict.fromkeys(causes):
        yield cause, tuple(a for a, its in zip(resource.attributes, causes, strict=True) if its == cause)


def _has(change: ResourceChange, attribute: AttributeChange) -> bool:
    return any(a.path == attribute.path and same(a.after, attribute.after) for a in change.attributes)


def _puts_out(plan: StackPlan, output: OutputChange) -> bool:
    return any(same(other, output) for other in plan.outputs)


def _planned(resource: ResourceChange, plan: StackPlan) -> ResourceChange | None:
    return next((other for other in plan.resources if other.address == resource.address), None)


def _first(causes: Iterator[Cause]) -> Cause:
    return next(causes, "release")


def _named(cause: Cause, stack: StackPlan, between: Mapping[Cause, StackPlan]) -> Cause:
    """What would be planned although neither code nor settings are others is no drift where nothing has drifted."""
    drifted = stack.drifted or any(plan.drifted for plan in between.values())
    return "other" if cause == "drift" and not drifted else cause
