"""Policies that change objects.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/admissionregistration/validation/validation.go
(validateMutatingAdmissionPolicySpec, validateMutation, validateMutatingAdmissionPolicyBindingSpec).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.system.policies import (
    PolicyCompiler,
    check_bound_policy,
    check_param_kind,
    check_variables,
)
from kube_api_emulator.server.rules.validation.webhooks import check_conditions, check_resources

Part = Mapping[str, Any]

_KINDS = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")


def check_mutating_policy(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    """Check a MutatingAdmissionPolicy."""
    spec = item.get("spec") or {}
    causes.check_choice("spec.failurePolicy", spec.get("failurePolicy"), ("Fail", "Ignore"))
    if spec.get("paramKind") is not None:
        check_param_kind(spec["paramKind"], "spec.paramKind", causes)
    if spec.get("matchConstraints") is None:
        causes.require("spec.matchConstraints")
    else:
        check_resources(spec["matchConstraints"], "spec.matchConstraints", causes, is_required=True)
        _check_operations(spec["matchConstraints"], "spec.matchConstraints", causes)
    compiler = PolicyCompiler(spec)
    check_conditions(spec.get("matchConditions") or (), "spec.matchConditions", causes, compiler.variables)
    check_variables(spec.get("variables") or (), compiler, causes)
    mutations = spec.get("mutations") or ()
    if not mutations:
        causes.require("spec.mutations", "mutations must contain at least one item")
    for index, mutation in enumerate(mutations):
        _check_mutation(mutation, f"spec.mutations[{index}]", compiler, causes)
    policy = spec.get("reinvocationPolicy") or ""
    if not policy:
        causes.require("spec.reinvocationPolicy")
    else:
        causes.check_choice("spec.reinvocationPolicy", policy, ("IfNeeded", "Never"))


def _check_operations(resources: Part, place: str, causes: Causes) -> None:
    for rule in resources.get("resourceRules") or ():
        for operation in rule.get("operations") or ():
            causes.check_choice(f"{place}.resourceRules.operations", operation, _OPERATIONS)


def _check_mutation(mutation: Part, place: str, compiler: PolicyCompiler, causes: Causes) -> None:
    kind = mutation.get("patchType") or ""
    if not kind:
        causes.require(f"{place}.patchType")
        return
    causes.check_choice(f"{place}.patchType", kind, tuple(_KINDS))
    for name, field in _KINDS.items() if kind in _KINDS else ():
        patch, where = mutation.get(field), f"{place}.{field}"
        if name != kind:
            if patch is not None:
                causes.refuse(where, f"{{{field}}}", f"must not be specified when patchType is {kind}")
        elif patch is None:
            causes.require(where, f"must be specified when patchType is {kind}")
        elif not (text := (patch.get("expression") or "").strip()):
            causes.require(f"{where}.expression")
        else:
            compiler.check(text, f"{where}.expression", causes)


def check_mutating_binding(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    """Check which objects a policy changes."""
    spec = item.get("spec") or {}
    check_bound_policy(spec, causes)
    if spec.get("matchResources") is not None:
        _check_operations(spec["matchResources"], "spec.matchResources", causes)
