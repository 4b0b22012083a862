"""Roles decide as in Kubernetes."""

import pytest

from tests.access.roles import become, build_binding, build_role, build_rule, is_allowed
from tests.cluster import TOKEN, LocalCluster, RefusedError

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
# Verb, resource and namespace, and which of the roles cluster-admin, admin, edit and view allow it in `shop`.
TABLE = (
    ("get", "pods", "shop", "yyyy"),
    ("list", "deployments.apps", "shop", "yyyy"),
    ("watch", "configmaps", "shop", "yyyy"),
    ("list", "events.events.k8s.io", "shop", "yyyy"),
    ("get", "resourceclaims.resource.k8s.io", "shop", "yyyy"),
    ("create", "resourceclaims.resource.k8s.io", "shop", "yyy-"),
    ("get", "secrets", "shop", "yyy-"),
    ("patch", "deployments.apps", "shop", "yyy-"),
    ("create", "deployments.apps", "shop", "yyy-"),
    ("update", "deployments.apps/scale", "shop", "yyy-"),
    ("delete", "services", "shop", "yyy-"),
    ("deletecollection", "configmaps", "shop", "yyy-"),
    ("create", "pods/exec", "shop", "yyy-"),
    ("impersonate", "serviceaccounts", "shop", "yyy-"),
    ("create", "roles.rbac.authorization.k8s.io", "shop", "yy--"),
    ("patch", "rolebindings.rbac.authorization.k8s.io", "shop", "yy--"),
    ("escalate", "roles.rbac.authorization.k8s.io", "shop", "y---"),
    ("update", "deployments.apps/status", "shop", "y---"),
    ("create", "resourcequotas", "shop", "y---"),
    ("get", "pods", "default", "y---"),
    ("list", "pods", "", "y---"),
    ("get", "nodes", "", "y---"),
    ("create", "namespaces", "", "y---"),
    ("get", "externalsecrets.external-secrets.io", "shop", "y---"),
)


@pytest.mark.parametrize("role", ["cluster-admin", "admin", "edit", "view"])
def test_default_roles_allow_what_kubernetes_says(secured: LocalCluster, role: str) -> None:
    kind = "ClusterRoleBinding" if role == "cluster-admin" else "RoleBinding"
    secured.apply(build_binding(role, "User maria", kind))
    become(secured, "maria")
    place = ("cluster-admin", "admin", "edit", "view").index(role)
    wrong = [row for row in TABLE if is_allowed(secured, *row[:3]) != (row[3][place] == "y")]
    assert wrong == []


@pytest.mark.parametrize(
    ("user", "verb", "resource", "namespace"),
    [
        ("system:kube-scheduler", "create", "pods/binding", "shop"),
        ("system:kube-proxy", "list", "servicecidrs.networking.k8s.io", ""),
        ("system:kube-controller-manager", "list", "nodes", ""),
    ],
)
def test_parts_of_the_control_plane_have_their_roles(
    secured: LocalCluster, user: str, verb: str, resource: str, namespace: str
) -> None:
    become(secured, user)
    assert is_allowed(secured, verb, resource, namespace)
    assert not is_allowed(secured, "create", "namespaces", "")


def test_user_without_a_role_sees_the_kinds_alone(secured: LocalCluster) -> None:
    become(secured, "maria")
    assert secured.request("GET", "/version")["minor"]
    assert secured.request("GET", "/apis")["kind"] == "APIGroupList"
    with pytest.raises(RefusedError) as refused:
        secured.request("GET", "/apis/apps/v1/namespaces/shop/deployments")
    assert refused.value.status["message"] == (
        'deployments.apps is forbidden: User "maria" cannot list resource "deployments" in API group "apps" in the '
        'namespace "shop"'
    )
    assert refused.value.status["details"] == {"group": "apps", "kind": "deployments"}


def test_unknown_kinds_are_hidden_from_strangers(secured: LocalCluster) -> None:
    become(secured, "maria")
    with pytest.raises(RefusedError, match=r'403 things.example.com is forbidden: User "maria" cannot list resource'):
        secured.request("GET", "/apis/example.com/v1/things")
    with pytest.raises(RefusedError, match='403 forbidden: User "maria" cannot get path "/metrics"'):
        secured.request("GET", "/metrics")


