"""Webhooks that do not answer, or answer something else."""

import base64
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.admission.webhook_server import MAP, Response, Webhook, allow, configure, patch, run_webhook
from tests.cluster import LocalCluster, RefusedError, kubernetes_cluster

__all__ = ["kubernetes_cluster"]

KIND = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
Respond = Callable[[Response], tuple[int, bytes]]


def respond(change: Callable[[Response], Any], code: int = 200) -> Respond:
    def build(review: Response) -> tuple[int, bytes]:
        found = change(review)
        return code, found if isinstance(found, bytes) else json.dumps(found).encode()

    return build


def answer(**response: Any) -> Respond:
    return respond(lambda review: KIND | {"response": {"uid": review["request"]["uid"], "allowed": True, **response}})


CALL, INVALID = "failed to call webhook", "received invalid webhook response"
BOTH: list[tuple[str, Respond, str]] = [
    (
        "error of the server",
        respond(lambda _: b"oh no", 500),
        f'{CALL}: an error on the server ("oh no") has prevented',
    ),
    ("unknown path", respond(lambda _: b"", 404), f"{CALL}: the server could not find the requested resource"),
    ("no permission", respond(lambda _: b"not you", 403), f"{CALL}: not you"),
    ("redirect", respond(lambda _: b"", 302), f"{CALL}: the server responded with the status code 302 but did not"),
    ("no JSON", respond(lambda _: b"hello"), f"{CALL}: couldn't get version/kind; json parse error: invalid character"),
    ("a list", respond(lambda _: []), f"{CALL}: couldn't get version/kind; json parse error: "),
    ("no response", respond(lambda _: KIND), f"{INVALID}: webhook response was absent"),
    ("other uid", answer(uid="x"), f"{INVALID}: expected response.uid="),
    (
        "no kind",
        respond(lambda review: {"response": {"uid": review["request"]["uid"], "allowed": True}}),
        f"{INVALID}: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
    ),
]
MUTATING = [
    ("patch without type", answer(patch="W10="), f"{INVALID}: webhook returned response.patch but not response.patchT"),
    ("type alone", answer(patchType="JSONPatch"), f"{INVALID}: webhook returned response.patchType but not response.p"),
    ("other type", answer(patch="W10=", patchType="Merge"), 'unsupported patch type "Merge"'),
    ("no base64", answer(patch="!", patchType="JSONPatch"), "received undecodable patch in webhook response: "),
]
VALIDATING = [
    (
        "patch",
        answer(patch="W10=", patchType="JSONPatch"),
        f"{INVALID}: validating webhook may not return response.patch",
    ),
    ("type of a patch", answer(patchType="JSONPatch"), f"{INVALID}: validating webhook may not return response.patchT"),
]
CASES = [
    *(pytest.param("Mutating", reply, text, id=f"mutating: {name}") for name, reply, text in (*BOTH, *MUTATING)),
    *(pytest.param("Validating", reply, text, id=f"validating: {name}") for name, reply, text in (*BOTH, *VALIDATING)),
]


@pytest.mark.parametrize(("kind", "reply", "text"), CASES)
def test_invalid_answer_counts_as_a_failure(
    kubernetes_cluster: LocalCluster, webhook: Webhook, kind: str, reply: Respond, text: str
) -> None:
    webhook.respond = reply
    configure(kubernetes_cluster, kind, webhook.build_hook())
    with pytest.raises(RefusedError) as refused:
        kubernetes_cluster.apply(MAP)
    status = refused.value.status
    expected = f'Internal error occurred: failed calling webhook "check.shop.dev": {text}'
    assert status["message"].startswith(expected)
    assert (status["code"], status["reason"]) == (500, "InternalError")
    assert kubernetes_cluster.get("ConfigMap", "a") is None
    configure(kubernetes_cluster, kind, webhook.build_hook(failurePolicy="Ignore"))
    assert kubernetes_cluster.apply(MAP)["data"] == {"size": "3"}


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "remove", "path": "/spec/gone"}, id="no such field"),
        pytest.param({"op": "add", "path": "/data", "value": 3}, id="another type"),
    ],
)
def test_impossible_patch_is_an_internal_error(
    kubernetes_cluster: LocalCluster, webhook: Webhook, operation: dict[str, Any]
) -> None:
    webhook.answer = lambda _: patch(operation)
    configure(kubernetes_cluster, "Mutating", webhook.build_hook(failurePolicy="Ignore"))
    with pytest.raises(RefusedError, match=r'Internal error occurred: the patch of webhook "check\.shop\.dev"'):
        kubernetes_cluster.apply(MAP)


def test_older_reviews_are_checked_less(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    webhook.respond = respond(lambda _: {"response": {"allowed": True, "patch": base64.b64encode(b"[]").decode()}})
    configure(kubernetes_cluster, "Mutating", webhook.build_hook(admissionReviewVersions=["v2", "v1beta1", "v1"]))
    assert kubernetes_cluster.apply(MAP)["data"] == {"size": "3"}


def refuse_with(cluster: LocalCluster, hook: dict[str, Any]) -> str:
    configure(cluster, "Validating", hook)
    with pytest.raises(RefusedError) as refused:
        cluster.apply(MAP)
    return str(refused.value.status["message"])


def test_closed_port_is_named(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    hook = webhook.build_hook()
    hook["clientConfig"]["url"] = f"https://{address}/check"
    problem = f'Post "https://{address}/check?timeout=5s": dial tcp {address}: connect: connection refused'
    message = refuse_with(kubernetes_cluster, hook)
    assert message == f'Internal error occurred: failed calling webhook "check.shop.dev": {CALL}: {problem}'


def test_slow_webhook_is_given_up(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    def wait(request: Response) -> Response:
        time.sleep(2)
        return allow(request)

    webhook.answer = wait
    message = refuse_with(kubernetes_cluster, webhook.build_hook(timeoutSeconds=1))
    assert message.endswith('/check?timeout=1s": context deadline exceeded')


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        pytest.param(["other.shop.dev"], "certificate is not valid for 127.0.0.1", id="another name"),
        pytest.param(["localhost"], "certificate is not valid for 127.0.0.1", id="a name for an address"),
    ],
)
def test_certificate_has_the_name_of_the_url(kubernetes_cluster: LocalCluster, names: list[str], problem: str) -> None:
    with run_webhook(*names) as webhook:
        message = refuse_with(kubernetes_cluster, webhook.build_hook())
        assert message.endswith(f"tls: failed to verify certificate: x509: {problem}")
        assert not webhook.reviews


def test_name_of_loopback_is_called(kubernetes_cluster: LocalCluster, webhook: Webhook) -> None:
    hook = webhook.build_hook()
    hook["clientConfig"]["url"] = webhook.url.replace("127.0.0.1", "localhost")
    configure(kubernetes_cluster, "Validating", hook)
    kubernetes_cluster.apply(MAP)
    assert webhook.paths == ["/?timeout=5s"]
