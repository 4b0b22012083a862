"""The bytes of answers: YAML, indents and health (k8s.io/apiserver/pkg/endpoints/handlers)."""

import json

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from tests.requests.sending import Sender

NAMESPACE = "/api/v1/namespaces/default"


def test_yaml_quotes_what_would_be_another_type() -> None:
    answer = Sender().send("GET", NAMESPACE, accept="application/yaml")
    assert answer.media == "application/yaml"
    assert answer.body.startswith(b'apiVersion: v1\nkind: Namespace\nmetadata:\n  creationTimestamp: "20')


def test_refusal_has_the_format_of_the_client() -> None:
    answer = Sender().send("GET", "/api/v1/namespaces/gone", accept="application/yaml")
    assert (answer.code, answer.body[:26]) == (404, b"apiVersion: v1\ncode: 404\nd")


def test_person_gets_indents() -> None:
    api = Sender().api
    for target, agent in ((f"{NAMESPACE}?pretty=true", "x"), (NAMESPACE, "curl/8")):
        answer = api.answer(ApiRequest("GET", target, {"user-agent": agent}))
        assert isinstance(answer, ApiAnswer)
        assert answer.body.startswith(b'{\n  "')


def test_checks_of_health_are_listed() -> None:
    lines = Sender().send("GET", "/readyz?verbose").body.decode().splitlines()
    assert (lines[0], lines[-1]) == ("[+]ping ok", "readyz check passed")


def test_unknown_path_of_no_kind_is_no_status() -> None:
    sender = Sender()
    assert sender.send("GET", "/apis/example.com/v1/toys").body == b"404 page not found\n"
    assert json.loads(sender.send("GET", "/apis/apps/v1/toys").body)["reason"] == "NotFound"
