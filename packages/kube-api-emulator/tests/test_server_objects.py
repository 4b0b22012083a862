"""A new cluster has the objects that an API server itself writes, and documents that tell all of its kinds."""

import json
from typing import Any

import pytest

from kube_api_emulator.schemas.packed import list_versions
from kube_api_emulator.server.access.secure import secure_cluster
from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest, ApiStream
from kube_api_emulator.server.api.requests import KubernetesApi
from kube_api_emulator.server.cluster import Cluster

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
CRON_TAB: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "crontabs.stable.example.com"},
    "spec": {
        "group": "stable.example.com",
        "scope": "Namespaced",
        "names": {"plural": "crontabs", "kind": "CronTab"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "a", "image": "b"}]},
}


def send(api: KubernetesApi, method: str, path: str, body: object = None, accept: str = "") -> tuple[int, Any]:
    content = b"" if body is None else json.dumps(body).encode()
    answer = api.answer(ApiRequest(method, path, {"content-type": "application/json", "accept": accept}, content))
    assert isinstance(answer, ApiAnswer)
    return answer.code, json.loads(answer.body) if answer.body else None


@pytest.fixture
def api() -> KubernetesApi:
    cluster = Cluster("1.36")
    secure_cluster(cluster)
    return KubernetesApi(cluster)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/default/services/kubernetes",
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes",
        "/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical",
        f"{SERVICES}/v1.apps",
    ],
)
def test_new_clusters_have_the_objects_of_the_server(api: KubernetesApi, path: str) -> None:
    code, item = send(api, "GET", path)
    assert code == 200
    assert item["metadata"]["uid"]
    assert item["metadata"]["managedFields"]


@pytest.mark.parametrize("version", list_versions())
def test_each_served_version_of_a_group_has_an_api_service(version: str) -> None:
    cluster = Cluster(version)
    secure_cluster(cluster)
    api = KubernetesApi(cluster)
    _, groups = send(api, "GET", "/apis")
    served = {f"{each['version']}.{group['name']}" for group in groups["groups"] for each in group["versions"]}
    _, services = send(api, "GET", SERVICES)
    # The aggregator serves this group itself.
    assert {each["metadata"]["name"] for each in services["items"]} == {*served, "v1."} - {"v1.apiregistration.k8s.io"}


def test_custom_kinds_have_an_api_service_while_served(api: KubernetesApi) -> None:
    name = f"{SERVICES}/v1.stable.example.com"
    send(api, "POST", DEFINITIONS, CRON_TAB)
    assert send(api, "GET", name)[1]["spec"]["groupPriorityMinimum"] == 1000
    send(api, "DELETE", f"{DEFINITIONS}/crontabs.stable.example.com")
    assert send(api, "GET", name)[0] == 404


def test_other_api_services_stay_without_their_kind(api: KubernetesApi) -> None:
    spec = {"group": "stable.example.com", "version": "v1", "groupPriorityMinimum": 5, "versionPriority": 5}
    spec["service"] = {"namespace": "default", "name": "x"}
    send(api, "POST", SERVICES, {"metadata": {"name": "v1.stable.example.com"}, "spec": spec})
    send(api, "POST", DEFINITIONS, CRON_TAB)
    send(api, "DELETE", f"{DEFINITIONS}/crontabs.stable.example.com")
    assert send(api, "GET", f"{SERVICES}/v1.stable.example.com")[1]["spec"]["versionPriority"] == 5


def test_deleted_definitions_show_the_finalizer_of_the_cleanup(api: KubernetesApi) -> None:
    send(api, "POST", DEFINITIONS, CRON_TAB)
    code, item = send(api, "DELETE", f"{DEFINITIONS}/crontabs.stable.example.com")
    assert (code, item["metadata"]["finalizers"]) == (200, ["customresourcecleanup.apiextensions.k8s.io"])
    assert item["metadata"]["deletionTimestamp"]
    assert send(api, "GET", f"{DEFINITIONS}/crontabs.stable.example.com")[0] == 404


def test_documents_tell_the_values_that_a_field_can_have(api: KubernetesApi) -> None:
    _, document = send(api, "GET", "/openapi/v3/api/v1")
    policy = document["components"]["schemas"]["io.k8s.api.core.v1.Container"]["properties"]["imagePullPolicy"]
    assert policy["enum"] == ["Always", "IfNotPresent", "Never"]
    assert "Possible enum values" in policy["description"]


def test_version_2_of_openapi_has_all_kinds_as_json(api: KubernetesApi) -> None:
    send(api, "POST", DEFINITIONS, CRON_TAB)
    _, document = send(api, "GET", "/openapi/v2", accept="application/json")
    reference = document["definitions"]["io.k8s.api.apps.v1.Deployment"]["properties"]["spec"]["$ref"]
    assert reference == "#/definitions/io.k8s.api.apps.v1.DeploymentSpec"
    assert "com.example.stable.v1.CronTab" in document["definitions"]


def test_a_deleted_pod_gets_its_end_before_it_goes() -> None:
    api = KubernetesApi(Cluster("1.36"))
    _, made = send(api, "POST", "/api/v1/namespaces/default/pods", POD)
    send(api, "DELETE", "/api/v1/namespaces/default/pods/web")
    version = made["metadata"]["resourceVersion"]
    watch = f"/api/v1/namespaces/default/pods?watch=1&resourceVersion={version}&timeoutSeconds=1"
    stream = api.answer(ApiRequest("GET", watch, {}, b""))
    assert isinstance(stream, ApiStream)
    frames = stream.open(lambda: False)
    marked, gone = next(frames), next(frames)
    assert (marked[0], gone[0]) == ("MODIFIED", "DELETED")
    assert marked[1]["metadata"]["deletionTimestamp"] == gone[1]["metadata"]["deletionTimestamp"]


def test_watch_of_one_name_needs_its_old_path(api: KubernetesApi) -> None:
    path = "/api/v1/namespaces/kube-system?watch=1"
    assert send(api, "GET", path)[1]["kind"] == "Namespace"
    old = api.answer(ApiRequest("GET", "/api/v1/watch/namespaces/kube-system", {}, b""))
    assert isinstance(old, ApiStream)
    assert [item["metadata"]["name"] for _, item in old.open(lambda: True)] == ["kube-system"]


@pytest.mark.parametrize(
    ("accept", "is_indented"),
    [
        ("application/json", False),
        ("application/json;as=Table;v=v1;g=meta.k8s.io", True),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", False),
        ("text/html", True),
    ],
)
def test_refusals_have_indents_without_a_wanted_format(api: KubernetesApi, accept: str, is_indented: bool) -> None:
    request = ApiRequest("GET", "/api/v1/namespaces/nope", {"accept": accept}, b"")
    answer = api.answer(request)
    assert isinstance(answer, ApiAnswer)
    assert (b"\n  " in answer.body) is is_indented
