"""Drift in `terraform show -json` of a refresh-only plan: `before` is the state, `after` is reality."""

from collections.abc import Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import collect_secrets, diff_attributes
from envctl.adapters.terraform.plans.plan_document import format_address, parse_action, parse_output_changes
from envctl.domain.plan.changes import Action, Marker, OutputChange, ResourceChange, StackPlan, is_same_value
from envctl.usecases.ports.terraform import PreparedStack


def parse_drift(stack: PreparedStack, document: Mapping[str, Any], warnings: tuple[str, ...]) -> StackPlan:
    """Return the drifted resources. Raise ValueError for an unknown action."""
    secrets = collect_secrets(stack.name, document)
    drifted = []
    for raw in document.get("resource_drift", ()):
        action = parse_action(raw["change"])
        # A provider may turn null into {}, [] or "" in a refresh.
        sides = {side: _normalize_empty(raw["change"].get(side)) for side in ("before", "after")}
        differing = tuple(diff_attributes({**raw["change"], **sides}, secrets))
        # A renamed resource has not drifted.
        if action is not None and (action is not Action.UPDATE or differing):
            drifted.append(
                ResourceChange(
                    address=format_address(raw, stack.address_prefix),
                    type=raw["type"],
                    action=action,
                    attributes=differing,
                )
            )
    return StackPlan(stack.name, resources=tuple(drifted), warnings=warnings)


def parse_drifted_outputs(stack: PreparedStack, document: Mapping[str, Any]) -> tuple[OutputChange, ...]:
    """Return the outputs changed by a refresh of the state."""
    return tuple(
        output
        for output in parse_output_changes(document, collect_secrets(stack.name, document))
        # Terraform lists it as changed: two redacted values differ.
        if output.before is output.after is Marker.SENSITIVE
        or not is_same_value(_normalize_empty(output.before), _normalize_empty(output.after))
    )


def _normalize_empty(value: object) -> object:
    """Replace empty values by None. Items of lists keep their positions. Empty blocks stay: one more is drift."""
    if isinstance(value, Mapping):
        filled = {key: _normalize_empty(item) for key, item in value.items()}
        return None if all(item is None for item in filled.values()) else filled
    if isinstance(value, list):
        items = [
            (_normalize_empty(item) or {}) if isinstance(item, Mapping) else _normalize_empty(item) for item in value
        ]
        return None if all(item is None for item in items) else items
    return None if value == "" else value
