"""What a deployment that stopped has done: of a plan whose apply stopped, and of one with an unknown end."""

from collections.abc import Set
from dataclasses import replace

import pytest

from envctl.domain.plan.changes import Action, EnvironmentPlan, OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import (
    fingerprint_plan,
    list_missing_actions,
    list_performed_actions,
    select_finished,
)


def change(action: Action, address: str = "aws_vpc.a") -> ResourceChange:
    return ResourceChange(address=address, type=address.split(".")[-2], action=action)


DELETED, CREATED = ("aws_vpc.a", Action.DELETE), ("aws_vpc.a", Action.CREATE)
PARTS: dict[str, tuple[Action, Set[tuple[str, Action]], tuple[str, ...]]] = {
    "a finished change": (Action.DELETE, {DELETED}, ("delete aws_vpc",)),
    "a change that never began": (Action.DELETE, set(), ()),
    "the change of another resource": (Action.DELETE, {("aws_vpc.b", Action.DELETE)}, ()),
    "another change at the same address": (Action.UPDATE, {DELETED}, ()),
    "the first half of a replacement": (Action.REPLACE, {DELETED}, ("replace aws_vpc",)),
    "its other half, if that comes first": (Action.REPLACE, {CREATED}, ("replace aws_vpc",)),
    "a replacement that is told as one": (Action.REPLACE, {("aws_vpc.a", Action.REPLACE)}, ("replace aws_vpc",)),
    "a replacement that updated something": (Action.REPLACE, {("aws_vpc.a", Action.UPDATE)}, ()),
    "a new object beside a forgotten one": (Action.RENEW, {CREATED}, ("renew aws_vpc",)),
    "a forgotten object that was deleted": (Action.RENEW, {DELETED}, ()),
    "a move, before the first change": (Action.MOVE, set(), ()),
    "a move, with the first change": (Action.MOVE, {("aws_vpc.b", Action.CREATE)}, ("move aws_vpc",)),
    "an import, with the first change": (Action.IMPORT, {("aws_vpc.b", Action.CREATE)}, ("import aws_vpc",)),
    "a forgotten resource, of which nothing is told": (Action.FORGET, {("aws_vpc.b", Action.CREATE)}, ()),
}


@pytest.mark.parametrize(("planned", "finished", "performed"), PARTS.values(), ids=PARTS.keys())
def test_stopped_apply_did_what_it_finished(
    planned: Action, finished: Set[tuple[str, Action]], performed: tuple[str, ...]
) -> None:
    plan = StackPlan("web", resources=(change(planned),))
    assert list_performed_actions([select_finished(plan, finished)]) == performed


def test_repair_of_half_made_resource_creates_it() -> None:
    repair = replace(change(Action.REPLACE), reason="replace because tainted")
    plans = [StackPlan("web", resources=(repair, change(Action.REPLACE, "aws_eip.b")))]
    assert list_performed_actions(plans, repairs=True) == ("create aws_vpc", "replace aws_eip", "replace aws_vpc")
    # What a plan would do, it has to have rehearsed as it is.
    assert list_performed_actions(plans) == ("replace aws_eip", "replace aws_vpc")


def test_finished_part_keeps_the_fate_of_its_stack() -> None:
    plan = StackPlan("web", resources=(change(Action.DELETE),), leaves="forget")
    assert list_performed_actions([select_finished(plan, {DELETED})]) == ()


def test_change_no_longer_planned_was_made() -> None:
    gone, rest = change(Action.DELETE), change(Action.UPDATE, "aws_eip.b")
    before = fingerprint_plan(
        EnvironmentPlan(environment="dev", release="r", stacks=(StackPlan("web", resources=(gone, rest)),))
    )
    assert list_missing_actions(before, [StackPlan("web", resources=(rest,))]) == ("delete aws_vpc",)
    assert list_missing_actions(before, [StackPlan("web", resources=(gone, rest))]) == ()
    assert list_missing_actions(before, [StackPlan("web")]) == ("delete aws_vpc", "update aws_eip")


def test_half_of_replacement_was_made() -> None:
    before = fingerprint_plan(
        EnvironmentPlan(environment="dev", release="r", stacks=(StackPlan("web", resources=(change(Action.REPLACE),)),))
    )
    left = [StackPlan("web", resources=(change(Action.CREATE),))]
    assert list_missing_actions(before, left) == ("replace aws_vpc",)


UNKNOWN: dict[str, list[StackPlan]] = {
    "a stack that could not be planned again": [],
    "a stack that waits for another": [StackPlan("web", waits_for=("network",))],
    "a stack that is to be forgotten": [StackPlan("web", leaves="forget")],
    "another stack": [StackPlan("network")],
}


@pytest.mark.parametrize("left", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_rest_proves_no_change(left: list[StackPlan]) -> None:
    plan = StackPlan("web", resources=(change(Action.DELETE),))
    before = fingerprint_plan(EnvironmentPlan(environment="dev", release="r", stacks=(plan,)))
    assert list_missing_actions(before, left) == ()


def test_only_changes_of_resources_are_listed() -> None:
    stacks = (
        StackPlan(
            "web",
            resources=(change(Action.READ, "data.aws_ami.a"),),
            outputs=(OutputChange("id", Action.CREATE, None, "x"),),
        ),
        StackPlan("late", waits_for=("web",)),
    )
    before = fingerprint_plan(EnvironmentPlan(environment="dev", release="r", stacks=stacks))
    assert list_missing_actions(before, [StackPlan("web"), StackPlan("late")]) == ()
