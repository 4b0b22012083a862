"""`make kubernetes-live` asks before production, and leaves nothing behind: tried on a cluster on loopback."""

import json
from pathlib import Path

import pytest

from tests.kubernetes_cluster import KubernetesCluster, kubernetes_cluster
from tests.kubernetes_live import LABEL, choose_context, find_connection, run_live_cluster

__all__ = ["kubernetes_cluster"]

PAGE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "page", "namespace": "shop"}}


def write_config(folder: Path, server: str, context: str) -> str:
    config = {
        "current-context": context,
        "clusters": [{"name": "one", "cluster": {"server": server}}],
        "contexts": [{"name": context, "context": {"cluster": "one"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return str(path)


@pytest.mark.parametrize(
    ("server", "context"),
    [
        pytest.param("https://127.0.0.1:6443", "shop-prod", id="the name of the context"),
        pytest.param("https://api.production.example.com", "shop", id="the address of the server"),
    ],
)
def test_context_that_may_be_production_must_be_named(tmp_path: Path, server: str, context: str) -> None:
    file = write_config(tmp_path, server, context)
    with pytest.raises(SystemExit, match=f"CONTEXT={context}"):
        choose_context(file, "")
    assert choose_context(file, context) == context


def test_current_context_of_a_cluster_for_tests_is_taken(tmp_path: Path) -> None:
    assert choose_context(write_config(tmp_path, "https://127.0.0.1:6443", "kind-shop"), "") == "kind-shop"


def test_missing_kubeconfig_is_asked_for() -> None:
    with pytest.raises(SystemExit, match="KUBECONFIG=FILE"):
        choose_context("", "")


def test_forwarder_has_a_namespace_of_its_own(kubernetes_cluster: KubernetesCluster, tmp_path: Path) -> None:
    connection = find_connection(str(kubernetes_cluster.write_kubeconfig(tmp_path / "kubeconfig")), "emulator")
    with run_live_cluster(connection) as live:
        live.apply(PAGE | {"data": {"a": "b"}})
        found = live.get("ConfigMap", "page")
        assert found is not None
        assert found["metadata"]["namespace"] == "shop"
        assert kubernetes_cluster.get("ConfigMap", "page") is None
        spaces = [each for each in kubernetes_cluster.list("Namespace") if LABEL in each["metadata"].get("labels", {})]
        assert [each["metadata"]["name"].partition("-live-")[0] for each in spaces] == ["envctl"]
    assert not [each for each in kubernetes_cluster.list("Namespace") if LABEL in each["metadata"].get("labels", {})]
