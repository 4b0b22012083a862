"""Which cluster it is: known by its UID, and never by its name, its address or its certificates."""

import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest
import trustme

from envctl.adapters.kubernetes.api import ClusterApi
from envctl.adapters.kubernetes.cluster_identities import ClusterIdentities, digest_authority
from envctl.domain.errors import OperationFailedError
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.cluster_identity import CLUSTER_KEY, is_same_cluster
from envctl.domain.plan.fingerprint import digest_value, fingerprint_plan
from envctl.usecases.ports.kubernetes import AnotherClusterError, ClusterConnection
from tests.adapters.kubernetes.driver.bench import Bench, build_config_map, connect, require_problem
from tests.adapters.kubernetes.scripted_cluster import connect as connect_scripted
from tests.adapters.kubernetes.scripted_cluster import says_json
from tests.adapters.registry.scripted import Server, serving
from tests.kubernetes_cluster import TOKEN, Fault, KubernetesCluster, run_kubernetes_cluster


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def other() -> Iterator[KubernetesCluster]:
    """A second cluster: another one under the same name, or the same one built anew."""
    with run_kubernetes_cluster() as running:
        yield running


def deploy(bench: Bench) -> str:
    """Deploy an object, and return the cluster as the ledger would record it."""
    plan = bench.deploy(build_config_map(a="1"))
    assert plan.cluster is not None
    bench.known_cluster = plan.cluster.recorded
    return plan.cluster.recorded


def list_values(plan: StackPlan) -> set[str]:
    found = fingerprint_plan(EnvironmentPlan(environment="dev", release="r", stacks=(plan,)))
    return {change.values[CLUSTER_KEY] for change in found.changes}


def test_every_change_binds_the_cluster(bench: Bench) -> None:
    plan = bench.deploy(build_config_map(a="1"), build_config_map("b", b="1"))
    live = bench.cluster.get("Namespace", "kube-system")
    assert live and plan.cluster and plan.cluster.recorded == live["metadata"]["uid"]
    wanted = {digest_value(plan.cluster.recorded)}
    assert list_values(plan) == wanted
    bench.release(build_config_map(a="2"))
    assert list_values(bench.plan()) == wanted
    assert list_values(bench.plan(destroy=True)) == wanted


def test_plan_without_changes_has_its_cluster(bench: Bench) -> None:
    recorded = deploy(bench)
    plan = bench.plan()
    assert not plan.changes
    assert plan.cluster and plan.cluster.recorded == recorded


def meet(bench: Bench, other: KubernetesCluster) -> Fault:
    """Let the name lead to the other cluster. What is returned counts the requests there, and their paths."""
    bench.api = connect(other)
    counter = Fault(path="", times=-1)
    other.faults.add(counter)
    return counter


def read_uid(cluster: KubernetesCluster) -> str:
    live = cluster.get("Namespace", "kube-system")
    assert live
    return str(live["metadata"]["uid"])


def test_two_clusters_have_other_uids(bench: Bench, other: KubernetesCluster) -> None:
    # Both have the same certificates, as a cluster that was built anew from a backup.
    assert bench.cluster.authority == other.authority
    assert read_uid(bench.cluster) != read_uid(other)


def test_other_cluster_is_not_looked_into(bench: Bench, other: KubernetesCluster) -> None:
    known = deploy(bench)
    counter = meet(bench, other)
    for command in (bench.plan, bench.find_drift, bench.await_ready, bench.pull_state):
        with pytest.raises(AnotherClusterError) as error:
            command()
        message = require_problem(error, "E672")
        assert known in message and f"{other.url}, certificate authority" in message and read_uid(other) in message
    # Its identity is read once for all of them.
    assert counter.met == 1


def test_destruction_leaves_other_cluster_alone(bench: Bench, other: KubernetesCluster) -> None:
    deploy(bench)
    other.apply(build_config_map(a="1"))
    counter = meet(bench, other)
    plan = bench.plan(destroy=True)
    assert (plan.changes, plan.stateless, counter.met) == (False, True, 1)
    assert not bench.driver.has_state("dev", bench.stack)
    assert other.get("ConfigMap", "app") is not None
    leaving = replace(bench.stack, leaves="destroy")
    with pytest.raises(AnotherClusterError):
        bench.driver.plan("dev", leaving, destroy=True)


@pytest.mark.parametrize("destroys", [False, True])
def test_tunnel_that_moves_after_the_plan_is_noticed(bench: Bench, other: KubernetesCluster, destroys: bool) -> None:
    bench.deploy(build_config_map(a="1"))
    bench.release(build_config_map("later", a="1"))
    bench.plan(destroy=destroys)
    counter = meet(bench, other)
    with pytest.raises(AnotherClusterError):
        bench.apply()
    assert counter.met == 1
    assert other.get("ConfigMap", "later") is None


def test_other_address_is_the_same_cluster(bench: Bench) -> None:
    deploy(bench)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = bench.cluster.url.replace("127.0.0.1", "localhost")
    # As after a renewal: the new authority stands before the old one.
    renewed = trustme.CA().cert_pem.bytes().decode() + bench.cluster.authority
    connection = ClusterConnection(name="by a tunnel", url=url, authority=renewed, headers=lambda: headers)
    before = bench.plan().cluster
    bench.api = ClusterApi(connection, {}, patience=20)
    bench.release(build_config_map(a="2"))
    plan = bench.plan()
    assert plan.cluster == before and before and plan.cluster
    assert (plan.cluster.server, plan.cluster.authority) != (before.server, before.authority)
    assert plan.changes
    bench.apply()


def test_namespace_without_uid_is_refused(server: Server) -> None:
    for uid in ({}, {"uid": 7}, {"uid": "a b"}, {"uid": ""}, {"uid": "a\x1b"}):
        server.says("/api/v1/namespaces/kube-system", says_json({"metadata": uid}))
        with pytest.raises(OperationFailedError) as error:
            ClusterIdentities().read_identity(connect_scripted(server))
        assert "has no UID" in require_problem(error, "E673")


def test_cluster_of_eks_has_arn_and_creation(server: Server) -> None:
    server.says("/api/v1/namespaces/kube-system", says_json({"metadata": {"uid": "u-1"}}))
    connection = ClusterConnection(
        name="EKS cluster shop", url=f"http://{server.host}", arn="arn:aws:eks:x", created="2026-01-02T03:04:05+00:00"
    )
    found = ClusterIdentities().read_identity(ClusterApi(connection, {}))
    assert found.recorded == "u-1 arn:aws:eks:x 2026-01-02T03:04:05+00:00"


SAME = {
    "the same": ("u a c", "u a c", True),
    "another creation": ("u a c", "u a d", False),
    "another ARN": ("u a c", "u b c", False),
    "another UID": ("u a c", "v a c", False),
    "by a kubeconfig": ("u", "u a c", True),
    "another one by a kubeconfig": ("v", "u a c", False),
}


@pytest.mark.parametrize(("one", "other", "wanted"), SAME.values(), ids=SAME.keys())
def test_clusters_are_compared_by_what_both_know(one: str, other: str, wanted: bool) -> None:
    assert is_same_cluster(one, other) is is_same_cluster(other, one) is wanted


def test_authority_is_shown_as_openssl_does() -> None:
    first, second = (trustme.CA().cert_pem.bytes().decode() for _ in range(2))
    der = ssl.PEM_cert_to_DER_cert(first)
    assert digest_authority(first + second) == hashlib.sha256(der).hexdigest()[:12]
    assert (digest_authority(""), digest_authority("no certificate")) == ("", "")
