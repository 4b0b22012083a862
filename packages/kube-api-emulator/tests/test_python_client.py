"""The official Python client works with a cluster: its typed API, its dynamic client, its watches and informers."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, dynamic, informer, utils, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.leaderelection.electionconfig import Config as ElectionConfig
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from kube_api_emulator.local_cluster import Fault, LocalCluster, run_cluster
from tests.test_controllers import GOOD, build_deployment

APPLY = "application/apply-patch+yaml"
QUEUES: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "queues.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "queues", "singular": "queue", "kind": "Queue"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}},
                            "status": {"type": "object", "properties": {"length": {"type": "integer"}}},
                        },
                    }
                },
            }
        ],
    },
}
QUEUE = ("example.com", "v1", "default", "queues")


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    with run_cluster() as running:
        yield running


@pytest.fixture
def api(cluster: LocalCluster, tmp_path: Path) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(str(cluster.write_kubeconfig(tmp_path / "kubeconfig"))) as opened:
        yield opened


def build_map(name: str, **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


def build_queue(size: int) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Queue", "metadata": {"name": "orders"}, "spec": {"size": size}}


def refuse(call: Callable[[], object]) -> tuple[int, str]:
    """Return the code and the body of a refusal."""
    with pytest.raises(ApiException) as refused:
        call()
    return refused.value.status, refused.value.body


def test_typed_client_changes_an_object(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map("default", build_map("a", color="green"))
    core.patch_namespaced_config_map("a", "default", {"data": {"size": "1"}})
    read = core.read_namespaced_config_map("a", "default")
    assert read.data == {"color": "green", "size": "1"}
    read.data = {"color": "blue"}
    assert core.replace_namespaced_config_map("a", "default", read).data == {"color": "blue"}
    assert refuse(lambda: core.replace_namespaced_config_map("a", "default", read))[0] == 409
    core.delete_namespaced_config_map("a", "default")
    assert refuse(lambda: core.read_namespaced_config_map("a", "default"))[0] == 404


def test_list_is_read_by_pages_and_labels(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    for number in range(5):
        item = build_map(f"a{number}")
        item.metadata.labels = {"parity": "odd" if number % 2 else "even"}
        core.create_namespaced_config_map("default", item)
    page = core.list_namespaced_config_map("default", limit=2, label_selector="parity=even")
    assert ([each.metadata.name for each in page.items], page.metadata.remaining_item_count) == (["a0", "a2"], None)
    rest = core.list_namespaced_config_map(
        "default", limit=2, label_selector="parity=even", _continue=page.metadata._continue
    )
    assert [each.metadata.name for each in rest.items] == ["a4"]


def test_server_side_apply_names_conflicts(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)

    def apply(manager: str, color: str, *, force: bool = False) -> client.V1ConfigMap:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"color": color}}
        return core.patch_namespaced_config_map(
            "a", "default", body, field_manager=manager, force=force, _content_type=APPLY
        )

    apply("one", "green")
    code, message = refuse(lambda: apply("two", "blue"))
    assert (code, 'conflict with \\"one\\"' in message) == (409, True)
    owners = apply("two", "blue", force=True).metadata.managed_fields
    assert [(each.manager, each.operation) for each in owners] == [("two", "Apply")]


def test_watch_resumes_after_a_version(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    first = core.create_namespaced_config_map("default", build_map("a"))
    core.patch_namespaced_config_map("a", "default", {"data": {"size": "1"}})
    core.delete_namespaced_config_map("a", "default")
    events = watch.Watch().stream(
        core.list_namespaced_config_map,
        "default",
        resource_version=first.metadata.resource_version,
        timeout_seconds=1,
    )
    assert [(each["type"], each["object"].metadata.name) for each in events] == [("MODIFIED", "a"), ("DELETED", "a")]


def test_watch_sends_all_objects_and_a_bookmark(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map("default", build_map("a"))
    options = {"allow_watch_bookmarks": True, "send_initial_events": True, "resource_version_match": "NotOlderThan"}
    listed = core.list_namespaced_config_map
    events = watch.Watch().stream(listed, "default", field_selector="metadata.name=a", timeout_seconds=20, **options)
    assert next(events)["object"].metadata.name == "a"
    bookmark = next(events)
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    events.close()


def test_informer_keeps_its_cache_after_a_cut(api: client.ApiClient, cluster: LocalCluster) -> None:
    core = client.CoreV1Api(api)
    maps = informer.SharedInformer(core.list_namespaced_config_map, "default", label_selector="app=web")
    seen: list[tuple[str, str]] = []
    for kind in ("ADDED", "MODIFIED", "DELETED"):
        maps.add_event_handler(kind, lambda item, kind=kind: seen.append((kind, item.metadata.name)))
    cut = cluster.faults.add(Fault(path="configmaps.*watch", cut_after=1))
    labels = {"app": "web"}
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": labels}})
    maps.start()
    try:
        cluster.wait_for(lambda: seen == [("ADDED", "a")])
        cluster.patch("ConfigMap", "a", {"data": {"size": "1"}})
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "labels": labels}})
        cluster.delete("ConfigMap", "a")
        cluster.wait_for(lambda: len(seen) == 4)
        assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]
        assert (maps.cache.list_keys(), cut.met) == (["default/b"], 1)
    finally:
        maps.stop()


def test_custom_objects_have_a_status_of_their_own(api: client.ApiClient, cluster: LocalCluster) -> None:
    cluster.apply(QUEUES)
    custom = client.CustomObjectsApi(api)
    assert custom.create_namespaced_custom_object(*QUEUE, build_queue(2))["metadata"]["generation"] == 1
    ignored = custom.patch_namespaced_custom_object(*QUEUE, "orders", {"spec": {"size": 3}, "status": {"length": 1}})
    assert (ignored["metadata"]["generation"], "status" in ignored) == (2, False)
    written = custom.patch_namespaced_custom_object_status(*QUEUE, "orders", {"status": {"length": 1}})
    assert (written["metadata"]["generation"], written["status"]) == (2, {"length": 1})
    code, message = refuse(lambda: custom.create_namespaced_custom_object(*QUEUE, build_queue(0)))
    assert (code, "spec.size in body should be greater than or equal to 1" in message) == (422, True)
    assert [each["metadata"]["name"] for each in custom.list_namespaced_custom_object(*QUEUE)["items"]] == ["orders"]


def test_dynamic_client_finds_and_applies_any_kind(api: client.ApiClient, cluster: LocalCluster) -> None:
    cluster.apply(QUEUES)
    finder = dynamic.DynamicClient(api)
    queues = finder.resources.get(api_version="example.com/v1", kind="Queue")
    applied = queues.server_side_apply(build_queue(2), field_manager="test", namespace="default")
    assert (applied.spec.size, queues.get(name="orders", namespace="default").spec.size) == (2, 2)
    deployments = finder.resources.get(api_version="apps/v1", kind="Deployment")
    deployments.create(build_deployment(GOOD, replicas=2), namespace="default")
    cluster.wait_for(lambda: deployments.get(name="web", namespace="default").status.availableReplicas == 2)
    queues.delete(name="orders", namespace="default")
    assert queues.get(namespace="default").items == []


def test_too_many_requests_are_repeated(api: client.ApiClient, cluster: LocalCluster) -> None:
    core = client.CoreV1Api(api)
    fault = cluster.faults.add(Fault(429, method="POST", times=2, retry_after=7))
    waits: list[float] = []
    created = utils.on_retry_after_error(
        *(utils.DEFAULT_BACKOFF, utils.is_retry_after_response),
        lambda: core.create_namespaced_config_map("default", build_map("a")),
        sleep_func=waits.append,
    )
    assert (created.metadata.name, fault.met, waits) == ("a", 2, [7, 7])


@pytest.mark.slow
def test_one_candidate_leads_by_a_lease(
    cluster: LocalCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config.load_kube_config(str(cluster.write_kubeconfig(tmp_path / "kubeconfig")))
    is_leading, is_over = threading.Event(), threading.Event()

    def lead() -> None:
        is_leading.set()
        is_over.wait(30)
        raise InterruptedError

    def build_election(candidate: str) -> LeaderElection:
        lock = LeaseLock("web", "default", candidate)
        return LeaderElection(ElectionConfig(lock, 3, 2, 1, onstarted_leading=lead, onstopped_leading=lambda: None))

    leader = threading.Thread(target=build_election("one").run, daemon=True)
    leader.start()
    assert is_leading.wait(20)
    assert not build_election("two").try_acquire_or_renew()
    assert (cluster.get("Lease", "web") or {})["spec"]["holderIdentity"] == "one"
    is_over.set()
    leader.join(20)
    assert not leader.is_alive()
