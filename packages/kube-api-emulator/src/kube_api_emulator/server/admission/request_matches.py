"""Which writes a webhook or a policy is about.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/webhook/generic/webhook.go (ShouldCallHook),
pkg/admission/plugin/webhook/predicates/rules/rules.go (Matches).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.label_selectors import match_labels
from kube_api_emulator.server.resources import Resource

Part = Mapping[str, Any]

GROUP = "admissionregistration.k8s.io"
_ALL = "*"


def find_constrained(constraints: Part | None, request: AdmissionRequest) -> Resource | None:
    """Return the resource as which `matchConstraints` or `matchResources` mean a write; None if they do not."""
    if constraints is None:
        return request.sent_as
    rules = constraints.get("resourceRules")
    policy = constraints.get("matchPolicy")
    found = find_matched(rules, policy, request) if rules else request.sent_as
    is_excluded = find_matched(constraints.get("excludeResourceRules") or (), policy, request) is not None
    return None if is_excluded or not has_selected_labels(constraints, request) else found


def find_matched(rules: Sequence[Part], policy: str | None, request: AdmissionRequest) -> Resource | None:
    """Return the resource of a write in the version that rules are about; None without one.

    Unless the policy is `Exact`, a rule for another version, or for another group with the same objects, matches too.
    """
    sent_as = request.sent_as
    if any(_matches_rule(rule, sent_as, request) for rule in rules):
        return sent_as
    if policy == "Exact":
        return None
    others = [each for each in request.cluster.resources.list_all() if each.key == sent_as.key and each != sent_as]
    found = (each for rule in rules for each in others if _matches_rule(rule, each, request))
    return next(found, None)


def _matches_rule(rule: Part, resource: Resource, request: AdmissionRequest) -> bool:
    names = rule.get("resourceNames")
    scope = "Namespaced" if resource.is_namespaced else "Cluster"
    return (
        _has(rule, "operations", request.operation)
        and _has(rule, "apiGroups", resource.group)
        and _has(rule, "apiVersions", resource.version)
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


def has_selected_labels(constraints: Part, request: AdmissionRequest) -> bool:
    """Check the labels of the namespace and of the object with the selectors of a webhook or a policy."""
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
