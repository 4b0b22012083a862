"""Forecasts on the terminal: of a stack that can't be planned yet, all that is known is read."""

import json

from envctl.cli.render.terminal.plan import show_plan
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, Forecast, ResourceChange, StackPlan
from tests.cli.render.conftest import console, told

POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:s3:::{'x' * 60}"}]})


def show_forecast(*resources: ResourceChange, warnings: tuple[str, ...] = ()) -> str:
    forecast = Forecast(resources=resources, warnings=warnings)
    out = console(80)
    stacks = (StackPlan("web", waits_for=("network",), forecast=forecast),)
    show_plan(EnvironmentPlan(environment="prod", release="", stacks=stacks), out)
    return told(out)


def create(number: int, **values: object) -> ResourceChange:
    attributes = tuple(AttributeChange(path, None, value) for path, value in values.items())
    return ResourceChange(address=f"aws_x.n{number}", type="aws_x", action=Action.CREATE, attributes=attributes)


def test_many_new_resources_are_shown_with_all_values() -> None:
    values = {f"a{position}": f"value-{position}" for position in range(12)}
    shown = show_forecast(*(create(number, **values, z_cidr=f"10.0.{number}.0/24") for number in range(20)))
    assert [number for number in range(20) if f"10.0.{number}.0/24" not in shown] == []
    assert shown.count("value-11") == 20


def test_long_document_is_shown_whole() -> None:
    shown = show_forecast(create(1, policy=POLICY))
    assert '= "*"' in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "".join(shown.split()).count("x" * 60) == 1


def test_warnings_of_a_forecast_are_shown() -> None:
    assert "warning: Argument is deprecated" in show_forecast(create(1), warnings=("Argument is deprecated",))
