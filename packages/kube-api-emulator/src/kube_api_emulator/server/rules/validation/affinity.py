"""Where pods and volumes may be: node selectors, and affinity between pods.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateNodeSelector,
ValidateNodeSelectorTerm, ValidateNodeSelectorRequirement, ValidateNodeFieldSelectorRequirement, validateAffinity).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
    list_label_problems,
    list_subdomain_problems,
    list_value_problems,
)
from kube_api_emulator.server.rules.validation.selectors import check_selector

Part = Mapping[str, Any]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_MOST_WEIGHT = 100
_NO_OPERATOR = "not a valid selector operator"


def check_node_selector(selector: Part, field: str, causes: Causes) -> None:
    """Check terms of which a node has to fit one."""
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        causes.require(f"{field}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(terms):
        _check_term(term, f"{field}.nodeSelectorTerms[{index}]", causes)


def _check_term(term: Part, field: str, causes: Causes, *, is_preferred: bool = False) -> None:
    """Check a term. The values of a preferred one may be no labels."""
    for index, each in enumerate(term.get("matchExpressions") or ()):
        place = f"{field}.matchExpressions[{index}]"
        _check_expression(each, place, causes)
        if not is_preferred:
            _check_values(each.get("values") or (), place, causes)
    for index, each in enumerate(term.get("matchFields") or ()):
        _check_field_expression(each, f"{field}.matchFields[{index}]", causes)


def _check_expression(expression: Part, field: str, causes: Causes) -> None:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            causes.require(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            causes.forbid(f"{field}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            causes.require(f"{field}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        causes.refuse(f"{field}.operator", operator, _NO_OPERATOR)
    key = expression.get("key") or ""
    for text in list_key_problems(key):
        causes.refuse(f"{field}.key", key, text)


def _check_values(values: Sequence[str], field: str, causes: Causes) -> None:
    for index, value in enumerate(values):
        for text in list_value_problems(value):
            causes.refuse(f"{field}.values[{index}]", value, text)


def _check_field_expression(expression: Part, field: str, causes: Causes) -> None:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if operator not in ("In", "NotIn"):
        causes.refuse(f"{field}.operator", operator, _NO_OPERATOR)
    elif len(values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        causes.require(f"{field}.values", text)
    key = expression.get("key") or ""
    if key != "metadata.name":
        causes.refuse(f"{field}.key", key, "not a valid field selector key")
        return
    for index, value in enumerate(values):
        for text in list_subdomain_problems(value):
            causes.refuse(f"{field}.values[{index}]", value, text)


def check_affinity(affinity: Part, field: str, causes: Causes) -> None:
    """Check the affinity of a pod to nodes and to other pods."""
    nodes = affinity.get("nodeAffinity") or {}
    if nodes.get(_REQUIRED) is not None:
        check_node_selector(nodes[_REQUIRED], f"{field}.nodeAffinity.{_REQUIRED}", causes)
    for index, each in enumerate(nodes.get(_PREFERRED) or ()):
        place = f"{field}.nodeAffinity.{_PREFERRED}[{index}]"
        _check_weight(each, place, causes)
        _check_term(each.get("preference") or {}, f"{place}.preference", causes, is_preferred=True)
    for name in ("podAffinity", "podAntiAffinity"):
        _check_pod_affinity(affinity.get(name) or {}, f"{field}.{name}", causes)


def _check_pod_affinity(affinity: Part, field: str, causes: Causes) -> None:
    for index, term in enumerate(affinity.get(_REQUIRED) or ()):
        _check_pod_term(term, f"{field}.{_REQUIRED}[{index}]", causes)
    for index, each in enumerate(affinity.get(_PREFERRED) or ()):
        place = f"{field}.{_PREFERRED}[{index}]"
        _check_weight(each, place, causes)
        _check_pod_term(each.get("podAffinityTerm") or {}, f"{place}.podAffinityTerm", causes)


def _check_weight(preference: Part, field: str, causes: Causes) -> None:
    weight = preference.get("weight") or 0
    if not 1 <= weight <= _MOST_WEIGHT:
        causes.refuse(f"{field}.weight", weight, "must be in the range 1-100")


def _check_pod_term(term: Part, field: str, causes: Causes) -> None:
    check_selector(term.get("labelSelector"), f"{field}.labelSelector", causes)
    check_selector(term.get("namespaceSelector"), f"{field}.namespaceSelector", causes)
    _check_namespaces(term.get("namespaces") or (), f"{field}.namespace", causes)
    _check_label_keys(term, field, causes)
    key = term.get("topologyKey") or ""
    if not key:
        causes.require(f"{field}.topologyKey", "can not be empty")
    for text in list_key_problems(key):
        causes.refuse(f"{field}.topologyKey", key, text)


def _check_label_keys(term: Part, field: str, causes: Causes) -> None:
    """Check the keys of labels whose values a term takes from the pod itself."""
    selector = term.get("labelSelector")
    wanted, unwanted = term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or ()
    for name, keys in (("matchLabelKeys", wanted), ("mismatchLabelKeys", unwanted)):
        if keys and selector is None:
            causes.forbid(f"{field}.{name}", "must not be specified when labelSelector is not set")
        for index, key in enumerate(keys if selector is not None else ()):
            for text in list_key_problems(key):
                causes.refuse(f"{field}.{name}[{index}]", key, text)
    known = set((selector or {}).get("matchLabels") or ())
    for expression in (selector or {}).get("matchExpressions") or ():
        key = expression.get("key") or ""
        if key in wanted and key in known:
            last = max(index for index, each in enumerate(wanted) if each == key)
            causes.refuse(f"{field}[{last}]", key, "exists in both matchLabelKeys and labelSelector")
        known.add(key)
    for index, key in enumerate(wanted):
        if key in unwanted:
            place = f"{field}.matchLabelKeys[{index}]"
            causes.refuse(place, key, "exists in both matchLabelKeys and mismatchLabelKeys")


def _check_namespaces(names: Sequence[str], field: str, causes: Causes) -> None:
    for name in names:
        for text in list_label_problems(name):
            causes.refuse(field, name, text)
