"""Which writes a webhook is called with, and what is told of webhooks that are not called."""

import json
from typing import Any

import pytest

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from tests.admission.webhook_server import GROUP, MAP, RULE, Webhook, configure
from tests.admission.writes import send
from tests.cluster import LocalCluster, RefusedError, kubernetes_cluster
from tests.golden.replay import Replay, list_differences, load_writes, normalize_write

__all__ = ["kubernetes_cluster"]

LABELLED = MAP | {"metadata": {"name": "a", "labels": {"app": "web"}}}
SPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new", "labels": {"app": "web"}}}
ROLE: dict[str, Any] = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}}
ALL = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
WEB, OTHER = {"matchLabels": {"app": "web"}}, {"matchLabels": {"app": "other"}}
SHOP = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}


def with_condition(*expressions: str) -> dict[str, Any]:
    return {"matchConditions": [{"name": f"c{number}", "expression": text} for number, text in enumerate(expressions)]}


@pytest.mark.parametrize(
    ("manifest", "fields", "is_called"),
    [
        pytest.param(MAP, {}, True, id="its kind"),
        pytest.param(MAP, {"rules": []}, False, id="no rule"),
        pytest.param(MAP, {"rules": [ALL]}, True, id="every kind"),
        pytest.param(MAP, {"rules": [ALL | {"resources": ["*/*"]}]}, True, id="every kind and subresource"),
        pytest.param(MAP, {"rules": [ALL | {"resources": ["*/status"]}]}, False, id="a subresource alone"),
        pytest.param(MAP, {"rules": [RULE | {"resources": ["secrets"]}]}, False, id="another kind"),
        pytest.param(MAP, {"rules": [RULE | {"apiGroups": ["apps"]}]}, False, id="another group"),
        pytest.param(MAP, {"rules": [RULE | {"apiVersions": ["v2"]}]}, False, id="another version"),
        pytest.param(MAP, {"rules": [RULE | {"operations": ["DELETE"]}]}, False, id="another operation"),
        pytest.param(MAP, {"rules": [RULE | {"operations": ["UPDATE"]}, RULE]}, True, id="the second rule"),
        pytest.param(MAP, {"rules": [ALL | {"scope": "Cluster"}]}, False, id="objects of the cluster"),
        pytest.param(MAP, {"rules": [ALL | {"scope": "Namespaced"}]}, True, id="objects of namespaces"),
        pytest.param(SPACE, {"rules": [ALL | {"scope": "Namespaced"}]}, False, id="a namespace is in none"),
        pytest.param(SPACE, {"rules": [ALL | {"scope": "Cluster"}]}, True, id="a namespace is of the cluster"),
        pytest.param(LABELLED, {"objectSelector": WEB}, True, id="labels of the object"),
        pytest.param(LABELLED, {"objectSelector": OTHER}, False, id="other labels of the object"),
        pytest.param(MAP, {"namespaceSelector": SHOP}, True, id="labels of the namespace"),
        pytest.param(MAP, {"namespaceSelector": OTHER}, False, id="other labels of the namespace"),
        pytest.param(SPACE, {"rules": [ALL], "namespaceSelector": WEB}, True, id="labels of the new namespace"),
        pytest.param(SPACE, {"rules": [ALL], "namespaceSelector": OTHER}, False, id="other labels of it"),
        pytest.param(ROLE, {"rules": [ALL], "namespaceSelector": OTHER}, True, id="an object without a namespace"),
        pytest.param(MAP, with_condition("object.data.size == '3'"), True, id="a condition"),
        pytest.param(MAP, with_condition("true", "object.data.size == '4'"), False, id="one condition fails"),
        pytest.param(MAP, with_condition("object.data.gone == '1'", "false"), False, id="an error and a refusal"),
        pytest.param(
            MAP, {**with_condition("object.data.gone == '1'"), "failurePolicy": "Ignore"}, False, id="an error, ignored"
        ),
        pytest.param(MAP, with_condition("request.operation == 'CREATE' && !request.dryRun"), True, id="the request"),
    ],
)
@pytest.mark.parametrize("kind", ["Mutating", "Validating"])
def test_webhook_is_called_with_its_writes(  # noqa: PLR0917 (a table)
    kubernetes_cluster: LocalCluster,
    webhook: Webhook,
    kind: str,
    manifest: dict[str, Any],
    fields: dict[str, Any],
    is_called: bool,
) -> None:
    configure(kubernetes_cluster, kind, webhook.build_hook(**fields))
    kubernetes_cluster.apply(manifest)
    names = [review["object"]["metadata"]["name"] for review in webhook.reviews if review["operation"] == "CREATE"]
    assert (manifest["metadata"]["name"] in names) == is_called


