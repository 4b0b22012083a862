"""Selectors by labels, and whether labels fit them.

Source: k8s.io/apimachinery v0.36.2, pkg/apis/meta/v1/validation/validation.go (ValidateLabelSelector,
ValidateLabelSelectorRequirement), pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    check_labels,
    list_key_problems,
    list_value_problems,
)

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def is_empty_selector(selector: Mapping[str, Any]) -> bool:
    """Return whether the selector fits all labels."""
    return not selector.get("matchLabels") and not selector.get("matchExpressions")


def fits_selector(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether labels fit a selector; without one, nothing fits."""
    if selector is None:
        return False
    wanted = (selector.get("matchLabels") or {}).items()
    if any(labels.get(key) != value for key, value in wanted):
        return False
    return all(_fits_expression(each, labels) for each in selector.get("matchExpressions") or ())


def _fits_expression(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression.get("key", ""), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def find_selector_problem(selector: Mapping[str, Any] | None) -> bool:
    """Return whether the server can't read a selector at all."""
    found = Causes()
    check_selector(selector, "", found)
    return bool(found)


def check_selector(selector: Mapping[str, Any] | None, field: str, causes: Causes) -> None:
    """Check labels and expressions of a selector."""
    if not selector:
        return
    check_labels(selector.get("matchLabels"), f"{field}.matchLabels", causes)
    for index, each in enumerate(selector.get("matchExpressions") or ()):
        place = f"{field}.matchExpressions[{index}]"
        operator, values = each.get("operator", ""), each.get("values") or ()
        if operator in ("In", "NotIn") and not values:
            causes.require(f"{place}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and values:
            causes.forbid(f"{place}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        elif operator not in _OPERATORS:
            causes.refuse(f"{place}.operator", operator, "not a valid selector operator")
        for text in list_key_problems(each.get("key", "")):
            causes.refuse(f"{place}.key", each.get("key", ""), text)
        for number, value in enumerate(values):
            for text in list_value_problems(value):
                causes.refuse(f"{place}.values[{number}]", value, text)
