"""Objects that EKS puts into a new cluster: a stack that was approved unseen may change them, and in no older one."""

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.plan.changes import Action, AttributeChange, OutputChange, ResourceChange
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from tests.catching import catch
from tests.fakes.world import World, make_once
from tests.usecases.project.test_kubernetes_stacks import EKS, HEAD, MODULE, write
from tests.usecases.steps import acting_as

ACCESS = """[stacks.access]
kind = "kubernetes"
path = "k"
cluster = "eks.cluster_name"
namespace = "kube-system"
"""
FILES = {
    "modules/eks/main.tf": MODULE,
    "environments/common.tfvars": 'kubernetes_version = "1.35"\n',
    "k/auth.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: aws-auth}}\n",
}
GATES = "[environments.prod.gates]\napprovals = { peer = 1 }\n"
AUTH = ResourceChange(address="ConfigMap/kube-system/aws-auth", type="ConfigMap", action=Action.UPDATE)
CLUSTER = ResourceChange(
    address="module.eks.aws_eks_cluster.this",
    type="aws_eks_cluster",
    action=Action.CREATE,
    attributes=(AttributeChange("name", None, "shop"),),
)


@pytest.fixture
@make_once
def world() -> World:
    """A release runs in dev, and the cluster of prod does not exist. EKS makes `aws-auth` in each cluster."""
    world = write(HEAD + GATES + EKS + ACCESS, FILES)
    for environment in ("dev", "prod"):
        world.terraform.extra_changes[environment, "eks"] = (CLUSTER,)
        world.terraform.extra_outputs[environment, "eks"] = (OutputChange("cluster_name", Action.CREATE, None, "shop"),)
        world.terraform.extra_changes[environment, "access"] = (AUTH,)
    apply(world.ports, "dev")
    return world


def approve(world: World) -> tuple[str, ...]:
    with acting_as(world, "bob@example.com"):
        return approve_plan(world.ports, "prod", "peer", unseen=["access"]).notes


def test_object_of_new_cluster_changes_unseen(world: World) -> None:
    may = "it may only create, and change what a new cluster brings"
    line = f"not seen: access (waits for eks); approved unseen: {may}; the forecast binds nothing"
    assert approve(world) == (line,)
    promote(world.ports, "dev", "prod")
    assert ("prod", "access") in world.terraform.reality


def test_answer_all_covers_objects_of_new_cluster(world: World) -> None:
    world.prompter.yes = "all"
    approve(world)
    world.prompter.asked.clear()
    promote(world.ports, "dev", "prod")
    assert len(world.prompter.asked) == 1
    assert "access: only creates, and changes what its new cluster brings, as answered" in world.observer.heard


def test_object_of_older_cluster_must_be_seen(world: World) -> None:
    world.terraform.extra_changes["prod", "eks"] = ()
    approve(world)
    refused = catch(RefusedError, promote, world.ports, "dev", "prod")
    assert [each.code for each in refused.refusals] == ["G302"]
    assert "update access: ConfigMap/kube-system/aws-auth" in refused.refusals[0].message


def test_interrupted_deployment_has_no_new_cluster(world: World) -> None:
    approve(world)
    world.terraform.fails_on.add(("prod", "access"))
    catch(OperationFailedError, promote, world.ports, "dev", "prod")
    world.terraform.fails_on.clear()
    with pytest.raises(RefusedError, match="update access: ConfigMap/kube-system/aws-auth"):
        promote(world.ports, "dev", "prod")