def test_failed_condition_refuses_the_write(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    configure(kubernetes_cluster, "Validating", webhook.build_hook(**with_condition("object.data.gone == '1'")))
    with pytest.raises(RefusedError) as refused:
        kubernetes_cluster.apply(MAP)
    problem = "expression 'object.data.gone == '1'' resulted in error: no such key: gone"
    assert refused.value.status["message"] == f'configmaps "a" is forbidden: {problem}'
    assert refused.value.code == 403


@pytest.mark.parametrize("policy", ["Equivalent", "Exact"])
def test_rule_for_another_version_gets_it(kubernetes_cluster: LocalCluster, webhook: Webhook, policy: str) -> None:
    rule = {**RULE, "apiGroups": ["autoscaling"], "apiVersions": ["v1"], "resources": ["horizontalpodautoscalers"]}
    webhook.answer = lambda request: {"allowed": request["object"]["spec"]["targetCPUUtilizationPercentage"] == 70}
    for kind in ("Mutating", "Validating"):
        configure(kubernetes_cluster, kind, webhook.build_hook(rules=[rule], matchPolicy=policy))
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [{"type": "Resource", "resource": metric}]}
    named = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}}
    kubernetes_cluster.apply({**named, "spec": spec}, dryRun="All")
    versions = [(each["kind"]["version"], each["requestKind"]["version"]) for each in webhook.reviews]
    assert versions == ([] if policy == "Exact" else [("v1", "v2")] * 2)


def test_configurations_are_exempt(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    webhook.answer = lambda _: {"allowed": False}
    for kind in ("Mutating", "Validating"):
        configure(kubernetes_cluster, kind, webhook.build_hook(rules=[ALL]))
    configure(kubernetes_cluster, "Validating", webhook.build_hook(rules=[]))
    kubernetes_cluster.delete("MutatingWebhookConfiguration", "hooks")
    kubernetes_cluster.apply(MAP)


SERVICE = {"service": {"namespace": "system", "name": "checks"}}
NO_CONTAINERS = (
    'webhook "check.shop.dev" is not called: '
    "kube-api-emulator runs no containers, Service system/checks does not answer"
)
ELSEWHERE = 'webhook "check.shop.dev" is not called: kube-api-emulator calls only URLs on loopback'


@pytest.mark.parametrize(
    ("client", "text"),
    [
        pytest.param(SERVICE, NO_CONTAINERS, id="a Service"),
        pytest.param({"url": "https://checks.shop.dev/a"}, ELSEWHERE, id="another machine"),
        pytest.param({"url": "https://10.0.0.1/a"}, ELSEWHERE, id="another address"),
    ],
)
@pytest.mark.parametrize("kind", ["Mutating", "Validating"])
def test_uncalled_webhook_is_told(
    kubernetes_cluster: LocalCluster, webhook: Webhook, kind: str, client: dict[str, Any], text: str
) -> None:
    named = {"apiVersion": f"{GROUP}/v1", "kind": f"{kind}WebhookConfiguration", "metadata": {"name": "hooks"}}
    hook = webhook.build_hook(clientConfig=client)
    configuration = {**named, "webhooks": [hook]}
    assert send(kubernetes_cluster, configuration) == [text]
    assert send(kubernetes_cluster, MAP) == [text]
    assert send(kubernetes_cluster, SPACE) == []
    hook["failurePolicy"] = "Ignore"
    assert send(kubernetes_cluster, configuration) == [text]
    assert send(kubernetes_cluster, MAP | {"data": {"size": "4"}}) == []
    assert not webhook.reviews


@pytest.mark.parametrize("path", ["/api/v1/namespaces/shop/configmaps/a", "/api/v1/namespaces/shop/configmaps"])
def test_delete_names_the_uncalled_webhook(kubernetes_cluster: LocalCluster, webhook: Webhook, path: str) -> None:
    kubernetes_cluster.apply(MAP)
    rule = ALL | {"resources": ["*/*"]}
    configure(kubernetes_cluster, "Validating", webhook.build_hook(clientConfig=SERVICE, rules=[rule]))
    headers = {"authorization": f"Bearer {kubernetes_cluster.token}"}
    answer = kubernetes_cluster.api.answer(ApiRequest("DELETE", path, headers, b""))
    assert isinstance(answer, ApiAnswer)
    assert [value.partition("299 - ")[2] for name, value in answer.headers if name == "Warning"] == [
        json.dumps(NO_CONTAINERS)
    ]


# The rules of matching have their table above: by day one kind of change shows that all answers stay the same.
@pytest.mark.parametrize(
    "kind", ["put", *(pytest.param(each, marks=pytest.mark.night) for each in ("post", "apply", "jp"))]
)
def test_webhook_that_allows_everything_changes_no_answer(webhook: Webhook, kind: str) -> None:
    plain, checked = Replay(), Replay()
    for place in ("mutating", "validating"):
        hook = webhook.build_hook(rules=[ALL | {"resources": ["*/*"]}])
        path = f"/apis/{GROUP}/v1/{place}webhookconfigurations"
        assert checked.send("POST", path, "", {"metadata": {"name": "allow"}, "webhooks": [hook]})[0] == 201
    for step in load_writes()[kind][:400]:
        request = step["method"], step["path"], step["media"], step["body"]
        answers = [replay.send(*request) for replay in (plain, checked)]
        (code, answer), (same_code, same_answer) = answers
        assert (code, plain.warnings) == (same_code, checked.warnings), step
        assert [*list_differences(normalize_write(answer), normalize_write(same_answer))] == [], step
    assert len(webhook.reviews) > 100
