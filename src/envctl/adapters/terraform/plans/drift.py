"""Drift, from `terraform show -json` of a refresh-only plan: `before` is what the state says, `after` what is there."""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import all_secrets, attributes
from envctl.adapters.terraform.plans.plan_document import action_of, address, output_changes
from envctl.domain.plan.changes import Action, Marker, OutputChange, ResourceChange, StackPlan, same


def drift(stack: str, document: Mapping[str, Any], warnings: tuple[str, ...]) -> StackPlan:
    """Of resources. Raises ValueError as for any other plan."""
    return StackPlan(stack, tuple(_drifted(document, f"module.{stack}.")), warnings=warnings)


def outputs(document: Mapping[str, Any]) -> tuple[OutputChange, ...]:
    """The outputs that would be others if the state were what is there."""
    found = output_changes(document, all_secrets(document))
    return tuple(o for o in found if not same(_filled(o.before), _filled(o.after)) or _hides(o))


def _hides(output: OutputChange) -> bool:
    """Two values that are hidden may differ: Terraform says that they do."""
    return output.before is Marker.SENSITIVE and output.after is Marker.SENSITIVE


def _drifted(document: Mapping[str, Any], prefix: str) -> Iterator[ResourceChange]:
    secrets = all_secrets(document)
    for raw in document.get("resource_drift", ()):
        change = raw["change"]
        action = action_of(change)
        differing = tuple(attributes(_quiet(change), secrets))
        # A resource that is only called by another name is where it was.
        if action is None or (action is Action.UPDATE and not differing):
            continue
        yield ResourceChange(address(raw, prefix), raw["type"], action, differing)


def _quiet(change: Mapping[str, Any]) -> Mapping[str, Any]:
    """A refresh turns null into {}, [] or "" at a provider's whim: that is no drift."""
    return {**change, "before": _filled(change.get("before")), "after": _filled(change.get("after"))}


def _filled(value: object) -> object:
    """None in place of whatever holds nothing. Places in a list are kept, and so are blocks that hold nothing: one that
    appears or vanishes is drift.
    """
    if isinstance(value, Mapping):
        filled = {key: _filled(item) for key, item in value.items()}
        return None if all(item is None for item in filled.values()) else filled
    if isinstance(value, list):
        items = [(_filled(item) or {}) if isinstance(item, Mapping) else _filled(item) for item in value]
        return None if all(item is None for item in items) else items
    return None if value == "" else value
