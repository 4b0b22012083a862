"""Fields that stand twice in a body."""

import json

import pytest

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from kube_api_emulator.server.api.requests import KubernetesApi
from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.rules.duplicate_fields import parse_json
from tests.golden.replay import APPLY

BODY = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1","b":"2","a":"3"}}'
PATH = "/api/v1/namespaces/default/configmaps"


def send(method: str, path: str, media: str) -> tuple[int, str]:
    answer = KubernetesApi(Cluster("1.36")).answer(ApiRequest(method, path, {"content-type": media}, BODY))
    assert isinstance(answer, ApiAnswer)
    return answer.code, json.loads(answer.body).get("message", "")


def test_last_of_equal_fields_counts() -> None:
    content, doubled = parse_json(BODY)
    assert content["data"] == {"a": "3", "b": "2"}
    assert doubled == ("data.a",)
    assert parse_json(b'[{"a": {"b": 1, "b": 2}}]')[1] == ("[0].a.b",)


@pytest.mark.parametrize(
    ("method", "path", "media", "message"),
    [
        ("POST", f"{PATH}?fieldValidation=Strict", "application/json",
         'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"'),
        ("PATCH", f"{PATH}/c?fieldValidation=Strict&fieldManager=x", APPLY, 'line 1: key "a" already set in map'),
    ],
)  # fmt: skip
def test_strict_request_is_refused(method: str, path: str, media: str, message: str) -> None:
    code, text = send(method, path, media)
    assert (code, message in text) == (400, True), text


def test_other_request_is_taken() -> None:
    assert send("POST", PATH, "application/json")[0] == 201
