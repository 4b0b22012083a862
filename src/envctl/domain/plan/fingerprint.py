"""Fingerprints of plans: planned changes without values. An approval covers every plan with the same or fewer changes.

Order, values known after apply, and all else a new run changes are left out. Of a value there is a digest of its
canonical text: values an apply could tell apart have different texts. A path inside a value is a list of keys and
indexes, kept as JSON: no key can imitate another path, even with special characters.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from envctl.domain.plan.changes import (
    Action,
    EnvironmentPlan,
    Marker,
    OutputChange,
    PlannedValue,
    ResourceChange,
    StackPlan,
)
from envctl.domain.release_label import ReleaseLabel

# In place of a digest: known after apply, sensitive, both, and absent.
UNKNOWN, SENSITIVE, SENSITIVE_UNKNOWN, ABSENT = "?", "*", "*?", "-"
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')

PathStep = str | int
FORMAT = 2
# Formats of earlier versions are read and shown, but cover nothing: they hold less of a plan.
EARLIER_FORMATS = frozenset({1})
WAITS, BEHIND = "wait", "wait anew"
# A key beside the paths of values; these begin with a bracket.
MOVED_KEY = "moved from"
# Terraform reports the two halves of a replacement. Moves and imports it only writes, with the first change.
_HALVES = {Action.REPLACE: (Action.REPLACE, Action.CREATE, Action.DELETE), Action.RENEW: (Action.CREATE,)}
_IN_STATE_FIRST = (Action.MOVE, Action.IMPORT)
_TAINTED = "replace because tainted"
# No address begins with a word and a space.
OUTPUT_PREFIX = "output "


def to_canonical_json(value: object) -> str:
    """Return the JSON of a value: keys in order, and numbers in their only exact form. Raises TypeError otherwise."""
    match value:
        case None | bool() | str():
            return json.dumps(value)
        case int() | float() | Decimal():
            exact = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
            if not exact.is_finite():
                raise TypeError(f"{exact} is not a number")
            # Without rounding, in the same form for 1, 1.0 and 1e0.
            sign, digits, exponent = exact.as_tuple()
            text = "".join(map(str, digits)).lstrip("0")
            short = text.rstrip("0")
            power = int(exponent) + len(text) - len(short)
            return f"{'-' if sign else ''}{short}{f'e{power}' if power else ''}" if short else "0"
        case Mapping():
            text = ""
            for key, item in sorted(zip(map(str, value), value.values(), strict=True)):
                text += f",{json.dumps(key)}:{to_canonical_json(item)}"
            return f"{{{text[1:]}}}"
        case list() | tuple():
            return f"[{','.join(map(to_canonical_json, value))}]"
        case _:
            raise TypeError(f"a {type(value).__name__} can't be part of a document")


def digest_value(value: object) -> str:
    """Return a digest of a value, or the marker for an unknown or sensitive one."""
    if isinstance(value, Marker):
        return UNKNOWN if value is Marker.UNKNOWN else SENSITIVE
    return digest_text(to_canonical_json(value))


def plan_value(value: object, before: object = None) -> PlannedValue:
    """Return a planned value without secrets, or with a marker in its place."""
    return PlannedValue(digest_value(value), before, value)


def digest_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def encode_path(steps: Sequence[PathStep]) -> str:
    return json.dumps(list(steps), separators=(",", ":"))


def parse_path(path: str) -> tuple[PathStep, ...]:
    """Parse a path in readable form, like `tags["a b"].c[0]`."""
    return tuple(
        int(index) if index else plain or str(json.loads(f'"{quoted}"')) for quoted, index, plain in _STEP.findall(path)
    )


def list_enclosing_paths(path: str) -> Iterator[str]:
    """Yield the path itself, then every enclosing path. Other text is yielded alone."""
    yield path
    if path.startswith("["):
        steps = json.loads(path)
        yield from (encode_path(steps[:end]) for end in range(len(steps) - 1, -1, -1))


def list_leaves(value: object, steps: tuple[PathStep, ...] = ()) -> Iterator[tuple[str, object]]:
    """Yield path and value of every leaf; empty lists and objects are leaves too."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from list_leaves(item, (*steps, str(key)))
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from list_leaves(item, (*steps, index))
    else:
        yield encode_path(steps), value


@dataclass(frozen=True)
class PlannedChange:
    """The planned change of a resource or an output, or the invocation of an action."""

    stack: str
    address: str
    type: str
    action: str  # one of `Action`; WAITS or BEHIND for a stack to be planned later, BEHIND if it already has resources
    # Digest of each planned value by its path, or the marker for an unknown, sensitive or absent one.
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def description(self) -> str:
        if self.action in (WAITS, BEHIND):
            return f"{self.stack} (planned later)"
        return f"{self.action} {self.stack}: {self.address}"


