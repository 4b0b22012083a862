"""Actions of providers that an apply runs, from `action_invocations` of a plan."""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import all_of
from envctl.adapters.terraform.plans.planned_values import PROVIDER, whole
from envctl.domain.plan.canonical import sign_of
from envctl.domain.plan.changes import Action, ResourceChange, invocation_address

TRIGGER = "trigger"


def invocations(document: Mapping[str, Any], prefix: str, secrets: frozenset[str]) -> Iterator[ResourceChange]:
    for raw in document.get("action_invocations") or ():
        values, marks, unknown = raw.get("config_values"), raw.get("config_sensitive"), raw.get("config_unknown")
        trigger = raw.get("lifecycle_action_trigger") or {}
        yield ResourceChange(
            invocation_address(
                raw["address"],
                str(trigger.get("action_trigger_event", "")),
                str(trigger.get("triggering_resource_address", "")),
                prefix,
            ),
            raw["type"],
            Action.INVOKE,
            tuple(all_of(values, marks, unknown, secrets)),
            planned={
                **whole(values, marks, unknown, secrets),
                PROVIDER: sign_of(raw.get("provider_name", "")),
                TRIGGER: sign_of([trigger, raw.get("invoke_action_trigger")]),
            },
        )
