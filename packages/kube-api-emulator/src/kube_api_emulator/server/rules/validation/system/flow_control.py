"""FlowSchemas and PriorityLevelConfigurations (pkg/apis/flowcontrol/validation)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import list_label_problems, list_subdomain_problems

Part = Mapping[str, Any]

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
_MOST_PRECEDENCE = 10_000
_MOST_QUEUES = 10_000_000
_HASH_BITS = 60
_NAMESPACES = "each member of this list must be '*' or a DNS-1123 label; "
_SUBJECTS = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}


def check_flow_schema(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    spec, name = item.get("spec") or {}, item["metadata"].get("name") or ""
    precedence = spec.get("matchingPrecedence") or 0
    if precedence <= 0:
        causes.refuse("spec.matchingPrecedence", precedence, "must be a positive value")
    if precedence > _MOST_PRECEDENCE:
        causes.refuse("spec.matchingPrecedence", precedence, f"must not be greater than {_MOST_PRECEDENCE}")
    if precedence == 1 and name != "exempt":
        text = "only the schema named 'exempt' may have matchingPrecedence 1"
        causes.refuse("spec.matchingPrecedence", precedence, text)
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in ("ByNamespace", "ByUser"):
        shown = {"Type": method.get("type") or ""}
        causes.refuse_choice("spec.distinguisherMethod.type", shown, ("ByNamespace", "ByUser"))
    level = (spec.get("priorityLevelConfiguration") or {}).get("name") or ""
    field = "spec.priorityLevelConfiguration.name"
    if not level:
        causes.require(field, "must reference a priority level")
    for text in list_subdomain_problems(level) if level else ():
        causes.refuse(field, level, text)
    for index, rule in enumerate(spec.get("rules") or ()):
        _check_rule(rule, f"spec.rules[{index}]", causes)


def _check_rule(rule: Part, place: str, causes: Causes) -> None:
    if not rule.get("subjects"):
        causes.require(f"{place}.subjects", "subjects must contain at least one value")
    for index, subject in enumerate(rule.get("subjects") or ()):
        _check_subject(subject, f"{place}.subjects[{index}]", causes)
    resources, others = rule.get("resourceRules") or (), rule.get("nonResourceRules") or ()
    if not resources and not others:
        causes.require(place, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for index, each in enumerate(resources):
        _check_resources(each, f"{place}.resourceRules[{index}]", causes)
    for index, each in enumerate(others):
        _check_urls(each, f"{place}.nonResourceRules[{index}]", causes)


def _check_subject(subject: Part, place: str, causes: Causes) -> None:
    kind = subject.get("kind") or ""
    if kind not in _SUBJECTS:
        causes.refuse_choice(f"{place}.kind", kind, _SUBJECTS)
        return
    field = _SUBJECTS[kind]
    for other in _SUBJECTS.values():
        if other != field and subject.get(other) is not None:
            causes.forbid(f"{place}.{other}", f"{other} is forbidden when subject kind is not '{_name_kind(other)}'")
    named = subject.get(field)
    if named is None:
        causes.require(f"{place}.{field}", f"{field} is required when subject kind is '{kind}'")
        return
    name = named.get("name") or ""
    if not name:
        causes.require(f"{place}.{field}.name")
    if kind != "ServiceAccount":
        return
    for text in list_subdomain_problems(name) if name not in ("", "*") else ():
        causes.refuse(f"{place}.{field}.name", name, text)
    if not named.get("namespace"):
        causes.require(f"{place}.{field}.namespace", "must specify namespace for service account")
    else:
        for text in list_label_problems(named["namespace"]):
            causes.refuse(f"{place}.{field}.namespace", named["namespace"], text)


def _name_kind(field: str) -> str:
    return next(kind for kind, name in _SUBJECTS.items() if name == field)


def _check_verbs(verbs: Sequence[str], field: str, causes: Causes) -> None:
    if not verbs:
        causes.require(field, "verbs must contain at least one value")
    elif "*" in verbs:
        if len(verbs) > 1:
            causes.refuse(field, list(verbs), "if '*' is present, must not specify other verbs")
    elif not set(verbs) <= set(_VERBS):
        causes.refuse_choice(field, list(verbs), _VERBS)


def _check_resources(rule: Part, place: str, causes: Causes) -> None:
    _check_verbs(rule.get("verbs") or (), f"{place}.verbs", causes)
    for name, one, many in (("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")):
        values = rule.get(name) or ()
        if not values:
            causes.require(f"{place}.{name}", f"resource rules must supply at least one {one}")
        elif len(values) > 1 and "*" in values:
            causes.refuse(f"{place}.{name}", list(values), f"if '*' is present, must not specify other {many}")
    namespaces = rule.get("namespaces") or ()
    if not namespaces and not rule.get("clusterScope"):
        text = "resource rules that are not cluster scoped must supply at least one namespace"
        causes.require(f"{place}.namespaces", text)
    elif "*" in namespaces:
        if len(namespaces) > 1:
            text = "if '*' is present, must not specify other namespaces"
            causes.refuse(f"{place}.namespaces", list(namespaces), text)
    else:
        for index, name in enumerate(namespaces):
            for text in list_label_problems(name):
                causes.refuse(f"{place}.namespaces[{index}]", name, _NAMESPACES + text)


def _check_urls(rule: Part, place: str, causes: Causes) -> None:
    _check_verbs(rule.get("verbs") or (), f"{place}.verbs", causes)
    urls, field = rule.get("nonResourceURLs") or (), f"{place}.nonResourceURLs"
    if not urls:
        causes.require(field, "nonResourceURLs must contain at least one value")
    elif "*" in urls:
        if len(urls) > 1:
            causes.refuse(field, list(urls), "if '*' is present, must not specify other non-resource URLs")
    else:
        for index, url in enumerate(urls):
            if problem := _find_url_problem(url):
                causes.refuse(f"{field}[{index}]", url, problem)


def _find_url_problem(url: str) -> str:
    count = url.count("*")
    problems = (
        (not url, "must not be empty"),
        (not url.startswith("/"), "must start with slash"),
        (" " in url, "must not contain white-space"),
        ("//" in url, "must not contain double slash"),
        (count > 1 or (count == 1 and not url.endswith("/*")), "wildcard can only do suffix matching"),
    )
    return next((text for is_wrong, text in problems if is_wrong and url != "/"), "")


def check_priority_level(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    spec, name = item.get("spec") or {}, item["metadata"].get("name") or ""
    kind, limited, exempt = spec.get("type") or "", spec.get("limited"), spec.get("exempt")
    if (name == "exempt") != (kind == "Exempt"):
        causes.refuse("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'")
    if kind == "Exempt":
        if limited is not None:
            causes.forbid("spec.limited", "must be nil if the type is not Limited")
        if exempt is not None:
            _check_shares(exempt, "spec.exempt", causes)
    elif kind == "Limited":
        if exempt is not None:
            causes.forbid("spec.exempt", "must be nil if the type is Limited")
        if limited is None:
            causes.require("spec.limited", "must not be empty when type is Limited")
        else:
            _check_limited(limited, causes)
    else:
        causes.refuse_choice("spec.type", kind, ("Exempt", "Limited"))


def _check_shares(part: Part, place: str, causes: Causes) -> None:
    shares = part.get("nominalConcurrencyShares")
    if shares is not None and shares < 0:
        causes.refuse(f"{place}.nominalConcurrencyShares", shares, "must be a non-negative integer")


def _check_percent(part: Part, place: str, causes: Causes) -> None:
    percent = part.get("lendablePercent")
    if percent is not None and not 0 <= percent <= 100:  # noqa: PLR2004
        causes.refuse(f"{place}.lendablePercent", percent, "must be between 0 and 100, inclusive")


def _check_limited(limited: Part, causes: Causes) -> None:
    place = "spec.limited"
    _check_shares(limited, place, causes)
    response = limited.get("limitResponse") or {}
    kind, queuing = response.get("type") or "", response.get("queuing")
    field = f"{place}.limitResponse.queuing"
    if kind == "Reject":
        if queuing is not None:
            causes.forbid(field, "must be nil if limited.limitResponse.type is not Limited")
    elif kind == "Queue":
        if queuing is None:
            causes.require(field, "must not be empty if limited.limitResponse.type is Limited")
        else:
            _check_queuing(queuing, field, causes)
    else:
        causes.refuse_choice(f"{place}.limitResponse.type", kind, ("Queue", "Reject"))
    _check_percent(limited, place, causes)
    percent = limited.get("borrowingLimitPercent")
    if percent is not None and percent < 0:
        text = "if specified, must be a non-negative integer"
        causes.refuse(f"{place}.borrowingLimitPercent", percent, text)


def _check_queuing(queuing: Part, place: str, causes: Causes) -> None:
    length, queues, hand = (queuing.get(name) or 0 for name in ("queueLengthLimit", "queues", "handSize"))
    if length <= 0:
        causes.refuse(f"{place}.queueLengthLimit", length, "must be positive")
    if queues <= 0:
        causes.refuse(f"{place}.queues", queues, "must be positive")
    elif queues > _MOST_QUEUES:
        causes.refuse(f"{place}.queues", queues, f"must not be greater than {_MOST_QUEUES}")
    if hand <= 0:
        causes.refuse(f"{place}.handSize", hand, "must be positive")
    elif hand > queues:
        causes.refuse(f"{place}.handSize", hand, f"should not be greater than queues ({queues})")
    elif math.ceil(sum(math.log2(queues - index) for index in range(hand))) > _HASH_BITS:
        text = f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {_HASH_BITS}"
        causes.refuse(f"{place}.handSize", hand, text)
