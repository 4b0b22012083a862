"""Fields that manifests seldom have: users of Windows, keys of labels of a pod, old volumes, access to devices."""

import json
from typing import Any

import pytest

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.others import check_autoscaler
from kube_api_emulator.server.rules.validation.system.disks import check_volume_sources
from kube_api_emulator.server.rules.validation.system.windows_users import list_windows_user_problems
from kube_api_emulator.server.rules.warnings.kinds import list_warnings
from tests.requests.sending import Sender

CLAIMS = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims"


@pytest.mark.parametrize(
    ("name", "problems"),
    [
        ("user", 0),
        ("DOMAIN\\user", 0),
        ("a\\b\\c", 1),
        ("\\user", 1),
        ("...", 1),
        ("a:b", 1),
        ("D\\", 1),
        ("", 1),
    ],
)
def test_user_of_windows_has_at_most_one_domain(name: str, problems: int) -> None:
    assert len(list_windows_user_problems(name)) == problems


def test_old_volume_is_warned_of() -> None:
    volume = {"metadata": {"name": "v"}, "spec": {"storageos": {"volumeName": "a"}}}
    assert list_warnings("PersistentVolume", volume, None, is_custom=False) == [
        "spec.storageOS: deprecated in v1.22, non-functional in v1.25+"
    ]


def test_replication_controller_warns_of_former_template() -> None:
    old, new = ({"metadata": {"name": "r"}, "spec": {"template": {"spec": {"volumes": each}}}} for each in (["o"], []))
    old["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "rbd": {}}]  # type: ignore[index]
    assert list_warnings("ReplicationController", new, old, is_custom=False) == [
        "spec.template.spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+"
    ]


def test_empty_list_is_no_change() -> None:
    causes = Causes()
    causes.check_unchanged("spec", {"a": [], "b": [{"c": None}]}, {"b": [{}]})
    assert not causes
    causes.check_unchanged("spec", {"a": [1]}, {})
    assert [cause.field for cause in causes] == ["spec"]


def test_administrators_get_devices_in_namespaces_with_label_only() -> None:
    sender = Sender()
    exactly = {"deviceClassName": "c", "adminAccess": True}
    spec = {"devices": {"requests": [{"name": "a", "exactly": exactly}]}}
    claim = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": "c"}, "spec": spec}
    refused = sender.send("POST", CLAIMS, claim)
    assert (refused.code, json.loads(refused.body)["details"]["causes"][0]["field"]) == (
        422,
        "spec.devices.requests[0].adminAccess",
    )
    labels = {"metadata": {"labels": {"resource.kubernetes.io/admin-access": "true"}}}
    sender.send("PATCH", "/api/v1/namespaces/default", labels, media="application/merge-patch+json")
    assert sender.send("POST", CLAIMS, claim).code == 201


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
        ("/api/v1/namespaces/default/podtemplates", {"kind": "PodTemplate", "apiVersion": "v1"}, 3, 1),
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
    template = {"spec": {"containers": [{"name": "c", "image": "i"}]}} if body["kind"] == "PodTemplate" else None
    assert sender.send("POST", path, body | {"metadata": {"name": "x"}, "template": template}).code == 201
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


def test_flexible_volume_is_checked_after_another_one() -> None:
    causes = Causes()
    spec = {"nfs": {"server": "s", "path": "/p"}, "flexVolume": {}, "rbd": {}}
    check_volume_sources(spec, causes, "spec", "v")
    assert [cause.field for cause in causes] == ["spec.rbd", "spec.flexVolume.driver"]
