"""ValidatingAdmissionPolicy: rules in CEL for the writes of a cluster.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/policy/validating/dispatcher.go (Dispatch),
pkg/admission/plugin/policy/validating/validator.go (Validate).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.schemas.schemas import split_api_version
from kube_api_emulator.server.admission.request_matches import GROUP, find_constrained
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.label_selectors import match_labels
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.cel.expressions import (
    ExpressionError,
    UnknownExpressionError,
    compile_expression,
)
from kube_api_emulator.server.status_errors import StatusError

Part = Mapping[str, Any]

_CODES = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413}
_INVALID = 422


@dataclass(frozen=True)
class _Denial:
    message: str
    reason: str = ""


class _NoParametersError(Exception):
    """A binding whose parameters do not exist, and that then denies."""


def check_policies(request: AdmissionRequest) -> list[str]:
    """Check a write with all policies. Returns warnings, raises StatusError for what one denies."""
    if request.resource.group == GROUP:
        return []
    warnings: list[str] = []
    policies = request.list_items(GROUP, "validatingadmissionpolicies")
    bindings = request.list_items(GROUP, "validatingadmissionpolicybindings") if policies else []
    for policy in policies:
        matched = find_constrained(policy["spec"].get("matchConstraints"), request)
        if matched is None:
            continue
        for binding in bindings:
            spec = binding["spec"]
            is_bound = spec.get("policyName") == policy["metadata"]["name"]
            if is_bound and find_constrained(spec.get("matchResources"), request):
                warnings += _check_binding(request, matched, policy, binding)
    return warnings


def _check_binding(request: AdmissionRequest, matched: Resource, policy: Object, binding: Object) -> list[str]:
    names = f"ValidatingAdmissionPolicy '{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
    actions = binding["spec"].get("validationActions") or ()
    denials: list[_Denial] = []
    try:
        for parameters in _list_parameters(request, policy["spec"], binding["spec"]):
            values = {**request.build_values(matched), "params": parameters, "variables": {}}
            denials += _evaluate(policy["spec"], values)
    except UnknownExpressionError as error:
        return [f"kube-api-emulator cannot evaluate {names}, and does not refuse what it would: {error}"]
    except _NoParametersError as error:
        denials.append(_Denial(str(error)))
    if denials and "Deny" in actions:
        raise _deny(request, names, denials[0])
    return [f"Validation failed for {names}: {each.message}" for each in denials] if "Warn" in actions else []


def _deny(request: AdmissionRequest, names: str, denial: _Denial) -> StatusError:
    message = f"{names} denied request: {denial.message}"
    error = request.refuse(message)
    error.reason = denial.reason or "Invalid"
    error.code = _CODES.get(error.reason, _INVALID)
    error.details = {**(error.details or {}), "causes": [{"message": message}]}
    return error


def _evaluate(spec: Part, values: dict[str, Any]) -> Iterator[_Denial]:
    """Yield what the validations of a policy deny."""
    fails_closed = spec.get("failurePolicy", "Fail") == "Fail"
    for condition in spec.get("matchConditions") or ():
        try:
            if compile_expression(condition["expression"]).evaluate(values) is not True:
                return
        except ExpressionError as error:
            if fails_closed:
                yield _Denial(f"expression '{condition['expression']}' resulted in error: {error}")
            return
    _set_variables(spec, values)
    for validation in spec.get("validations") or ():
        text = validation["expression"]
        try:
            is_valid = compile_expression(text).evaluate(values)
        except ExpressionError as error:
            if fails_closed:
                yield _Denial(f"expression '{text}' resulted in error: {error}")
            continue
        if is_valid is not True:
            yield _Denial(_read_message(validation, values), validation.get("reason", ""))


def _set_variables(spec: Part, values: dict[str, Any]) -> None:
    """Evaluate the variables in their order. One that fails is missing where it is used."""
    for variable in spec.get("variables") or ():
        try:
            found = compile_expression(variable["expression"]).evaluate(values)
        except ExpressionError:
            continue
        values["variables"] = {**values["variables"], variable["name"]: found}


def _read_message(validation: Part, values: Mapping[str, Any]) -> str:
    if text := validation.get("messageExpression"):
        try:
            message = compile_expression(text).evaluate(values)
            if isinstance(message, str) and message.strip() and "\n" not in message:
                return message
        except (ExpressionError, UnknownExpressionError):
            pass
    return str(validation.get("message") or "").strip() or f"failed expression: {validation['expression'].strip()}"


def _list_parameters(request: AdmissionRequest, policy: Part, binding: Part) -> Iterator[Object | None]:
    kind, reference = policy.get("paramKind"), binding.get("paramRef")
    if not kind or not reference:
        yield None
        return
    group, version = split_api_version(kind.get("apiVersion", ""))
    resources = [each for each in request.cluster.resources.list_all() if each.kind == kind.get("kind")]
    found = next((each for each in resources if (each.group, each.version) == (group, version)), None)
    items: list[Object] = []
    if found:
        namespace = reference.get("namespace") or request.namespace if found.is_namespaced else ""
        items = [each for each in request.cluster.store.list_items(found, namespace) if _is_chosen(reference, each)]
    if not items and reference.get("parameterNotFoundAction", "Deny") == "Deny":
        raise _NoParametersError(
            "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
        )
    yield from items


def _is_chosen(reference: Part, item: Object) -> bool:
    if name := reference.get("name"):
        return bool(item["metadata"]["name"] == name)
    return match_labels(reference.get("selector"), item["metadata"].get("labels") or {})
