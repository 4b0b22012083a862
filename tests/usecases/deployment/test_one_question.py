"""The answer *all* to the first question of a deployment: it covers stacks without a plan yet, if they only create."""

import pytest

from envctl.domain.errors import InterruptedByUserError, OperationFailedError
from envctl.domain.plan.changes import Action, OutputChange, ResourceChange
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from tests.catching import catch
from tests.fakes.world import World
from tests.usecases.deployment.test_many_stacks import PART, TOML, applied, approves, says

UPDATE = ResourceChange(address="aws_vpc.this", type="aws_vpc", action=Action.UPDATE)
COVERED = [f"{name}: only creates, as answered" for name in ("mid", "side", "top")]
NEW_UPSTREAM = TOML.replace(
    "[stacks.alone]", '[stacks.first]\nmodule = "modules/part"\n\n[stacks.alone]\nafter = ["first"]'
)


@pytest.fixture
def world() -> World:
    """No stack was ever applied: mid, side and top can't be planned before others are."""
    found = World()
    found.tree.content.clear()
    found.edit("envctl.toml", TOML)
    found.edit("modules/part/main.tf", PART)
    for environment in ("dev", "staging"):
        says(found, "one", environment)
    found.prompter.yes = "all"
    return found


def asked(world: World) -> list[list[str]]:
    """Return the stacks of each question."""
    return [[stack.stack for stack in plan.stacks] for plan in world.prompter.asked]


def answers(world: World) -> list[str]:
    return [line for line in world.observer.heard if "answer" in line]


def test_answer_all_asks_once(world: World) -> None:
    apply(world.ports, "dev")
    assert asked(world) == [["base", "mid", "top", "side", "alone"]]
    assert answers(world) == COVERED
    assert set(applied(world)) == {"base", "mid", "top", "side", "alone"}


def test_answer_yes_asks_for_every_stack(world: World) -> None:
    world.prompter.yes = "yes"
    apply(world.ports, "dev")
    assert sorted(asked(world)[1:]) == [["mid"], ["side"], ["top"]]
    assert answers(world) == []


def test_promotion_asks_once_within_its_approval(world: World) -> None:
    apply(world.ports, "dev")
    approves(world, "mid", "side", "top")
    world.prompter.asked.clear()
    world.observer.heard.clear()
    promote(world.ports, "dev", "staging")
    assert (len(asked(world)), answers(world)) == (1, COVERED)


def test_rollback_asks_once_for_stacks_that_left(world: World) -> None:
    apply(world.ports, "dev")
    begin, end = TOML.index("[stacks.mid]"), TOML.index("[stacks.alone]")
    world.edit("envctl.toml", f"{TOML[:begin]}{TOML[end:]}")
    apply(world.ports, "dev")
    world.prompter.asked.clear()
    world.observer.heard.clear()
    rollback(world.ports, "dev")
    assert (len(asked(world)), answers(world)) == (1, ["top: only creates, as answered"])


def test_stack_that_was_planned_is_asked_for(world: World) -> None:
    world.terraform.hashes_upstream = True
    apply(world.ports, "dev")
    says(world, "two")
    world.prompter.asked.clear()
    apply(world.ports, "dev")
    assert sorted(asked(world)[1:]) == [["mid"], ["top"]]


def test_new_plan_that_updates_is_asked_for(world: World) -> None:
    world.terraform.extra_changes["dev", "side"] = (UPDATE,)
    apply(world.ports, "dev")
    assert asked(world)[1:] == [["side"]]
    beyond = 'side is not covered by the answer "all": its plan does more than create (update)'
    assert answers(world) == [COVERED[0], beyond, COVERED[2]]


def test_no_to_the_second_question_stops_before_that_stack(world: World) -> None:
    world.terraform.extra_outputs["dev", "side"] = (OutputChange("name", Action.UPDATE, "one", "two"),)
    world.prompter.answers = [True, False]
    (problem,) = catch(InterruptedByUserError, apply, world.ports, "dev").problems
    assert problem.message == "cancelled: before stack side"
    assert "side" not in applied(world)


@pytest.mark.parametrize("is_empty", [True, False])
def test_deployed_stack_with_new_upstream_is_asked_for(is_empty: bool, world: World) -> None:
    apply(world.ports, "dev")
    world.prompter.asked.clear()
    world.edit("envctl.toml", NEW_UPSTREAM)
    says(world, "two")
    if is_empty:
        del world.terraform.reality["dev", "alone"]
    apply(world.ports, "dev")
    assert ["alone"] in asked(world)[1:]
    assert answers(world)[-1] == 'alone is not covered by the answer "all": it was applied before'


def test_lost_state_of_waiting_stack_is_an_error(world: World) -> None:
    apply(world.ports, "dev")
    world.edit("envctl.toml", NEW_UPSTREAM)
    world.terraform.lose_state("dev", "alone")
    (problem,) = catch(OperationFailedError, apply, world.ports, "dev").problems
    assert (problem.code, applied(world)[-1]) == ("E321", "first")
