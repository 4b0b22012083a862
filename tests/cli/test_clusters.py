"""Clusters as a command wires them: one API for stacks of one cluster, and no real cluster from the sandbox."""

import pytest

from envctl.cli.wiring.clusters import ClusterApis, WiredClusters
from envctl.domain.errors import ConfigurationError
from envctl.domain.kubernetes.workload import ClusterReference, Workload
from envctl.usecases.ports.kubernetes import ClusterConnection
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.kubernetes.scripted_cluster import WEB, WEB_PATH, says_json
from tests.adapters.registry.scripted import serving
from tests.fakes.clusters import MemoryClusters


def stack(name: str = "web", context: str = "", region: str = "eu-west-1") -> PreparedStack:
    workload = Workload(
        owner="shop-web", path="kubernetes/web", cluster=ClusterReference(context=context), namespace="shop"
    )
    return PreparedStack(name, region=region, workload=workload)


def test_stacks_of_one_cluster_share_its_api() -> None:
    clusters = MemoryClusters(
        contexts={"kind": ClusterConnection(name="cluster of the context kind", url="https://kind")}
    )
    clusters.eks["dev", "shop"] = ClusterConnection(name="EKS cluster shop", url="https://one")
    apis = ClusterApis(clusters, dict, lambda _: None)
    first = apis.find_api("dev", stack("web"), "shop")
    assert apis.find_api("dev", stack("jobs"), "shop") is first
    assert apis.find_api("dev", stack("other", "kind"), "").name == "cluster of the context kind"
    assert clusters.asked_regions == ["eu-west-1"] * 2
    clusters.eks["dev", "shop"] = ClusterConnection(name="EKS cluster shop", url="https://replaced")
    assert apis.find_api("dev", stack("web"), "shop") is not first


def test_warning_of_a_cluster_is_told_once() -> None:
    heard: list[str] = []
    with serving() as server:
        connection = ClusterConnection(name="EKS cluster shop", url=f"http://{server.host}")
        apis = ClusterApis(MemoryClusters({("dev", "shop"): connection}), dict, heard.append)
        server.says(WEB_PATH, says_json(WEB, Warning='299 - "v1beta1 is deprecated"'))
        for name in ("web", "jobs"):
            apis.find_api("dev", stack(name), "shop").get(WEB_PATH)
    assert heard == ["the EKS cluster shop warns: v1beta1 is deprecated"]


def test_sandbox_reaches_no_context() -> None:
    clusters = WiredClusters(lambda *_: None, dict, sandbox=True)
    with pytest.raises(ConfigurationError) as refused:
        clusters.find_context("kind")
    assert refused.value.problems[0].code == "E635"
