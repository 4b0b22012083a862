"""Webhooks change and check writes, and may read from the server meanwhile."""

import json
import threading
from functools import partial
from typing import Any

import pytest

from tests.admission.webhook_server import MAP, RULE, Response, Webhook, add, allow, configure, patch, run_webhook
from tests.admission.writes import send
from tests.cluster import LocalCluster, RefusedError, kubernetes_cluster
from tests.test_controllers import GOOD, build_deployment

__all__ = ["kubernetes_cluster"]


def test_webhook_gets_the_whole_review(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    kubernetes_cluster.apply(MAP)
    configure(kubernetes_cluster, "Validating", webhook.build_hook())
    kubernetes_cluster.apply(MAP | {"data": {"size": "4"}}, dryRun="All")
    (review,) = webhook.reviews
    kind, resource = {"group": "", "version": "v1"}, {"group": "", "version": "v1", "resource": "configmaps"}
    assert review["requestKind"] == review["kind"] == kind | {"kind": "ConfigMap"}
    assert review["requestResource"] == review["resource"] == resource
    assert [review[name] for name in ("name", "namespace", "operation", "dryRun")] == ["a", "shop", "UPDATE", True]
    assert review["userInfo"]["username"] == "kubernetes-admin"
    assert review["options"]["kind"] == "UpdateOptions"
    assert [review[name]["data"]["size"] for name in ("object", "oldObject")] == ["4", "3"]
    assert webhook.paths == ["/check?timeout=5s"]


def test_new_object_has_no_identity_yet(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    configure(kubernetes_cluster, "Mutating", webhook.build_hook())
    configure(kubernetes_cluster, "Validating", webhook.build_hook())
    body = MAP | {"metadata": {"generateName": "a-"}}
    made = kubernetes_cluster.request("POST", "/api/v1/namespaces/shop/configmaps", body)
    before, after = webhook.reviews
    assert "name" not in before
    assert not {"uid", "name", "creationTimestamp"} & set(before["object"]["metadata"])
    assert (after["name"], after["object"]["metadata"]["uid"]) == (made["metadata"]["name"], made["metadata"]["uid"])


def test_webhooks_change_objects_in_order_of_names(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    def append(name: str, request: Response) -> Response:
        return add("order", request["object"]["data"].get("order", "") + name)

    webhook.answers = {f"/{name}": partial(append, name) for name in "abc"}
    hooks = {name: webhook.build_hook(f"{name}.shop.dev", f"/{name}") for name in "abc"}
    configure(kubernetes_cluster, "Mutating", hooks["b"], name="2")
    configure(kubernetes_cluster, "Mutating", hooks["c"], hooks["a"], name="1")
    assert kubernetes_cluster.apply(MAP)["data"]["order"] == "cab"


def test_patched_field_has_no_owner(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    webhook.answer = lambda _: add("more", "1")
    configure(kubernetes_cluster, "Mutating", webhook.build_hook())
    made = kubernetes_cluster.apply(MAP)
    assert made["data"] == {"size": "3", "more": "1"}
    assert "f:more" not in json.dumps(made["metadata"]["managedFields"])
    assert kubernetes_cluster.apply(MAP)["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("policy", "later", "calls"),
    [
        pytest.param("IfNeeded", lambda _: add("more", "1"), ["first", "later", "first"], id="a later one changes it"),
        pytest.param("IfNeeded", allow, ["first", "later"], id="no later one changes it"),
        pytest.param("Never", lambda _: add("more", "1"), ["first", "later"], id="never"),
    ],
)
def test_webhook_is_called_again_if_needed(
    kubernetes_cluster: LocalCluster, webhook: Webhook, policy: str, later: Any, calls: list[str]
) -> None:
    webhook.answers = {"/first": lambda _: add("one", "1"), "/later": later}
    first = webhook.build_hook("first.shop.dev", "/first", reinvocationPolicy=policy)
    configure(kubernetes_cluster, "Mutating", first, webhook.build_hook("later.shop.dev", "/later"))
    kubernetes_cluster.apply(MAP)
    assert [path[1:].partition("?")[0] for path in webhook.paths] == calls


def test_patched_object_is_validated(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    webhook.answer = lambda _: patch({"op": "add", "path": "/data/a~1b", "value": "1"})
    configure(kubernetes_cluster, "Mutating", webhook.build_hook())
    with pytest.raises(RefusedError, match=r'ConfigMap "a" is invalid: data\[a/b\]: Invalid value'):
        kubernetes_cluster.apply(MAP)


def test_patch_keeps_what_only_the_server_sets(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    kubernetes_cluster.apply(MAP)
    webhook.answer = lambda _: patch({"op": "add", "path": "/metadata/uid", "value": "other"})
    configure(kubernetes_cluster, "Mutating", webhook.build_hook())
    before = kubernetes_cluster.get("ConfigMap", "a")
    changed = kubernetes_cluster.apply(MAP | {"data": {"size": "4"}})
    assert before
    assert changed["metadata"]["uid"] == before["metadata"]["uid"]
    assert kubernetes_cluster.apply(MAP | {"metadata": {"name": "b"}})["metadata"]["uid"] != "other"


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        ({}, 400, 'admission webhook "check.shop.dev" denied the request without explanation'),
        ({"message": "too large"}, 400, 'admission webhook "check.shop.dev" denied the request: too large'),
        ({"reason": "Forbidden", "code": 403}, 403, 'admission webhook "check.shop.dev" denied the request: Forbidden'),
        ({"message": "no", "code": 200}, 400, 'admission webhook "check.shop.dev" denied the request: no'),
        ({"message": "no", "code": 422}, 422, 'admission webhook "check.shop.dev" denied the request: no'),
    ],
)
@pytest.mark.parametrize("kind", ["Mutating", "Validating"])
def test_webhook_denies_in_its_words(  # noqa: PLR0917 (a table)
    kubernetes_cluster: LocalCluster, webhook: Webhook, kind: str, status: Response, code: int, message: str
) -> None:
    webhook.answer = lambda _: {"allowed": False, "status": status}
    configure(kubernetes_cluster, kind, webhook.build_hook(failurePolicy="Ignore"))
    with pytest.raises(RefusedError) as refused:
        kubernetes_cluster.apply(MAP)
    assert (refused.value.code, refused.value.status["message"]) == (code, message)
    assert refused.value.status.get("reason") == status.get("reason")
    assert kubernetes_cluster.get("ConfigMap", "a") is None


def test_warnings_reach_the_client(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    webhook.answer = lambda _: {"allowed": True, "warnings": ["use another kind", 'say "a"']}
    configure(kubernetes_cluster, "Validating", webhook.build_hook())
    assert send(kubernetes_cluster, MAP) == ["use another kind", 'say "a"']


def test_delete_is_checked_and_cannot_be_changed(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    rule = RULE | {"operations": ["DELETE"]}
    made = kubernetes_cluster.apply(MAP)
    webhook.answers = {"/check": lambda _: {"allowed": False}, "/change": lambda _: add("a", "1")}
    configure(kubernetes_cluster, "Validating", webhook.build_hook(rules=[rule]))
    with pytest.raises(RefusedError, match="denied the request without explanation"):
        kubernetes_cluster.delete("ConfigMap", "a")
    (review,) = webhook.reviews
    assert (review["object"], review["oldObject"], review["options"]["kind"]) == (None, made, "DeleteOptions")
    configure(kubernetes_cluster, "Mutating", webhook.build_hook(path="/change", rules=[rule]))
    with pytest.raises(RefusedError, match="attempted to modify the object, which is not supported for this operation"):
        kubernetes_cluster.delete("ConfigMap", "a")


def test_pods_of_controllers_get_a_sidecar(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    sidecar = {"name": "proxy", "image": GOOD}
    webhook.answer = lambda _: patch({"op": "add", "path": "/spec/containers/-", "value": sidecar})
    rule = RULE | {"resources": ["pods"], "operations": ["CREATE"]}
    configure(kubernetes_cluster, "Mutating", webhook.build_hook(rules=[rule]))
    kubernetes_cluster.apply(build_deployment(GOOD))
    kubernetes_cluster.wait_for(lambda: len(kubernetes_cluster.list("Pod")) == 3)
    for pod in kubernetes_cluster.list("Pod"):
        assert [each["name"] for each in pod["spec"]["containers"]][1:] == ["proxy"]
        assert pod["spec"]["containers"][1]["terminationMessagePath"] == "/dev/termination-log"


def test_webhook_may_use_the_server_before_it_answers(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    def answer(request: Response) -> Response:
        kubernetes_cluster.list("ConfigMap")
        kubernetes_cluster.apply(MAP | {"metadata": {"name": "lease", "namespace": "default"}})
        return {"allowed": kubernetes_cluster.get("Namespace", request["namespace"]) is not None}

    webhook.answer = answer
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}
    for kind in ("Mutating", "Validating"):
        configure(kubernetes_cluster, kind, webhook.build_hook(namespaceSelector=selector))
    assert kubernetes_cluster.apply(MAP)["data"] == {"size": "3"}
    kubernetes_cluster.patch("ConfigMap", "a", {"data": {"more": "1"}})
    assert len(webhook.reviews) == 4


def test_write_is_decided_again_after_a_change(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    kubernetes_cluster.apply(MAP)

    def answer(request: Response) -> Response:
        if len(webhook.reviews) == 1:
            kubernetes_cluster.patch("ConfigMap", "a", {"data": {"other": "1"}})
        return {"allowed": True}

    webhook.answer = answer
    configure(kubernetes_cluster, "Validating", webhook.build_hook())
    kubernetes_cluster.patch("ConfigMap", "a", {"data": {"more": "1"}})
    found = kubernetes_cluster.get("ConfigMap", "a")
    assert found
    assert found["data"] == {"size": "3", "other": "1", "more": "1"}
    # Of the write, of the one inside, and of the write once more.
    assert len(webhook.reviews) == 3


def test_write_that_is_always_late_is_refused(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    kubernetes_cluster.apply(MAP)

    def answer(request: Response) -> Response:
        if "inner" not in json.dumps(request["object"]["data"]):
            kubernetes_cluster.patch("ConfigMap", "a", {"data": {"inner": str(len(webhook.reviews))}})
            kubernetes_cluster.patch("ConfigMap", "a", {"data": {"inner": None}})
        return {"allowed": True}

    webhook.answer = answer
    rule = RULE | {"operations": ["UPDATE"]}
    condition = {"name": "outer", "expression": "has(object.data.more) && !has(object.data.inner)"}
    configure(kubernetes_cluster, "Validating", webhook.build_hook(rules=[rule], matchConditions=[condition]))
    with pytest.raises(RefusedError, match="the object has been modified"):
        kubernetes_cluster.patch("ConfigMap", "a", {"data": {"more": "1"}})


def test_deleted_namespace_gets_no_object(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    def answer(_: Response) -> Response:
        kubernetes_cluster.delete("Namespace", "shop")
        return {"allowed": True}

    webhook.answer = answer
    configure(kubernetes_cluster, "Validating", webhook.build_hook())
    with pytest.raises(RefusedError) as refused:
        kubernetes_cluster.apply(MAP)
    assert refused.value.code in (403, 404)


def test_two_writes_wait_for_webhooks_at_once(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    both = threading.Barrier(2, timeout=10)

    def answer(_: Response) -> Response:
        both.wait()
        return {"allowed": True}

    webhook.answer = answer
    configure(kubernetes_cluster, "Validating", webhook.build_hook())
    other = threading.Thread(target=kubernetes_cluster.apply, args=(MAP | {"metadata": {"name": "b"}},))
    other.start()
    kubernetes_cluster.apply(MAP)
    other.join()
    assert {each["metadata"]["name"] for each in kubernetes_cluster.list("ConfigMap")} >= {"a", "b"}


def test_validating_webhooks_are_called_at_once(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    both = threading.Barrier(2, timeout=10)

    def answer(request: Response) -> Response:
        both.wait()
        return {"allowed": False}

    webhook.answer = answer
    hooks = [webhook.build_hook(f"{name}.shop.dev") for name in ("one", "two")]
    configure(kubernetes_cluster, "Validating", *hooks)
    with pytest.raises(RefusedError, match=r'admission webhook "one\.shop\.dev" denied'):
        kubernetes_cluster.apply(MAP)


def test_bundle_is_the_only_authority(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    with run_webhook() as other:
        hook = webhook.build_hook()
        hook["clientConfig"] |= {"caBundle": other.bundle}
        configure(kubernetes_cluster, "Validating", hook)
        with pytest.raises(RefusedError, match="certificate signed by unknown authority"):
            kubernetes_cluster.apply(MAP)
