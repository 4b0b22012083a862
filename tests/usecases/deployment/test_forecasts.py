"""Forecasts of stacks that can't be planned yet: who gets one, what it knows of others, and what it never touches."""

import pytest

from envctl.domain.errors import InterruptedByUserError, Problem
from envctl.domain.plan.changes import Action, EnvironmentPlan, Forecast, Marker, OutputChange, ResourceChange
from envctl.domain.plan.fingerprint import fingerprint_plan
from envctl.domain.terraform.outputs import Output
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.release import release_store
from tests.catching import catch
from tests.fakes.world import World
from tests.usecases.deployment.test_many_stacks import BOB, PART, TOML, says
from tests.usecases.steps import acting_as

VPC = ResourceChange(address="aws_vpc.this", type="aws_vpc", action=Action.CREATE)
PLANNED = OutputChange("name", Action.CREATE, None, Marker.UNKNOWN)
LIST_PART = PART.replace('type    = string\n  default = ""', "type = list(string)\n  default = []")


@pytest.fixture
def world() -> World:
    """No stack was ever applied: mid, side and top can't be planned before others are."""
    found = World()
    found.tree.content.clear()
    found.edit("envctl.toml", TOML)
    found.edit("modules/part/main.tf", PART)
    for environment in ("dev", "staging"):
        says(found, "one", environment)
    return found


def list_forecasts(plan: EnvironmentPlan) -> dict[str, Forecast | None]:
    return {stack.stack: stack.forecast for stack in plan.stacks}


def get_forecast(plan: EnvironmentPlan, stack: str) -> Forecast:
    forecast = list_forecasts(plan)[stack]
    assert forecast is not None
    return forecast


def plan(world: World, environment: str = "dev") -> EnvironmentPlan:
    return plan_environment(world.ports, environment)[0]


def test_only_stacks_that_wait_have_a_forecast(world: World) -> None:
    assert [name for name, each in list_forecasts(plan(world)).items() if each] == ["mid", "top", "side"]


def test_forecast_comes_with_every_plan_that_people_read(world: World) -> None:
    apply(world.ports, "dev")
    (previewed,) = preview_environments(world.ports, ["staging"]).environments
    explained = explain_refusal(world.ports, "staging", planned=True).planned
    world.prompter.asked.clear()
    world.prompter.asks = True
    with acting_as(world, BOB):
        approve_plan(world.ports, "staging", "peer", unseen=("mid", "top", "side"))
    promote(world.ports, "dev", "staging")
    approved, promoted = world.prompter.asked[:2]
    for each in (previewed.plan, explained, approved, promoted):
        assert each is not None
        assert get_forecast(each, "top").resources[0].address == "terraform_data.top"


def test_approval_names_the_forecast(world: World) -> None:
    apply(world.ports, "dev")
    world.terraform.unforeseeable.add(("staging", "side"))
    with acting_as(world, BOB):
        approve_plan(world.ports, "staging", "peer", unseen=("mid", "side"))
    notes = [note for note in world.prompter.notes[-1] if "approved unseen" in note]
    assert [note.rpartition("; ")[2] for note in notes] == ["the forecast binds nothing", "it has no forecast"]


def test_stored_plan_has_no_forecast(world: World) -> None:
    apply(world.ports, "dev")
    why = explain_refusal(world.ports, "staging", planned=True)
    assert why.planned is not None
    stored = release_store.find_plan_by_prefix(world.ports, why.plan)
    assert stored == fingerprint_plan(why.planned)
    assert [each.action for each in stored.changes if each.stack == "top"] == ["wait"]


def test_answer_in_advance_costs_no_forecast(world: World) -> None:
    world.prompter.asks = False
    apply(world.ports, "dev")
    assert not world.terraform.forecasts


def test_destruction_has_no_forecast(world: World) -> None:
    apply(world.ports, "dev")
    world.terraform.forecasts.clear()
    destroy(world.ports, "dev")
    assert not world.terraform.forecasts


