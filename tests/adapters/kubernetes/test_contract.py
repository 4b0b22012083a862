"""The client against the embedded cluster, over TLS, as the driver uses it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.kubernetes.api import ApiRefusal, ApiResource, ClusterApi
from envctl.adapters.kubernetes.kubeconfig import Kubeconfigs
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.kubernetes_cluster import ADMIN, Fault, KubernetesCluster, kubernetes_cluster

__all__ = ["kubernetes_cluster"]

MANAGER = "envctl-shop-web"


def config_map(name: str = "web", **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def connect(cluster: KubernetesCluster, **parts: Any) -> ClusterApi:
    headers = parts.pop("headers", lambda: {"Authorization": f"Bearer {cluster.token}"})
    connection = ClusterConnection(
        name="test cluster", url=cluster.url, authority=cluster.authority, headers=headers, **parts
    )
    return ClusterApi(connection, {}, patience=5)


@pytest.fixture
def api(kubernetes_cluster: KubernetesCluster) -> ClusterApi:
    return connect(kubernetes_cluster)


def find(api: ClusterApi, api_version: str, kind: str) -> ApiResource:
    found = api.find_resource(api_version, kind)
    assert found is not None
    return found


def test_version_and_kinds_are_those_of_the_cluster(api: ClusterApi) -> None:
    assert api.version == "1.36"
    assert find(api, "apps/v1", "Deployment").build_path("shop", "web").endswith("/namespaces/shop/deployments/web")
    assert not find(api, "v1", "Namespace").namespaced
    assert api.find_resource("apps/v1", "Deploymnt") is None


def test_dry_run_changes_nothing(api: ClusterApi) -> None:
    found = api.apply(config_map(a="1"), manager=MANAGER, dry_run=True)
    assert found["data"] == {"a": "1"}
    assert api.get(config_map()) is None


def test_applied_object_is_there_with_its_manager(api: ClusterApi) -> None:
    api.apply(config_map(a="1"), manager=MANAGER)
    found = api.get(config_map())
    assert found is not None
    assert [each["manager"] for each in found["metadata"]["managedFields"]] == [MANAGER]


def test_conflict_names_the_other_manager(api: ClusterApi, kubernetes_cluster: KubernetesCluster) -> None:
    kubernetes_cluster.apply(config_map(a="1"), "kubectl")
    with pytest.raises(ApiRefusal) as refused:
        api.apply(config_map(a="2"), manager=MANAGER)
    [cause] = refused.value.causes
    assert (refused.value.code, refused.value.reason, cause.field) == (409, "Conflict", ".data.a")
    assert '"kubectl"' in cause.message
    assert api.apply(config_map(a="2"), manager=MANAGER, force=True)["data"] == {"a": "2"}


def test_unknown_field_is_refused_with_its_name(api: ClusterApi) -> None:
    with pytest.raises(ApiRefusal) as refused:
        api.apply({**config_map(), "dat": {}}, manager=MANAGER, dry_run=True)
    assert ".dat" in refused.value.message


def test_delete_spares_an_object_made_anew(api: ClusterApi) -> None:
    path = api.find_path(config_map())
    assert path is not None
    old = api.apply(config_map(a="1"), manager=MANAGER)["metadata"]["uid"]
    assert api.delete(path, uid=old) is not None
    assert api.delete(path, uid=old) is None
    api.apply(config_map(a="2"), manager=MANAGER)
    with pytest.raises(ApiRefusal) as refused:
        api.delete(path, uid=old)
    assert refused.value.code == 409
    assert api.get(path) is not None


def test_json_patch_checks_what_it_was_made_for(api: ClusterApi) -> None:
    path = api.find_path(config_map())
    assert path is not None
    version = api.apply(config_map(a="1"), manager=MANAGER)["metadata"]["resourceVersion"]
    test = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
    change = {"op": "replace", "path": "/data/a", "value": "2"}
    assert api.patch_json(path, [test, change], manager=MANAGER)["data"] == {"a": "2"}
    with pytest.raises(ApiRefusal):
        api.patch_json(path, [test, change], manager=MANAGER)


def test_list_of_many_objects_is_complete(api: ClusterApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envctl.adapters.kubernetes.api.PAGE_SIZE", 2)
    names = {f"map-{number}" for number in range(5)}
    for name in names:
        api.apply(config_map(name), manager=MANAGER)
    found = api.list_objects(find(api, "v1", "ConfigMap"), "shop")
    assert names <= {each["metadata"]["name"] for each in found}
    assert {each["kind"] for each in found} == {"ConfigMap"}


def test_custom_resource_is_found_after_rediscovery(api: ClusterApi, kubernetes_cluster: KubernetesCluster) -> None:
    assert api.find_resource("shop.example/v1", "Till") is None
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": "tills", "singular": "till", "kind": "Till", "listKind": "TillList"}
    spec = {"group": "shop.example", "scope": "Namespaced", "names": names, "versions": [version]}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    api.apply({**kind, "metadata": {"name": "tills.shop.example"}, "spec": spec}, manager=MANAGER)

    def is_served() -> bool:
        api.rediscover()
        return api.find_resource("shop.example/v1", "Till") is not None

    kubernetes_cluster.wait_for(is_served)


def test_threads_share_few_connections(api: ClusterApi) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: api.apply(config_map(f"m{n}", a="1"), manager=MANAGER), range(40)))
    [manager] = api._transport._client._pools.values()
    [connections] = [manager.pools[key] for key in manager.pools.keys()]  # noqa: SIM118 (urllib3's own container)
    assert connections.num_connections <= 8
    assert len({each["metadata"]["uid"] for each in found}) == 40


FAULTS = [429, 500, 503]


@pytest.mark.parametrize("code", FAULTS)
def test_busy_cluster_is_asked_again(api: ClusterApi, kubernetes_cluster: KubernetesCluster, code: int) -> None:
    kubernetes_cluster.faults.add(Fault(code, method="PATCH", times=2))
    assert api.apply(config_map(a="1"), manager=MANAGER)["data"] == {"a": "1"}


def test_lost_answer_of_an_apply_does_no_harm(api: ClusterApi, kubernetes_cluster: KubernetesCluster) -> None:
    kubernetes_cluster.faults.add(Fault(method="PATCH", loses_answer=True))
    found = api.apply(config_map(a="1"), manager=MANAGER)
    kubernetes_cluster.faults.add(Fault(method="DELETE", loses_answer=True))
    path = api.find_path(found)
    assert path is not None
    assert api.delete(path, uid=found["metadata"]["uid"]) is None
    assert api.get(path) is None


def test_token_that_ends_is_renewed(kubernetes_cluster: KubernetesCluster) -> None:
    tokens = ["first", "second"]
    kubernetes_cluster.tokens["first"] = ADMIN
    api = connect(
        kubernetes_cluster,
        headers=lambda: {"Authorization": f"Bearer {tokens[0]}"},
        renew_credentials=lambda: bool(tokens.pop(0)),
    )
    api.apply(config_map(a="1"), manager=MANAGER)
    del kubernetes_cluster.tokens["first"]
    kubernetes_cluster.tokens["second"] = ADMIN
    assert api.apply(config_map(a="2"), manager=MANAGER)["data"] == {"a": "2"}


def test_threads_with_an_ended_token_renew_it_once(kubernetes_cluster: KubernetesCluster) -> None:
    renewed: list[float] = []
    token = ["ended"]

    def renew() -> bool:
        renewed.append(time.monotonic())
        token[0] = kubernetes_cluster.token
        return True

    headers = lambda: {"Authorization": f"Bearer {token[0]}"}  # noqa: E731
    api = connect(kubernetes_cluster, headers=headers, renew_credentials=renew)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: api.get("/api/v1/namespaces/shop"), range(8)))
    assert len(renewed) == 1


def test_kubeconfig_of_the_cluster_leads_there(kubernetes_cluster: KubernetesCluster, tmp_path: Path) -> None:
    path = kubernetes_cluster.write_kubeconfig(tmp_path / "config", "test")
    connection = Kubeconfigs({"KUBECONFIG": str(path)}).find_context("test")
    assert ClusterApi(connection).version == "1.36"
