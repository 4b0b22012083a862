"""Which writes a ValidatingAdmissionPolicy is about.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/policy/matching/matching.go (Matches, matchesResourceRules),
pkg/admission/plugin/webhook/predicates/rules/rules.go (Matches),
pkg/admission/plugin/webhook/predicates/namespace/matcher.go (MatchNamespaceSelector),
pkg/admission/plugin/webhook/predicates/object/matcher.go (MatchObjectSelector).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.label_selectors import match_labels

Part = Mapping[str, Any]

GROUP = "admissionregistration.k8s.io"
_ALL = "*"


def matches_request(constraints: Part | None, request: AdmissionRequest) -> bool:
    """Check a write with `matchConstraints` or `matchResources`. None matches everything."""
    if constraints is None:
        return True
    rules = constraints.get("resourceRules")
    is_named = not rules or any(_matches_rule(rule, request) for rule in rules)
    is_excluded = any(_matches_rule(rule, request) for rule in constraints.get("excludeResourceRules") or ())
    return is_named and not is_excluded and _matches_selectors(constraints, request)


def _matches_rule(rule: Part, request: AdmissionRequest) -> bool:
    resource = request.resource
    names = rule.get("resourceNames")
    scope = "Namespaced" if resource.is_namespaced else "Cluster"
    is_equivalent = resource.version in rule.get("apiVersions", ()) or bool(rule.get("apiVersions"))
    return (
        _has(rule, "operations", request.operation)
        and _has(rule, "apiGroups", resource.group)
        and is_equivalent
        and any(_matches_resource(each, resource.plural, request.part) for each in rule.get("resources") or ())
        and (not names or request.name in names)
        and rule.get("scope", _ALL) in (_ALL, scope)
    )


def _has(rule: Part, name: str, value: str) -> bool:
    values = rule.get(name) or ()
    return _ALL in values or value in values


def _matches_resource(pattern: str, plural: str, part: str) -> bool:
    resource, _, subresource = pattern.partition("/")
    return resource in (_ALL, plural) and subresource in (part, _ALL)


def _matches_selectors(constraints: Part, request: AdmissionRequest) -> bool:
    selector = constraints.get("namespaceSelector")
    if selector and (request.resource.is_namespaced or request.resource.is_namespace):
        labels = request.find_labels()
        if request.resource.is_namespace:
            labels = request.subject["metadata"].get("labels") or {}
        if not match_labels(selector, labels):
            return False
    selector = constraints.get("objectSelector")
    return not selector or any(match_labels(selector, labels) for labels in _list_labels(request))


def _list_labels(request: AdmissionRequest) -> Iterator[Mapping[str, str]]:
    for item in (request.item, request.live):
        if item is not None:
            yield item["metadata"].get("labels") or {}
