"""Escalation: a user can give only their own permissions.

Source: k8s.io/kubernetes v1.36.2, pkg/registry/rbac/escalation_check.go (RoleEscalationAuthorized, BindingAuthorized),
pkg/registry/rbac/clusterrole/policybased/storage.go (Create, Update).
"""

from collections.abc import Iterable

from kube_api_emulator.server.access.default_roles import GROUP
from kube_api_emulator.server.access.roles import RoleAuthorizer
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.identity.rules import (
    ALL,
    Rule,
    describe_missing,
    find_missing,
    parse_rules,
    quote_list,
)
from kube_api_emulator.server.identity.users import CONTROLLER, MASTERS, Access
from kube_api_emulator.server.resources import Object
from kube_api_emulator.server.status_errors import bad_request, not_found

_COLLECTED = ("ownerReferences", "finalizers", "managedFields", "resourceVersion")
_FULL = (Rule((ALL,), (ALL,), (ALL,)), Rule((ALL,), paths=(ALL,)))


def check_escalation(request: AdmissionRequest, authorizer: RoleAuthorizer) -> None:
    """Check a write of a role or of a binding. Raises StatusError 403, or 404 for a missing role."""
    item = request.item
    if request.resource.group != GROUP or item is None or request.user is CONTROLLER:
        return
    if MASTERS in request.user.groups:
        return
    if request.resource.kind in ("Role", "ClusterRole"):
        _check_role(request, authorizer, item)
    elif request.resource.kind in ("RoleBinding", "ClusterRoleBinding"):
        _check_binding(request, authorizer, item)


def _check_role(request: AdmissionRequest, authorizer: RoleAuthorizer, item: Object) -> None:
    if is_collection(request.live, item):
        return
    if authorizer(_describe(request, "escalate", request.resource.plural, request.name)):
        return
    if item.get("aggregationRule") and find_missing(authorizer.list_rules(request.user, ""), _FULL):
        raise request.refuse("must have cluster-admin privileges to use the aggregationRule")
    _confirm(request, authorizer, parse_rules(item.get("rules")))


def _check_binding(request: AdmissionRequest, authorizer: RoleAuthorizer, item: Object) -> None:
    reference = item["roleRef"]
    if is_collection(request.live, item):
        return
    plural = "roles" if reference.get("kind") == "Role" else "clusterroles"
    name = reference.get("name", "")
    if authorizer(_describe(request, "bind", plural, name)):
        return
    if plural == "roles" and not request.namespace:
        raise bad_request("Namespace parameter required.")
    role = authorizer.find_role(reference, request.namespace)
    if role is None:
        # The server names the kind of the request.
        raise not_found(request.resource, name)
    _confirm(request, authorizer, authorizer.read_rules(role))


def is_collection(live: Object | None, item: Object) -> bool:
    """Check for an update that changes only what the garbage collection needs."""
    return live is not None and _strip(live) == _strip(item)


def _strip(item: Object) -> Object:
    metadata = {name: value for name, value in item["metadata"].items() if name not in _COLLECTED and value}
    return {name: value for name, value in item.items() if value} | {"metadata": metadata}


def _describe(request: AdmissionRequest, verb: str, plural: str, name: str) -> Access:
    return Access(request.user, verb, GROUP, plural, request.namespace, name)


def _confirm(request: AdmissionRequest, authorizer: RoleAuthorizer, rules: Iterable[Rule]) -> None:
    missing = find_missing(authorizer.list_rules(request.user, request.namespace), rules)
    if missing:
        user = request.user
        raise request.refuse(
            f'user "{user.name}" (groups={quote_list(user.groups)}) is attempting to grant RBAC permissions not '
            f"currently held:\n{describe_missing(missing)}"
        )
