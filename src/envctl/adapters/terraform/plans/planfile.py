"""`terraform show -json` of a saved plan, as what it means."""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import all_secrets, attributes, managed, marks_of, shown
from envctl.domain.changes import Action, OutputChange, ResourceChange, StackPlan

_ACTIONS: dict[tuple[str, ...], Action | None] = {
    ("no-op",): None,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
}


def meaning(stack: str, document: Mapping[str, Any], warnings: tuple[str, ...]) -> StackPlan:
    """Raises ValueError for an action that this version does not know: it must not pass for no change."""
    secrets = all_secrets(document)
    resources = tuple(_resources(document, f"module.{stack}.", secrets))
    outputs = tuple(output_changes(document, secrets))
    return StackPlan(stack, resources, outputs, warnings=warnings, stateless=_stateless(document))


def action_of(change: Mapping[str, Any]) -> Action | None:
    key = tuple(change["actions"])
    if key not in _ACTIONS:
        raise ValueError(f"Terraform plans an action that envctl does not know: {change['actions']}")
    return _ACTIONS[key]


def address(raw: Mapping[str, Any], prefix: str) -> str:
    """As the stack's module knows it. What a replacement has left behind is told apart from the resource itself."""
    deposed = f" (deposed {raw['deposed']})" if raw.get("deposed") else ""
    return f"{raw['address'].removeprefix(prefix)}{deposed}"


def _resources(document: Mapping[str, Any], prefix: str, secrets: frozenset[str]) -> Iterator[ResourceChange]:
    for raw in document.get("resource_changes", ()):
        change = raw["change"]
        action = action_of(change)
        moved_from = raw.get("previous_address", "")
        if change.get("importing") and action is None:
            action = Action.IMPORT
        if action is None and moved_from:
            action = Action.MOVE
        if action is None or (action is Action.READ and raw.get("mode") == "data"):
            continue
        yield ResourceChange(
            address(raw, prefix),
            raw["type"],
            action,
            tuple(attributes(change, secrets)),
            moved_from.removeprefix(prefix),
            raw.get("action_reason", "").replace("_", " "),
        )


def _stateless(document: Mapping[str, Any]) -> bool:
    """Data sources and outputs stand there too, as they were just read."""
    return not any(managed(document.get("prior_state", {}).get("values", {}).get("root_module", {})))


def output_changes(document: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[OutputChange]:
    for name, change in sorted(document.get("output_changes", {}).items()):
        action = action_of(change)
        if action is not None:
            marks = marks_of(change)
            before = shown(change.get("before"), marks, None, secrets)
            after = shown(change.get("after"), marks, change.get("after_unknown"), secrets)
            yield OutputChange(name, action, before, after)
