"""Drift: reality differs from the state. Pending: the configuration differs from the state. Never mix the two."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.plan.changes import Action, OutputChange, ResourceChange, StackPlan

Condition = Literal["clean", "drifted", "unknown", "empty"]
_STEP = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[[^\]"]*\]|[^.\[\]]+')
_RULE = re.compile(rf"(?:{_STEP.pattern})(?:\.?(?:{_STEP.pattern}))*")
# Patterns of objects, like `Deployment.apps/shop/web.spec.replicas`. Both a name and a path have dots: only an
# address tells where the one ends and the other begins.
_OBJECT = re.compile(r"(?P<type>[A-Za-z*][\w.*-]*)(?P<names>(?:/[\w.:*@-]+){1,2})(?P<rest>[.\[].*)?", re.DOTALL)
_ADDRESS = re.compile(r"[A-Z]\w*(?:\.[\w.-]+)?(?:/[^/\s\[\]\"]+){1,2}")
_PARTS = (2, 3)
_OUTPUT = "output"


@dataclass(frozen=True)
class StackComparison:
    """One stack and its state, `before`. `after` is reality in `drift`, and the configuration in `pending`."""

    drift: StackPlan
    pending: StackPlan


@dataclass(frozen=True)
class SharedDifference:
    """One difference of a resource or an output, with all environments it was found in."""

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


def group_differences(plans: Iterable[tuple[str, StackPlan]]) -> tuple[SharedDifference, ...]:
    """Group equal differences of several environments. `plans` are pairs of environment and stack plan."""
    found: dict[tuple[str, str], SharedDifference] = {}
    for environment, plan in plans:
        new = [SharedDifference((environment,), plan.stack, resource=resource) for resource in plan.resources]
        new += [SharedDifference((environment,), plan.stack, output=output) for output in plan.outputs]
        for finding in new:
            # Values may be unhashable lists and maps; their repr is the key.
            key = (plan.stack, repr(finding.resource or finding.output))
            before = found.get(key, replace(finding, environments=()))
            found[key] = replace(before, environments=(*before.environments, environment))
    return tuple(found.values())


@dataclass(frozen=True)
class IgnorePattern:
    """A pattern like `aws_autoscaling_group.*.desired_capacity`: a resource, and the attribute allowed to drift.

    `*` matches any part of one step. Module calls and indexes count only if the pattern has some; without an attribute
    it covers the whole resource. `output.NAME` covers an output, and `Deployment.apps/shop/web.spec.replicas` a field
    of a Kubernetes object.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> "IgnorePattern":
        """Read a pattern. Raises ValueError unless it names a resource."""
        if is_object_pattern(text):
            if _OBJECT.fullmatch(text) is None:
                raise ValueError('must be like "Deployment.apps/shop/web.spec.replicas", an object and a field')
            return cls(text)
        steps = _STEP.findall(text)
        if not _RULE.fullmatch(text) or len(_split_address(steps).named) < 2:  # noqa: PLR2004 (type and name)
            raise ValueError('must be like "aws_autoscaling_group.*.desired_capacity", a resource and an attribute')
        return cls(text)

    def is_covering(self, address: str, path: str = "") -> bool:
        """Check that the pattern covers the resource, or this attribute of it."""
        if is_object_pattern(self.text) or is_object_pattern(address):
            field = split_object_pattern(self.text, address)
            return field is not None and _match_prefix(_STEP.findall(field), _STEP.findall(path)) is not None
        rule, own = _split_address(_STEP.findall(self.text)), _split_address(_STEP.findall(address))
        if rule.modules and not _is_full_match(rule.modules, own.modules):
            return False
        below = _STEP.findall(path)
        # The AWS provider repeats each tag in `tags_all`, with the default tags added.
        alike = [below, ["tags", *below[1:]]] if below[:1] == ["tags_all"] else [below]
        return _is_full_match(rule.named, own.named) and any(
            _match_prefix(rule.below, steps) is not None for steps in alike
        )