def test_forecast_knows_what_other_plans_know(world: World) -> None:
    world.terraform.extra_outputs["dev", "base"] = (OutputChange("name", Action.CREATE, None, "known"),)
    world.terraform.extra_outputs["dev", "mid"] = (PLANNED,)
    plan(world)
    assert world.terraform.forecasts["dev", "mid"] == {"base": {"name": "known"}}
    assert world.terraform.forecasts["dev", "top"] == {"mid": {"name": Marker.UNKNOWN}}
    # It only comes after base.
    assert world.terraform.forecasts["dev", "side"] == {}


def test_declared_example_stands_for_unknown_output(world: World) -> None:
    world.edit("envctl.toml", f'{TOML}\n[outputs_forecast.base]\nname = "example"\n')
    plan(world)
    assert world.terraform.forecasts["dev", "mid"] == {"base": {"name": "example"}}


def test_list_has_the_length_of_the_source(world: World) -> None:
    world.edit("modules/part/main.tf", LIST_PART)
    apply(world.ports, "dev")
    world.terraform.output_values["dev", "base"] = {"name": Output(["a", "b"])}
    preview_environments(world.ports, ["staging"])
    assert world.terraform.forecasts["staging", "mid"] == {"base": {"name": [Marker.UNKNOWN] * 2}}


def test_unreadable_source_leaves_the_length_unknown(world: World) -> None:
    world.edit("modules/part/main.tf", LIST_PART)
    apply(world.ports, "dev")
    with world.workspace.lock_environment("dev", "another"):
        preview_environments(world.ports, ["staging"])
    assert world.terraform.forecasts["staging", "mid"] == {"base": {"name": Marker.UNKNOWN}}


def test_forecasts_wait_only_for_outputs_they_read(world: World) -> None:
    world.edit("envctl.toml", TOML.replace('after = ["base"]', 'after = ["mid"]'))
    plan(world)
    order = [stack for _, stack in world.terraform.forecasts]
    assert order.index("side") < order.index("top"), "side only comes after mid, and top reads it"


def test_failed_forecast_says_why_and_what_happened_before(world: World) -> None:
    world.terraform.extra_changes["dev", "side"] = (VPC,)
    apply(world.ports, "dev")
    world.terraform.unforeseeable.add(("staging", "side"))
    (previewed,) = preview_environments(world.ports, ["staging"]).environments
    assert previewed.plan is not None
    assert get_forecast(previewed.plan, "side") == Forecast(
        problem="Invalid count argument: It depends",
        elsewhere="in dev all stacks of the release did this together: create aws_vpc and create terraform_data",
    )
    # The stacks after it have one.
    assert get_forecast(previewed.plan, "top").resources


def test_failed_forecast_shows_last_plan_of_source(world: World) -> None:
    apply(world.ports, "dev")
    says(world, "two")
    apply(world.ports, "dev")
    world.terraform.unforeseeable.add(("staging", "side"))
    (previewed,) = preview_environments(world.ports, ["staging"]).environments
    assert previewed.plan is not None
    elsewhere = "in dev its last deployment did this: update terraform_data"
    assert get_forecast(previewed.plan, "side").elsewhere == elsewhere


def test_stack_with_resources_is_not_forecast(world: World) -> None:
    apply(world.ports, "dev")
    world.edit(
        "envctl.toml",
        TOML.replace("[stacks.alone]", '[stacks.new]\nmodule = "modules/part"\n\n[stacks.alone]\nafter = ["new"]'),
    )
    assert (
        get_forecast(plan(world), "alone").problem
        == "it may hold resources already: its plan is shown before they change"
    )
    assert not world.terraform.forecasts.keys() & {("dev", "alone")}


def test_interrupted_forecast_ends_the_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise InterruptedByUserError(Problem("E311", "interrupted"))

    monkeypatch.setattr(world.terraform, "forecast", stop)
    assert catch(InterruptedByUserError, plan, world).problems[0].code == "E311"
