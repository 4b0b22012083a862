"""Stacks that an approver could not see: which are named, which may be accepted, and what is said of them."""

from dataclasses import replace

import pytest

from envctl.domain.errors import UsageError
from envctl.domain.plan.changes import Action, EnvironmentPlan, OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import fingerprint_plan
from envctl.domain.plan.unseen_stacks import (
    check_unseen,
    describe_beyond_creation,
    describe_replanned,
    describe_unseen,
    list_acceptable,
    list_uncovered_stacks,
    list_unseen,
    require_known_stacks,
)
from tests.catching import catch

PLAN = EnvironmentPlan(
    environment="prod",
    release="r1",
    stacks=(
        StackPlan("network", resources=(ResourceChange(address="aws_vpc.main", type="aws_vpc", action=Action.CREATE),)),
        StackPlan("web", waits_for=("network", "db")),
        StackPlan("db", waits_for=("network",), behind=True),
        StackPlan("jobs", waits_for=("web",)),
    ),
)
STACKS = ("network", "web", "db", "jobs", "quiet")


def test_unseen_stacks_are_those_that_wait() -> None:
    assert list_unseen(PLAN) == {"web": ("network", "db"), "db": ("network",), "jobs": ("web",)}


def test_left_out_stacks_are_those_without_a_name() -> None:
    assert set(list_uncovered_stacks(fingerprint_plan(PLAN), ())) == {"web", "db", "jobs"}
    assert set(list_uncovered_stacks(fingerprint_plan(PLAN), ("web", "network"))) == {"db", "jobs"}


def test_acceptable_stacks_hold_no_resources() -> None:
    assert list_acceptable(PLAN) == ("web", "jobs")


VPC = ResourceChange(address="aws_vpc.main", type="aws_vpc", action=Action.CREATE)
BEYOND_CREATION = {
    "creates": (StackPlan("web", resources=(VPC,), outputs=(OutputChange("id", Action.CREATE, None, "vpc-1"),)), ""),
    "reads": (StackPlan("web", resources=(VPC, replace(VPC, action=Action.READ))), ""),
    "nothing": (StackPlan("web"), ""),
    **{
        f"{action} too": (
            StackPlan("web", resources=(VPC, replace(VPC, action=action))),
            f"its plan does more than create ({action})",
        )
        for action in Action
        if action not in (Action.CREATE, Action.READ)
    },
    "two kinds": (
        StackPlan("web", resources=(replace(VPC, action=Action.UPDATE), replace(VPC, action=Action.DELETE))),
        "its plan does more than create (delete and update)",
    ),
    "another output": (
        StackPlan("web", resources=(VPC,), outputs=(OutputChange("id", Action.UPDATE, "vpc-0", "vpc-1"),)),
        "its plan does more than create (update)",
    ),
    "resources in its state": (StackPlan("web", resources=(VPC,), in_state=1), "it already holds resources"),
    "programs": (
        StackPlan("web", resources=(replace(VPC, programs=("local-exec: ./run.sh",)),)),
        "its plan runs programs on this machine",
    ),
}


@pytest.mark.parametrize(("plan", "beyond"), BEYOND_CREATION.values(), ids=BEYOND_CREATION)
def test_plan_that_only_creates_is_told_apart(plan: StackPlan, beyond: str) -> None:
    assert describe_beyond_creation(plan) == beyond


def test_only_stacks_that_wait_are_accepted() -> None:
    assert check_unseen(PLAN, (), "envctl approve prod") == ()
    # What is in the plan, or does nothing, was seen: its name is no mistake, and says nothing more.
    assert check_unseen(PLAN, ("quiet", "network", "jobs", "web", "web"), "envctl approve prod") == (
        "web",
        "jobs",
    )


def test_unknown_stack_is_refused() -> None:
    require_known_stacks(("web", "db"), STACKS)
    (problem,) = catch(UsageError, require_known_stacks, ("web", "wbe"), STACKS).problems
    assert (problem.code, problem.message) == ("E475", "--unseen wbe: the release has no such stack")
    assert "did you mean web?" in problem.hint


def test_stack_with_resources_is_refused() -> None:
    (problem,) = catch(UsageError, check_unseen, PLAN, ("web", "db"), "envctl approve prod").problems
    assert problem.code == "E476"
    assert problem.message == "--unseen db: db already holds resources, and its plan may change them"
    assert problem.hint == "leave it out, and approve again when network is applied: envctl approve prod"


def test_each_unseen_stack_is_described() -> None:
    assert list(describe_unseen(PLAN, ("web",), {})) == [
        "not seen: web (waits for network and db); approved unseen: it may only create",
        "not seen: db (waits for network); not approved: approve again when network is applied",
        "not seen: jobs (waits for web); not approved: approve again when web is applied, or add --unseen web,jobs",
    ]
    assert next(iter(describe_unseen(PLAN, (), {}))).endswith(
        "approve again when network and db are applied, or add --unseen web,jobs"
    )


def test_objects_of_new_cluster_may_change_unseen() -> None:
    # The jobs wait for another stack: their cluster exists.
    told = describe_unseen(PLAN, ("web", "jobs"), {"web": "network.cluster", "jobs": "network.cluster"})
    may = "it may only create, and change what a new cluster brings"
    assert list(told) == [
        f"not seen: web (waits for network and db); approved unseen: {may}",
        "not seen: db (waits for network); not approved: approve again when network is applied",
        "not seen: jobs (waits for web); approved unseen: it may only create",
    ]


def test_reader_of_changing_output_is_planned_anew() -> None:
    changing = StackPlan("network", outputs=(OutputChange("id", Action.UPDATE, "a", "b"),))
    plan = EnvironmentPlan(
        environment="prod",
        release="r1",
        stacks=(changing, StackPlan("web"), StackPlan("db"), StackPlan("jobs", waits_for=("web",))),
    )
    needs = {"web": ("network",), "db": ("web",), "jobs": ("network", "web")}
    assert list(describe_replanned(plan, needs)) == [
        "planned again: web, when network is applied; further changes are not approved"
    ]


IN_NEW_CLUSTER = {
    "objects that came with it": ((Action.UPDATE, Action.IMPORT, Action.CREATE), ""),
    "one that goes": ((Action.UPDATE, Action.DELETE), "its plan does more than create (delete)"),
    "one that is made anew": ((Action.REPLACE,), "its plan does more than create (replace)"),
}


@pytest.mark.parametrize(("actions", "beyond"), IN_NEW_CLUSTER.values(), ids=IN_NEW_CLUSTER)
def test_stack_in_new_cluster_may_also_take_over(actions: tuple[Action, ...], beyond: str) -> None:
    plan = StackPlan("access", resources=tuple(replace(VPC, action=action) for action in actions))
    assert describe_beyond_creation(plan, in_new_cluster=True) == beyond
