"""The root module of a forecast: what comes from stacks that are not applied is unknown until an apply.

A resource that exists in the state only has such values. With them, Terraform checks types and conditions of variables
as far as they are known, and plans `count` and `for_each` where they don't depend on one.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from envctl.domain.plan.changes import BUILT_IN_TYPE, Marker
from envctl.domain.plan.forecasts import PRIMITIVE_TYPES, ForecastOutputs, find_value
from envctl.domain.terraform.expressions import escape_templates
from envctl.domain.terraform.outputs import StackInput

_NAME = "envctl_forecast"
FORECAST_ADDRESS = f"{BUILT_IN_TYPE}.{_NAME}"
# Texts are never null: modules ask for that in `count`. The type of anything else is the one that it is converted to.
_UNKNOWN_TEXT, _UNKNOWN = f"{FORECAST_ADDRESS}.id", f"jsondecode({FORECAST_ADDRESS}.id)"


def render_forecast(
    document: Mapping[str, Any], stack: str, reads: Iterable[StackInput], outputs: ForecastOutputs
) -> dict[str, Any]:
    """Return a rendered root module without a backend, and with these outputs of other stacks."""
    terraform = {key: value for key, value in document["terraform"].items() if key != "backend"}
    call = {**document["module"][stack], **_render_arguments(reads, outputs)}
    states = document.get("data", {}).get("terraform_remote_state", {})
    kept = {name: state for name, state in states.items() if name not in outputs}
    rest = {key: value for key, value in document.items() if key not in ("data", "moved")}
    data = {"data": {"terraform_remote_state": kept}} if kept else {}
    return {**rest, **data, "terraform": terraform, "module": {stack: call}, **_RESOURCE}


def render_wrapper(
    stack: str,
    source: str,
    settings: Mapping[str, object],
    reads: Iterable[StackInput],
    outputs: ForecastOutputs,
    *,
    secrets: Collection[str],
) -> dict[str, Any]:
    """Return a root module that calls another one, which runs as it is otherwise: its variables take no unknown values.

    `reads` of other stacks than those of `outputs`, and `secrets`, come as texts by `TF_VAR_`.
    """
    types = {each.variable: each.type_text for each in reads if each.stack not in outputs}
    # A secret is a text, or JSON.
    passed = {name: f"${{try(jsondecode(var.{name}), var.{name})}}" for name in secrets if name not in types}
    variables: dict[str, dict[str, object]] = {name: {"type": "string", "sensitive": True} for name in passed}
    variables |= {name: {"type": type_text} for name, type_text in types.items()}
    passed |= {name: f"${{var.{name}}}" for name in types}
    plain = {name: escape_templates(value) for name, value in settings.items()}
    call = {"source": source, **plain, **passed, **_render_arguments(reads, outputs)}
    declared = {"variable": variables} if variables else {}
    return {"module": {stack: call}, **declared, **_RESOURCE}


def _render_arguments(reads: Iterable[StackInput], outputs: ForecastOutputs) -> dict[str, object]:
    return {
        each.variable: _render_value(find_value(each, outputs), is_text=each.type_text.strip() in PRIMITIVE_TYPES)
        for each in reads
        if each.stack in outputs
    }


def _render_value(value: object, *, is_text: bool) -> object:
    match value:
        case Marker():
            # Sensitive or not: an output in a state has no mark of it either.
            return f"${{{_UNKNOWN_TEXT if is_text else _UNKNOWN}}}"
        case str() if Marker.SENSITIVE in value:
            # A secret was replaced in it.
            return _render_value(Marker.SENSITIVE, is_text=is_text)
        case Mapping():
            return {escape_templates(str(key)): _render_value(item, is_text=False) for key, item in value.items()}
        case list() | tuple():
            return [_render_value(item, is_text=False) for item in value]
        case _:
            return escape_templates(value)


_RESOURCE: dict[str, Any] = {"resource": {BUILT_IN_TYPE: {_NAME: {}}}}
