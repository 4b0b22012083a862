"""Programs that a plan, or its apply, runs on this machine: provisioners, and what the provider `external` asks.

The document does not say of a provisioner whether it runs when its resource is created or when it is destroyed, and
has none of a resource that is no longer in the code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from envctl.adapters.terraform.plans.attributes import below, marks_of, shown
from envctl.adapters.terraform.plans.planned_values import PROGRAMS, PROVIDER, SHORTEST, whole
from envctl.domain.plan.canonical import SENSITIVE, sign_of
from envctl.domain.plan.changes import Action, Marker, ResourceChange

_INDEX = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
_RUNS = frozenset({Action.CREATE, Action.REPLACE, Action.RENEW, Action.DELETE})
_TELLING = ("command", "inline", "script", "scripts", "source", "content", "program")
EXTERNAL = "/external"
WHEN = "on create or on destroy"

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Code:
    """What the configuration says of each resource, by its module, mode, type and name, without any index."""

    resources: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Code":
        return cls(dict(_configured(document.get("configuration", {}).get("root_module", {}), "")))

    def about(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        module = _INDEX.sub("", raw.get("module_address", ""))
        return self.resources.get((module, raw.get("mode", "managed"), raw["type"], raw.get("name", "")), {})


def programs(
    raw: Mapping[str, Any], action: Action, code: Code, secrets: frozenset[str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """What a change runs, as it is told to people and as it is bound."""
    provisioners = code.about(raw).get("provisioners", ()) if action in _RUNS else ()
    told = [f"{each['type']} ({WHEN}): {_spoken(each.get('expressions', {}), secrets)}" for each in provisioners]
    bound = {}
    if provisioners:
        bound[PROGRAMS] = SENSITIVE if _holds(provisioners, secrets) else sign_of(provisioners)
    if str(raw.get("provider_name", "")).endswith(EXTERNAL) and action is not Action.FORGET:
        change = raw["change"]
        told.append(_asked(raw, change.get("after"), marks_of(change), change.get("after_unknown"), secrets))
    return tuple(told), bound


def ran_already(document: Mapping[str, Any], prefix: str, secrets: frozenset[str]) -> Iterator[ResourceChange]:
    """Data sources that ran a program while this was planned."""
    root = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    later = {raw["address"] for raw in document.get("resource_changes") or ()}
    for raw in _all_resources(root):
        external = str(raw.get("provider_name", "")).endswith(EXTERNAL)
        if raw.get("mode") != "data" or not external or raw["address"] in later:
            continue
        values, marks = raw.get("values") or {}, raw.get("sensitive_values")
        given = {key: values[key] for key in ("program", "query", "working_dir") if key in values}
        program = f"{_asked(raw, values, marks, None, secrets)}, which ran while this was planned"
        yield ResourceChange(
            f"{raw['address'].removeprefix(prefix)} (while planning)",
            raw["type"],
            Action.READ,
            programs=(program,),
            planned={**whole(given, marks, None, secrets), PROVIDER: sign_of(raw.get("provider_name", ""))},
        )


def _asked(raw: Mapping[str, Any], values: object, marks: object, unknown: object, secrets: frozenset[str]) -> str:
    program = values.get("program") if isinstance(values, Mapping) else None
    told = shown(program, below(marks, "program"), below(unknown, "program"), secrets)
    return f"{raw['type']}: {_said(told, secrets)}"


def _configured(module: Mapping[str, Any], path: str) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for raw in module.get("resources", ()):
        yield (path, raw.get("mode", "managed"), raw["type"], raw["name"]), raw
    for name, call in module.get("module_calls", {}).items():
        below = f"{path}.module.{name}" if path else f"module.{name}"
        yield from _configured(call.get("module", {}), below)


def _all_resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _all_resources(child)


def _spoken(expressions: Mapping[str, Any], secrets: frozenset[str]) -> str:
    """The part of a provisioner that says what it does."""
    name = next((name for name in _TELLING if name in expressions), "")
    expression = expressions.get(name)
    if not isinstance(expression, Mapping):
        return "(not said in the plan)"
    if "constant_value" in expression:
        return _said(expression["constant_value"], secrets)
    made_of = ", ".join(expression.get("references", ()))
    return f"{name} made of {made_of}" if made_of else f"{name} (not said in the plan)"


def _said(value: object, secrets: frozenset[str]) -> str:
    if value is None:
        return Marker.UNKNOWN.value
    if _holds(value, secrets):
        return Marker.SENSITIVE.value
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _holds(value: object, secrets: frozenset[str]) -> bool:
    """Whether a secret stands anywhere in it: a command may have one in its middle."""
    if isinstance(value, Mapping):
        return any(_holds(item, secrets) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item, secrets) for item in value)
    if isinstance(value, Marker) or not isinstance(value, str):
        return False
    return value in secrets or any(secret in value for secret in secrets if len(secret) >= SHORTEST)
