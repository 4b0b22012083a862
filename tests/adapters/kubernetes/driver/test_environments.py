"""Two environments of one project in one cluster: each owns its objects, and none takes those of the other."""

from dataclasses import replace

import pytest

from envctl.domain.errors import OperationFailedError
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    Manifest,
    build_config_map,
    build_definition,
    build_namespace,
    list_changes,
    require_problem,
)


def build_role(verb: str = "get") -> Manifest:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "reader"},
        "rules": rules,
    }


@pytest.fixture
def staging(bench: Bench) -> Bench:
    """The same stack in another namespace of the cluster, which is there already."""
    bench.cluster.apply(build_namespace("shop-staging"), "test")
    other = Bench(bench.cluster, bench.tmp, environment="staging")
    other.workload = replace(other.workload, namespace="shop-staging")
    return other


@pytest.mark.parametrize("shared", [build_role(), build_definition(), build_namespace("shared")])
def test_object_of_the_cluster_stays_with_its_environment(shared: Manifest, bench: Bench, staging: Bench) -> None:
    bench.deploy(build_config_map(), shared)
    staging.release(build_config_map(namespace="shop-staging"), shared)
    with pytest.raises(OperationFailedError) as error:
        staging.plan()
    said = require_problem(error, "E643")
    assert "belongs to web of the environment dev (envctl.dev/stack=shop.dev.web)" in said
    assert list_changes(bench.plan()) == []


def test_environments_share_a_cluster(bench: Bench, staging: Bench) -> None:
    bench.deploy(build_config_map(), build_role())
    staging.deploy(build_config_map(namespace="shop-staging"))
    assert [list_changes(each.plan()) for each in (bench, staging)] == [[], []]
    staging.destroy()
    assert bench.cluster.get("ConfigMap", "app") is not None
    assert list_changes(bench.find_drift()) == []


def test_environments_share_a_namespace_with_other_names(bench: Bench) -> None:
    other = Bench(bench.cluster, bench.tmp, environment="staging")
    bench.deploy(build_config_map("dev-app"))
    other.deploy(build_config_map("staging-app"))
    bench.deploy(build_config_map("dev-new"))
    assert list_changes(other.plan()) == []
    bench.destroy()
    left = {each["metadata"]["name"] for each in bench.cluster.list("ConfigMap")}
    assert left - {"kube-root-ca.crt"} == {"envctl-shop.staging.web", "staging-app"}


def test_object_given_to_another_environment_is_not_deleted(bench: Bench, staging: Bench) -> None:
    bench.deploy(build_config_map(), build_role())
    live = bench.cluster.get("ClusterRole", "reader")
    assert live is not None
    bench.cluster.patch("ClusterRole", "reader", {"metadata": {"labels": {"envctl.dev/stack": "shop.staging.web"}}})
    staging.deploy(build_role("list"))
    bench.release(build_config_map())
    plan = bench.plan()
    assert list_changes(plan) == []
    assert "stays: its label is envctl.dev/stack=shop.staging.web" in plan.warnings[0]
    destroyed = bench.destroy()
    assert list_changes(destroyed) == [("delete", "ConfigMap/shop/app")]
    assert bench.cluster.get("ClusterRole", "reader") is not None


def test_lost_inventory_finds_no_objects_of_another_environment(bench: Bench) -> None:
    other = Bench(bench.cluster, bench.tmp, environment="staging")
    bench.deploy(build_config_map("one"))
    other.release(build_config_map("two"))
    assert list_changes(other.plan()) == [("create", "ConfigMap/shop/two")]
