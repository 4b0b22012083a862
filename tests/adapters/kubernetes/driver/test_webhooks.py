"""Webhooks of the cluster that change or refuse what is sent."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from envctl.domain.errors import OperationFailedError
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    build_config_map,
    build_deployment,
    list_changes,
    list_fields,
    require_problem,
)

Item = dict[str, Any]


def admit(bench: Bench, change: Callable[[Item], None]) -> None:
    """Let a webhook change each ConfigMap of the stack."""

    def admission(resource: Any, item: Item, live: Item | None) -> None:
        if resource.kind == "ConfigMap" and item["metadata"]["name"] == "app":
            change(item)

    bench.cluster.cluster.admissions.append(admission)


def test_webhook_that_adds_a_field_changes_the_plan_once(bench: Bench) -> None:
    def inject(item: Item) -> None:
        item["data"] = {**item["data"], "injected": "yes"}

    admit(bench, inject)
    bench.deploy(build_config_map(a="1"))
    assert list_changes(bench.plan()) == []
    assert list_changes(bench.find_drift()) == []
    bench.release(build_config_map(a="2"))
    assert list_fields(bench.plan().resources[0]) == [("data.a", "1", "2")]


def stamp(values: Iterator[str], key: str = "stamp") -> Callable[[Item], None]:
    """Return a webhook that writes another value each time."""

    def change(item: Item) -> None:
        item["data"] = {**item["data"], key: next(values)}

    return change


def count() -> Iterator[str]:
    return map(str, itertools.count())


def test_value_that_differs_each_time_is_no_change(bench: Bench) -> None:
    bench.deploy(build_config_map(a="1"))
    admit(bench, stamp(count()))
    plan = bench.plan()
    assert list_changes(plan) == []
    assert plan.warnings == (
        "ConfigMap/shop/app: the cluster writes data.stamp anew at each request: left out of the plan",
    )
    drift = bench.find_drift()
    assert (list_changes(drift), drift.warnings) == ([], plan.warnings)


def test_object_with_a_changing_value_is_applied(bench: Bench) -> None:
    admit(bench, stamp(count()))
    bench.deploy(build_config_map(a="1"))
    plan = bench.deploy(build_config_map(a="2"))
    assert list_fields(plan.resources[0]) == [("data.a", "1", "2")]
    assert list_changes(bench.plan()) == []
    live = bench.cluster.get("ConfigMap", "app")
    assert live is not None
    assert live["data"]["a"] == "2"


def test_time_in_seconds_is_seen_as_noise(bench: Bench) -> None:
    """Both dry runs of one second have the same value: the second one waits."""
    times = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time())) for _ in itertools.count())
    admit(bench, stamp(times))
    bench.deploy(build_config_map(a="1"))
    time.sleep(1.01)
    assert list_changes(bench.plan()) == []


def test_value_that_is_the_same_by_chance_ends_no_apply(bench: Bench) -> None:
    """The plan sees no noise, and the check before the apply does."""
    bench.deploy(build_config_map(a="1"))
    admit(bench, stamp(iter(["x", "x", "y", "z", "w"])))
    bench.release(build_config_map(a="2"))
    assert [each[0] for each in list_fields(bench.plan().resources[0])] == ["data.a", "data.stamp"]
    bench.apply()
    live = bench.cluster.get("ConfigMap", "app")
    assert live is not None
    assert live["data"] == {"a": "2", "stamp": "w"}


def test_change_by_hand_beside_a_changing_value_is_refused(bench: Bench) -> None:
    admit(bench, stamp(count()))
    bench.deploy(build_config_map(a="1", b="1"))
    bench.release(build_config_map(a="2", b="1"))
    bench.plan()
    bench.cluster.patch("ConfigMap", "app", {"data": {"b": "9"}})
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert "ConfigMap/shop/app. Nothing was changed" in require_problem(error, "E644")
    (change,) = bench.find_drift(unchanged=False).resources
    assert list_fields(change) == [("data.b", "1", "9")]


def test_webhook_installed_after_the_plan_is_refused(bench: Bench) -> None:
    """It adds the same value each time, and no plan has shown it."""
    bench.deploy(build_config_map(a="1"))
    bench.release(build_config_map(a="2"))
    bench.plan()
    admit(bench, stamp(itertools.repeat("injected")))
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    require_problem(error, "E644")


def test_change_between_two_dry_runs_is_no_noise(bench: Bench) -> None:
    bench.deploy(build_config_map(a="1"))
    calls = itertools.count()

    def change_live(item: Item) -> None:
        item["data"] = {**item["data"], "injected": "yes"}
        if next(calls) == 1:
            bench.cluster.cluster.admissions.clear()
            bench.cluster.patch("ConfigMap", "app", {"data": {"b": "by hand"}})

    admit(bench, change_live)
    assert not [each for each in bench.plan().warnings if "anew" in each]


def test_value_of_the_release_counts_where_a_webhook_changes_it(bench: Bench) -> None:
    """Otherwise a change of this value would never be applied."""
    bench.deploy(build_config_map(a="1"))
    admit(bench, stamp(count(), "a"))
    bench.release(build_config_map(a="2"))
    assert list_fields(bench.plan().resources[0]) == [("data.a", "1", "2")]
    bench.apply()


def test_random_value_in_a_new_container_is_left_out(bench: Bench) -> None:
    numbers = count()
    bench.deploy(build_deployment())

    def inject(resource: Any, item: Item, live: Item | None) -> None:
        containers = item["spec"]["template"]["spec"]["containers"] if resource.kind == "Deployment" else []
        if containers and containers[0]["image"] == "web:2":
            proxy = {"name": "proxy", "image": "proxy:1", "env": [{"name": "ID", "value": next(numbers)}]}
            item["spec"]["template"]["spec"]["containers"] = [
                *(each for each in containers if each["name"] != "proxy"),
                proxy,
            ]

    bench.cluster.cluster.admissions.append(inject)
    bench.release(build_deployment("web:2"))
    paths = [each[0] for each in list_fields(bench.plan().resources[0])]
    assert "spec.template.spec.containers[proxy].image" in paths
    assert not [each for each in paths if "env[ID].value" in each]
    bench.apply()


def test_webhook_that_refuses_is_quoted(bench: Bench) -> None:
    from kube_api_emulator.server.status_errors import StatusError

    def refuse(item: Item) -> None:
        message = 'admission webhook "policy.example.com" denied the request: no team label'
        raise StatusError(403, "Forbidden", message, {})

    admit(bench, refuse)
    bench.release(build_config_map(a="1"))
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "no team label" in require_problem(error, "E642")
    assert error.value.problems[0].hint == "a policy of the cluster says so: change the object, or the policy"
