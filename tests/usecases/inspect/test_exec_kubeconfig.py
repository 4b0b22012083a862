"""The kubeconfig for a command of `exec`: a context for each cluster, and no secret in it."""

import base64
import json
from typing import Any

import pytest

from envctl.domain.kubernetes.workload import ClusterReference, Workload
from envctl.domain.terraform.outputs import Output, Outputs, StackInput
from envctl.usecases.inspect.cluster_places import list_declared_places, list_prepared_places
from envctl.usecases.inspect.exec_kubeconfig import Kubeconfig, build_kubeconfig
from envctl.usecases.ports.kubernetes import ClusterConnection
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import project_file
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World

COMMAND = ("python", "-m", "token")


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("shop", "batch"):
        world.kubernetes_clusters.eks["dev", name] = ClusterConnection(
            name=f"EKS cluster {name}",
            url=f"https://{name}",
            authority="PEM",
            headers=lambda: {"Authorization": "Bearer hidden"},
        )
    return world


def stack(name: str, cluster: ClusterReference, namespace: str = "ns", region: str = "") -> PreparedStack:
    return PreparedStack(
        name, region=region, workload=Workload(owner=f"shop-{name}", path="k", cluster=cluster, namespace=namespace)
    )


def named(name: str) -> ClusterReference:
    return ClusterReference(name=name)


def build(world: World, *stacks: PreparedStack, outputs: Outputs | None = None) -> Kubeconfig | None:
    project = project_file.load_project(world.ports)
    return build_kubeconfig(world.ports, "dev", list_prepared_places(project, "dev", stacks, outputs or {}), COMMAND)


def parse(found: Kubeconfig | None) -> dict[str, Any]:
    assert found is not None
    document: dict[str, Any] = json.loads(found.text)
    return document


def test_each_cluster_is_a_context_and_the_first_is_current(world: World) -> None:
    found = parse(build(world, stack("web", named("shop"), "web"), stack("jobs", named("batch"), "jobs")))
    assert found["current-context"] == "shop"
    assert [each["name"] for each in found["contexts"]] == ["shop", "batch"]
    assert found["contexts"][0]["context"] == {"cluster": "shop", "user": "shop", "namespace": "web"}
    [cluster, _] = found["clusters"]
    assert cluster["cluster"]["server"] == "https://shop"
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"PEM"


def test_token_comes_from_a_command_and_is_not_in_the_file(world: World) -> None:
    found = build(world, stack("web", named("shop"), region="eu-west-1"))
    entry = parse(found)["users"][0]["user"]["exec"]
    assert [entry["command"], *entry["args"]] == [*COMMAND, "shop", "eu-west-1"]
    assert found is not None
    assert "hidden" not in found.text


def test_stacks_of_one_cluster_share_its_context(world: World) -> None:
    found = parse(build(world, stack("web", named("shop"), "web"), stack("jobs", named("shop"), "jobs")))
    assert len(found["contexts"]) == len(found["clusters"]) == 1
    assert found["contexts"][0]["context"]["namespace"] == "web"


def test_clusters_of_one_name_in_two_regions_differ(world: World) -> None:
    places = [stack("web", named("shop"), region=region) for region in ("eu-west-1", "us-east-1")]
    assert [each["name"] for each in parse(build(world, *places))["contexts"]] == ["shop", "shop@us-east-1"]


def test_cluster_is_named_by_an_output(world: World) -> None:
    output = StackInput(
        variable="cluster", type_text="string", stack="eks", root="", workspace="", output="names", path="[0]"
    )
    outputs = {"eks": {"names": Output(["shop"])}}
    stacks = (stack("web", ClusterReference(output=output)),)
    assert parse(build(world, *stacks, outputs=outputs))["current-context"] == "shop"


def test_kubeconfig_without_a_cluster_leads_nowhere(world: World) -> None:
    output = StackInput(variable="cluster", type_text="string", stack="eks", root="", workspace="", output="name")
    found = parse(build(world, stack("web", ClusterReference(output=output))))
    assert (found["contexts"], found["current-context"]) == ([], "no-cluster-of-dev")


def test_cluster_that_is_not_found_is_told(world: World) -> None:
    found = parse(build(world, stack("web", named("gone")), stack("jobs", named("batch"))))
    assert found["current-context"] == "batch"
    why = "there is no EKS cluster gone in dev"
    assert world.observer.heard == [f"the kubeconfig is without the cluster of web: {why}"]


def test_own_context_is_current_in_the_own_files(world: World) -> None:
    found = build(world, stack("web", ClusterReference(context="kind-dev")), stack("jobs", named("batch")))
    assert found is not None
    assert found.needs_own
    assert parse(found)["current-context"] == "kind-dev"
    assert [each["name"] for each in parse(found)["contexts"]] == ["batch"]


def test_environment_without_kubernetes_gets_no_kubeconfig(world: World) -> None:
    assert build(world, PreparedStack("network")) is None


STACKS = """
[stacks.front]
kind = "kubernetes"
path = "kubernetes/front"
cluster = "batch"
namespace = "{project}-{environment}"

[stacks.back]
kind = "kubernetes"
path = "kubernetes/back"
cluster = "network.cluster"
namespace = "back"

[stacks.local]
kind = "kubernetes"
path = "kubernetes/local"
kubeconfig_context = "kind-{environment}"
namespace = "local"
"""


def test_project_file_alone_names_clusters_and_contexts(world: World) -> None:
    world.edit("envctl.toml", PROJECT.decode() + STACKS)
    project = project_file.load_project(world.ports)
    places = list(list_declared_places(project, "dev"))
    assert [(each.name, each.output, each.context) for each in places] == [
        ("batch", "", ""),
        ("", "network.cluster", ""),
        ("", "", "kind-dev"),
    ]
    assert places[0].namespace == "shop-dev"
    found = build_kubeconfig(world.ports, "dev", places, COMMAND)
    assert parse(found)["current-context"] == "batch"
    assert world.observer.heard == ["the kubeconfig is without the cluster of back: network.cluster is not known"]
