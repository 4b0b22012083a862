"""Questions about users and their permissions: `kubectl auth can-i` and `kubectl auth whoami`.

Source: k8s.io/kubernetes v1.36.2, pkg/registry/authorization/subjectaccessreview/rest.go (Create),
pkg/registry/authorization/selfsubjectrulesreview/rest.go (Create).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kube_api_emulator.server.access.roles import RoleAuthorizer
from kube_api_emulator.server.identity.account_tokens import ISSUER
from kube_api_emulator.server.identity.rules import ALL, Rule
from kube_api_emulator.server.identity.users import MASTERS, Access, Authorize, Decision, User
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.schema_rules import SchemaRules, format_time
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.system.reviews import check_access_review
from kube_api_emulator.server.status_errors import bad_request, invalid

# They get no owner.
_UNTRACKED = ("SelfSubjectReview", "SelfSubjectRulesReview")
_ACCESS_REVIEWS = ("LocalSubjectAccessReview", "SelfSubjectAccessReview", "SubjectAccessReview")

# A platform decides about its grants in a webhook, which lists no rules.
_INCOMPLETE = "webhook authorizer does not support user rule resolution"
_EVERYTHING = (Rule((ALL,), (ALL,), (ALL,)), Rule((ALL,), paths=(ALL,)))


def prepare_review(rules: SchemaRules, resource: Resource, namespace: str, item: Object, manager: str) -> Object:
    """Return a review as the server completes it, with its owner. Raises StatusError for one without a question."""
    if resource.kind == "SelfSubjectRulesReview" and not (item.get("spec") or {}).get("namespace"):
        raise bad_request("no namespace on request")
    if resource.kind == "TokenReview" and not (item.get("spec") or {}).get("token"):
        raise bad_request("token is required for TokenReview in authentication")
    item = {"kind": resource.kind, "apiVersion": resource.group_version, "metadata": {}, **item}
    metadata = dict(item["metadata"] or {})
    metadata.pop("namespace", None)
    item["metadata"] = metadata | ({"namespace": namespace} if namespace else {})
    if resource.kind in _UNTRACKED:
        return item
    rules.set_defaults(resource, item, None)
    rules.drop_empty(resource, item)
    rules.track_update(resource, None, item, manager, "")
    if resource.kind in _ACCESS_REVIEWS:
        causes = Causes()
        check_access_review(resource.kind, namespace, item, causes)
        if causes:
            # The server does not name the kind.
            raise invalid(replace(resource, kind=""), "", [(each.field, each.reason, each.message) for each in causes])
    return item


def answer_review(resource: Resource, namespace: str, body: Object, user: User, authorize: Authorize) -> Object:
    """Return the answer to a review. Raises StatusError for one without a question."""
    answer = body | {"apiVersion": resource.group_version, "kind": resource.kind}
    spec = body.get("spec") or {}
    match resource.kind:
        case "SelfSubjectReview":
            metadata = {"creationTimestamp": format_time()}
            return answer | {"metadata": metadata, "status": {"userInfo": user.to_info()}}
        case "SelfSubjectRulesReview":
            rules = _list_rules(user, spec.get("namespace", ""), authorize)
            return answer | {"metadata": {}, "spec": {}, "status": rules}
        case "SelfSubjectAccessReview":
            subject = user
        case _:
            subject = _read_subject(spec)
    decision = authorize(_read_access(namespace, spec, subject))
    status: Object = {"allowed": bool(decision)}
    if isinstance(decision, Decision) and decision.reason:
        status["reason"] = decision.reason
    return answer | {"status": status}


def review_token(resource: Resource, body: Object, find_account: Callable[[str], User | None]) -> Object:
    """Return the answer to the question whose token this is. `find_account` knows those of service accounts."""
    found = find_account(str((body.get("spec") or {}).get("token") or ""))
    status: Object = {"user": {}, "error": "invalid bearer token"}
    if found is not None:
        status = {"authenticated": True, "user": found.to_info(), "audiences": [ISSUER]}
    metadata = body.get("metadata") or {}
    return body | {"apiVersion": resource.group_version, "kind": resource.kind, "metadata": metadata, "status": status}


def _read_subject(spec: Object) -> User:
    extra = {name: tuple(values) for name, values in (spec.get("extra") or {}).items()}
    return User(spec.get("user", ""), tuple(spec.get("groups") or ()), extra, spec.get("uid", ""))


def _read_access(namespace: str, spec: Object, user: User) -> Access:
    asked, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if asked is None:
        return Access(user, (path or {}).get("verb", ""), path=(path or {}).get("path", "") or "/")
    return Access(
        user,
        asked.get("verb", ""),
        asked.get("group", ""),
        asked.get("resource", ""),
        asked.get("namespace", "") or namespace,
        asked.get("name", ""),
        asked.get("subresource", ""),
    )


def _list_rules(user: User, namespace: str, authorize: Authorize) -> Object:
    if isinstance(authorize, RoleAuthorizer):
        rules: Sequence[Rule] = authorize.list_rules(user, namespace)
    else:
        rules = _EVERYTHING if MASTERS in user.groups else ()
    resources = [
        {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)}
        | ({"resourceNames": list(rule.names)} if rule.names else {})
        for rule in rules
        if rule.resources
    ]
    paths = [{"verbs": list(rule.verbs), "nonResourceURLs": list(rule.paths)} for rule in rules if rule.paths]
    status: Object = {"resourceRules": resources, "nonResourceRules": paths, "incomplete": bool(user.grants)}
    return status | ({"evaluationError": _INCOMPLETE} if user.grants else {})
