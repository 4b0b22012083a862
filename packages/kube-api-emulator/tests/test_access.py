"""Who may do what, and what a webhook may do."""

from typing import Any

import pytest

from kube_api_emulator.server.identity.users import Access
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.status_errors import forbidden
from tests.cluster import LocalCluster, RefusedError, User

MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@pytest.fixture
def looker(kubernetes_cluster: LocalCluster) -> LocalCluster:
    """A user who reads, and writes dry runs alone."""

    def authorize(access: Access) -> bool:
        return access.user.name != "looker" or access.verb in ("get", "list", "watch") or access.is_dry_run

    kubernetes_cluster.tokens["look"] = User("looker")
    kubernetes_cluster.token = "look"
    kubernetes_cluster.api.authorize = authorize
    return kubernetes_cluster


def test_refusal_names_the_missing_permission(looker: LocalCluster) -> None:
    with pytest.raises(RefusedError) as refused:
        looker.apply(MAP)
    message = refused.value.status["message"]
    assert refused.value.code == 403
    assert 'User "looker" cannot patch resource "configmaps" in API group "" in the namespace "shop"' in message


def test_dry_run_persists_nothing(looker: LocalCluster) -> None:
    assert looker.apply(MAP, dryRun="All")["metadata"]["uid"]
    assert looker.get("ConfigMap", "a") is None


def test_review_tells_what_is_allowed(looker: LocalCluster) -> None:
    def ask(verb: str) -> bool:
        attributes = {"verb": verb, "group": "apps", "resource": "deployments", "namespace": "shop"}
        answer = looker.request("POST", REVIEW, {"spec": {"resourceAttributes": attributes}})
        return bool(answer["status"]["allowed"])

    assert (ask("list"), ask("patch")) == (True, False)


def test_webhook_changes_what_was_sent(kubernetes_cluster: LocalCluster) -> None:
    def add_label(resource: Resource, item: Object, live: Object | None) -> None:
        item["metadata"].setdefault("labels", {})["injected"] = "yes"

    kubernetes_cluster.cluster.admissions.append(add_label)
    assert kubernetes_cluster.apply(MAP)["metadata"]["labels"] == {"injected": "yes"}


def test_webhook_refuses(kubernetes_cluster: LocalCluster) -> None:
    def exceed_quota(resource: Resource, item: Object, live: Object | None) -> None:
        raise forbidden(resource, item["metadata"]["name"], "exceeded quota: maps, requested: 1, used: 1, limited: 1")

    kubernetes_cluster.cluster.admissions.append(exceed_quota)
    with pytest.raises(RefusedError, match='configmaps "a" is forbidden: exceeded quota'):
        kubernetes_cluster.apply(MAP)
