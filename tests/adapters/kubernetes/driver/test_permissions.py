"""A stack under the permissions of roles: what the page on access promises is enough."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.kubernetes.inspection import KubernetesInspector
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    build_config_map,
    build_deployment,
    list_changes,
)
from tests.kubernetes_cluster import ADMIN, TOKEN, KubernetesCluster, User, run_kubernetes_cluster

ASSETS = Path(__file__).parents[4] / "docs" / "assets" / "kubernetes"
RBAC = "rbac.authorization.k8s.io"
READS = ["get", "list"]
WRITES = [*READS, "create", "patch", "delete"]


@pytest.fixture
def secured() -> Iterator[KubernetesCluster]:
    with run_kubernetes_cluster(is_secured=True) as running:
        running.tokens["admin"] = ADMIN
        running.token = "admin"
        yield running


def become(cluster: KubernetesCluster, *groups: str) -> None:
    """Give the token of the driver to a user of these groups."""
    cluster.tokens[TOKEN] = User("maria", (*groups, "system:authenticated"))


def grant(cluster: KubernetesCluster, group: str, *rules: tuple[str, list[str], list[str]]) -> None:
    """Give a group rules in the namespace of the stack: API group, resources, verbs."""
    listed = [{"apiGroups": [each], "resources": resources, "verbs": verbs} for each, resources, verbs in rules]
    named: dict[str, Any] = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": group}}
    cluster.apply(named | {"kind": "Role", "rules": listed})
    subject = {"kind": "Group", "name": group, "apiGroup": RBAC}
    reference = {"kind": "Role", "name": group, "apiGroup": RBAC}
    cluster.apply(named | {"kind": "RoleBinding", "roleRef": reference, "subjects": [subject]})


def grant_identity(cluster: KubernetesCluster, group: str) -> None:
    """Give a group the Role of the page on access, by which envctl knows the cluster."""
    import yaml  # type: ignore[import-untyped]

    for manifest in yaml.safe_load_all((ASSETS / "identity-role.yaml").read_text()):
        for subject in manifest.get("subjects", ()):
            subject["name"] = group
        cluster.apply(manifest)


def test_documented_permissions_of_the_deployer_are_enough(secured: KubernetesCluster, tmp_path: Path) -> None:
    grant(
        secured,
        "deployers",
        ("", ["configmaps"], WRITES),
        ("apps", ["deployments"], WRITES),
        ("", ["namespaces"], ["get"]),
        ("", ["pods", "events"], READS),
    )
    grant_identity(secured, "deployers")
    become(secured, "deployers")
    bench = Bench(secured, tmp_path)
    bench.deploy(build_deployment(A="1"), build_config_map(a="1"))
    bench.deploy(build_deployment(A="2"), build_config_map(a="2"))
    assert list_changes(bench.find_drift()) == []
    bench.deploy(build_deployment(A="2"))
    assert secured.list("ConfigMap") != []


def test_role_that_cannot_tell_the_cluster_is_refused(secured: KubernetesCluster, tmp_path: Path) -> None:
    grant(secured, "deployers", ("", ["configmaps"], WRITES), ("", ["namespaces"], ["get"]))
    become(secured, "deployers")
    bench = Bench(secured, tmp_path)
    bench.release(build_config_map())
    for command in (bench.plan, bench.destroy, bench.find_drift, bench.await_ready):
        with pytest.raises(OperationFailedError) as error:
            command()
        (problem,) = error.value.problems
        assert problem.code == "E673"
        assert 'resourceNames ["kube-system"], verbs ["get"]' in problem.hint


def test_doctor_names_missing_rule_for_the_cluster(secured: KubernetesCluster) -> None:
    grant(secured, "deployers", ("", ["configmaps"], WRITES), ("apps", ["deployments"], WRITES))
    become(secured, "deployers")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    connection = ClusterConnection(
        name="cluster", url=secured.url, authority=secured.authority, headers=lambda: headers
    )
    inspector = KubernetesInspector(dict)
    assert inspector.list_missing_permissions(connection, "shop") == ("get namespaces kube-system",)
    assert "get namespaces kube-system" in inspector.check_looking(connection, "shop").missing_reads
    grant_identity(secured, "deployers")
    assert inspector.list_missing_permissions(connection, "shop") == ()


def test_missing_permission_is_named(secured: KubernetesCluster, tmp_path: Path) -> None:
    reads = ("", ["namespaces"], ["get"]), ("apps", ["deployments"], READS)
    grant(secured, "deployers", ("", ["configmaps"], WRITES), *reads)
    grant_identity(secured, "deployers")
    become(secured, "deployers")
    bench = Bench(secured, tmp_path)
    bench.release(build_deployment())
    plan = bench.plan()
    assert plan.warnings[0].startswith("your role may not make a dry run in this cluster")
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert "patch" in str(error.value)


def test_look_policy_allows_dry_runs_alone(secured: KubernetesCluster, tmp_path: Path) -> None:
    import yaml

    for name in ("look-policy.yaml", "look-role.yaml"):
        for manifest in yaml.safe_load_all((ASSETS / name).read_text()):
            secured.apply(manifest)
    bench = Bench(secured, tmp_path)
    bench.deploy(build_deployment(A="1"), build_config_map(a="1"))
    become(secured, "envctl:look")
    bench.release(build_deployment(A="2"), build_config_map(a="1"), build_config_map("new"))
    plan = bench.plan()
    assert list(plan.warnings) == []
    assert len(list_changes(plan)) == 2
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert "members of envctl:look may write with dryRun alone" in str(error.value)
    assert secured.get("ConfigMap", "new") is None
