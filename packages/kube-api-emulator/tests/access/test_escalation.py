"""Nobody gives permissions that they do not have."""

import pytest

from tests.access.roles import become, build_binding, build_role, build_rule
from tests.cluster import TOKEN, LocalCluster, RefusedError

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def granter(secured: LocalCluster) -> LocalCluster:
    """A user who may write roles, and read pods."""
    writes = build_rule("create patch update get", "roles rolebindings", RBAC)
    secured.apply(build_role("granter", writes, build_rule("get list", "pods")))
    secured.apply(build_binding("granter", "User maria", role_kind="Role"))
    become(secured, "maria", "devs")
    return secured


def test_role_with_own_permissions_is_created(granter: LocalCluster) -> None:
    granter.apply(build_role("reader", build_rule("get", "pods", resourceNames=["web"])))


def test_role_with_more_permissions_is_refused(granter: LocalCluster) -> None:
    role = build_role("more", build_rule("get list watch", "pods"), build_rule("get", "secrets"))
    with pytest.raises(RefusedError) as refused:
        granter.apply(role, dryRun="All")
    assert refused.value.code == 403
    assert refused.value.status["message"] == (
        'roles.rbac.authorization.k8s.io "more" is forbidden: user "maria" (groups=["devs" "system:authenticated"]) '
        "is attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
    )


def test_binding_to_more_permissions_is_refused(granter: LocalCluster) -> None:
    with pytest.raises(RefusedError, match="is attempting to grant RBAC permissions not currently held"):
        granter.apply(build_binding("edit", "User maria"))
    with pytest.raises(RefusedError, match=r'404 rolebindings.rbac.authorization.k8s.io "gone" not found'):
        granter.apply(build_binding("gone", "User maria"))


@pytest.mark.parametrize("verb", ["bind", "escalate"])
def test_verbs_lift_the_refusal(granter: LocalCluster, verb: str) -> None:
    resource = "clusterroles" if verb == "bind" else "roles"
    granter.token = TOKEN
    granter.apply(build_role("lifter", build_rule(verb, resource, RBAC)))
    granter.apply(build_binding("lifter", "User maria", role_kind="Role"))
    become(granter, "maria")
    if verb == "bind":
        granter.apply(build_binding("edit", "User maria"))
    else:
        granter.apply(build_role("more", build_rule("*", "secrets")))


def test_only_the_owners_of_a_role_may_change_freely(granter: LocalCluster) -> None:
    """A real server compares all but what the garbage collection writes."""
    granter.token = TOKEN
    role = build_role("more", build_rule("get", "secrets"))
    granter.apply(role)
    become(granter, "maria")
    granter.patch("Role", "more", {"metadata": {"finalizers": ["example.com/wait"]}})
    with pytest.raises(RefusedError, match="not currently held"):
        granter.patch("Role", "more", {"metadata": {"labels": {"team": "shop"}}})


def test_admin_of_a_namespace_grants_within_it(secured: LocalCluster) -> None:
    secured.apply(build_binding("admin", "User maria"))
    become(secured, "maria")
    secured.apply(build_binding("edit", "User jonas"))
    with pytest.raises(RefusedError, match="not currently held"):
        secured.apply(build_binding("cluster-admin", "User jonas"))
