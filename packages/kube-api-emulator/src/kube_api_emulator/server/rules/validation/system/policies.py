"""Policies of admission.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/admissionregistration/validation/validation.go
(validateValidatingAdmissionPolicySpec, validateParamKind, validateVariable).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.cel.cel_functions import AUTHORIZER
from kube_api_emulator.server.rules.cel.compilation import (
    find_result_type,
    find_undeclared,
    find_unknown_fields,
)
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
    list_segment_problems,
    list_service_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.selectors import check_selector
from kube_api_emulator.server.rules.validation.webhooks import (
    check_conditions,
    check_expression,
    check_resources,
)

Part = Mapping[str, Any]

_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_ACTIONS = ("Audit", "Deny", "Warn")
_VARIABLES = ("object", "oldObject", "request", "namespaceObject", "authorizer")
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_WORDS = frozenset({"true", "false", "null", "in"})
_VARIABLE = re.compile(r"\bvariables((?:\.[A-Za-z_]\w*))")
_SOUGHT = re.compile(r"\bhas\(\s*(variables\.\w+)\s*\)")
_MIXED_CASE = "may have mixed case, but should otherwise match: "
_MOST_NOTE = 5 * 1024
_EXCLUSIVE = "name and selector are mutually exclusive"
_NO_RULES = "validations or auditAnnotations must contain at least one item"


class PolicyCompiler:
    """The expressions of one policy, with the variables so far."""

    def __init__(self, spec: Part) -> None:
        names = (*_VARIABLES, *(["params"] if spec.get("paramKind") is not None else []))
        self.variables = {name: AUTHORIZER if name == "authorizer" else "dyn" for name in names}
        self._known: dict[str, str] | None = {} if spec.get("variables") else None

    def add_variable(self, name: str, text: str) -> None:
        found = find_result_type(text, self._list_variables())
        self._known = {**(self._known or {}), name: "dyn" if found.startswith("type(") else found or "dyn"}

    def check(self, text: str, field: str, causes: Causes, *wanted: str) -> None:
        """Check that an expression can be compiled, and has a value of a type that is wanted, if any is."""
        problem = find_undeclared(text, "variables") if self._known is None else ""
        if problem := problem or find_unknown_fields(text, _VARIABLE, self._find_unknown):
            causes.refuse(field, text, problem)
        else:
            variables = self._list_variables(is_message="message" in field)
            for name in _SOUGHT.findall(text):
                variables.pop(name, None)
            check_expression(text, variables, wanted, field, causes)

    def _list_variables(self, *, is_message: bool = False) -> dict[str, str]:
        known = {f"variables.{name}": type_ for name, type_ in (self._known or {}).items()}
        names = {name: type_ for name, type_ in self.variables.items() if not (is_message and name == "authorizer")}
        return {**names, "variables": "dyn", **known}

    def _find_unknown(self, names: Sequence[str]) -> int | None:
        return None if names[0] in (self._known or ()) else 0


def _check_param_kind(kind: Part, place: str, causes: Causes) -> None:
    """Check the kind of the parameters of a policy."""
    version, name = kind.get("apiVersion") or "", kind.get("kind") or ""
    group, _, number = version.rpartition("/")
    if not version:
        causes.require(f"{place}.apiVersion")
    elif version.count("/") > 1:
        causes.refuse(f"{place}.apiVersion", version, f"unexpected GroupVersion string: {version}")
    else:
        if group and (problems := list_subdomain_problems(group)):
            causes.refuse(f"{place}.apiVersion", group, ",".join(problems))
        if not number:
            causes.refuse(f"{place}.apiVersion", version, "version must be specified")
        elif problems := list_service_problems(number):
            causes.refuse(f"{place}.apiVersion", number, ",".join(problems))
    if not name:
        causes.require(f"{place}.kind")
    elif problems := list_service_problems(name.lower()):
        causes.refuse(f"{place}.kind", name, f"{_MIXED_CASE}{','.join(problems)}")


def _check_param_reference(reference: Part | None, place: str, causes: Causes) -> None:
    """Check which parameters a binding of a policy takes."""
    if reference is None:
        return
    name, selector = reference.get("name") or "", reference.get("selector")
    for text in list_segment_problems(name):
        causes.refuse(f"{place}.name", name, text)
    if name and selector is not None:
        causes.forbid(f"{place}.name", _EXCLUSIVE)
    check_selector(selector, f"{place}.selector", causes)
    if name and selector is not None:
        causes.forbid(f"{place}.selector", _EXCLUSIVE)
    if not name and selector is None:
        causes.require(place, "one of name or selector must be specified")
    action = reference.get("parameterNotFoundAction") or ""
    if not action:
        causes.require(f"{place}.parameterNotFoundAction")
    elif action not in ("Deny", "Allow"):
        causes.refuse_choice(f"{place}.parameterNotFoundAction", action, ("Deny", "Allow"))


def check_policy(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    """Check a ValidatingAdmissionPolicy."""
    spec = item.get("spec") or {}
    causes.check_choice("spec.failurePolicy", spec.get("failurePolicy"), ("Fail", "Ignore"))
    if spec.get("paramKind") is not None:
        _check_param_kind(spec["paramKind"], "spec.paramKind", causes)
    resources = spec.get("matchConstraints")
    if resources is None:
        causes.require("spec.matchConstraints")
    else:
        check_resources(resources, "spec.matchConstraints", causes, is_required=True)
    compiler = PolicyCompiler(spec)
    check_conditions(spec.get("matchConditions") or (), "spec.matchConditions", causes, compiler.variables)
    _check_variables(spec.get("variables") or (), compiler, causes)
    validations, notes = spec.get("validations") or (), spec.get("auditAnnotations") or ()
    if not validations and not notes:
        causes.require("spec.validations", _NO_RULES)
        causes.require("spec.auditAnnotations", _NO_RULES)
    for index, each in enumerate(validations):
        _check_validation(each, compiler, f"spec.validations[{index}]", causes)
    _check_notes(notes, item["metadata"].get("name") or "", compiler, causes)


def _check_variables(variables: Sequence[Part], compiler: PolicyCompiler, causes: Causes) -> None:
    """Check the variables of a policy, and make them known to the expressions after them."""
    for index, each in enumerate(variables):
        place, name, text = f"spec.variables[{index}]", each.get("name") or "", each.get("expression") or ""
        if not name.strip():
            causes.require(f"{place}.name", "name is not specified")
        elif not _IDENTIFIER.fullmatch(name) or name in _WORDS:
            causes.refuse(f"{place}.name", name, "must be a valid CEL identifier")
        if not text.strip():
            causes.require(f"{place}.expression", "expression is not specified")
        else:
            compiler.check(text, f"{place}.expression", causes)
            compiler.add_variable(name, text)


def _check_validation(each: Part, compiler: PolicyCompiler, place: str, causes: Causes) -> None:
    text, message, shown = (each.get(name) or "" for name in ("expression", "message", "messageExpression"))
    if not text.strip():
        causes.require(f"{place}.expression", "expression is not specified")
    else:
        compiler.check(text, f"{place}.expression", causes, "bool")
    if shown and not shown.strip():
        causes.refuse(f"{place}.messageExpression", shown, "must be non-empty if specified")
    elif shown:
        compiler.check(shown, f"{place}.messageExpression", causes, "string")
    if message and not message.strip():
        causes.refuse(f"{place}.message", message, "must be non-empty if specified")
    elif "\n" in message.strip():
        causes.refuse(f"{place}.message", message, "must not contain line breaks")
    causes.check_choice(f"{place}.reason", each.get("reason"), _REASONS)


def _check_notes(notes: Sequence[Part], name: str, compiler: PolicyCompiler, causes: Causes) -> None:
    keys: set[str] = set()
    for index, each in enumerate(notes):
        place, key, text = f"spec.auditAnnotations[{index}]", each.get("key") or "", each.get("valueExpression") or ""
        qualified = f"{name}/{key}"
        if not name:
            causes.refuse(f"{place}.key", key, "requires metadata.name be non-empty")
        for problem in list_key_problems(qualified) if name else ():
            causes.refuse(f"{place}.key", qualified, problem)
        if not text.strip():
            causes.require(f"{place}.valueExpression", "valueExpression is not specified")
        elif len(text.strip().encode()) > _MOST_NOTE:
            causes.require(f"{place}.valueExpression", f"must not exceed {_MOST_NOTE} bytes in length")
        else:
            compiler.check(text.strip(), f"{place}.valueExpression", causes, "string", "null_type")
        if key in keys:
            causes.report_duplicate(f"{place}.key", key)
        keys.add(key)


def _check_bound_policy(spec: Part, causes: Causes) -> None:
    """Check the name of the policy of a binding, its parameters, and its resources."""
    name = spec.get("policyName") or ""
    if not name:
        causes.require("spec.policyName")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse("spec.policyName", name, text)
    _check_param_reference(spec.get("paramRef"), "spec.paramRef", causes)
    if spec.get("matchResources") is not None:
        check_resources(spec["matchResources"], "spec.matchResources", causes, is_required=False)


def check_policy_binding(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    """Check which objects a policy holds for, and what it does."""
    spec = item.get("spec") or {}
    actions = spec.get("validationActions") or ()
    _check_bound_policy(spec, causes)
    if not actions:
        causes.require("spec.validationActions", "at least one validation action is required")
    for index, action in enumerate(actions):
        causes.check_choice(f"spec.validationActions[{index}]", action, _ACTIONS)
        if action in actions[:index]:
            causes.report_duplicate(f"spec.validationActions[{index}]", action)
    if {"Deny", "Warn"} <= set(actions):
        text = "must not contain both Deny and Warn (repeating the same validation failure information in the API "
        shown = list(actions)
        causes.refuse("spec.validationActions", shown, text + "response and headers serves no purpose)")
