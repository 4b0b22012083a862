"""The workflows of a project are written, kept current, and never written over somebody else's."""

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.workflows import Workflows, workflows
from tests.fakes.world import World

PLAN = ".github/workflows/envctl-plan.yml"


@pytest.fixture
def world() -> World:
    return World()


def states(told: Workflows) -> list[str]:
    return [each.state for each in told.files]


def write(world: World, *, check: bool = False, version: str = "1.0") -> tuple[Workflows, list[str]]:
    told, error = workflows(world.ports, check=check, branch="main", version=version)
    return told, [problem.code for problem in error.problems] if error else []


def test_they_are_written_once_and_stay_until_something_changes(world: World) -> None:
    told, problems = write(world)
    assert (states(told), problems) == (["written"] * 3, [])
    before = dict(world.tree.content)
    told, problems = write(world)
    assert (states(told), problems) == (["current"] * 3, [])
    assert world.tree.content == before
    told, problems = write(world, version="2.0")
    assert (states(told), problems) == (["written"] * 3, [])


def test_a_check_writes_nothing(world: World) -> None:
    before = dict(world.tree.content)
    told, problems = write(world, check=True)
    assert (states(told), problems) == (["missing"] * 3, ["E039"])
    assert world.tree.content == before
    write(world)
    assert write(world, check=True)[1] == []
    world.tree.content[PLAN] += b"# by hand\n"
    told, problems = write(world, check=True)
    assert (states(told), problems) == (["differs", "current", "current"], ["E039"])


def test_what_somebody_else_wrote_stays_and_nothing_is_written_beside_it(world: World) -> None:
    world.tree.content[PLAN] = b"name: mine\n"
    before = dict(world.tree.content)
    for check in (True, False):
        told, problems = write(world, check=check)
        assert (states(told), problems) == (["foreign", "missing", "missing"], ["E038"])
    assert world.tree.content == before


def test_those_of_a_project_in_a_folder_lie_at_the_top_of_its_repository(world: World) -> None:
    world.versions.lies_in = "infra/shop"
    told, _ = write(world)
    assert told.files[0].path == PLAN
    assert f"../../{PLAN}" in world.tree.content
    assert b"working-directory: infra/shop" in world.tree.content[f"../../{PLAN}"]


@pytest.mark.parametrize("branch", ["", "-x", "a b", "a\n", "${{ x }}", "a//b", "../x"])
def test_a_branch_that_is_none(world: World, branch: str) -> None:
    with pytest.raises(UsageError):
        workflows(world.ports, check=False, branch=branch, version="1.0")


def test_the_variables_that_github_has_to_know_are_told(world: World) -> None:
    told, _ = write(world)
    assert [(each.name, each.environment) for each in told.variables] == [
        ("ENVCTL_PLAN_ROLE", ""),
        ("ENVCTL_DRIFT_ROLE", ""),
        ("ENVCTL_ROLE", "dev"),
        ("ENVCTL_ROLE", "staging"),
        ("ENVCTL_ROLE", "prod"),
    ]


def test_a_store_that_jobs_can_not_share_is_remarked(world: World) -> None:
    assert "jobs share no folder" in write(world)[0].remark
    text = world.tree.content["envctl.toml"].decode()
    world.tree.content["envctl.toml"] = f'{text}\n[store]\nurl = "s3://shop-envctl-store/envctl"\n'.encode()
    assert write(world)[0].remark == ""
