"""Drift of Kubernetes objects on the sandbox's cluster: what others changed, and what is pending."""

from dataclasses import replace

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.plan.changes import Action
from envctl.domain.plan.drift import IgnorePattern, drop_ignored
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    build_config_map,
    build_deployment,
    build_job,
    build_namespace,
    build_service,
    list_changes,
    list_fields,
)

RELEASE = (build_config_map(a="1"), build_service(), build_deployment(A="1"))


def test_untouched_cluster_has_no_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    assert list_changes(bench.find_drift()) == []
    assert list_changes(bench.find_pending()) == []


def test_rollout_of_a_controller_is_no_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.await_ready()
    assert list_changes(bench.find_drift()) == []


def test_changed_field_is_drift_with_its_writer(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.patch("ConfigMap", "app", {"data": {"a": "2"}})
    for unchanged in (True, False):
        (change,) = bench.find_drift(unchanged=unchanged).resources
        assert list_fields(change) == [("data.a", "1", "2")]
        assert change.remarks[0].startswith('changed by "kubectl-edit" at ')
        assert list_changes(bench.find_pending(unchanged=unchanged)) == []


def test_added_field_is_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.patch("ConfigMap", "app", {"data": {"b": "2"}})
    (change,) = bench.find_drift().resources
    assert list_fields(change) == [("data.b", None, "2")]
    # No apply undoes it.
    assert list_changes(bench.plan()) == []


def test_deleted_object_is_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.delete("Service", "web")
    for unchanged in (True, False):
        assert list_changes(bench.find_drift(unchanged=unchanged)) == [("delete", "Service/shop/web")]
    assert list_changes(bench.plan()) == [("create", "Service/shop/web")]


def test_deleted_namespace_is_drift(bench: Bench) -> None:
    bench.workload = replace(bench.workload, namespace="default")
    from tests.adapters.kubernetes.driver.bench import build_namespace

    bench.deploy(build_namespace("extra"), build_config_map(namespace="extra"))
    bench.cluster.delete("Namespace", "extra")
    bench.cluster.wait_for(lambda: bench.cluster.get("Namespace", "extra") is None)
    assert sorted(list_changes(bench.find_drift())) == [
        ("delete", "ConfigMap/extra/app"),
        ("delete", "Namespace/extra"),
    ]


def test_changed_release_is_pending_and_no_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.release(build_config_map(a="2", b="3"), build_service(), build_deployment(A="1"), build_config_map("new"))
    assert list_changes(bench.find_drift(unchanged=False)) == []
    pending = bench.find_pending()
    assert list_changes(pending) == [("update", "ConfigMap/shop/app"), ("create", "ConfigMap/shop/new")]
    assert list_fields(pending.resources[0]) == [("data.a", "1", "2"), ("data.b", None, "3")]


def test_drift_and_pending_of_one_object_are_told_apart(bench: Bench) -> None:
    bench.deploy(build_config_map(a="1", b="1"))
    bench.cluster.patch("ConfigMap", "app", {"data": {"a": "9"}})
    bench.release(build_config_map(a="1", b="2"))
    (drift,) = bench.find_drift(unchanged=False).resources
    (pending,) = bench.find_pending().resources
    assert (list_fields(drift), list_fields(pending)) == ([("data.a", "1", "9")], [("data.b", "1", "2")])


def test_trusted_manager_may_write(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.patch("ConfigMap", "app", {"data": {"a": "2", "b": "2"}}, "injector")
    assert list_changes(bench.find_drift()) == [("update", "ConfigMap/shop/app")]
    bench.workload = replace(bench.workload, managers=("inj*",))
    assert list_changes(bench.find_drift()) == []


def test_ignored_field_is_no_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.patch("Deployment", "web", {"spec": {"replicas": 4}})
    found = bench.find_drift()
    assert list_changes(found) == [("update", "Deployment.apps/shop/web")]
    rest, ignored = drop_ignored(found, [IgnorePattern.parse("Deployment.apps/shop/*.spec.replicas")])
    assert (rest.resources, ignored) == ((), ("Deployment.apps/shop/web.spec.replicas",))


def test_drift_that_makes_the_dry_run_fail_is_shown(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.patch("Service", "web", {"spec": {"ports": [{"name": "http", "port": 81, "protocol": "TCP"}]}})
    (change,) = bench.find_drift().resources
    assert change.action is Action.UPDATE
    assert "Duplicate value" in change.reason
    assert any((each.before, each.after) == (80, 81) for each in change.attributes)


def test_applied_release_undoes_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.patch("Service", "web", {"spec": {"ports": [{"name": "http", "port": 81, "protocol": "TCP"}]}})
    bench.cluster.patch("Deployment", "web", {"spec": {"replicas": 3}})
    bench.cluster.delete("ConfigMap", "app")
    bench.deploy(*RELEASE)
    assert list_changes(bench.find_drift()) == []


def test_earlier_plan_is_no_drift_of_the_state(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    comparison = bench.driver.detect_drift("dev", bench.stack, unchanged=True)
    assert not comparison.pending.stateless
    assert comparison.drift.in_state == 3


def test_changed_port_of_the_release_is_pending(bench: Bench) -> None:
    """The owners of its fields know the port by its number, and the difference by its name."""
    bench.deploy(build_service(80))
    bench.release(build_service(82))
    assert list_changes(bench.find_drift(unchanged=False)) == []
    assert list_fields(bench.find_pending().resources[0]) == [("spec.ports[http].port", 80, 82)]


def test_immutable_field_of_the_release_is_a_pending_replacement(bench: Bench) -> None:
    bench.deploy(build_deployment())
    desired = build_deployment()
    desired["spec"]["selector"]["matchLabels"]["tier"] = "x"
    desired["spec"]["template"]["metadata"]["labels"]["tier"] = "x"
    bench.release(desired)
    assert list_changes(bench.find_drift(unchanged=False)) == []
    assert list_changes(bench.find_pending()) == [("replace", "Deployment.apps/shop/web")]


def test_dropped_object_is_pending(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.release(build_config_map(a="1"), build_deployment(A="1"))
    assert list_changes(bench.find_drift(unchanged=False)) == []
    assert list_changes(bench.find_pending()) == [("delete", "Service/shop/web")]


def test_sidecar_added_by_hand_is_drift_that_no_apply_undoes(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    live = bench.cluster.get("Deployment", "web")
    assert live is not None
    containers = [*live["spec"]["template"]["spec"]["containers"], {"name": "spy", "image": "spy:1"}]
    bench.cluster.patch("Deployment", "web", {"spec": {"template": {"spec": {"containers": containers}}}})
    (change,) = bench.find_drift().resources
    assert ("spec.template.spec.containers[spy].image", None, "spy:1") in list_fields(change)
    assert list_changes(bench.plan()) == []


def test_sidecar_in_the_name_of_envctl_is_drift(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    live = bench.cluster.get("Deployment", "web")
    assert live is not None
    containers = [*live["spec"]["template"]["spec"]["containers"], {"name": "spy", "image": "spy:1"}]
    pods = {"hostNetwork": True, "containers": containers}
    change = {"spec": {"template": {"spec": pods}}}
    bench.cluster.patch("Deployment", "web", change, manager=bench.workload.manager)
    for unchanged in (True, False):
        (drifted,) = bench.find_drift(unchanged=unchanged).resources
        fields = list_fields(drifted)
        assert ("spec.template.spec.containers[spy].image", None, "spy:1") in fields
        assert ("spec.template.spec.hostNetwork", None, True) in fields
        assert f'"{bench.workload.manager}" (not by an apply of envctl)' in drifted.remarks[0]


def test_job_that_the_cluster_deleted_after_its_end_is_no_drift(bench: Bench) -> None:
    job = build_job(ttlSecondsAfterFinished=1)
    bench.deploy(job)
    bench.cluster.delete("Job", "migrate")
    assert list_changes(bench.find_drift()) == []
    bench.await_ready()
    bench.deploy(build_job())
    bench.cluster.delete("Job", "migrate")
    assert list_changes(bench.find_drift()) == [("delete", "Job.batch/shop/migrate")]


def test_role_without_a_permission_to_look_is_named_with_the_object(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    bench.cluster.api.authorize = lambda access: access.resource != "deployments"
    with pytest.raises(OperationFailedError) as error:
        bench.find_drift()
    (problem,) = error.value.problems
    assert (problem.code, problem.address) == ("E624", "Deployment.apps/shop/web")
    assert "get deployments.apps" in problem.message


@pytest.mark.parametrize("way", ["kubectl create", "an apply with a name alone"])
def test_namespace_of_another_tool_is_adopted_without_drift(way: str, bench: Bench) -> None:
    """The API gives each namespace a label and a finalizer: whoever has created it may own them."""
    bare = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "more"}}
    if way == "kubectl create":
        bench.cluster.request("POST", "/api/v1/namespaces", bare, fieldManager="kubectl-create")
    else:
        bench.cluster.apply(bare)
    release = (build_namespace("more"), build_config_map(namespace="more"))
    bench.release(*release)
    (namespace,) = (each for each in bench.plan().resources if each.type == "Namespace")
    assert [each[0] for each in list_fields(namespace)] == ['metadata.labels["envctl.dev/stack"]']
    bench.apply()
    assert list_changes(bench.plan()) == []
    assert list_changes(bench.find_drift()) == []
    assert list_changes(bench.find_pending()) == []
