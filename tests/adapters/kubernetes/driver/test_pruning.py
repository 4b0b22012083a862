"""Removed objects are deleted after the rollout of the others, and stay if it fails."""

import re
from typing import Any

import pytest

from envctl.domain.errors import OperationFailedError
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    Manifest,
    build_config_map,
    build_deployment,
    build_service,
    list_changes,
)

BROKEN = build_deployment("web:crash-loop")


def list_held(bench: Bench) -> set[str]:
    """Return the names in the inventory."""
    found = bench.cluster.get("ConfigMap", "envctl-shop.dev.web")
    assert found is not None
    return set(re.findall(r'"name": "([^"]+)"', found["data"]["inventory.json"]))


def fail_rollout(bench: Bench) -> OperationFailedError:
    """Deploy a release without `old`, and with a Deployment that never gets ready."""
    bench.deploy(build_deployment(), build_config_map("old"))
    bench.release(BROKEN, build_config_map("new"))
    bench.plan()
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    return error.value


def test_removed_object_is_deleted_after_the_rollout(bench: Bench) -> None:
    bench.deploy(build_deployment(), build_config_map("old"))
    ready: list[object] = []

    def look(phase: str, address: str) -> None:
        if (phase, address) == ("started", "ConfigMap/shop/old"):
            live = bench.cluster.get("Deployment", "web")
            ready.append(live and live["status"].get("updatedReplicas"))

    bench.observer.on_object = look
    bench.deploy(build_deployment("web:2"))
    assert ready == [1]
    assert bench.cluster.get("ConfigMap", "old") is None


def test_failed_rollout_deletes_nothing(bench: Bench) -> None:
    failed, left = fail_rollout(bench).problems
    assert (failed.code, left.code) == ("E660", "E661")
    assert "CrashLoopBackOff" in failed.message
    assert left.message == "web: the rollout is not ready, so nothing was deleted. Still there: ConfigMap/shop/old"
    assert "envctl rollback dev" in left.hint
    assert bench.cluster.get("ConfigMap", "old") is not None
    assert list_held(bench) == {"web", "old", "new"}


def test_next_apply_ends_a_failed_rollout(bench: Bench) -> None:
    fail_rollout(bench)
    later = bench.restart()
    plan = later.deploy(build_deployment("web:2"), build_config_map("new"))
    assert list_changes(plan) == [("update", "Deployment.apps/shop/web"), ("delete", "ConfigMap/shop/old")]
    assert bench.cluster.get("ConfigMap", "old") is None
    assert list_held(bench) == {"web", "new"}


def test_second_failed_rollout_deletes_nothing_either(bench: Bench) -> None:
    """Nothing is left to apply, and the deletion still waits for the rollout."""
    fail_rollout(bench)
    later = bench.restart()
    assert list_changes(later.plan()) == [("delete", "ConfigMap/shop/old")]
    with pytest.raises(OperationFailedError):
        later.apply()
    assert list_held(bench) == {"web", "old", "new"}


def test_verification_forgets_no_object_that_is_still_there(bench: Bench) -> None:
    fail_rollout(bench)
    with pytest.raises(OperationFailedError):
        bench.await_ready()
    assert list_held(bench) == {"web", "old", "new"}


def test_rollback_of_a_failed_rollout_deletes_the_new_objects(bench: Bench) -> None:
    fail_rollout(bench)
    later = bench.restart()
    later.deploy(build_deployment(), build_config_map("old"))
    assert bench.cluster.get("ConfigMap", "old") is not None
    assert bench.cluster.get("ConfigMap", "new") is None
    assert list_changes(later.plan()) == []


def test_apply_without_deletions_does_not_wait(bench: Bench) -> None:
    """A failed rollout is then found by the verification: the deployment itself is complete."""
    bench.deploy(build_deployment())
    bench.deploy(BROKEN)
    with pytest.raises(OperationFailedError):
        bench.await_ready()


def test_rule_of_the_cluster_is_deleted_before_the_waiting(bench: Bench) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small", "namespace": "shop"},
        "spec": {"hard": {"pods": "1"}},
    }
    bench.deploy(build_deployment(), build_config_map("old"), quota)
    bench.release(BROKEN)
    bench.plan()
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert bench.cluster.get("ResourceQuota", "small") is None
    assert error.value.problems[-1].message.endswith("Still there: ConfigMap/shop/old")


def build_port(name: str) -> Manifest:
    service = build_service(name=name)
    service["spec"] |= {"type": "NodePort"}
    service["spec"]["ports"][0]["nodePort"] = 30080
    return service


def test_new_service_takes_the_port_of_a_removed_one(bench: Bench) -> None:
    bench.deploy(build_port("old"))
    refuse_taken_ports(bench)
    plan = bench.deploy(build_port("new"))
    create, delete = plan.resources
    assert create.reason == "it takes node port 30080 from Service/shop/old: it is checked once that is gone"
    assert delete.reason == "it is no longer in the code; deleted first, for node port 30080 (Service/shop/new)"
    assert [address for phase, address in bench.observer.objects[-4:] if phase == "done"] == [
        "Service/shop/old",
        "Service/shop/new",
    ]


def refuse_taken_ports(bench: Bench) -> None:
    """Let the cluster refuse a port of the nodes that another Service has, as a real one does."""
    from kube_api_emulator.server.status_errors import StatusError

    def admission(resource: Any, item: Manifest, live: Manifest | None) -> None:
        if resource.kind == "Service" and live is None and bench.cluster.get("Service", "old") is not None:
            message = 'Service "new" is invalid: spec.ports[0].nodePort: Invalid value: 30080: already allocated'
            raise StatusError(422, "Invalid", message, {})

    bench.cluster.cluster.admissions.append(admission)


@pytest.mark.parametrize(("mode", "first"), [("ReadWriteOnce", "deleted first"), ("ReadWriteMany", "")])
def test_volume_for_one_node_is_free_before_the_new_pods(mode: str, first: str, bench: Bench) -> None:
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "shop"},
        "spec": {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}},
    }

    def use_volume(name: str) -> Manifest:
        deployment = build_deployment(name=name)
        deployment["spec"]["template"]["spec"]["volumes"] = [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
        ]
        return deployment

    bench.deploy(volume, use_volume("old"))
    bench.release(volume, use_volume("new"))
    (delete,) = [each for each in bench.plan().resources if each.action.value == "delete"]
    assert first in delete.reason
    assert ("volume shop/data (Deployment.apps/shop/new)" in delete.reason) == bool(first)
