"""Fields that manifests seldom have: parameters of drivers, topology of endpoints, second sources of metrics."""

import json
from typing import Any

import pytest

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.others import check_autoscaler
from tests.requests.sending import Sender


def test_empty_list_is_no_change() -> None:
    causes = Causes()
    causes.check_unchanged("spec", {"a": [], "b": [{"c": None}]}, {"b": [{}]})
    assert not causes
    causes.check_unchanged("spec", {"a": [1]}, {})
    assert [cause.field for cause in causes] == ["spec"]


def test_parameters_of_drivers_have_one_owner() -> None:
    revision = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "c"}, "revision": 1}
    target = "/apis/apps/v1/namespaces/default/controllerrevisions/c?fieldManager=m"
    answer = Sender().send("PATCH", target, revision | {"data": {"a": {"b": 1}}}, media="apply")
    owned = json.loads(answer.body)["metadata"]["managedFields"][0]["fieldsV1"]
    assert owned == {"f:data": {}, "f:revision": {}}


def test_dropped_topology_counts_as_change() -> None:
    sender = Sender()
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    endpoint = {"addresses": ["10.0.0.1"]}
    entry = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e"}}
    sender.send("POST", slices, entry | {"addressType": "IPv4", "endpoints": [endpoint]})
    changed = {"endpoints": [endpoint | {"deprecatedTopology": {"a": "b"}}]}
    answer = json.loads(sender.send("PATCH", f"{slices}/e", changed, media="merge").body)
    assert (answer["metadata"]["generation"], answer["endpoints"][0]) == (
        2,
        {"addresses": ["10.0.0.1"], "conditions": {}},
    )


@pytest.mark.parametrize(
    ("path", "body", "labels", "finalizers"),
    [
        ("/api/v1/namespaces/default/configmaps", {"kind": "ConfigMap", "apiVersion": "v1"}, 4, 2),
        (
            "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
            {"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1", "spec": {"podSelector": {}}},
            3,
            1,
        ),
        (
            "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
            {"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "spec": {"minAvailable": 1}},
            2,
            0,
        ),
    ],
)
def test_update_reports_metadata_as_often_as_server(
    path: str, body: dict[str, Any], labels: int, finalizers: int
) -> None:
    sender = Sender()
    assert sender.send("POST", path, body | {"metadata": {"name": "x"}}).code == 201
    for change, count in (({"labels": {"a b": "c"}}, labels), ({"finalizers": ["x"]}, finalizers)):
        answer = json.loads(sender.send("PATCH", f"{path}/x?dryRun=All", {"metadata": change}, media="merge").body)
        assert len((answer.get("details") or {}).get("causes") or ()) == count


def test_second_source_of_metric_is_only_forbidden() -> None:
    causes = Causes()
    metrics = [{"type": "Object", "containerResource": {}, "resource": {"name": "cpu", "target": {"type": "x"}}}]
    scaled = {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}
    check_autoscaler({"spec": {"maxReplicas": 1, "scaleTargetRef": scaled, "metrics": metrics}}, None, causes)
    forbidden = [cause.field for cause in causes if cause.reason == "FieldValueForbidden"]
    assert forbidden == ["spec.metrics[0].resource", "spec.metrics[0].containerResource"]
    assert not any(cause.field.startswith("spec.metrics[0].containerResource.") for cause in causes)
