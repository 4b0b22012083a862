"""Where pods may run: tolerations, spreading over the nodes, and gates.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateTolerations,
validateTopologySpreadConstraints, validateMinDomains).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import list_key_problems, list_value_problems
from kube_api_emulator.server.rules.validation.selectors import check_selector

Part = Mapping[str, Any]

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ANY_KEY = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
_COMPARISONS = ("Lt", "Gt")
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_NO_SELECTOR = "must not be specified when labelSelector is not set"


def check_tolerations(tolerations: Sequence[Part], field: str, causes: Causes) -> None:
    """Check which taints of nodes a pod tolerates."""
    for index, each in enumerate(tolerations):
        place = f"{field}[{index}]"
        key, operator, value = each.get("key") or "", each.get("operator") or "", each.get("value") or ""
        for text in list_key_problems(key) if key else ():
            causes.refuse(f"{place}.key", key, text)
        if not key and operator != "Exists":
            causes.refuse(f"{place}.operator", operator, _ANY_KEY)
        if each.get("tolerationSeconds") is not None and each.get("effect") != "NoExecute":
            text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            causes.refuse(f"{place}.effect", each.get("effect") or "", text)
        _check_operator(operator, value, f"{place}.operator", causes)
        if each.get("effect"):
            causes.check_choice(f"{place}.effect", each["effect"], _EFFECTS)


def _check_operator(operator: str, value: str, field: str, causes: Causes) -> None:
    if operator in ("Equal", ""):
        if problems := list_value_problems(value):
            causes.refuse(field, value, ";".join(problems))
    elif operator in _COMPARISONS:
        causes.refuse_choice(field, operator, ("Equal", "Exists", *_COMPARISONS))
    elif operator != "Exists":
        causes.refuse_choice(field, operator, ("Equal", "Exists"))
    elif value:
        causes.refuse(field, value, "value must be empty when `operator` is 'Exists'")


def check_spread(constraints: Sequence[Part], field: str, causes: Causes) -> None:
    """Check how pods are spread over zones or nodes."""
    for index, each in enumerate(constraints):
        place, key, action = f"{field}[{index}]", each.get("topologyKey") or "", each.get("whenUnsatisfiable") or ""
        if (each.get("maxSkew") or 0) < 1:
            causes.refuse(f"{place}.maxSkew", each.get("maxSkew") or 0, "must be greater than zero")
        if not key:
            causes.require(f"{place}.topologyKey", "can not be empty")
        causes.check_choice(f"{place}.whenUnsatisfiable", action, _ACTIONS)
        rest = constraints[index + 1 :]
        if any(
            (other.get("topologyKey") or "", other.get("whenUnsatisfiable") or "") == (key, action) for other in rest
        ):
            causes.report_duplicate(f"{place}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}")
        _check_domains(each.get("minDomains"), action, f"{place}.minDomains", causes)
        for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            causes.check_choice(f"{place}.{policy}", each.get(policy), ("Honor", "Ignore"))
        check_label_keys(each, place, causes)
        check_selector(each.get("labelSelector"), f"{place}.labelSelector", causes)


def _check_domains(least: int | None, action: str, field: str, causes: Causes) -> None:
    if least is None:
        return
    if least <= 0:
        causes.refuse(field, least, "must be greater than zero")
    if action != "DoNotSchedule":
        causes.refuse(field, least, f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}")


def check_label_keys(term: Part, place: str, causes: Causes) -> None:
    """Check the keys whose values a selector takes from the pod."""
    selector = term.get("labelSelector")
    wanted, unwanted = term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or ()
    for name, keys in (("matchLabelKeys", wanted), ("mismatchLabelKeys", unwanted)):
        if keys and selector is None:
            causes.forbid(f"{place}.{name}", _NO_SELECTOR)
            continue
        for index, key in enumerate(keys):
            for text in list_key_problems(key):
                causes.refuse(f"{place}.{name}[{index}]", key, text)
    seen = set((selector or {}).get("matchLabels") or ())
    for expression in (selector or {}).get("matchExpressions") or ():
        key = expression.get("key") or ""
        if key in wanted and key in seen:
            # The server names no field here.
            text = "exists in both matchLabelKeys and labelSelector"
            causes.refuse(f"{place}[{list(wanted).index(key)}]", key, text)
        seen.add(key)
    for index, key in enumerate(wanted):
        if key in unwanted:
            text = "exists in both matchLabelKeys and mismatchLabelKeys"
            causes.refuse(f"{place}.matchLabelKeys[{index}]", key, text)


def check_gates(gates: Sequence[Part], field: str, causes: Causes) -> None:
    """Check what has to happen before a pod is scheduled."""
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get("name") or ""
        for text in list_key_problems(name):
            causes.refuse(f"{field}[{index}]", name, text)
        if name in seen:
            causes.report_duplicate(f"{field}[{index}]", name)
        seen.add(name)
