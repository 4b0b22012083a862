"""Stacks of Kubernetes objects whose cluster is another one than that of their last release."""

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from tests.fakes.world import World, make_once
from tests.usecases.project.test_kubernetes_stacks import HEAD, write

HERE = HEAD + (
    '[stacks.web]\nkind = "kubernetes"\npath = "k"\nkubeconfig_context = "old-{environment}"\nnamespace = "shop"\n'
)
THERE = HERE.replace("old-", "new-")
FILES = {"k/web.yaml": "{apiVersion: v1, kind: Service, metadata: {name: web}}\n"}


@pytest.fixture
@make_once
def world() -> World:
    """The stack runs in dev, deployed by an envctl that did not record its cluster."""
    world = write(HERE, FILES)
    world.terraform.knows_clusters = False
    apply(world.ports, "dev")
    return world


def test_stack_may_not_leave_objects_in_another_cluster(world: World) -> None:
    world.terraform.lose_state("dev", "web")
    world.edit("envctl.toml", THERE)
    for command in (plan_environment, apply):
        with pytest.raises(OperationFailedError) as caught:
            command(world.ports, "dev")
        (problem,) = caught.value.problems
        assert (problem.code, problem.stack) == ("E671", "web")
        assert "web was deployed to the context old-dev" in problem.message
        assert "[removed.web]" in problem.hint


def test_cluster_may_get_another_name(world: World) -> None:
    # Its inventory is found there: it is the same cluster.
    world.edit("envctl.toml", THERE)
    moved = load_status(world.ports).environments[0].moved
    assert moved.startswith("dev was deployed with context old-{environment} (entry 2); envctl.toml:")
    assert moved.endswith("says context new-{environment}")
    assert moved in str(validate_project(world.ports).remarks)
    apply(world.ports, "dev")


def test_plan_warns_of_cluster_that_has_lost_all_objects(world: World) -> None:
    world.terraform.lose_state("dev", "web")
    plan, _ = plan_environment(world.ports, "dev")
    assert "its cluster has no object of it" in plan.stacks[0].warnings[0]
    apply(world.ports, "dev")
    plan, _ = plan_environment(world.ports, "dev")
    assert plan.stacks[0].warnings == ()


def test_unplanned_stacks_are_named_in_the_plan(world: World) -> None:
    more = HERE[HERE.index("[stacks.web]") :].replace("stacks.web", "stacks.other")
    world.edit("envctl.toml", THERE + more)
    world.terraform.lose_state("dev", "web")
    plan, error = plan_environment(world.ports, "dev")
    assert error is not None
    assert (plan.unplanned, [each.stack for each in plan.stacks]) == (("web",), ["other"])
