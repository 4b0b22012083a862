"""What a stack reads before each work, and the spans of it in a trace."""

from dataclasses import replace

import pytest

from envctl.domain.kubernetes.workload import ClusterReference
from envctl.domain.plan.changes import Action, Marker
from envctl.domain.terraform.outputs import Output, StackInput
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.kubernetes.driver.bench import Bench, build_config_map


def make_input(variable: str, output: str) -> StackInput:
    return StackInput(variable=variable, type_text="string", stack="net", root="", workspace="", output=output)


def test_outputs_of_a_stack_are_read_once(bench: Bench) -> None:
    bench.outputs = {"net": {"name": Output("shop-1"), "group": Output("logs")}}
    # A variable may have the name that envctl gives to the cluster.
    inputs = (make_input("cluster", "group"),)
    cluster = ClusterReference(output=make_input("cluster", "name"))
    stack = PreparedStack("web", inputs=inputs, workload=replace(bench.workload, cluster=cluster))
    bench.release(build_config_map())
    bench.driver.plan("dev", stack)
    assert bench.reads == ["net"]
    assert bench.renderer.values == {"cluster": "logs"}


def test_apply_needs_recent_outputs(bench: Bench) -> None:
    """Others may have changed them since the plan."""
    bench.outputs = {"net": {"group": Output("logs")}}
    stack = replace(bench.stack, inputs=(make_input("group", "group"),))
    bench.release(build_config_map())
    bench.driver.plan("dev", stack)
    bench.driver.apply("dev", stack)
    bench.driver.await_ready("dev", stack)
    assert bench.reads == ["net", "recent net"]


def test_cluster_alone_is_read_where_nothing_is_rendered(bench: Bench) -> None:
    bench.outputs = {"net": {"name": Output("shop-1")}}
    cluster = ClusterReference(output=make_input("cluster", "name"))
    inputs = (make_input("group", "missing"),)
    stack = PreparedStack("web", inputs=inputs, workload=replace(bench.workload, cluster=cluster))
    bench.driver.plan("dev", stack, destroy=True)
    assert bench.reads == ["net"]


def test_spans_of_a_deployment_are_in_the_lane_of_its_stack(bench: Bench) -> None:
    bench.deploy(build_config_map(), build_config_map("old"))
    bench.trace.spans.clear()
    bench.deploy(build_config_map())
    bench.await_ready()
    bench.find_drift()
    assert {lane for lane, _ in bench.trace.spans} == {"dev/web"}
    prepared = ["connect", "render", "dry runs"]
    assert [name for _, name in bench.trace.spans] == [
        *("plan", *prepared),
        *("apply", *prepared, "objects", "rollout", "deletions"),
        *("connect", "rollout"),
        *("drift", *prepared),
    ]


def test_forecast_without_cluster_marks_unknown_values(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.outputs = {"logs": {"group": Output("shop-logs")}}
    known = replace(make_input("group", "group"), stack="logs")
    cluster = ClusterReference(output=make_input("cluster", "name"))
    workload = replace(bench.workload, cluster=cluster)
    stack = PreparedStack("web", inputs=(known, make_input("role", "role")), workload=workload)
    bench.release(build_config_map(role=Marker.UNKNOWN.value, cidr="0.0.0.0/0"))
    monkeypatch.delattr(bench.driver._opener, "find_api")
    (change,) = bench.driver.forecast("dev", stack, {"net": {}}).resources
    assert bench.renderer.values == {"group": "shop-logs", "role": "(known after apply)"}
    assert change.action is Action.CREATE
    values = {each.path: each.after for each in change.attributes}
    assert values["data.cidr"] == "0.0.0.0/0"
    assert values["data.role"] == Marker.UNKNOWN