@dataclass(frozen=True)
class PlanFingerprint:
    changes: tuple[PlannedChange, ...] = ()
    format: int = FORMAT

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the stored bytes."""
        return hashlib.sha256(encode(self)).hexdigest()


class MalformedFingerprintError(ValueError):
    """The bytes are no fingerprint of a plan."""


def fingerprint_plan(plan: EnvironmentPlan) -> PlanFingerprint:
    changes = [change for stack in plan.stacks for change in _list_changes(stack)]
    changes.sort(key=lambda c: (c.stack, c.address, c.action, sorted(c.values.items())))
    return PlanFingerprint(tuple(changes))


def to_plan_outline(
    meaning: PlanFingerprint, environment: str, release: str, label: ReleaseLabel | None = None
) -> EnvironmentPlan:
    """Rebuild the plan without values: resources, outputs and their actions."""
    stacks: dict[str, StackPlan] = {}
    for change in meaning.changes:
        stack = stacks.get(change.stack, StackPlan(change.stack))
        if change.action in (WAITS, BEHIND):
            behind = change.action == BEHIND
            stacks[change.stack] = replace(stack, waits_for=("the data it reads",), behind=behind)
        elif change.address.startswith(OUTPUT_PREFIX):
            output = OutputChange(change.address.removeprefix(OUTPUT_PREFIX), Action(change.action), None, None)
            stacks[change.stack] = replace(stack, outputs=(*stack.outputs, output))
        else:
            resource = ResourceChange(address=change.address, type=change.type, action=Action(change.action))
            stacks[change.stack] = replace(stack, resources=(*stack.resources, resource))
    return EnvironmentPlan(environment=environment, release=release, stacks=tuple(stacks.values()), label=label)


def list_performed_actions(stacks: Iterable[StackPlan], *, repairs: bool = False) -> tuple[str, ...]:
    """Return performed actions by resource type, like "create aws_vpc"; actions on forgotten stacks are left out. With
    `repairs`, the replacement of a half-made resource is its creation too.
    """
    changes = [each for stack in stacks if stack.leaves != "forget" for each in stack.resources]
    done = {f"{each.action} {each.type}" for each in changes if each.action is not Action.READ}
    made = {f"{Action.CREATE} {each.type}" for each in changes if repairs and each.reason == _TAINTED}
    return tuple(sorted(done | made))


def select_finished(plan: StackPlan, finished: Collection[tuple[str, Action]]) -> StackPlan:
    """Return the part of a plan that an apply finished before it stopped, given by address and action. One half of a
    replacement counts as all of it: the next plan has the other half.
    """

    def is_finished(each: ResourceChange) -> bool:
        if each.action in _IN_STATE_FIRST:
            return bool(finished)
        return any((each.address, action) in finished for action in _HALVES.get(each.action, (each.action,)))

    return replace(plan, resources=tuple(filter(is_finished, plan.resources)))


def list_missing_actions(meaning: PlanFingerprint, left: Iterable[StackPlan]) -> tuple[str, ...]:
    """Return the kinds of actions in a plan that a later plan of the same stacks, code and settings has no more."""
    plans = {plan.stack: plan for plan in left if not plan.waits_for and plan.leaves != "forget"}
    done = {
        f"{change.action} {change.type}"
        for change in meaning.changes
        if change.type and change.action != Action.READ and change.stack in plans
        if not any((r.address, r.action) == (change.address, change.action) for r in plans[change.stack].resources)
    }
    return tuple(sorted(done))


def encode(meaning: PlanFingerprint) -> bytes:
    changes = [
        {"stack": c.stack, "address": c.address, "type": c.type, "action": c.action, "values": dict(c.values)}
        for c in meaning.changes
    ]
    document = {"format": meaning.format, "changes": changes}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def decode(data: bytes) -> PlanFingerprint:
    try:
        document = json.loads(data)
        read = PlanFingerprint(tuple(_parse_change(change) for change in document["changes"]), document["format"])
        if type(read.format) is not int or read.format not in {FORMAT, *EARLIER_FORMATS} or encode(read) != data:
            raise MalformedFingerprintError("its bytes are not in the canonical form of envctl")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MalformedFingerprintError(str(error)) from error
    return read


def _parse_change(change: Mapping[str, Any]) -> PlannedChange:
    read = PlannedChange(change["stack"], change["address"], change["type"], change["action"], dict(change["values"]))
    texts = (read.stack, read.address, read.type, read.action, *read.values.values())
    if not all(isinstance(text, str) for text in texts):
        raise MalformedFingerprintError("one of its values is not a string")
    if read.action not in (WAITS, BEHIND):
        # Raises ValueError for an unknown action.
        Action(read.action)
    return read


def _list_changes(stack: StackPlan) -> Iterator[PlannedChange]:
    if stack.waits_for:
        yield PlannedChange(stack.stack, "", "", BEHIND if stack.behind else WAITS)
    for resource in stack.resources:
        values = _digest_values(resource)
        yield PlannedChange(stack.stack, resource.address, resource.type, resource.action.value, values)
    for output in stack.outputs:
        leaves = () if output.action is Action.DELETE else list_leaves(output.after)
        values = {path: digest_value(leaf) for path, leaf in leaves}
        yield PlannedChange(stack.stack, f"{OUTPUT_PREFIX}{output.name}", "", output.action.value, values)


def _digest_values(resource: ResourceChange) -> dict[str, str]:
    values = {path: value.digest for path, value in resource.planned.items()}
    if not values:
        for attribute in resource.attributes:
            path, value = encode_path(parse_path(attribute.path)), attribute.after
            values[path] = ABSENT if value is None else digest_value(value)
    return {**values, MOVED_KEY: digest_value(resource.moved_from)} if resource.moved_from else values
