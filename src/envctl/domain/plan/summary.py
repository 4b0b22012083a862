"""The summary of a large plan: dangerous changes one by one, all others counted by type.

Instances of one resource with the same change are folded: `aws_subnet.this[0…499]`.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from envctl.domain.plan.changes import Action, ResourceChange, StackPlan

# With more changes, a plan is summarized.
MAX_CHANGES = 100
# Fewer instances are listed one by one.
MIN_FOLDED = 5
_HARMLESS = frozenset({Action.CREATE, Action.READ, Action.UPDATE, Action.MOVE, Action.IMPORT})
_INSTANCE = re.compile(r"(?P<base>.+)\[(?P<index>\d+)\]")


@dataclass(frozen=True)
class FoldedChange:
    """A change of one resource, or the same one of several instances. `address` covers all `count` instances."""

    resource: ResourceChange
    address: str
    count: int = 1

    @property
    def folded_resource(self) -> ResourceChange:
        """The change, with the address of all instances."""
        return self.resource if self.count == 1 else replace(self.resource, address=self.address)


@dataclass(frozen=True)
class TypeCount:
    """The number of changes of one kind to resources of one type, with their folded addresses."""

    action: Action
    type: str
    count: int
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class PlanSummary:
    dangerous: tuple[FoldedChange, ...]
    counts: tuple[TypeCount, ...]


def is_large(stacks: Iterable[StackPlan]) -> bool:
    """Check if the plan has more changes than a person reads. Reads are no changes."""
    return sum(resource.action is not Action.READ for plan in stacks for resource in plan.resources) > MAX_CHANGES


def is_dangerous(resource: ResourceChange, stateful: Collection[str]) -> bool:
    """Check if it may lose something: it deletes, replaces, forgets, runs, or changes a type that holds data."""
    changes_data = resource.type in stateful and resource.action not in {Action.CREATE, Action.READ, Action.IMPORT}
    return resource.action not in _HARMLESS or bool(resource.programs) or changes_data


def summarize_resources(resources: Sequence[ResourceChange], stateful: Collection[str]) -> PlanSummary:
    """Split the changes of a stack into dangerous ones and counts by type, in the order of the plan."""
    dangerous = [resource for resource in resources if is_dangerous(resource, stateful)]
    groups: dict[tuple[Action, str], list[ResourceChange]] = {}
    for resource in resources:
        if not is_dangerous(resource, stateful):
            groups.setdefault((resource.action, resource.type), []).append(resource)
    counts = (
        TypeCount(action, type_name, len(found), fold_addresses([each.address for each in found]))
        for (action, type_name), found in groups.items()
    )
    # As in the totals: kinds of changes in the order of `Action`, the largest count first.
    order = list(Action)
    ranked = sorted(counts, key=lambda each: (order.index(each.action), -each.count, each.type))
    return PlanSummary(tuple(fold_changes(dangerous)), tuple(ranked))


def fold_changes(resources: Iterable[ResourceChange]) -> list[FoldedChange]:
    """Fold instances that change in the same way. A single instance, or a few, stay as they are."""
    groups: dict[object, list[ResourceChange]] = {}
    for resource in resources:
        match = _INSTANCE.fullmatch(resource.address)
        key = (match["base"], _describe_change(resource)) if match else resource.address
        groups.setdefault(key, []).append(resource)
    folded = []
    for found in groups.values():
        if len(found) < MIN_FOLDED:
            folded += [FoldedChange(each, each.address) for each in found]
        else:
            (address,) = fold_addresses([each.address for each in found])
            folded.append(FoldedChange(found[0], address, len(found)))
    return folded


def _describe_change(resource: ResourceChange) -> str:
    """Return a text equal for equal changes. The values of what goes away make no difference."""
    goes_away = resource.action in {Action.DELETE, Action.FORGET}
    # A text, since values may be lists, which can't be hashed.
    return repr(replace(resource, address="", attributes=() if goes_away else resource.attributes))


def fold_addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    """Fold the instances of each resource into one address with ranges of indexes: `this[0…4, 7]`."""
    indexes: dict[str, list[int]] = {}
    for address in addresses:
        match = _INSTANCE.fullmatch(address)
        indexes.setdefault(match["base"] if match else address, []).extend([int(match["index"])] if match else [])
    return tuple(f"{base}[{_format_ranges(found)}]" if found else base for base, found in indexes.items())


def _format_ranges(numbers: Sequence[int]) -> str:
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], number]
        else:
            ranges.append([number])
    return ", ".join("…".join(map(str, each)) if len(each) > 1 else f"{each[0]}" for each in ranges)
