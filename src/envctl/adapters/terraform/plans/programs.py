"""Programs run on this machine by a plan or its apply: provisioners, and data sources of the provider `external`.

The document does not say whether a provisioner runs on create or on destroy, and has no provisioners of a resource
removed from the code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from envctl.adapters.terraform.plans.attributes import (
    merge_sensitive_marks,
    redact_value,
    select_marks,
    walk_resources,
)
from envctl.adapters.terraform.plans.planned_values import PROGRAMS, PROVIDER, hide_secret, list_whole_value
from envctl.domain.plan.changes import Action, Marker, PlannedValue, ResourceChange
from envctl.domain.plan.fingerprint import plan_value
from envctl.domain.redaction.plan_secrets import PlanSecrets

_INDEX = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
_PROVISIONED_ACTIONS = frozenset({Action.CREATE, Action.REPLACE, Action.RENEW, Action.DELETE})
_COMMAND_KEYS = ("command", "inline", "script", "scripts", "source", "content", "program")
EXTERNAL_PROVIDER = "/external"
PROVISIONER_TIMING = "on create or on destroy"

ResourceKey = tuple[str, str, str, str]


@dataclass(frozen=True)
class ConfiguredResources:
    """The configured resources by module, mode, type and name, without indexes."""

    resources: Mapping[ResourceKey, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ConfiguredResources":
        return cls(dict(_walk_configured(document.get("configuration", {}).get("root_module", {}), "")))

    def find_resource(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        module = _INDEX.sub("", raw.get("module_address", ""))
        return self.resources.get((module, raw.get("mode", "managed"), raw["type"], raw.get("name", "")), {})


def describe_programs(
    raw: Mapping[str, Any], action: Action, code: ConfiguredResources, secrets: PlanSecrets
) -> tuple[tuple[str, ...], dict[str, PlannedValue]]:
    """Return the programs run by a change: descriptions, and what approvals are bound to."""
    provisioners = code.find_resource(raw).get("provisioners", ()) if action in _PROVISIONED_ACTIONS else ()
    described = [
        f"{each['type']} ({PROVISIONER_TIMING}): {_describe_provisioner(each.get('expressions', {}), secrets)}"
        for each in provisioners
    ]
    planned = {PROGRAMS: hide_secret(provisioners, secrets)} if provisioners else {}
    if str(raw.get("provider_name", "")).endswith(EXTERNAL_PROVIDER) and action is not Action.FORGET:
        change = raw["change"]
        values, marks, unknown = change.get("after"), merge_sensitive_marks(change), change.get("after_unknown")
        described.append(_describe_external(raw, values, marks, unknown, secrets))
    return tuple(described), planned


def parse_external_reads(document: Mapping[str, Any], prefix: str, secrets: PlanSecrets) -> Iterator[ResourceChange]:
    """Yield the data sources with a program already run while planning."""
    root = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    planned_reads = {raw["address"] for raw in document.get("resource_changes") or ()}
    for raw in walk_resources(root, "data"):
        is_external = str(raw.get("provider_name", "")).endswith(EXTERNAL_PROVIDER)
        if not is_external or raw["address"] in planned_reads:
            continue
        values, marks = raw.get("values") or {}, raw.get("sensitive_values")
        arguments = {key: values[key] for key in ("program", "query", "working_dir") if key in values}
        program = f"{_describe_external(raw, values, marks, None, secrets)}, which ran while this was planned"
        yield ResourceChange(
            address=f"{raw['address'].removeprefix(prefix)} (while planning)",
            type=raw["type"],
            action=Action.READ,
            programs=(program,),
            planned=list_whole_value(arguments, marks, None, secrets)
            | {PROVIDER: plan_value(raw.get("provider_name", ""))},
        )


def _describe_external(
    raw: Mapping[str, Any], values: object, marks: object, unknown: object, secrets: PlanSecrets
) -> str:
    program = values.get("program") if isinstance(values, Mapping) else None
    redacted = redact_value(program, select_marks(marks, "program"), select_marks(unknown, "program"), secrets)
    return f"{raw['type']}: {_format_command(redacted, secrets)}"


def _walk_configured(module: Mapping[str, Any], path: str) -> Iterator[tuple[ResourceKey, Mapping[str, Any]]]:
    for raw in module.get("resources", ()):
        yield (path, raw.get("mode", "managed"), raw["type"], raw["name"]), raw
    for name, call in module.get("module_calls", {}).items():
        child = f"{path}.module.{name}" if path else f"module.{name}"
        yield from _walk_configured(call.get("module", {}), child)


def _describe_provisioner(expressions: Mapping[str, Any], secrets: PlanSecrets) -> str:
    name = next((name for name in _COMMAND_KEYS if name in expressions), "")
    expression = expressions.get(name)
    if not isinstance(expression, Mapping):
        return "(not said in the plan)"
    if "constant_value" in expression:
        return _format_command(expression["constant_value"], secrets)
    made_of = ", ".join(expression.get("references", ()))
    return f"{name} made of {made_of}" if made_of else f"{name} (not said in the plan)"


def _format_command(value: object, secrets: PlanSecrets) -> str:
    if value is None:
        return Marker.UNKNOWN.value
    if secrets.has_secret(value):
        return Marker.SENSITIVE.value
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
