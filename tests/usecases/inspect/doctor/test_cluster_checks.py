"""What the doctor says of clusters: tools, reach, version, permissions."""

import pytest

from envctl.domain.terraform.outputs import Output
from envctl.usecases.deployment.apply import apply
from envctl.usecases.inspect.doctor.cluster_checks import check_clusters, check_look_role, check_tools
from envctl.usecases.inspect.doctor.doctor import diagnose_project
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.kubernetes import ClusterConnection, LookPermissions
from envctl.usecases.project import project_file
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World

FRONT = """
[stacks.front]
kind = "kubernetes"
path = "kubernetes/front"
cluster = "shop"
namespace = "front"
"""


@pytest.fixture
def world() -> World:
    world = World()
    world.kubernetes_clusters.eks["dev", "shop"] = ClusterConnection(name="EKS cluster shop", url="https://shop")
    return world


def rows(world: World, stacks: str = FRONT) -> list[tuple[str, str, str]]:
    world.edit("envctl.toml", PROJECT.decode() + stacks)
    context = Context(world.ports, project_file.load_project(world.ports))
    found = [row.finding for row in check_clusters(context, "dev")]
    return [(each.name, each.verdict, each.seen) for each in found]


def test_reachable_cluster_is_good_with_its_version(world: World) -> None:
    assert rows(world) == [("cluster shop", "good", "version 1.35; you may apply in namespace front")]


@pytest.mark.parametrize(
    ("version", "settings", "seen"),
    [
        ("1.35", "", "version 1.35 with the rules of 1.36"),
        ("1.36", "", "version 1.36"),
        ("1.35", '[sandbox]\nendpoint_url = "http://127.0.0.1:4566"\n', "version 1.35"),
    ],
)
def test_row_of_sandbox_names_borrowed_rules(world: World, version: str, settings: str, seen: str) -> None:
    world.sandbox, world.cluster_inspector.version = True, version
    assert rows(world, FRONT + settings)[0][2] == f"{seen}; you may apply in namespace front"


def test_stacks_of_one_namespace_share_a_row(world: World) -> None:
    assert len(rows(world, FRONT + FRONT.replace("stacks.front", "stacks.other"))) == 1
    assert len(rows(world, FRONT + FRONT.replace("front", "other"))) == 2


def test_unreachable_cluster_is_bad(world: World) -> None:
    world.cluster_inspector.unreachable.add("https://shop")
    assert rows(world) == [("cluster shop", "bad", "E620 the EKS cluster shop can't be reached")]


def test_missing_cluster_is_bad(world: World) -> None:
    [(_, verdict, seen)] = rows(world, FRONT.replace('"shop"', '"shp"'))
    assert (verdict, seen[:4]) == ("bad", "E630")


def test_missing_permission_is_bad(world: World) -> None:
    world.cluster_inspector.missing["front"] = ("patch deployments.apps in namespace front",)
    why = "E624 your role may not patch deployments.apps in namespace front (EKS cluster shop)"
    assert rows(world) == [("cluster shop", "bad", why)]


def test_cluster_named_by_an_output_is_checked_once_applied(world: World) -> None:
    stacks = FRONT.replace('"shop"', '"network.cluster"')
    assert rows(world, stacks)[0][:2] == ("cluster network.cluster", "unseen")
    world.edit("envctl.toml", PROJECT.decode())
    apply(world.ports, "dev")
    world.terraform.output_values = {("dev", "network"): {"cluster": Output("shop", sensitive=True)}}
    [(_, verdict, seen)] = rows(world, stacks)
    assert (verdict, seen) == ("good", "version 1.35; you may apply in namespace front")


def test_context_of_the_kubeconfig_is_checked(world: World) -> None:
    world.kubernetes_clusters.contexts["kind-dev"] = ClusterConnection(
        name="cluster of the context kind-dev", url="https://kind"
    )
    stacks = FRONT.replace('cluster = "shop"', 'kubeconfig_context = "kind-{environment}"')
    assert rows(world, stacks)[0][:2] == ("cluster kind-dev", "good")


def test_kubectl_of_a_distant_version_is_a_warning(world: World) -> None:
    world.cluster_inspector.kubectl = "1.37"
    assert rows(world)[1][1:] == (
        "warn",
        "kubectl is 1.37, and the cluster 1.35: commands of kubectl can fail there",
    )
    world.cluster_inspector.kubectl = "1.36"
    assert len(rows(world)) == 1


READS = ("list pods in namespace front",)
REFUSED = "E624 the look_role may not list pods in namespace front (EKS cluster shop)"
NO_DRY_RUN = "it may read namespace front, and no dry run passes: its plans come from manifests and live objects"


@pytest.mark.parametrize(
    ("may", "verdict", "seen"),
    [
        (LookPermissions((), True), "good", "it may read namespace front, and a dry run passes"),
        (LookPermissions((), False, "forbidden"), "warn", NO_DRY_RUN),
        (LookPermissions(READS, True), "bad", REFUSED),
        (
            LookPermissions((), None, "namespace front does not exist yet"),
            "unseen",
            "not checked: it may read namespace front; a dry run of it: namespace front does not exist yet",
        ),
    ],
)
def test_look_role_is_tried_in_the_cluster(world: World, may: LookPermissions, verdict: str, seen: str) -> None:
    world.looking_clusters.eks["dev", "shop"] = ClusterConnection(name="EKS cluster shop", url="https://shop")
    world.cluster_inspector.looking["front"] = may
    assert list_look_rows(world) == [("look_role in shop", verdict, seen)]


def test_look_role_of_another_person_is_not_checked(world: World) -> None:
    [(_, verdict, _)] = list_look_rows(world)
    assert verdict == "unseen"


def list_look_rows(world: World) -> list[tuple[str, str, str]]:
    role = '[environments.dev]\nlook_role = "arn:aws:iam::111111111111:role/look"\n'
    text = PROJECT.decode().replace("[environments.dev]\n", role)
    assert role in text
    world.edit("envctl.toml", text + FRONT)
    context = Context(world.ports, project_file.load_project(world.ports))
    return [(row.finding.name, row.finding.verdict, row.finding.seen) for row in check_look_role(context, "dev")]


def test_helm_is_checked_for_charts_only(world: World) -> None:
    def list_tools(stacks: str) -> list[str]:
        world.edit("envctl.toml", PROJECT.decode() + stacks)
        context = Context(world.ports, project_file.load_project(world.ports))
        return [row.finding.name for row in check_tools(context)]

    assert list_tools(FRONT) == ["kubectl"]
    assert list_tools(FRONT.replace('path = "kubernetes/front"', 'chart = "charts/front.tgz"')) == ["kubectl", "helm"]


def test_project_without_kubernetes_has_no_such_rows(world: World) -> None:
    assert "Kubernetes" not in [each.name for each in diagnose_project(world.ports).sections]
