"""Which stacks of Kubernetes objects go to a cluster that the plan itself creates."""

from dataclasses import replace

import pytest

from envctl.domain.guards.plan import list_stacks_in_new_clusters
from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.plan.provider_accounts import ProviderConfiguration

CLUSTERS = {"web": "eks.cluster_name", "access": "eks.cluster_name"}
NAME = AttributeChange("name", None, "shop-prod")
CLUSTER = ResourceChange(
    address="aws_eks_cluster.this", type="aws_eks_cluster", action=Action.CREATE, attributes=(NAME,)
)
OUTPUT = OutputChange("cluster_name", Action.CREATE, None, "shop-prod")
EKS = StackPlan(
    "eks", resources=(CLUSTER,), outputs=(OUTPUT,), providers=(ProviderConfiguration(name="aws", kind="aws"),)
)
TOKYO = ProviderConfiguration(name="aws.tokyo", kind="aws")
ELSEWHERE = ProviderConfiguration(name="aws", kind="aws", endpoints=("https://eks.example.com",))


def find(eks: StackPlan | None = EKS, clusters: dict[str, str] | None = None) -> frozenset[str]:
    others = (StackPlan("web"), StackPlan("access"))
    plan = EnvironmentPlan(environment="prod", release="r1", stacks=(eks, *others) if eks else others)
    return list_stacks_in_new_clusters(plan, CLUSTERS if clusters is None else clusters)


def test_stacks_of_created_cluster_are_found() -> None:
    assert find() == {"web", "access"}
    assert find(clusters={"web": "eks.cluster_name", "jobs": "other.name"}) == {"web"}


@pytest.mark.parametrize(
    "eks",
    [
        pytest.param(None, id="its stack is not planned"),
        pytest.param(replace(EKS, resources=()), id="the cluster exists"),
        pytest.param(replace(EKS, resources=(replace(CLUSTER, action=Action.UPDATE),)), id="it is updated"),
        pytest.param(replace(EKS, resources=(replace(CLUSTER, action=Action.REPLACE),)), id="it is replaced"),
        pytest.param(replace(EKS, resources=(replace(CLUSTER, action=Action.IMPORT),)), id="it is imported"),
        pytest.param(replace(EKS, resources=(replace(CLUSTER, type="aws_ecs_cluster"),)), id="another type"),
        pytest.param(replace(EKS, outputs=()), id="the output does not change"),
        pytest.param(replace(EKS, outputs=(replace(OUTPUT, name="other"),)), id="another output"),
        pytest.param(replace(EKS, outputs=(replace(OUTPUT, after="shop-old"),)), id="the output names another"),
        pytest.param(replace(EKS, outputs=(replace(OUTPUT, after=Marker.UNKNOWN),)), id="the output is unknown"),
        pytest.param(replace(EKS, providers=(*EKS.providers, TOKYO)), id="a second configuration"),
        pytest.param(replace(EKS, providers=(ELSEWHERE,)), id="another endpoint"),
        pytest.param(
            replace(
                EKS,
                resources=(replace(CLUSTER, attributes=(replace(NAME, after=Marker.UNKNOWN),)),),
                outputs=(replace(OUTPUT, after=Marker.UNKNOWN),),
            ),
            id="both names are unknown",
        ),
    ],
)
def test_cluster_not_proven_new_is_left_out(eks: StackPlan | None) -> None:
    assert find(eks) == frozenset()


def test_part_of_an_output_proves_nothing() -> None:
    assert find(clusters={"web": "eks.cluster_name[0]"}) == frozenset()
