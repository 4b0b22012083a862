"""Questions about permissions.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/authorization/validation/validation.go (ValidateSubjectAccessReviewSpec,
ValidateSelfSubjectAccessReviewSpec, ValidateLocalSubjectAccessReview).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes

Part = Mapping[str, Any]

_SELECTORS = ("fieldSelector", "labelSelector")


def check_access_review(kind: str, namespace: str, item: Part, causes: Causes) -> None:
    """Check a question about one access. `namespace` is that of a local one."""
    spec, is_local = item.get("spec") or {}, kind == "LocalSubjectAccessReview"
    asked, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    shown = None if path is None else {"Path": path.get("path") or "", "Verb": path.get("verb") or ""}
    if asked is not None and path is not None:
        causes.refuse("spec.nonResourceAttributes", shown, "cannot be specified in combination with resourceAttributes")
    if asked is None and path is None:
        text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        causes.refuse("spec.resourceAttributes", None, text)
    if kind != "SelfSubjectAccessReview" and not spec.get("user") and not spec.get("groups"):
        causes.refuse("spec.user", spec.get("user") or "", "at least one of user or group must be specified")
    _check_selectors(asked or {}, causes)
    others = set(item["metadata"]) - ({"managedFields", "namespace"} if is_local else {"managedFields"})
    if others:
        text = "must be empty except for namespace" if is_local else "must be empty"
        causes.refuse("metadata", item["metadata"], text, "@meta.v1.ObjectMeta")
    if is_local and asked is not None and (asked.get("namespace") or "") != namespace:
        text = "must match metadata.namespace"
        causes.refuse("spec.resourceAttributes.namespace", asked.get("namespace") or "", text)
    if is_local and path is not None:
        causes.refuse("spec.nonResourceAttributes", shown, "disallowed on this kind of request")


def _check_selectors(asked: Part, causes: Causes) -> None:
    for name in _SELECTORS:
        selector, field = asked.get(name), f"spec.resourceAttributes.{name}"
        if selector is None:
            continue
        raw, requirements = selector.get("rawSelector"), selector.get("requirements")
        if raw and requirements:
            causes.refuse(f"{field}.rawSelector", raw, "may not specified at the same time as requirements")
        elif not raw and not requirements:
            text = f"when {field} is specified, requirements or rawSelector is required"
            causes.require(f"{field}.requirements", text)
        for index, each in enumerate(requirements or ()):
            _check_requirement(each, f"{field}.requirements[{index}]", causes)


def _check_requirement(requirement: Part, field: str, causes: Causes) -> None:
    operator, values = requirement.get("operator") or "", requirement.get("values")
    if not requirement.get("key"):
        causes.require(f"{field}.key", "must be specified")
    if operator in ("In", "NotIn"):
        if not values:
            causes.require(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            causes.forbid(f"{field}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    else:
        causes.refuse(f"{field}.operator", operator, "not a valid selector operator")
