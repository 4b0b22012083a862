"""Clusters of versions whose types or rules come from another one."""

import json
import warnings

import pytest

from kube_api_emulator.local_cluster import BorrowedRulesWarning, run_cluster
from kube_api_emulator.server.api import protobuf
from kube_api_emulator.versions import describe_borrowed_rules
from tests.encoding import encode_body, field, number
from tests.requests.sending import Sender

PODS = "/api/v1/namespaces/default/pods?fieldValidation=Strict"
# With a field that 1.37 has added.
VOLUME = {"name": "v", "emptyDir": {"mode": 511}}
POD = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "a"}], "volumes": [VOLUME]}}


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.36", ""),
        ("v1.36.2-eks-1", ""),
        ("1.35", "Kubernetes 1.35: types of 1.35, rules of 1.36"),
        ("1.37", "Kubernetes 1.37: types of 1.37, rules of 1.36"),
        ("1.20", "Kubernetes 1.20 is not known: types of 1.34 and rules of 1.36 are used"),
        ("1.99", "Kubernetes 1.99 is not known: types of 1.37 and rules of 1.36 are used"),
    ],
)
def test_borrowed_types_and_rules_are_named(version: str, text: str) -> None:
    assert describe_borrowed_rules(version) == text


def test_cluster_warns_once_of_borrowed_rules() -> None:
    with pytest.warns(BorrowedRulesWarning) as caught, run_cluster("1.99") as cluster:
        assert cluster.request("GET", "/version")["minor"] == "99"
    assert [(str(each.message), each.filename) for each in caught] == [(describe_borrowed_rules("1.99"), __file__)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with run_cluster():
            pass


def test_fields_are_those_of_the_version() -> None:
    code, message = Sender("1.36").refuse("POST", PODS, POD)
    assert code == 400
    assert 'unknown field "spec.volumes[0].emptyDir.mode"' in message
    answer = Sender("1.37").send("POST", PODS, POD)
    assert answer.code == 201
    assert json.loads(answer.body)["spec"]["volumes"] == [VOLUME]


@pytest.mark.parametrize(("version", "kept"), [("1.36", {}), ("1.37", {"mode": 511})])
def test_unknown_field_in_protobuf_is_skipped(version: str, kept: dict[str, int]) -> None:
    volume = field(1, b"v") + field(2, field(2, number(3, 511)))
    spec = field(1, volume) + field(2, field(1, b"a") + field(2, b"a"))
    body = encode_body("v1", "Pod", field(1, field(1, b"a")) + field(2, spec))
    answer = Sender(version).send("POST", PODS, body, protobuf.MEDIA)
    assert (answer.code, answer.headers) == (201, ())
    assert json.loads(answer.body)["spec"]["volumes"][0]["emptyDir"] == kept