# Attributes AWS changes by itself all the time: they are no sign of manual changes, and would invalidate the
# verification of every environment within minutes.
VOLATILE = tuple(
    IgnorePattern(text)
    for text in (
        "aws_backup_vault.*.recovery_points",
        # Stopping a database at night, or adding a replica elsewhere, does not change its configuration.
        "aws_db_instance.*.latest_restorable_time",
        "aws_db_instance.*.replicas",
        "aws_db_instance.*.status",
        "aws_iam_role.*.role_last_used",
    )
)


def drop_volatile(plan: StackPlan) -> StackPlan:
    return drop_ignored(plan, VOLATILE)[0]


def drop_ignored(plan: StackPlan, rules: Iterable[IgnorePattern]) -> tuple[StackPlan, tuple[str, ...]]:
    """Return the remaining drift, and the names of all ignored parts."""
    rules = tuple(rules)
    kept: list[ResourceChange] = []
    ignored: list[str] = []
    for resource in plan.resources:
        rest, left_out = _split_resource(resource, rules)
        kept += [rest] if rest else []
        ignored += left_out
    outputs = tuple(o for o in plan.outputs if not any(rule.is_covering(f"{_OUTPUT}.{o.name}") for rule in rules))
    ignored += [f"{_OUTPUT}.{o.name}" for o in plan.outputs if o not in outputs]
    return replace(plan, resources=tuple(kept), outputs=outputs), tuple(ignored)


def _split_resource(
    resource: ResourceChange, rules: tuple[IgnorePattern, ...]
) -> tuple[ResourceChange | None, list[str]]:
    if any(rule.is_covering(resource.address) for rule in rules):
        return None, [resource.address]
    if resource.action is not Action.UPDATE:
        # A deleted resource is more than a change of its attributes.
        return resource, []
    kept = tuple(
        a for a in resource.attributes if not any(rule.is_covering(resource.address, a.path) for rule in rules)
    )
    left_out = [f"{resource.address}.{a.path}" for a in resource.attributes if a not in kept]
    return replace(resource, attributes=kept) if kept or not left_out else None, left_out


@dataclass(frozen=True)
class _AddressParts:
    """Steps of an address: module calls, then type and name with an optional index, then the attribute path."""

    modules: list[str]
    named: list[str]
    below: list[str]


def _split_address(steps: list[str]) -> _AddressParts:
    position = 0
    while steps[position : position + 1] == ["module"]:
        position += 3 if _is_index(steps, position + 2) else 2
    end = position + 3 if _is_index(steps, position + 2) else position + 2
    return _AddressParts(steps[:position], steps[position:end], steps[end:])


def _is_index(steps: list[str], position: int) -> bool:
    return position < len(steps) and steps[position].startswith("[")


def _is_full_match(rule: list[str], own: list[str]) -> bool:
    rest = _match_prefix(rule, own)
    return rest is not None and all(step.startswith("[") for step in rest)


def _match_prefix(rule: list[str], own: list[str]) -> list[str] | None:
    """Return the steps behind those of the rule, or None for a mismatch. Indexes missing in the rule are skipped."""
    rest = list(own)
    for step in rule:
        while rest and rest[0].startswith("[") and not step.startswith("["):
            rest.pop(0)
        pattern = ".*".join(re.escape(part) for part in step.split("*"))
        if not rest or not re.fullmatch(pattern, rest.pop(0), re.DOTALL):
            return None
    return rest


def is_object_pattern(text: str) -> bool:
    """Check if a pattern or an address is one of an object: a slash before any index."""
    return "/" in text.partition("[")[0]


def split_object_pattern(text: str, address: str) -> str | None:
    """Return the path behind the shortest part of a pattern that matches the address; empty for the whole object, and
    None if no part does.

    The shortest one ignores the least: `ConfigMap/shop/*.data` is a field of each object, and no object named `x.data`.
    """
    if not _ADDRESS.fullmatch(address):
        return None
    ends = [match.start() for match in re.finditer(r"[.\[]", text)]
    for end in [*ends, len(text)]:
        if _is_matching(text[:end], address):
            return text[end:].removeprefix(".")
    return None


def _is_matching(pattern: str, address: str) -> bool:
    own, wanted = address.split("/"), pattern.split("/")
    if len(own) != len(wanted) or len(own) not in _PARTS:
        return False
    return all(
        re.fullmatch(".*".join(map(re.escape, each.split("*"))), part) for each, part in zip(wanted, own, strict=True)
    )
