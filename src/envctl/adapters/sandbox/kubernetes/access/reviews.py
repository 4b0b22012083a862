"""Questions about users and their permissions: `kubectl auth can-i` and `kubectl auth whoami`."""

from collections.abc import Callable, Sequence

from envctl.adapters.sandbox.kubernetes.access.roles import RoleAuthorizer
from envctl.adapters.sandbox.kubernetes.identity.account_tokens import ISSUER
from envctl.adapters.sandbox.kubernetes.identity.rules import ALL, Rule
from envctl.adapters.sandbox.kubernetes.identity.users import MASTERS, Access, Authorize, Decision, User
from envctl.adapters.sandbox.kubernetes.resources import Object, Resource
from envctl.adapters.sandbox.kubernetes.status_errors import invalid

# EKS decides about its access policies in a webhook of its own.
_INCOMPLETE = "webhook authorizer does not support user rule resolution"
_EVERYTHING = (Rule((ALL,), (ALL,), (ALL,)), Rule((ALL,), paths=(ALL,)))


def answer_review(resource: Resource, namespace: str, body: Object, user: User, authorize: Authorize) -> Object:
    """Return the answer to a review. Raises StatusError for one without a question."""
    answer = body | {"apiVersion": resource.group_version, "kind": resource.kind}
    answer.setdefault("metadata", {})
    spec = body.get("spec") or {}
    match resource.kind:
        case "SelfSubjectReview":
            return answer | {"status": {"userInfo": user.to_info()}}
        case "SelfSubjectRulesReview":
            return answer | {"status": _list_rules(user, spec.get("namespace", ""), authorize)}
        case "SelfSubjectAccessReview":
            subject = user
        case _:
            subject = _read_subject(resource, spec)
    decision = authorize(_read_access(resource, namespace, spec, subject))
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


def _read_subject(resource: Resource, spec: Object) -> User:
    if not spec.get("user") and not spec.get("groups"):
        text = "Required value: at least one of user or group must be specified"
        raise invalid(resource, "", [("spec.user", "FieldValueRequired", text)])
    extra = {name: tuple(values) for name, values in (spec.get("extra") or {}).items()}
    return User(spec.get("user", ""), tuple(spec.get("groups") or ()), extra, spec.get("uid", ""))


def _read_access(resource: Resource, namespace: str, spec: Object, user: User) -> Access:
    asked, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if asked is None and path is not None:
        return Access(user, path.get("verb", ""), path=path.get("path", "") or "/")
    if asked is None or path is not None:
        shown = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid(resource, "", [("spec.resourceAttributes", "FieldValueInvalid", shown)])
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
