"""What a plan means, without its values: who approved one has approved every plan that means the same or less.

Ordering, values that are only known afterwards, and everything else that a new run makes anew are not part of it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from envctl.domain.changes import Action, EnvironmentPlan, Marker, ResourceChange, StackPlan

FORMAT = 1
WAITS, BEHIND = "wait", "wait anew"
# No attribute has a name with a space.
MOVED = "moved from"
UNKNOWN, SENSITIVE, ABSENT = "?", "*", "-"
_PLANNED_WHOLE = frozenset({Action.CREATE.value, Action.IMPORT.value, Action.READ.value})


@dataclass(frozen=True)
class Change:
    """One resource, and what becomes of it. `values` holds a digest of each planned value by its path, or one of the
    signs for what is unknown, sensitive or absent. A stack that can't be planned yet is a change that waits; of one
    that waits anew there is something already.
    """

    stack: str
    address: str
    type: str
    action: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        if self.action in (WAITS, BEHIND):
            return f"{self.stack} (planned later)"
        return f"{self.action} {self.stack}: {self.address}"


@dataclass(frozen=True)
class PlanMeaning:
    changes: tuple[Change, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the bytes under which it is kept."""
        return hashlib.sha256(encode(self)).hexdigest()


class MalformedMeaningError(ValueError):
    """The bytes are not the meaning of a plan."""


def meaning_of(plan: EnvironmentPlan) -> PlanMeaning:
    changes = [change for stack in plan.stacks for change in _changes(stack)]
    return PlanMeaning(tuple(sorted(changes, key=lambda c: (c.stack, c.address, c.action))))


def outline(meaning: PlanMeaning, environment: str, release: str) -> EnvironmentPlan:
    """The plan as far as it is kept: what happens to which resources, without values."""
    stacks: dict[str, StackPlan] = {}
    for change in meaning.changes:
        stack = stacks.get(change.stack, StackPlan(change.stack))
        if change.action in (WAITS, BEHIND):
            behind = change.action == BEHIND
            stacks[change.stack] = replace(stack, waits_for=("what it reads",), behind=behind)
        else:
            resource = ResourceChange(change.address, change.type, Action(change.action))
            stacks[change.stack] = replace(stack, resources=(*stack.resources, resource))
    return EnvironmentPlan(environment, release, tuple(stacks.values()))


def uncovered(plan: PlanMeaning, approved: PlanMeaning, unseen: Collection[str] = ()) -> tuple[Change, ...]:
    """What the plan holds beyond what was approved; nothing where it means the same, or less. `unseen` names stacks
    that could not be planned, and were approved all the same.
    """
    known = {(change.stack, change.address, change.action): change for change in approved.changes}
    waiting = {change.stack for change in approved.changes if change.action == WAITS and change.stack in unseen}

    def covered(change: Change) -> bool:
        # Nothing is there yet of a stack that waits: all that its plan may do is to create, and to read for that.
        if change.stack in waiting and change.action in (Action.CREATE, Action.READ):
            return True
        seen = known.get((change.stack, change.address, change.action))
        return seen is not None and seen.type == change.type and _within(change, seen)

    return tuple(change for change in plan.changes if not covered(change))


def performed(stacks: Iterable[StackPlan]) -> tuple[str, ...]:
    """What is done to which types of resources, like "create aws_vpc"."""
    done = {
        f"{resource.action} {resource.type}"
        for stack in stacks
        for resource in stack.resources
        if resource.action is not Action.READ
    }
    return tuple(sorted(done))


def encode(meaning: PlanMeaning) -> bytes:
    changes = [
        {"stack": c.stack, "address": c.address, "type": c.type, "action": c.action, "values": dict(c.values)}
        for c in meaning.changes
    ]
    document = {"format": FORMAT, "changes": changes}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def decode(data: bytes) -> PlanMeaning:
    try:
        document = json.loads(data)
        read = PlanMeaning(tuple(_read(change) for change in document["changes"]))
        if document["format"] != FORMAT or encode(read) != data:
            raise MalformedMeaningError("its bytes are not in the form in which envctl writes them")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MalformedMeaningError(str(error)) from error
    return read


def _read(change: Mapping[str, Any]) -> Change:
    read = Change(change["stack"], change["address"], change["type"], change["action"], dict(change["values"]))
    texts = (read.stack, read.address, read.type, read.action, *read.values.values())
    if not all(isinstance(text, str) for text in texts):
        raise MalformedMeaningError("something in it is not a text")
    if read.action not in (WAITS, BEHIND):
        # Raises ValueError for what is none.
        Action(read.action)
    return read


def _changes(stack: StackPlan) -> Iterator[Change]:
    if stack.waits_for:
        yield Change(stack.stack, "", "", BEHIND if stack.behind else WAITS)
    for resource in stack.resources:
        yield Change(stack.stack, resource.address, resource.type, resource.action.value, _values(resource))


def _values(resource: ResourceChange) -> dict[str, str]:
    values = {attribute.path: _sign(attribute.after) for attribute in resource.attributes}
    return {**values, MOVED: _sign(resource.moved_from)} if resource.moved_from else values


def _sign(value: object) -> str:
    if value is Marker.UNKNOWN:
        return UNKNOWN
    if value is Marker.SENSITIVE:
        return SENSITIVE
    if value is None:
        return ABSENT
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _within(change: Change, approved: Change) -> bool:
    """Whether every planned value was approved. Some may be there already; a new resource must have all of them."""
    if not all(_known(path, sign, approved.values) for path, sign in change.values.items()):
        return False
    if change.action not in _PLANNED_WHOLE:
        return True
    return all(sign == UNKNOWN or path in change.values for path, sign in approved.values.items())


def _known(path: str, sign: str, approved: Mapping[str, str]) -> bool:
    """Approved as it is, or as something to be found out while applying, which by now is known."""
    return approved.get(path) == sign or any(approved.get(above) == UNKNOWN for above in _from_here_up(path))


def _from_here_up(path: str) -> Iterator[str]:
    yield path
    for position in range(len(path) - 1, 0, -1):
        if path[position] in ".[":
            yield path[:position]
