"""Who is asked what a plan costs, when, and what becomes of the answer."""

import json
from collections.abc import Callable

import pytest

from envctl.domain.plan.changes import Cost, EnvironmentPlan
from envctl.domain.plan.fingerprint import fingerprint_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.fleet.shard import plan_shard
from envctl.usecases.inspect.explain_plan import explain_plan
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.plan import plan_units as plan_parts
from envctl.usecases.inspect.preview import plan_stored_release, preview_environments
from envctl.usecases.ports.core import CostAnswer
from envctl.usecases.ports.cost import CostSource
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World
from tests.usecases.fleet.many_jobs import answered, begun, plan_in, planned
from tests.usecases.steps import edit_project

COST = '\n[cost]\ncommand = ["python3", "tools/cost.py"]\ntimeout = "5s"\n'
SAID = Cost("USD", "1", "2", "1")


@pytest.fixture
def world() -> World:
    world = World()
    placed = PROJECT.decode().replace(
        "[environments.dev]",
        '[environments.dev]\naccount_id = "111111111111"\nregion = "ap-northeast-1"\nregions = { far = "eu-west-1" }',
    )
    world.edit("envctl.toml", placed.replace('"modules/network"', '"modules/network"\nregion = "far"') + COST)
    for other in ("staging", "prod"):
        there = f'[environments.{other}]\nregion = "us-east-1"\nregions = {{ far = "us-west-2" }}'
        edit_project(world, (f"[environments.{other}]", there))
    return world


def unpriced(world: World) -> None:
    edit_project(world, (COST, ""))


def test_plan_shows_its_cost(world: World) -> None:
    found, _ = plan_environment(world.ports, "dev", priced=True)
    assert found.cost == SAID
    ((source, question),) = world.cost_estimator.asked
    regions = {"network": "eu-west-1"}
    assert source == CostSource(("python3", "tools/cost.py"), 5.0, "111111111111", "ap-northeast-1", regions)
    asked = json.loads(question)
    assert [(each["stack"], each["region"]) for each in asked["stacks"]] == [
        ("network", "eu-west-1"),
        ("web", "ap-northeast-1"),
    ]
    assert asked["stacks"][1]["waits_for"] == ["network"]
    assert "estimating the cost of the changes in dev" in world.observer.heard


WAYS: dict[str, Callable[[World], EnvironmentPlan | None]] = {
    "plan": lambda world: plan_environment(world.ports, "dev", priced=True)[0],
    "plan --explain": lambda world: explain_plan(world.ports, "dev").plan,
    "preview": lambda world: preview_environments(world.ports, ["dev"]).environments[0].plan,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_cost_is_estimated_without_a_program(world: World, way: Callable[[World], EnvironmentPlan | None]) -> None:
    unpriced(world)
    found = way(world)
    assert found and found.changes
    assert (found.cost, world.cost_estimator.asked) == (None, [])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_cost_is_estimated_without_changes(world: World, way: Callable[[World], EnvironmentPlan | None]) -> None:
    apply(world.ports, "dev")
    assert world.cost_estimator.asked == []
    found = way(world)
    assert found and (found.cost, world.cost_estimator.asked) == (None, [])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_cost_is_estimated_once_without_lock(world: World, way: Callable[[World], EnvironmentPlan | None]) -> None:
    held: list[frozenset[str]] = []
    ask = world.cost_estimator.estimate_costs

    class Watching:
        def estimate_costs(self, source: CostSource, question: bytes) -> CostAnswer:
            held.append(frozenset(world.workspace.held))
            return ask(source, question)

    world.cost_estimator = Watching()  # type: ignore[assignment]
    found = way(world)
    assert found and (found.cost, held) == (SAID, [frozenset()])


def test_cost_of_each_previewed_environment_is_estimated(world: World) -> None:
    told = preview_environments(world.ports)
    assert [each.plan and each.plan.cost for each in told.environments] == [SAID, SAID, SAID]
    assert [json.loads(question)["environment"] for _, question in world.cost_estimator.asked] == [
        "dev",
        "staging",
        "prod",
    ]
    assert [source.region for source, _ in world.cost_estimator.asked] == ["ap-northeast-1", "us-east-1", "us-east-1"]


def test_matrix_run_cost_is_estimated_after_collection(world: World) -> None:
    made = begun(world, "dev", kind="plan")
    plan_shard(world.ports, made.run, 1)
    assert plan_in(planned(world, made.run).environments[0]).cost is None
    answered(world, made, 1)
    assert world.cost_estimator.asked == []
    (told,) = planned(world, made.run).environments
    ((source, question),) = world.cost_estimator.asked
    assert plan_in(told).cost == SAID
    assert (source.region, source.regions) == ("ap-northeast-1", {"network": "eu-west-1"})
    assert [stack["stack"] for stack in json.loads(question)["stacks"]] == ["network", "web"]


def test_cost_does_not_change_the_fingerprint(world: World) -> None:
    release = apply(world.ports, "dev").release
    assert plan_stored_release(world.ports, "prod", release).cost == SAID
    told = explain_refusal(world.ports, "staging", planned=True)
    assert told.planned and told.planned.cost == SAID
    assert world.observer.plans[-1].cost == SAID
    assert told.plan == fingerprint_plan(told.planned).digest
    unpriced(world)
    assert explain_refusal(world.ports, "staging", planned=True).plan == told.plan


def test_partial_plan_and_apply_have_no_cost(world: World) -> None:
    plan_parts(world.ports, {"dev": frozenset({"network"})})
    apply(world.ports, "dev")
    assert world.cost_estimator.asked == []


def test_cost_of_selected_stacks_is_estimated(world: World) -> None:
    plan_environment(world.ports, "dev", StackSelection(("network",)), priced=True)
    ((_, question),) = world.cost_estimator.asked
    assert [each["stack"] for each in json.loads(question)["stacks"]] == ["network"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(CostAnswer(problem="exit code 1: no"), "exit code 1: no", id="it fails"),
        pytest.param(CostAnswer(b"?"), "the program of [cost] answered with invalid JSON", id="nonsense"),
    ],
)
def test_failing_cost_program_does_not_fail_the_plan(world: World, answer: CostAnswer, why: str) -> None:
    world.cost_estimator.answer = answer
    found, error = plan_environment(world.ports, "dev", priced=True)
    assert (found.cost, error) == (Cost(unknown=why), None)
    told = preview_environments(world.ports)
    assert all(each.plan and each.plan.changes for each in told.environments)
    assert told.exit_code() == 0
