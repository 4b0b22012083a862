"""What a forecast takes for the outputs of stacks that are not applied, and that it changes nothing that counts."""

from dataclasses import replace

import pytest
from hypothesis import given

from envctl.domain.plan.changes import (
    Action,
    EnvironmentPlan,
    Forecast,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.plan.fingerprint import fingerprint_plan
from envctl.domain.plan.forecasts import (
    describe_shape,
    fill_unknown,
    find_value,
)
from envctl.domain.terraform.outputs import Output, StackInput
from tests.unit.plan.fingerprint.plans import plans

UNKNOWN = Marker.UNKNOWN
OPEN = ResourceChange(address="aws_security_group.open", type="aws_security_group", action=Action.CREATE)
FORECAST = Forecast(resources=(OPEN,), outputs=(OutputChange("id", Action.CREATE, None, UNKNOWN),), warnings=("old",))


def make_input(path: str) -> StackInput:
    return StackInput(
        variable="ids", type_text="list(string)", stack="network", root="", workspace="", output="subnets", path=path
    )


@given(plans())
def test_forecast_is_in_no_fingerprint(plan: EnvironmentPlan) -> None:
    foreseen = replace(plan, stacks=tuple(replace(stack, forecast=FORECAST) for stack in plan.stacks))
    assert fingerprint_plan(foreseen) == fingerprint_plan(plan)
    assert foreseen.changes == plan.changes


VALUES = {
    "known": ({"subnets": ["a", "b"]}, "", ["a", "b"]),
    "partly known": ({"subnets": ["a", UNKNOWN]}, "[1]", UNKNOWN),
    "a known part": ({"subnets": ["a", UNKNOWN]}, "[0]", "a"),
    "a part of something unknown": ({"subnets": UNKNOWN}, "[0]", UNKNOWN),
    "a part of something sensitive": ({"subnets": Marker.SENSITIVE}, "[0]", Marker.SENSITIVE),
    "a missing part": ({"subnets": ["a"]}, "[3]", UNKNOWN),
    "a missing output": ({}, "", UNKNOWN),
}


@pytest.mark.parametrize(("outputs", "path", "expected"), VALUES.values(), ids=VALUES)
def test_value_is_what_the_other_plan_knows(outputs: dict[str, object], path: str, expected: object) -> None:
    assert find_value(make_input(path), {"network": outputs}) == expected


def test_examples_never_replace_what_is_known() -> None:
    planned = {"known": "10.0.0.0/16", "unknown": UNKNOWN, "partly": ["a", UNKNOWN]}
    examples = {"known": "example", "unknown": ["a"], "partly": ["a", "b"], "missing": 1}
    assert fill_unknown(planned, examples) == {
        "known": "10.0.0.0/16",
        "unknown": ["a"],
        "partly": ["a", "b"],
        "missing": 1,
    }


def test_shape_of_an_output_has_no_values() -> None:
    assert describe_shape(Output([{"id": "a", "of": [1, 2]}, {"id": None}])) == [
        {"id": UNKNOWN, "of": [UNKNOWN, UNKNOWN]},
        {"id": UNKNOWN},
    ]
    assert describe_shape(Output(["a"], sensitive=True)) is Marker.SENSITIVE


def test_waiting_stack_has_outputs_of_its_forecast() -> None:
    deleted = OutputChange("old", Action.DELETE, "a", None)
    planned = StackPlan("network", outputs=(OutputChange("id", Action.CREATE, None, "vpc"), deleted))
    assert planned.known_outputs == {"id": "vpc"}
    assert StackPlan("network", waits_for=("base",), forecast=FORECAST).known_outputs == {"id": UNKNOWN}
