"""RBAC: roles, their bindings, and the decision about a request.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/auth/authorizer/rbac/rbac.go (Authorize, RuleAllows),
pkg/registry/rbac/validation/rule.go (VisitRulesFor, appliesToUser, describeSubject).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kube_api_emulator.server.access.default_roles import GROUP, build_default_bindings, build_default_roles
from kube_api_emulator.server.cluster import Cluster, WriteOptions
from kube_api_emulator.server.identity.rules import Rule, parse_rules
from kube_api_emulator.server.identity.users import MASTERS, Access, Decision, User
from kube_api_emulator.server.label_selectors import match_labels
from kube_api_emulator.server.resources import Object, Place, Resource, locate
from kube_api_emulator.server.store import Event

_AGGREGATOR = "clusterrole-aggregation-controller"
_ROLES_KEY = (GROUP, "clusterroles")


@dataclass(frozen=True)
class Binding:
    """A role that a user has.

    Attributes:
        description: of the binding, in the words of kube-apiserver.
        missing: name of a role that does not exist; empty if it does.
    """

    description: str
    rules: tuple[Rule, ...] = ()
    missing: str = ""


class RoleAuthorizer:
    """Decides by the roles of a cluster, and by what the platform grants a user."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._kinds = {
            kind: cluster.resources.require(GROUP, "v1", plural)
            for kind, plural in (
                *(("Role", "roles"), ("RoleBinding", "rolebindings")),
                *(("ClusterRole", "clusterroles"), ("ClusterRoleBinding", "clusterrolebindings")),
            )
        }
        self._parsed: dict[str, tuple[str, tuple[Rule, ...]]] = {}

    def __call__(self, access: Access) -> Decision:
        """Decide about a request."""
        if MASTERS in access.user.groups:
            return Decision(is_allowed=True)
        grants = (grant for grant in access.user.grants if grant.holds_in(access.namespace))
        if any(_is_allowed(rule, access) for grant in grants for rule in grant.rules):
            return Decision(is_allowed=True)
        missing = []
        for binding in self.list_bindings(access.user, "" if access.path else access.namespace):
            if binding.missing:
                missing.append(f"{binding.missing} not found")
            elif any(_is_allowed(rule, access) for rule in binding.rules):
                return Decision(is_allowed=True, reason=f"RBAC: allowed by {binding.description}")
        text = missing[0] if len(missing) == 1 else f"[{', '.join(missing)}]"
        return Decision(is_allowed=False, reason=f"RBAC: {text}" if missing else "")

    def list_rules(self, user: User, namespace: str) -> list[Rule]:
        """Return the rules of the roles of a user, in the whole cluster and in a namespace."""
        return [rule for binding in self.list_bindings(user, namespace) for rule in binding.rules]

    def list_bindings(self, user: User, namespace: str) -> Iterator[Binding]:
        """Yield the bindings of a user, of the whole cluster and of a namespace."""
        for kind, place in (("ClusterRoleBinding", ""), ("RoleBinding", namespace)):
            if kind == "RoleBinding" and not namespace:
                return
            for item in self._cluster.store.list_items(self._kinds[kind], place):
                subject = _find_subject(item, user)
                if subject is not None:
                    yield self._read_binding(item, subject)

    def find_role(self, reference: Object, namespace: str) -> Object | None:
        """Return the role that a binding in a namespace names."""
        kind = self._kinds.get(reference.get("kind", ""))
        if kind is None:
            return None
        place = namespace if kind.is_namespaced else ""
        return self._cluster.store.find(Place(kind, place, reference.get("name", "")))

    def read_rules(self, role: Object) -> tuple[Rule, ...]:
        metadata = role["metadata"]
        known = self._parsed.get(metadata["uid"])
        if known is None or known[0] != metadata["resourceVersion"]:
            known = metadata["resourceVersion"], parse_rules(role.get("rules"))
            self._parsed[metadata["uid"]] = known
        return known[1]

    def _read_binding(self, item: Object, subject: Object) -> Binding:
        metadata, reference = item["metadata"], item["roleRef"]
        namespace = metadata.get("namespace", "")
        name = f"{metadata['name']}/{namespace}" if namespace else metadata["name"]
        description = (
            f'{item["kind"]} "{name}" of {reference["kind"]} "{reference["name"]}" to {_describe_subject(subject)}'
        )
        role = self.find_role(reference, namespace)
        if role is None:
            return Binding(description, missing=f'{reference["kind"].lower()}.{GROUP} "{reference["name"]}"')
        return Binding(description, self.read_rules(role))


def install_default_roles(cluster: Cluster) -> None:
    """Create the roles and bindings of a new cluster, and aggregate roles from now on."""
    with cluster.store.lock:
        roles = cluster.resources.require(*_ROLES_KEY[:1], "v1", "clusterroles")
        for item in (*build_default_roles(), *build_default_bindings()):
            cluster.store.put(cluster.resources.require(GROUP, "v1", f"{item['kind'].lower()}s"), item)

        def aggregate(event: Event) -> None:
            if event.key == _ROLES_KEY:
                _aggregate_roles(cluster, roles)

        cluster.store.listeners.append(aggregate)
        # Twice: the role admin is made of edit, which is made of view.
        _aggregate_roles(cluster, roles)
        _aggregate_roles(cluster, roles)


def _aggregate_roles(cluster: Cluster, roles: Resource) -> None:
    """Write the rules of the chosen roles into each ClusterRole with an aggregation rule."""
    items = cluster.store.list_items(roles)
    for item in items:
        selectors = (item.get("aggregationRule") or {}).get("clusterRoleSelectors")
        if not selectors:
            continue
        rules: list[Object] = []
        for other in items:
            labels = other["metadata"].get("labels") or {}
            if other is not item and any(match_labels(selector, labels) for selector in selectors):
                rules.extend(rule for rule in other.get("rules") or () if rule not in rules)
        if rules != (item.get("rules") or []):
            changed = item | {"rules": rules, "metadata": dict(item["metadata"])}
            cluster.update(locate(roles, item), changed, WriteOptions(_AGGREGATOR, calls_webhooks=False))
            # The listener goes on with the changed roles.
            return


def _is_allowed(rule: Rule, access: Access) -> bool:
    if access.path:
        return rule.allows_path(access.verb, access.path)
    return rule.allows(access.verb, access.group, access.resource, access.part, access.name)


def _find_subject(binding: Object, user: User) -> Object | None:
    """Return the subject of a binding that means a user."""
    namespace = binding["metadata"].get("namespace", "")
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name", "")
        account = f"system:serviceaccount:{subject.get('namespace') or namespace}:{name}"
        is_meant = {
            "User": user.name == name,
            "Group": name in user.groups,
            "ServiceAccount": user.name == account,
        }
        if is_meant.get(kind):
            return dict(subject)
    return None


def _describe_subject(subject: Object) -> str:
    if subject["kind"] == "ServiceAccount":
        return f'ServiceAccount "{subject["name"]}/{subject.get("namespace", "")}"'
    return f'{subject["kind"]} "{subject["name"]}"'
