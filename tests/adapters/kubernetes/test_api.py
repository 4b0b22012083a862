"""Requests to a cluster: paths, bodies, and what each answer means."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from envctl.adapters.kubernetes.api import ApiRefusal, ClusterApi, Permission
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.adapters.kubernetes.scripted_cluster import (
    DEPLOYMENTS,
    WEB,
    WEB_PATH,
    WEBS_PATH,
    list_of,
    says_json,
    says_status,
    serve_discovery,
)
from tests.adapters.registry.scripted import Says, Server


def test_apply_is_strict_and_names_its_manager(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    server.says(WEB_PATH, says_json({**WEB, "status": {}}))
    assert api.apply(WEB, manager="envctl-shop-web", force=True, dry_run=True) == {**WEB, "status": {}}
    sent = server.asked[-1]
    query = "fieldManager=envctl-shop-web&fieldValidation=Strict&force=true&dryRun=All"
    assert (sent.method, sent.path) == ("PATCH", f"{WEB_PATH}?{query}")
    assert sent.headers["Content-Type"] == "application/apply-patch+yaml"
    assert json.loads(sent.body) == WEB


def test_conflict_names_fields_and_managers(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl"', "field": ".spec.replicas"}
    server.says(WEB_PATH, says_status(409, "Conflict", "Apply failed with 1 conflict", [cause]))
    with pytest.raises(ApiRefusal) as refused:
        api.apply(WEB, manager="envctl-shop-web")
    [found] = refused.value.causes
    assert (refused.value.code, found.field, found.message) == (409, ".spec.replicas", 'conflict with "kubectl"')
    assert len(server.asked) == 3


def test_kind_that_is_not_served_is_refused_unsent(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    with pytest.raises(ApiRefusal) as refused:
        api.apply({**WEB, "apiVersion": "shop.example/v1", "kind": "Shop"}, manager="envctl-shop-web")
    assert (refused.value.code, refused.value.message) == (404, "the server has no kind Shop of shop.example/v1")
    assert refused.value.problems[0].code == "E626"
    assert api.get({**WEB, "apiVersion": "shop.example/v1", "kind": "Shop"}) is None
    assert sorted(server.paths()) == ["GET /api", "GET /apis"]


def test_api_that_vanished_is_told(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    server.says(WEB_PATH, Says(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"}))
    with pytest.raises(ApiRefusal) as refused:
        api.apply(WEB, manager="envctl-shop-web")
    [problem] = refused.value.problems
    assert (problem.code, problem.message) == ("E626", f"the server has no API at {WEB_PATH} (EKS cluster shop)")


def test_cluster_wide_object_has_no_namespace_in_its_path(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "namespace": "ignored"}}
    assert api.find_path(manifest) == "/api/v1/namespaces/shop"


@pytest.mark.parametrize("answer", [says_status(404, "NotFound", 'deployments.apps "web" not found'), Says(404)])
def test_missing_object_is_none(api: ClusterApi, server: Server, answer: Says) -> None:
    serve_discovery(server)
    server.says(WEB_PATH, answer)
    assert api.get(WEB) is None
    assert api.delete(WEB_PATH, uid="1") is None


def test_list_is_read_page_by_page(api: ClusterApi, server: Server) -> None:
    one, two = {"metadata": {"name": "one"}}, {"metadata": {"name": "two"}}
    server.says(WEBS_PATH, list_of([one], further="token"), list_of([two]))
    found = api.list_objects(DEPLOYMENTS, "shop", "app=web")
    kind = {"apiVersion": "apps/v1", "kind": "Deployment"}
    assert found == [{**kind, **one}, {**kind, **two}]
    assert [each.path.partition("?")[2] for each in server.asked] == [
        "labelSelector=app%3Dweb&limit=500",
        "labelSelector=app%3Dweb&limit=500&continue=token",
    ]


def test_list_begins_again_if_its_version_expired(api: ClusterApi, server: Server) -> None:
    one = {"metadata": {"name": "one"}}
    expired = says_status(410, "Expired", "The provided continue parameter is too old")
    server.says(WEBS_PATH, list_of([one], further="token"), expired, list_of([one]))
    assert [each["metadata"]["name"] for each in api.list_objects(DEPLOYMENTS, "shop")] == ["one"]


def test_delete_takes_only_the_object_meant(api: ClusterApi, server: Server) -> None:
    server.says(WEB_PATH, says_json({"kind": "Status"}))
    api.delete(WEB_PATH, uid="u1")
    sent = json.loads(server.asked[0].body)
    assert (sent["preconditions"], sent["propagationPolicy"]) == ({"uid": "u1"}, "Background")


@pytest.mark.parametrize(("minor", "expected"), [("35", "1.35"), ("33+", "1.33")])
def test_version_has_two_numbers(api: ClusterApi, server: Server, minor: str, expected: str) -> None:
    server.says("/version", says_json({"major": "1", "minor": minor, "gitVersion": "v1"}))
    assert api.version == expected


def test_warnings_of_the_server_are_passed_on(server: Server) -> None:
    heard: list[str] = []
    api = ClusterApi(ClusterConnection(name="cluster", url=f"http://{server.host}"), on_warning=heard.append)
    server.says(WEB_PATH, says_json(WEB, Warning='299 - "v1 \\"old\\" is deprecated", 299 - "second"'))
    api.get(WEB_PATH)
    assert heard == ['v1 "old" is deprecated', "second"]


@pytest.mark.parametrize("allowed", [True, False])
def test_permission_is_asked_of_the_cluster(api: ClusterApi, server: Server, allowed: bool) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    server.says(path, says_json({"status": {"allowed": allowed}}, 201))
    assert api.has_permission(Permission("patch", "deployments", "apps", "shop")) is allowed
    wanted = {"verb": "patch", "group": "apps", "resource": "deployments", "namespace": "shop"}
    assert json.loads(server.asked[0].body)["spec"] == {"resourceAttributes": wanted}


FORBIDDEN = {
    "a permission": (
        (
            'deployments.apps "web" is forbidden: User "ann" cannot patch resource "deployments" in API group "apps"'
            ' in the namespace "shop"'
        ),
        Permission("patch", "deployments", "apps", "shop"),
        "your role lacks the permission to patch deployments.apps in namespace shop (EKS cluster shop)",
    ),
    "a permission for the whole cluster": (
        (
            'namespaces "shop" is forbidden: User "ann" cannot get resource "namespaces" in API group ""'
            " at the cluster scope"
        ),
        Permission("get", "namespaces"),
        "your role lacks the permission to get namespaces in the whole cluster (EKS cluster shop)",
    ),
    "a quota": (
        'pods "web" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2',
        None,
        (
            'the EKS cluster shop forbids it: pods "web" is forbidden: exceeded quota: small, requested: pods=1,'
            " used: pods=2, limited: pods=2"
        ),
    ),
}


@pytest.mark.parametrize(("said", "permission", "message"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_names_what_is_missing(
    api: ClusterApi, server: Server, said: str, permission: Permission | None, message: str
) -> None:
    server.says(WEB_PATH, says_status(403, "Forbidden", said))
    with pytest.raises(ApiRefusal) as refused:
        api.get(WEB_PATH)
    assert refused.value.permission == permission
    [problem] = refused.value.problems
    assert (problem.code, problem.message) == ("E624", message)
    assert problem.hint


def test_legacy_discovery_asks_for_one_group(api: ClusterApi, server: Server) -> None:
    server.says("/apis", says_json({"kind": "APIGroupList", "groups": []}))
    server.says("/api", says_json({"kind": "APIVersions", "versions": ["v1"]}))
    resources = [
        {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["get"]},
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True, "verbs": ["get"]},
    ]
    server.says("/apis/apps/v1", says_json({"kind": "APIResourceList", "resources": resources}))
    found = api.find_resource("apps/v1", "Deployment")
    assert found is not None
    assert (found.plural, found.verbs) == ("deployments", ("get",))
    assert api.find_resource("apps/v1", "Scale") is None
    assert api.find_resource("shop.example/v1", "Shop") is None
    assert server.paths().count("GET /apis/apps/v1") == 1


def test_legacy_discovery_lists_every_group(api: ClusterApi, server: Server) -> None:
    versions = [{"groupVersion": f"apps/{each}", "version": each} for each in ("v1beta1", "v1")]
    groups = [{"name": "apps", "versions": versions, "preferredVersion": versions[1]}]
    server.says("/apis", says_json({"kind": "APIGroupList", "groups": groups}))
    server.says("/api", says_json({"kind": "APIVersions", "versions": ["v1"]}))
    for path, kind in (("/api/v1", "Pod"), ("/apis/apps/v1", "Deployment"), ("/apis/apps/v1beta1", "Deployment")):
        resource = {"name": f"{kind.lower()}s", "kind": kind, "namespaced": True, "verbs": ["list"]}
        server.says(path, says_json({"kind": "APIResourceList", "resources": [resource]}))
    assert {each.build_path() for each in api.list_resources()} == {"/api/v1/pods", "/apis/apps/v1/deployments"}


def test_kinds_are_asked_for_again_after_rediscovery(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    assert api.find_resource("apps/v1", "Deployment")
    assert api.find_resource("v1", "Namespace")
    api.rediscover()
    assert api.find_resource("apps/v1", "Deployment")
    assert sorted(server.paths()) == ["GET /api"] * 2 + ["GET /apis"] * 2


def test_threads_ask_for_kinds_once(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: api.find_resource("apps/v1", "Deployment"), range(8)))
    assert len(server.asked) == 2


def test_stale_group_is_not_taken_for_absent(api: ClusterApi, server: Server) -> None:
    serve_discovery(server)
    version = {"version": "v1beta1", "resources": [], "freshness": "Stale"}
    item = {"metadata": {"name": "metrics.k8s.io"}, "versions": [version]}
    server.says("/apis", says_json({"kind": "APIGroupDiscoveryList", "items": [item]}))
    with pytest.raises(OperationFailedError) as failed:
        api.find_resource("metrics.k8s.io/v1beta1", "PodMetrics")
    assert failed.value.problems[0].code == "E626"
