"""`terraform show -json` of a saved plan, as what it means."""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.actions import invocations
from envctl.adapters.terraform.plans.attributes import all_secrets, attributes, managed, marks_of, shown
from envctl.adapters.terraform.plans.planned_values import configured, imported, planned
from envctl.adapters.terraform.plans.programs import Code, programs, ran_already
from envctl.adapters.terraform.plans.provider_configurations import provider_configurations
from envctl.domain.plan.changes import Action, OutputChange, ResourceChange, StackPlan

_ACTIONS: dict[tuple[str, ...], Action | None] = {
    ("no-op",): None,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.RENEW,
    # As OpenTofu has it.
    ("forget", "create"): Action.RENEW,
}
_CREATES_FIRST = ["create", "delete"]


def meaning(stack: str, document: Mapping[str, Any], warnings: tuple[str, ...]) -> StackPlan:
    """Raises ValueError for an action that this version does not know: it must not pass for no change."""
    secrets = all_secrets(document)
    prefix = f"module.{stack}."
    resources = (
        *_resources(document, prefix, secrets),
        *invocations(document, prefix, secrets),
        *ran_already(document, prefix, secrets),
    )
    outputs = tuple(output_changes(document, secrets))
    beside = restored_beside(document, f"module.{stack}.")
    return StackPlan(
        stack,
        resources,
        outputs,
        warnings=warnings,
        stateless=_stateless(document),
        restored=beside,
        in_state=_count_in_state(document),
        providers=provider_configurations(document),
    )


def restored_beside(document: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    """What has drifted, is in no plan, and is named by what has drifted and is planned, as a security group by its
    rule: a provider tells of the rule in attributes of the group, which come back with the rule.
    """
    drift = [(raw["address"], raw) for raw in document.get("resource_drift", ())]
    drifted = {name for name, _ in drift}
    planned = {raw["address"]: raw["change"] for raw in document.get("resource_changes", ()) if _acts(raw["change"])}
    named = {text for name in drifted & planned.keys() for side in _sides(planned[name]) for text in _texts(side)}
    return tuple(
        address(raw, prefix)
        for name, raw in drift
        if name not in planned and any(_names(side) & named for side in _sides(raw["change"]))
    )


def _acts(change: Mapping[str, Any]) -> bool:
    return action_of(change) not in {None, Action.READ}


def _sides(change: Mapping[str, Any]) -> tuple[Any, ...]:
    return change.get("before"), change.get("after")


def _names(values: object) -> set[str]:
    """What others name a resource by."""
    if not isinstance(values, Mapping):
        return set()
    return {text for key in ("id", "arn", "name") if isinstance(text := values.get(key), str) and text}


def _texts(values: object) -> Iterator[str]:
    if isinstance(values, str):
        yield values
    elif isinstance(values, Mapping):
        for value in values.values():
            yield from _texts(value)
    elif isinstance(values, list):
        for value in values:
            yield from _texts(value)


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
    code = Code.of(document)
    for raw in document.get("resource_changes", ()):
        change = raw["change"]
        action = _action(raw)
        if action is None:
            continue
        told, bound = programs(raw, action, code, secrets)
        yield ResourceChange(
            address(raw, prefix),
            raw["type"],
            action,
            tuple(attributes(change, secrets)),
            raw.get("previous_address", "").removeprefix(prefix),
            raw.get("action_reason", "").replace("_", " "),
            imported(change.get("importing"), secrets),
            change["actions"] == _CREATES_FIRST,
            told,
            {**planned(raw, action, secrets), **configured(code.about(raw)), **bound},
        )


def _action(raw: Mapping[str, Any]) -> Action | None:
    action = action_of(raw["change"])
    if action is None and raw["change"].get("importing") is not None:
        return Action.IMPORT
    return Action.MOVE if action is None and raw.get("previous_address") else action


def _stateless(document: Mapping[str, Any]) -> bool:
    """Data sources and outputs stand there too, as they were just read."""
    return not any(managed(document.get("prior_state", {}).get("values", {}).get("root_module", {})))


def _count_in_state(document: Mapping[str, Any]) -> int:
    """What the refresh did not find any more is left out of the state that a plan tells, and counts all the same."""
    held = managed(document.get("prior_state", {}).get("values", {}).get("root_module", {}))
    gone = (raw for raw in document.get("resource_drift", ()) if action_of(raw["change"]) is Action.DELETE)
    return len({raw["address"] for raw in (*held, *gone)})


def output_changes(document: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[OutputChange]:
    for name, change in sorted(document.get("output_changes", {}).items()):
        action = action_of(change)
        if action is not None:
            marks = marks_of(change)
            before = shown(change.get("before"), marks, None, secrets)
            after = shown(change.get("after"), marks, change.get("after_unknown"), secrets)
            yield OutputChange(name, action, before, after)
