"""What a plan means, without its values: who approved one has approved every plan that means the same or less.

Ordering, values that are only known afterwards, and everything else that a new run makes anew are not part of it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from envctl.domain.plan.canonical import (
    ABSENT,
    SENSITIVE,
    SENSITIVE_UNKNOWN,
    UNKNOWN,
    above,
    leaves,
    place,
    sign_of,
    steps_of,
)
from envctl.domain.plan.changes import Action, EnvironmentPlan, OutputChange, ResourceChange, StackPlan

FORMAT = 2
# One that was kept by an earlier envctl is read and shown, and covers nothing: less was looked at when it was approved.
EARLIER = frozenset({1})
WAITS, BEHIND = "wait", "wait anew"
# Beside the places of values, which begin with a bracket.
MOVED = "moved from"
# No address begins with a word and a space.
OUTPUT = "output "
_PLANNED_WHOLE = frozenset({Action.CREATE.value, Action.IMPORT.value, Action.READ.value, Action.INVOKE.value})
_WRITTEN = frozenset({Action.CREATE.value, Action.UPDATE.value})


@dataclass(frozen=True)
class Change:
    """One resource, output or action, and what becomes of it. `values` holds a digest of each planned value by its
    place, or one of the signs for what is unknown, sensitive or absent. A stack that can't be planned yet is a change
    that waits; of one that waits anew there is something already.
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
    format: int = FORMAT

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the bytes under which it is kept."""
        return hashlib.sha256(encode(self)).hexdigest()


class MalformedMeaningError(ValueError):
    """The bytes are not the meaning of a plan."""


def meaning_of(plan: EnvironmentPlan) -> PlanMeaning:
    changes = [change for stack in plan.stacks for change in _changes(stack)]
    return PlanMeaning(tuple(sorted(changes, key=lambda c: (c.stack, c.address, c.action, sorted(c.values.items())))))


def outline(meaning: PlanMeaning, environment: str, release: str) -> EnvironmentPlan:
    """The plan as far as it is kept: what happens to which resources, without values."""
    stacks: dict[str, StackPlan] = {}
    for change in meaning.changes:
        stack = stacks.get(change.stack, StackPlan(change.stack))
        if change.action in (WAITS, BEHIND):
            behind = change.action == BEHIND
            stacks[change.stack] = replace(stack, waits_for=("what it reads",), behind=behind)
        elif change.address.startswith(OUTPUT):
            output = OutputChange(change.address.removeprefix(OUTPUT), Action(change.action), None, None)
            stacks[change.stack] = replace(stack, outputs=(*stack.outputs, output))
        else:
            resource = ResourceChange(change.address, change.type, Action(change.action))
            stacks[change.stack] = replace(stack, resources=(*stack.resources, resource))
    return EnvironmentPlan(environment, release, tuple(stacks.values()))


def uncovered(plan: PlanMeaning, approved: PlanMeaning, unseen: Collection[str] = ()) -> tuple[Change, ...]:
    """What the plan holds beyond what was approved; nothing where it means the same, or less. `unseen` names stacks
    that could not be planned, and were approved all the same.
    """
    if approved.format != plan.format:
        return plan.changes
    known: dict[tuple[str, str], list[Change]] = {}
    for seen in approved.changes:
        known.setdefault((seen.stack, seen.address), []).append(seen)
    waiting = {change.stack for change in approved.changes if change.action == WAITS and change.stack in unseen}

    def covered(change: Change) -> bool:
        # Nothing is there yet of a stack that waits: all that its plan may do is to create, and to read for that.
        if change.stack in waiting and change.action in (Action.CREATE, Action.READ):
            return True
        left = known.get((change.stack, change.address), [])
        found = next((seen for seen in left if _is_like(change, seen) and _within(change, seen)), None)
        if found is not None:
            # Each covers one: the same action may be invoked more than once.
            left.remove(found)
        return found is not None

    return tuple(change for change in plan.changes if not covered(change))


def performed(stacks: Iterable[StackPlan]) -> tuple[str, ...]:
    """What is done to which types of resources, like "create aws_vpc", and which actions are invoked.

    Nothing is done to a stack that is forgotten as a whole.
    """
    done = {
        f"{resource.action} {resource.type}"
        for stack in stacks
        for resource in stack.resources
        if resource.action is not Action.READ and stack.leaves != "forget"
    }
    return tuple(sorted(done))


def encode(meaning: PlanMeaning) -> bytes:
    changes = [
        {"stack": c.stack, "address": c.address, "type": c.type, "action": c.action, "values": dict(c.values)}
        for c in meaning.changes
    ]
    document = {"format": meaning.format, "changes": changes}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def decode(data: bytes) -> PlanMeaning:
    try:
        document = json.loads(data)
        read = PlanMeaning(tuple(_read(change) for change in document["changes"]), document["format"])
        if type(read.format) is not int or read.format not in {FORMAT, *EARLIER} or encode(read) != data:
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
    for output in stack.outputs:
        yield Change(stack.stack, f"{OUTPUT}{output.name}", "", output.action.value, _output_values(output))


def _values(resource: ResourceChange) -> dict[str, str]:
    values = dict(resource.planned)
    if not values:
        told = {place(steps_of(attribute.path)): attribute.after for attribute in resource.attributes}
        values = {placed: ABSENT if after is None else sign_of(after) for placed, after in told.items()}
    return {**values, MOVED: sign_of(resource.moved_from)} if resource.moved_from else values


def _output_values(output: OutputChange) -> dict[str, str]:
    if output.action is Action.DELETE:
        return {}
    return {placed: sign_of(leaf) for placed, leaf in leaves(output.after)}


def _is_like(change: Change, approved: Change) -> bool:
    if change.type != approved.type or change.action == approved.action:
        return change.type == approved.type
    # An apply that ended halfway may have written some outputs already: the value is what counts.
    return change.address.startswith(OUTPUT) and {change.action, approved.action} <= _WRITTEN


def _within(change: Change, approved: Change) -> bool:
    """Whether every planned value was approved. Some may be there already; a new resource must have all of them."""
    if any(not _known(placed, sign, approved.values) for placed, sign in change.values.items()):
        return False
    if change.action not in _PLANNED_WHOLE and not change.address.startswith(OUTPUT):
        return True
    later = (UNKNOWN, SENSITIVE_UNKNOWN)
    return all(sign in later or placed in change.values for placed, sign in approved.values.items())


def _known(placed: str, sign: str, approved: Mapping[str, str]) -> bool:
    """Approved as it is, or as something to be found out while applying, which by now is known."""
    seen = approved.get(placed)
    if seen == sign or (seen == SENSITIVE_UNKNOWN and sign == SENSITIVE):
        return True
    return any(approved.get(each) == UNKNOWN for each in above(placed))
