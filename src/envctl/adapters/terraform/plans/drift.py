"""Drift in `terraform show -json` of a refresh-only plan: `before` is the state, `after` is reality."""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import collect_secrets, diff_attributes
from envctl.adapters.terraform.plans.plan_document import format_address, parse_action, parse_output_changes
from envctl.domain.plan.changes import Action, Marker, OutputChange, ResourceChange, StackPlan, is_same_value


def parse_drift(stack: str, document: Mapping[str, Any], warnings: tuple[str, ...]) -> StackPlan:
    """Return the drifted resources. Raise ValueError for an unknown action."""
    return StackPlan(stack, tuple(_parse_drifted_resources(document, f"module.{stack}.")), warnings=warnings)


def parse_drifted_outputs(document: Mapping[str, Any]) -> tuple[OutputChange, ...]:
    """Return the outputs changed by a refresh of the state."""
    found = parse_output_changes(document, collect_secrets(document))
    return tuple(
        o for o in found if not is_same_value(_normalize_empty(o.before), _normalize_empty(o.after)) or _is_hidden(o)
    )


def _is_hidden(output: OutputChange) -> bool:
    """Return whether both values are redacted: Terraform lists the output as changed, so they differ."""
    return output.before is Marker.SENSITIVE and output.after is Marker.SENSITIVE


def _parse_drifted_resources(document: Mapping[str, Any], prefix: str) -> Iterator[ResourceChange]:
    secrets = collect_secrets(document)
    for raw in document.get("resource_drift", ()):
        change = raw["change"]
        action = parse_action(change)
        differing = tuple(diff_attributes(_normalize_change(change), secrets))
        # A renamed resource has not drifted.
        if action is None or (action is Action.UPDATE and not differing):
            continue
        yield ResourceChange(format_address(raw, prefix), raw["type"], action, differing)


def _normalize_change(change: Mapping[str, Any]) -> Mapping[str, Any]:
    """Normalize empty values on both sides: a provider may turn null into {}, [] or "" in a refresh."""
    return {**change, "before": _normalize_empty(change.get("before")), "after": _normalize_empty(change.get("after"))}


def _normalize_empty(value: object) -> object:
    """Replace empty values by None. Items of a list keep their positions, and empty blocks are kept: one added or
    removed is drift.
    """
    if isinstance(value, Mapping):
        filled = {key: _normalize_empty(item) for key, item in value.items()}
        return None if all(item is None for item in filled.values()) else filled
    if isinstance(value, list):
        items = [
            (_normalize_empty(item) or {}) if isinstance(item, Mapping) else _normalize_empty(item) for item in value
        ]
        return None if all(item is None for item in items) else items
    return None if value == "" else value
