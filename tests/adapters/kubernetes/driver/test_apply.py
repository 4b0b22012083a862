"""Applies of Kubernetes objects on the sandbox's cluster, and what is left of one that is cut off."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from envctl.adapters.kubernetes.stack import applying
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    build_config_map,
    build_definition,
    build_deployment,
    build_namespace,
    build_service,
    build_widget,
    list_changes,
    require_problem,
)
from tests.by_day import keep_by_day
from tests.kubernetes_cluster import Fault

RELEASE = (build_namespace("extra"), build_config_map(a="1"), build_service(), build_deployment())


def list_inventory(bench: Bench) -> set[str]:
    found = bench.cluster.get("ConfigMap", "envctl-shop.dev.web")
    if found is None:
        return set()
    text = found["data"]["inventory.json"]
    return {address for address in ("app", "web", "extra", "w", "widgets.example.com") if f'"{address}"' in text}


def test_objects_are_there_after_an_apply(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    live = bench.cluster.get("ConfigMap", "app")
    assert live is not None
    assert live["data"] == {"a": "1"}
    assert live["metadata"]["labels"] == {"envctl.dev/stack": "shop.dev.web"}
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {"envctl-shop.dev.web"}


def test_apply_tells_what_happens(bench: Bench) -> None:
    bench.deploy(build_namespace("extra"), build_config_map())
    assert bench.observer.objects == [
        ("started", "Namespace/extra"),
        ("done", "Namespace/extra"),
        ("started", "ConfigMap/shop/app"),
        ("done", "ConfigMap/shop/app"),
    ]


def test_apply_needs_a_plan(bench: Bench) -> None:
    bench.release(*RELEASE)
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    require_problem(error, "E644")


def test_plan_is_applied_once(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    with pytest.raises(OperationFailedError):
        bench.apply()


def test_inventory_has_what_was_applied(bench: Bench) -> None:
    bench.deploy(*RELEASE)
    assert list_inventory(bench) == {"app", "web", "extra"}
    bench.deploy(build_config_map(a="1"))
    assert list_inventory(bench) == {"app"}
    assert bench.driver.pull_state("dev", bench.stack).count(b"ConfigMap") == 1


def test_inventory_forgets_what_others_have_deleted(bench: Bench) -> None:
    bench.deploy(build_config_map(), build_config_map("extra"))
    bench.cluster.delete("ConfigMap", "extra")
    assert not bench.deploy(build_config_map()).changes
    bench.await_ready()
    assert list_inventory(bench) == {"app"}


def test_empty_inventory_goes_with_the_stack(bench: Bench) -> None:
    bench.deploy(build_config_map())
    bench.cluster.delete("ConfigMap", "app")
    assert [each.address for each in bench.destroy().resources] == ["ConfigMap/shop/envctl-shop.dev.web"]
    assert bench.cluster.get("ConfigMap", "envctl-shop.dev.web") is None
    assert not bench.destroy().changes


def test_inventory_lies_in_a_namespace_of_the_same_release(bench: Bench) -> None:
    bench.workload = replace(bench.workload, namespace="fresh")
    bench.deploy(build_namespace("fresh"), build_config_map(namespace="fresh"))
    assert bench.cluster.get("ConfigMap", "envctl-shop.dev.web", "fresh") is not None
    assert bench.driver.pull_state("dev", bench.stack)


def test_definition_and_its_objects_come_in_one_release(bench: Bench) -> None:
    bench.deploy(build_widget(), build_definition())
    assert bench.cluster.get("Widget", "w") is not None
    assert list_changes(bench.plan()) == []


def test_definition_and_its_objects_go_in_one_release(bench: Bench) -> None:
    bench.deploy(build_widget(), build_definition())
    bench.deploy(build_config_map())
    assert list_inventory(bench) == {"app"}
    assert list_changes(bench.plan()) == []


def test_replaced_object_is_a_new_one(bench: Bench) -> None:
    bench.deploy(build_deployment())
    before = bench.cluster.get("Deployment", "web")
    desired = build_deployment()
    desired["spec"]["selector"]["matchLabels"]["tier"] = "x"
    desired["spec"]["template"]["metadata"]["labels"]["tier"] = "x"
    bench.deploy(desired)
    after = bench.cluster.get("Deployment", "web")
    assert before and after
    assert before["metadata"]["uid"] != after["metadata"]["uid"]
    assert list_changes(bench.plan()) == []


def test_adopted_object_loses_what_the_release_drops(bench: Bench) -> None:
    """Fields of kubectl and Helm would stay for ever otherwise (kubernetes#99003)."""
    bench.cluster.apply(build_deployment(A="1", B="2"), "kubectl")
    bench.deploy(build_deployment(A="1"))
    live = bench.cluster.get("Deployment", "web")
    assert live is not None
    assert live["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}]
    assert list_changes(bench.plan()) == []
    assert list_changes(bench.find_drift()) == []


def test_object_created_by_helm_is_adopted(bench: Bench) -> None:
    body = build_config_map(a="1", b="2")
    bench.cluster.request("POST", "/api/v1/namespaces/shop/configmaps", body, fieldManager="helm")
    bench.deploy(build_config_map(a="1"))
    live = bench.cluster.get("ConfigMap", "app")
    assert live is not None
    assert live["data"] == {"a": "1"}
    assert list_changes(bench.plan()) == []


def test_adoption_of_an_object_that_changes_is_tried_again(bench: Bench) -> None:
    bench.cluster.apply(build_config_map(a="1", b="2"), "kubectl")
    bench.cluster.faults.add(Fault(409, method="PATCH", path="fieldValidation=Strict$", times=2))
    bench.deploy(build_config_map(a="1"))
    assert list_changes(bench.plan()) == []


def test_change_between_plan_and_apply_ends_the_apply(bench: Bench) -> None:
    bench.deploy(build_config_map(a="1"), build_service())
    bench.release(build_config_map(a="2"), build_service())
    bench.plan()
    bench.cluster.patch("ConfigMap", "app", {"data": {"a": "3"}})
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert "ConfigMap/shop/app. Nothing was changed" in require_problem(error, "E644")
    live = bench.cluster.get("ConfigMap", "app")
    assert live is not None
    assert live["data"] == {"a": "3"}


def test_object_of_two_stacks_stays_with_the_first(bench: Bench) -> None:
    other = Bench(bench.cluster, bench.tmp, "api")
    for each in (bench, other):
        each.release(build_config_map())
        each.plan()
    bench.apply()
    with pytest.raises(OperationFailedError) as error:
        other.apply()
    require_problem(error, "E643")


def test_destroyed_stack_leaves_nothing(bench: Bench) -> None:
    bench.deploy(*RELEASE, build_definition(), build_widget())
    plan = bench.destroy()
    assert ("delete", "Widget.example.com/shop/w") in list_changes(plan)
    assert [bench.cluster.get(kind, name) for kind, name in (("Deployment", "web"), ("ConfigMap", "app"))] == [None] * 2
    assert bench.cluster.get("ConfigMap", "envctl-shop.dev.web") is None
    assert not bench.driver.pull_state("dev", bench.stack)


def test_destruction_with_its_own_namespace(bench: Bench) -> None:
    bench.workload = replace(bench.workload, namespace="fresh")
    bench.deploy(build_namespace("fresh"), build_config_map(namespace="fresh"))
    bench.destroy()
    assert bench.cluster.get("Namespace", "fresh") is None
    assert not bench.driver.pull_state("dev", bench.stack)


def test_object_with_a_finalizer_is_waited_for(bench: Bench) -> None:
    bench.workload = replace(bench.workload, wait=0.3)
    held = build_config_map()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    bench.deploy(held)
    with pytest.raises(OperationFailedError) as error:
        bench.destroy()
    assert "waits for example.com/hold" in require_problem(error, "E647")
    assert bench.driver.pull_state("dev", bench.stack)


def test_refused_object_does_not_stop_its_step(bench: Bench) -> None:
    bench.release(build_config_map(), build_config_map("other"), build_deployment())
    bench.plan()
    refusal = 'configmaps "app" is forbidden: exceeded quota: small, requested: count/configmaps=1'
    # The dry run of the apply is let through.
    path = r"configmaps/app\?fieldManager=envctl-shop.dev.web&fieldValidation=Strict&force=true"
    bench.cluster.faults.add(Fault(method="PATCH", path=f"{path}&dryRun", times=1))
    bench.cluster.faults.add(Fault(403, method="PATCH", path=path, reason="Forbidden", message=refusal))
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert "exceeded quota: small" in require_problem(error, "E642")
    assert bench.cluster.get("ConfigMap", "other") is not None
    assert bench.cluster.get("Deployment", "web") is None
    assert list_changes(bench.plan()) == [("create", "ConfigMap/shop/app"), ("create", "Deployment.apps/shop/web")]


@pytest.mark.parametrize("code", [429, 503])
def test_busy_cluster_is_asked_again(bench: Bench, code: int) -> None:
    bench.cluster.faults.add(Fault(code, method="PATCH", times=2))
    bench.deploy(build_config_map(), build_deployment())
    assert list_changes(bench.plan()) == []


def test_lost_answer_does_no_harm(bench: Bench) -> None:
    bench.release(build_config_map(), build_deployment())
    bench.plan()
    bench.cluster.faults.add(Fault(method="PATCH", path="configmaps/app", loses_answer=True, times=2))
    bench.apply()
    assert list_changes(bench.plan()) == []


def test_interruption_stops_between_objects(bench: Bench) -> None:
    bench.release(*RELEASE)
    bench.plan()

    def stop(phase: str, address: str) -> None:
        bench.is_stopping = bench.is_stopping or (phase, address) == ("done", "Namespace/extra")

    bench.observer.on_object = stop
    with pytest.raises(InterruptedByUserError):
        bench.apply()
    assert bench.cluster.get("Namespace", "extra") is not None
    assert bench.cluster.get("Deployment", "web") is None
    later = bench.restart()
    later.plan()
    later.apply()
    assert list_changes(later.plan()) == []


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of the driver handles it."""


def run_until(bench: Bench, requests: int, release: tuple[dict[str, Any], ...]) -> bool:
    """Deploy a release, and be killed at one of its writing requests. Return whether it came to its end."""
    left = requests
    send = bench.api._transport.send_json

    def count(call: Any) -> Any:
        nonlocal left
        if call.method != "GET" and "dryRun" not in call.path and "dryRun" not in str(call.body):
            left -= 1
            if left < 0:
                raise KilledError
        return send(call)

    bench.api._transport.send_json = count  # type: ignore[method-assign]
    try:
        bench.deploy(*release)
    except KilledError:
        return False
    return True


SECOND = (build_config_map(a="2"), build_deployment("web:2"), build_definition(), build_widget())


@pytest.mark.parametrize("requests", keep_by_day(range(12), 4, 8))
def test_next_run_ends_what_a_killed_one_began(bench: Bench, requests: int) -> None:
    """Whatever the killed run has made or not, the same release has no changes afterwards, and nothing is left over."""
    bench.deploy(*RELEASE)
    run_until(bench.restart(), requests, SECOND)
    later = bench.restart()
    later.deploy(*SECOND)
    assert list_changes(later.plan()) == []
    assert [bench.cluster.get(kind, name) for kind, name in (("Service", "web"), ("Namespace", "extra"))] == [None] * 2
    # It may still name what is gone: nothing was left to apply.
    assert list_inventory(later) >= {"app", "web", "w", "widgets.example.com"}
    later.destroy()
    assert bench.cluster.get("Deployment", "web") is None
    assert bench.cluster.list("CustomResourceDefinition") == []


@pytest.mark.parametrize("requests", keep_by_day(range(6), 3))
def test_next_run_ends_a_killed_destruction(bench: Bench, requests: int) -> None:
    bench.deploy(build_config_map(), build_deployment(), build_namespace("extra"))
    killed = bench.restart()
    killed.plan(destroy=True)
    left = requests
    send = killed.api._transport.send_json

    def count(call: Any) -> Any:
        nonlocal left
        left -= call.method != "GET"
        if left < 0:
            raise KilledError
        return send(call)

    killed.api._transport.send_json = count  # type: ignore[method-assign]
    with suppress(KilledError):
        killed.apply()
    later = bench.restart()
    later.destroy()
    assert bench.cluster.get("ConfigMap", "app") is None
    assert bench.cluster.get("Deployment", "web") is None
    assert not later.plan(destroy=True).changes


def test_what_is_no_state_is_refused(bench: Bench) -> None:
    with pytest.raises(OperationFailedError) as error:
        bench.driver.push_state("dev", bench.stack, b"{}")
    require_problem(error, "E649")
    with pytest.raises(OperationFailedError) as error:
        bench.driver.import_resource("dev", bench.stack, "ConfigMap/shop/app", "app")
    require_problem(error, "E649")


def test_damaged_inventory_is_refused(bench: Bench) -> None:
    bench.deploy(build_config_map())
    bench.cluster.patch("ConfigMap", "envctl-shop.dev.web", {"data": {"inventory.json": "{"}})
    with pytest.raises(EnvctlError) as error:
        bench.plan()
    require_problem(error, "E648")


def test_object_may_not_have_the_name_of_the_inventory(bench: Bench) -> None:
    bench.release(build_config_map("envctl-shop.dev.web"))
    with pytest.raises(EnvctlError) as error:
        bench.plan()
    require_problem(error, "E648")


def test_stack_without_objects_has_a_state_after_its_refresh(bench: Bench) -> None:
    bench.release()
    bench.plan()
    bench.driver.refresh_state("dev", bench.stack)
    assert bench.driver.pull_state("dev", bench.stack)


def test_webhook_of_the_same_release_gets_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "_WEBHOOK_PAUSE", 0.01)
    bench.release(build_config_map())
    bench.plan()
    message = 'Internal error occurred: failed calling webhook "x": connection refused'
    path = "fieldValidation=Strict&force=true"
    bench.cluster.faults.add(Fault(method="PATCH", path=f"configmaps/app.*{path}&dryRun", times=1))
    bench.cluster.faults.add(Fault(500, method="PATCH", path="configmaps/app", times=12, message=message))
    with pytest.raises(OperationFailedError):
        # The dry run before it has no such patience.
        bench.apply()


def test_kept_object_survives_the_destruction_of_its_stack(bench: Bench) -> None:
    kept = build_config_map("kept")
    kept["metadata"]["annotations"] = {"envctl.dev/prune": "false"}
    bench.deploy(kept, build_config_map())
    plan = bench.destroy()
    assert list_changes(plan) == [("delete", "ConfigMap/shop/app")]
    assert "stays" in plan.warnings[0]
    assert bench.cluster.get("ConfigMap", "kept") is not None


def test_namespace_with_objects_of_the_release_stays(bench: Bench) -> None:
    """Its deletion would take objects along that nobody wants to lose, and the inventory of the stack."""
    inside = build_config_map(namespace="more")
    bench.deploy(build_namespace("more"), build_namespace("empty"), inside)
    plan = bench.deploy(inside)
    assert list_changes(plan) == [("delete", "Namespace/empty")]
    assert [each for each in plan.warnings if "Namespace/more" in each and "ConfigMap/more/app" in each]
    assert bench.cluster.get("ConfigMap", "app", "more") is not None
    assert bench.deploy(inside).warnings == ()
    bench.destroy()
    assert bench.cluster.get("ConfigMap", "app", "more") is None


def test_namespace_of_the_inventory_stays(bench: Bench) -> None:
    bench.deploy(build_namespace("shop"), build_namespace("more"), build_config_map(namespace="more"))
    plan = bench.deploy(build_namespace("more"), build_config_map(namespace="more"))
    assert list_changes(plan) == []
    assert [each for each in plan.warnings if "Namespace/shop" in each and "the inventory of the stack" in each]
    assert bench.cluster.get("ConfigMap", "app", "more") is not None


def test_definition_with_objects_of_the_release_stays(bench: Bench) -> None:
    bench.deploy(build_definition(), build_widget())
    plan = bench.deploy(build_widget())
    assert list_changes(plan) == []
    assert [each for each in plan.warnings if "CustomResourceDefinition" in each and "Widget" in each]
    assert bench.find_drift().resources == ()
