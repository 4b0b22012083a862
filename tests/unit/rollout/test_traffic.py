"""Positions on the way from one colour to the other, and what a step may do to which resource."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.plan.changes import Action, ResourceChange, StackPlan
from envctl.domain.rollout.step_coverage import find_uncovered_changes, find_unrelated_destroys
from envctl.domain.rollout.traffic import (
    TRAFFIC_VARIABLES,
    Live,
    TrafficWeight,
    find_final_weight,
    list_missing_variables,
    list_step_weights,
    other_color,
    to_resting_weight,
)

BLUE, GREEN = Live("blue", "old"), Live("green", "old")
lives = st.builds(Live, st.sampled_from(["blue", "green"]), st.sampled_from(["old", "new"]))
shares = st.lists(st.integers(1, 99), unique=True, max_size=4).map(lambda steps: (*sorted(steps), 100))


def test_unknown_traffic_begins_with_blue() -> None:
    assert find_final_weight(None, "new") == TrafficWeight("blue", "new")


def test_same_artifact_keeps_its_color() -> None:
    assert find_final_weight(GREEN, "old") == TrafficWeight("green", "old") == to_resting_weight(GREEN)


def test_new_artifact_takes_the_other_color() -> None:
    assert find_final_weight(BLUE, "new") == TrafficWeight("green", "new")
    assert find_final_weight(GREEN, "new") == TrafficWeight("blue", "new")


def test_both_colors_run_during_rollout_steps() -> None:
    assert list_step_weights(BLUE, "new", (10, 100)) == (
        TrafficWeight("green", "new", 10, "old"),
        TrafficWeight("green", "new", 100, "old"),
    )


def test_traffic_weight_becomes_arguments_of_the_module() -> None:
    told = TrafficWeight("green", "new", 10, "old").to_arguments("image")
    assert told == {"image": "new", "color": "green", "traffic_percent": 10, "stable_image": "old"}
    assert to_resting_weight(BLUE).to_arguments("image")["stable_image"] is None


def test_missing_rollout_variables_are_named() -> None:
    assert list_missing_variables(["image", "color"]) == ("traffic_percent", "stable_image")
    assert list_missing_variables(TRAFFIC_VARIABLES) == ()


@given(lives, st.sampled_from(["old", "new"]), shares)
def test_every_step_keeps_color_and_live_artifact(live: Live, value: str, steps: tuple[int, ...]) -> None:
    end, going = find_final_weight(live, value), list_step_weights(live, value, steps)
    assert end.percent == 100
    assert not end.stable
    if value != live.value:
        assert all((each.color, each.value, each.stable) == (end.color, value, live.value) for each in going)
        assert [each.percent for each in going] == list(steps)
        assert {end.color, live.color} == {"blue", "green"}
        # Whoever gets there and looks back sees the same way, turned round.
        assert find_final_weight(Live(end.color, value), live.value) == to_resting_weight(live)


@given(st.sampled_from(["blue", "green"]))
def test_other_color_of_other_color_is_the_same(color: str) -> None:
    assert other_color(other_color(color)) == color


def one(action: Action, address: str = "aws_ecs_service.this") -> ResourceChange:
    return ResourceChange(address=address, type=address.partition(".")[0], action=action)


def plan(*resources: ResourceChange) -> StackPlan:
    return StackPlan("service", resources=resources)


CREATE, UPDATE, REPLACE, DELETE, READ = (
    one(each) for each in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.READ)
)
MOVE = replace(one(Action.MOVE), moved_from="aws_eip.before")
STEPS: dict[str, tuple[StackPlan, StackPlan, bool]] = {
    "nothing is a part of anything": (plan(), plan(), True),
    "what is created at the end is created in a step": (plan(CREATE), plan(CREATE), True),
    "what is changed at the end is changed in a step": (plan(UPDATE), plan(UPDATE), True),
    "what is made anew at the end is made anew in a step": (plan(REPLACE), plan(REPLACE), True),
    "nothing is deleted in a step, though it goes at the end": (plan(DELETE), plan(DELETE), False),
    "what goes at the end may be changed until then": (plan(UPDATE), plan(DELETE), True),
    "what goes at the end may be made anew until then": (plan(REPLACE), plan(DELETE), True),
    "what goes at the end may not be created": (plan(CREATE), plan(DELETE), False),
    "what is changed at the end may not be made anew": (plan(REPLACE), plan(UPDATE), False),
    "what is created at the end may not be changed": (plan(UPDATE), plan(CREATE), False),
    "what nobody approved": (plan(UPDATE), plan(), False),
    "another one of the same type": (plan(one(Action.UPDATE, "aws_ecs_service.other")), plan(UPDATE), False),
    "the same address of another type": (plan(replace(UPDATE, type="aws_eip")), plan(UPDATE), False),
    "what is only read": (plan(READ), plan(), True),
    "what is moved on the way to its end": (plan(MOVE), plan(replace(DELETE, moved_from="aws_eip.before")), True),
    "what is moved from elsewhere": (plan(MOVE), plan(replace(DELETE, moved_from="aws_eip.other")), False),
    "what is moved and changed unseen": (plan(replace(UPDATE, moved_from="aws_eip.before")), plan(UPDATE), False),
    "what is moved and not approved": (plan(MOVE), plan(), False),
    "one of several that is not": (plan(CREATE, one(Action.UPDATE, "aws_eip.this")), plan(CREATE), False),
}


@pytest.mark.parametrize(("step", "approved", "covered"), STEPS.values(), ids=STEPS)
def test_step_is_covered_by_approved_plan(step: StackPlan, approved: StackPlan, covered: bool) -> None:
    assert (not find_uncovered_changes(step, approved)) == covered


def test_unrelated_destroys_are_found_on_the_way_back() -> None:
    back = plan(DELETE, one(Action.DELETE, "aws_db_instance.this"), one(Action.UPDATE, "aws_eip.this"))
    assert find_unrelated_destroys(back, plan(CREATE)) == (one(Action.DELETE, "aws_db_instance.this"),)


changes = st.builds(one, st.sampled_from(Action), st.sampled_from(["aws_eip.a", "aws_eip.b", "aws_vpc.c"]))
plans = st.lists(changes, max_size=4, unique_by=lambda each: each.address).map(lambda found: plan(*found))


@given(plans, plans)
def test_covered_step_touches_approved_addresses_and_deletes_nothing(step: StackPlan, approved: StackPlan) -> None:
    left = find_uncovered_changes(step, approved)
    assert set(left) <= set(step.resources)
    covered = [each for each in step.resources if each not in left and each.action is not Action.READ]
    assert {each.address for each in covered} <= {each.address for each in approved.resources}
    assert Action.DELETE not in {each.action for each in covered}


@given(plans, plans, plans)
def test_larger_approval_covers_every_covered_step(one_: StackPlan, two: StackPlan, step: StackPlan) -> None:
    known = {each.address for each in one_.resources}
    more = plan(*one_.resources, *(each for each in two.resources if each.address not in known))
    assert set(find_uncovered_changes(step, more)) <= set(find_uncovered_changes(step, one_))
