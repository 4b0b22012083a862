"""Conversion of a plan document (`terraform show -json`) to a StackPlan."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans import attributes
from envctl.adapters.terraform.plans.attributes import list_new_attributes
from envctl.adapters.terraform.plans.planned_values import (
    PROVIDER,
    find_provider_config,
    format_import,
    list_planned_values,
    list_whole_value,
)
from envctl.adapters.terraform.plans.programs import ConfiguredResources, describe_programs, parse_external_reads
from envctl.adapters.terraform.plans.provider_configurations import parse_provider_configurations
from envctl.domain.plan.changes import Action, OutputChange, ResourceChange, StackPlan, format_invocation_address
from envctl.domain.plan.fingerprint import plan_value
from envctl.domain.redaction.plan_secrets import PlanSecrets
from envctl.domain.terraform.literals import parse_number
from envctl.domain.text.leaves import walk_leaves
from envctl.usecases.ports.terraform import PreparedStack

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
    # The order in OpenTofu.
    ("forget", "create"): Action.RENEW,
}
_CREATES_FIRST = ["create", "delete"]
_NO_WRITE = (None, Action.READ)
_TRIGGER = "trigger"
_SEARCHED = ("resource_changes", "output_changes", "action_invocations")


def parse_plan(stack: PreparedStack, document: Mapping[str, Any], warnings: tuple[str, ...]) -> StackPlan:
    """Convert a plan document. Raise ValueError for an unknown action: it must not pass for no change."""
    secrets = attributes.collect_secrets(stack.name, document)
    secrets.check_values([document.get(key) for key in _SEARCHED])
    prefix = stack.address_prefix
    resources = (
        *_parse_resources(document, prefix, secrets),
        *_parse_invocations(document, prefix, secrets),
        *parse_external_reads(document, prefix, secrets),
    )
    root = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    # The prior state has imported resources too, although the state itself gets them with the apply.
    imported = {
        raw["address"] for raw in document.get("resource_changes", ()) if raw["change"].get("importing") is not None
    }
    held = {raw["address"] for raw in attributes.walk_resources(root, "managed")} - imported
    # A refresh drops resources deleted outside from the prior state.
    drift = document.get("resource_drift", ())
    deleted = {raw["address"] for raw in drift if parse_action(raw["change"]) is Action.DELETE}
    return StackPlan(
        stack.name,
        resources=resources,
        outputs=tuple(parse_output_changes(document, secrets)),
        warnings=warnings,
        stateless=not held,
        restored=find_restored_drift(document, prefix),
        in_state=len(held | deleted),
        providers=parse_provider_configurations(document, in_root=bool(stack.root)),
    )


def find_restored_drift(document: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    """Return drifted resources restored by changes to other drifted resources, such as a security group by its rule.

    They have no planned change of their own, and are named by a resource with one. A provider repeats the rule in
    attributes of the group, and these come back with the rule.
    """
    drift = [(raw["address"], raw) for raw in document.get("resource_drift", ())]
    drifted = {name for name, _ in drift}
    writes = [raw for raw in document.get("resource_changes", ()) if parse_action(raw["change"]) not in _NO_WRITE]
    planned = {raw["address"]: raw["change"] for raw in writes}
    sides = ("before", "after")
    named = {
        leaf for name in drifted & planned.keys() for side in sides for leaf in walk_leaves(planned[name].get(side))
    }
    return tuple(
        format_address(raw, prefix)
        for name, raw in drift
        if name not in planned and any(_list_identifiers(raw["change"].get(side)) & named for side in sides)
    )


def _list_identifiers(values: object) -> set[str]:
    """Return the values other resources refer to it by."""
    if not isinstance(values, Mapping):
        return set()
    return {text for key in ("id", "arn", "name") if isinstance(text := values.get(key), str) and text}


def parse_action(change: Mapping[str, Any]) -> Action | None:
    key = tuple(change["actions"])
    if key not in _ACTIONS:
        raise ValueError(f"Terraform plans an unknown action: {change['actions']}")
    return _ACTIONS[key]


def format_address(raw: Mapping[str, Any], prefix: str) -> str:
    """Return the address within the stack's module, with a mark for a deposed object of a replacement."""
    deposed = f" (deposed {raw['deposed']})" if raw.get("deposed") else ""
    return f"{raw['address'].removeprefix(prefix)}{deposed}"


def _parse_resources(document: Mapping[str, Any], prefix: str, secrets: PlanSecrets) -> Iterator[ResourceChange]:
    code = ConfiguredResources.from_document(document)
    for raw in document.get("resource_changes", ()):
        change = raw["change"]
        action = _parse_resource_action(raw)
        if action is None:
            continue
        descriptions, programs = describe_programs(raw, action, code, secrets)
        yield ResourceChange(
            address=format_address(raw, prefix),
            type=raw["type"],
            action=action,
            attributes=tuple(attributes.diff_attributes(change, secrets)),
            moved_from=raw.get("previous_address", "").removeprefix(prefix),
            reason=raw.get("action_reason", "").replace("_", " "),
            imported=format_import(change.get("importing"), secrets),
            creates_first=change["actions"] == _CREATES_FIRST,
            programs=descriptions,
            planned=list_planned_values(raw, action, secrets)
            | find_provider_config(code.find_resource(raw))
            | programs,
        )


def _parse_resource_action(raw: Mapping[str, Any]) -> Action | None:
    action = parse_action(raw["change"])
    if action is None and raw["change"].get("importing") is not None:
        return Action.IMPORT
    return Action.MOVE if action is None and raw.get("previous_address") else action


def parse_output_changes(document: Mapping[str, Any], secrets: PlanSecrets) -> Iterator[OutputChange]:
    for name, change in sorted(document.get("output_changes", {}).items()):
        action = parse_action(change)
        if action is not None:
            marks = attributes.merge_sensitive_marks(change)
            before = attributes.redact_value(change.get("before"), marks, None, secrets)
            after = attributes.redact_value(change.get("after"), marks, change.get("after_unknown"), secrets)
            yield OutputChange(name, action, before, after)


def _parse_invocations(document: Mapping[str, Any], prefix: str, secrets: PlanSecrets) -> Iterator[ResourceChange]:
    for raw in document.get("action_invocations") or ():
        values, marks, unknown = raw.get("config_values"), raw.get("config_sensitive"), raw.get("config_unknown")
        trigger = raw.get("lifecycle_action_trigger") or {}
        yield ResourceChange(
            address=format_invocation_address(
                raw["address"],
                str(trigger.get("action_trigger_event", "")),
                str(trigger.get("triggering_resource_address", "")),
                prefix,
            ),
            type=raw["type"],
            action=Action.INVOKE,
            attributes=tuple(list_new_attributes(values, marks, unknown, secrets)),
            planned={
                **list_whole_value(values, marks, unknown, secrets),
                PROVIDER: plan_value(raw.get("provider_name", "")),
                _TRIGGER: plan_value([trigger, raw.get("invoke_action_trigger")]),
            },
        )


def parse_document(text: str) -> dict[str, Any]:
    """Parse a JSON object. Raise ValueError for anything else."""
    document = json.loads(text, parse_float=parse_number, parse_constant=_reject_constant)
    if not isinstance(document, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 (of what was read)
    return document


def _reject_constant(text: str) -> object:
    raise ValueError(f"{text} is not a number")
