"""Provider actions invoked by an apply, read from `action_invocations` of a plan."""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import list_new_attributes
from envctl.adapters.terraform.plans.planned_values import PROVIDER, digest_whole_value
from envctl.domain.plan.changes import Action, ResourceChange, format_invocation_address
from envctl.domain.plan.fingerprint import digest_value

TRIGGER = "trigger"


def parse_invocations(document: Mapping[str, Any], prefix: str, secrets: frozenset[str]) -> Iterator[ResourceChange]:
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
                **digest_whole_value(values, marks, unknown, secrets),
                PROVIDER: digest_value(raw.get("provider_name", "")),
                TRIGGER: digest_value([trigger, raw.get("invoke_action_trigger")]),
            },
        )