@pytest.mark.parametrize("subject", ["User maria", "Group devs", "ServiceAccount ci"])
def test_bindings_mean_users_groups_and_accounts(secured: LocalCluster, subject: str) -> None:
    secured.apply(build_role("reader", build_rule("get", "configmaps")))
    secured.apply(build_binding("reader", subject, role_kind="Role"))
    user = "system:serviceaccount:shop:ci" if subject.endswith(" ci") else "maria"
    become(secured, user, *(["devs"] if subject.startswith("Group") else []))
    assert is_allowed(secured, "get", "configmaps")
    become(secured, "other")
    assert not is_allowed(secured, "get", "configmaps")


def test_names_limit_a_rule(secured: LocalCluster) -> None:
    secured.apply(build_role("one", build_rule("get list create", "configmaps", resourceNames=["a"])))
    secured.apply(build_binding("one", "User maria", role_kind="Role"))
    secured.apply(MAP)
    become(secured, "maria")
    assert secured.request("GET", "/api/v1/namespaces/shop/configmaps/a")
    listed = secured.request("GET", "/api/v1/namespaces/shop/configmaps", fieldSelector="metadata.name=a")
    assert len(listed["items"]) == 1
    for path in ("/api/v1/namespaces/shop/configmaps", "/api/v1/namespaces/shop/configmaps/b"):
        with pytest.raises(RefusedError, match="403"):
            secured.request("GET", path)
    assert not is_allowed(secured, "create", "configmaps")


def test_apply_of_a_new_object_needs_create(secured: LocalCluster) -> None:
    secured.apply(build_role("patcher", build_rule("patch", "configmaps")))
    secured.apply(build_binding("patcher", "User maria", role_kind="Role"))
    become(secured, "maria")
    with pytest.raises(RefusedError, match='configmaps "a" is forbidden: User "maria" cannot create resource'):
        secured.apply(MAP)
    secured.token = TOKEN
    secured.apply(MAP)
    become(secured, "maria")
    secured.apply(MAP | {"data": {"key": "value"}})


def test_subresource_is_another_permission(secured: LocalCluster) -> None:
    secured.apply(build_role("scaler", build_rule("patch", "deployments/scale", "apps"), build_rule("get", "*/status")))
    secured.apply(build_binding("scaler", "User maria", role_kind="Role"))
    become(secured, "maria")
    assert is_allowed(secured, "patch", "deployments.apps/scale")
    assert not is_allowed(secured, "patch", "deployments.apps")
    assert is_allowed(secured, "get", "pods/status")


def test_role_in_a_namespace_can_read_the_namespace(secured: LocalCluster) -> None:
    secured.apply(build_binding("view", "User maria"))
    become(secured, "maria")
    assert secured.request("GET", "/api/v1/namespaces/shop")
    with pytest.raises(RefusedError, match=r'namespaces "default" is forbidden.*in the namespace "default"'):
        secured.request("GET", "/api/v1/namespaces/default")


def test_missing_role_is_named_in_the_refusal(secured: LocalCluster) -> None:
    secured.apply(build_binding("gone", "User maria"))
    become(secured, "maria")
    with pytest.raises(RefusedError, match=r'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'):
        secured.request("GET", "/api/v1/namespaces/shop/pods")


def test_labels_add_rules_to_an_aggregated_role(secured: LocalCluster) -> None:
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    role = build_role("more", build_rule("get", "things", "example.com"), kind="ClusterRole")
    role["metadata"]["labels"] = labels
    secured.apply(role)
    secured.apply(build_binding("admin", "User maria"))
    become(secured, "maria")
    assert is_allowed(secured, "get", "things.example.com")
    secured.token = TOKEN
    secured.delete("ClusterRole", "more")
    become(secured, "maria")
    assert not is_allowed(secured, "get", "things.example.com")


def test_deleted_binding_takes_the_permission(secured: LocalCluster) -> None:
    binding = build_binding("view", "User maria")
    secured.apply(binding)
    secured.delete("RoleBinding", binding["metadata"]["name"])
    become(secured, "maria")
    assert not is_allowed(secured, "get", "pods")


def test_collection_needs_its_own_verb(secured: LocalCluster) -> None:
    secured.apply(build_role("remover", build_rule("delete", "configmaps")))
    secured.apply(build_binding("remover", "User maria", role_kind="Role"))
    become(secured, "maria")
    with pytest.raises(RefusedError, match="cannot deletecollection resource"):
        secured.request("DELETE", "/api/v1/namespaces/shop/configmaps")
