"""Drift: reality differs from the state. Pending: the configuration differs from the state. The two are never mixed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.plan.changes import Action, AttributeChange, OutputChange, ResourceChange, StackPlan

Condition = Literal["clean", "drifted", "unknown", "empty"]
_STEP = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[[^\]"]*\]|[^.\[\]]+')
_WHOLE = re.compile(rf"(?:{_STEP.pattern})(?:\.?(?:{_STEP.pattern}))*")
_OUTPUT = "output"


@dataclass(frozen=True)
class Look:
    """One stack as it was looked at. `before` is always what the state says; `after` is what is there in `drift`, and
    what the configuration says in `pending`.
    """

    drift: StackPlan
    pending: StackPlan


@dataclass(frozen=True)
class Finding:
    """The same difference, in each environment that has it: either of a resource or of an output."""

    environments: tuple[str, ...]
    stack: str
    resource: ResourceChange | None = None
    output: OutputChange | None = None

    @property
    def name(self) -> str:
        return self.resource.address if self.resource else f"output {self.output.name}" if self.output else ""

    @property
    def action(self) -> Action:
        change = self.resource or self.output
        return change.action if change else Action.UPDATE


def findings(looked_at: Iterable[tuple[str, StackPlan]]) -> tuple[Finding, ...]:
    """Of all environments, each with one of its stacks: what is the same in several is one finding."""
    found: dict[tuple[str, str], Finding] = {}
    for environment, plan in looked_at:
        new = [Finding((environment,), plan.stack, resource=resource) for resource in plan.resources]
        new += [Finding((environment,), plan.stack, output=output) for output in plan.outputs]
        for finding in new:
            # Values can be lists and maps, which have no hash: they are told apart by how they are spelt.
            key = (plan.stack, repr(finding.resource or finding.output))
            before = found.get(key, replace(finding, environments=()))
            found[key] = replace(before, environments=(*before.environments, environment))
    return tuple(found.values())


@dataclass(frozen=True)
class Ignore:
    """A rule like `aws_autoscaling_group.*.desired_capacity`: a resource and, below it, what of it may drift.

    `*` stands for any part of one step. Module calls and indexes count only where the rule has some, and a rule without
    a path speaks of the whole resource. `output.NAME` speaks of an output.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> "Ignore":
        """Raises ValueError for what names no resource."""
        steps = _STEP.findall(text)
        if not _WHOLE.fullmatch(text) or len(_resource(steps).named) < 2:  # noqa: PLR2004 (type and name)
            raise ValueError('must be like "aws_autoscaling_group.*.desired_capacity", a resource and what of it')
        return cls(text)

    def covers(self, address: str, path: str = "") -> bool:
        """Whether it speaks of that resource, or of that attribute of it."""
        rule, own = _resource(_STEP.findall(self.text)), _resource(_STEP.findall(address))
        if rule.modules and not _whole(rule.modules, own.modules):
            return False
        below = _STEP.findall(path)
        # The AWS provider has each tag a second time, together with those that the provider block adds.
        alike = [below, ["tags", *below[1:]]] if below[:1] == ["tags_all"] else [below]
        return _whole(rule.named, own.named) and any(_rest(rule.below, steps) is not None for steps in alike)


# What AWS moves by itself all the time, with nobody's doing: a look at it says nothing about whether somebody changed
# anything, and would take the proof from every environment within minutes.
MOVING = tuple(
    Ignore(text)
    for text in (
        "aws_backup_vault.*.recovery_points",
        # A database that sleeps at night is stopped, and one that has a replica elsewhere is still what was made.
        "aws_db_instance.*.latest_restorable_time",
        "aws_db_instance.*.replicas",
        "aws_db_instance.*.status",
        "aws_iam_role.*.role_last_used",
    )
)


def without_moving(plan: StackPlan) -> StackPlan:
    """Without what moves by itself, of which there is nothing to tell."""
    return without_ignored(plan, MOVING)[0]


def without_ignored(plan: StackPlan, rules: Iterable[Ignore]) -> tuple[StackPlan, tuple[str, ...]]:
    """What is left of the drift, and the names of what was left out."""
    rules = tuple(rules)
    kept: list[ResourceChange] = []
    ignored: list[str] = []
    for resource in plan.resources:
        rest, left_out = _split(resource, rules)
        kept += [rest] if rest else []
        ignored += left_out
    outputs = tuple(o for o in plan.outputs if not any(rule.covers(f"{_OUTPUT}.{o.name}") for rule in rules))
    ignored += [f"{_OUTPUT}.{o.name}" for o in plan.outputs if o not in outputs]
    return replace(plan, resources=tuple(kept), outputs=outputs), tuple(ignored)


def _split(resource: ResourceChange, rules: tuple[Ignore, ...]) -> tuple[ResourceChange | None, list[str]]:
    if any(rule.covers(resource.address) for rule in rules):
        return None, [resource.address]
    if resource.action is not Action.UPDATE:
        # That a resource is gone is more than a change of any of its attributes.
        return resource, []
    kept = tuple(a for a in resource.attributes if not _ignored(resource, a, rules))
    left_out = [f"{resource.address}.{a.path}" for a in resource.attributes if a not in kept]
    return replace(resource, attributes=kept) if kept or not left_out else None, left_out


def _ignored(resource: ResourceChange, attribute: AttributeChange, rules: tuple[Ignore, ...]) -> bool:
    return any(rule.covers(resource.address, attribute.path) for rule in rules)


@dataclass(frozen=True)
class _Steps:
    """Module calls, then type and name (with an index, if there is one), then the path below the resource."""

    modules: list[str]
    named: list[str]
    below: list[str]


def _resource(steps: list[str]) -> _Steps:
    position = 0
    while steps[position : position + 1] == ["module"]:
        position += 3 if _is_index(steps, position + 2) else 2
    end = position + 3 if _is_index(steps, position + 2) else position + 2
    return _Steps(steps[:position], steps[position:end], steps[end:])


def _is_index(steps: list[str], position: int) -> bool:
    return position < len(steps) and steps[position].startswith("[")


def _whole(rule: list[str], own: list[str]) -> bool:
    rest = _rest(rule, own)
    return rest is not None and all(step.startswith("[") for step in rest)


def _rest(rule: list[str], own: list[str]) -> list[str] | None:
    """What is left of the steps behind those of the rule; None where they are others. Indexes that the rule does not
    have are passed over.
    """
    rest = list(own)
    for step in rule:
        while rest and rest[0].startswith("[") and not step.startswith("["):
            rest.pop(0)
        if not rest or not _matches(step, rest.pop(0)):
            return None
    return rest


def _matches(pattern: str, step: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), step, re.DOTALL) is not None
