"""The workflows of a project are written, kept current, and never written over somebody else's."""

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.project.ci_workflows import Workflows, update_workflows
from tests.fakes.world import World

PLAN = ".github/workflows/envctl-plan.yml"


def states(told: Workflows) -> list[str]:
    return [each.state for each in told.files]


def write(world: World, *, check: bool = False, version: str = "1.0") -> tuple[Workflows, list[str]]:
    told, error = update_workflows(world.ports, "github", check=check, branch="main", version=version)
    return told, [problem.code for problem in error.problems] if error else []


def test_workflows_are_written_once_until_something_changes(world: World) -> None:
    told, problems = write(world)
    assert (states(told), problems) == (["written"] * 3, [])
    before = dict(world.tree.content)
    told, problems = write(world)
    assert (states(told), problems) == (["current"] * 3, [])
    assert world.tree.content == before
    told, problems = write(world, version="2.0")
    assert (states(told), problems) == (["written"] * 3, [])


def test_check_writes_nothing(world: World) -> None:
    before = dict(world.tree.content)
    told, problems = write(world, check=True)
    assert (states(told), problems) == (["missing"] * 3, ["E039"])
    assert world.tree.content == before
    write(world)
    assert write(world, check=True)[1] == []
    world.tree.content[PLAN] += b"# by hand\n"
    told, problems = write(world, check=True)
    assert (states(told), problems) == (["differs", "current", "current"], ["E039"])


def test_foreign_workflow_file_is_kept_and_stops_writing(world: World) -> None:
    world.tree.content[PLAN] = b"name: mine\n"
    before = dict(world.tree.content)
    for check in (True, False):
        told, problems = write(world, check=check)
        assert (states(told), problems) == (["foreign", "missing", "missing"], ["E038"])
    assert world.tree.content == before


def test_workflows_of_subfolder_project_are_at_repository_root(world: World) -> None:
    world.version_control.lies_in = "infra/shop"
    told, _ = write(world)
    assert told.files[0].path == PLAN
    assert f"../../{PLAN}" in world.tree.content
    assert b"working-directory: infra/shop" in world.tree.content[f"../../{PLAN}"]


@pytest.mark.parametrize("branch", ["", "-x", "a b", "a\n", "${{ x }}", "a//b", "../x"])
def test_invalid_branch_is_refused(world: World, branch: str) -> None:
    with pytest.raises(UsageError):
        update_workflows(world.ports, "github", check=False, branch=branch, version="1.0")


def test_required_github_variables_are_listed(world: World) -> None:
    told, _ = write(world)
    assert [(each.name, each.environment) for each in told.variables] == [
        ("ENVCTL_PACKAGE", ""),
        ("ENVCTL_PLAN_ROLE", ""),
        ("ENVCTL_DRIFT_ROLE", ""),
        ("ENVCTL_ROLE", "dev"),
        ("ENVCTL_ROLE", "staging"),
        ("ENVCTL_ROLE", "prod"),
    ]


def test_store_unshared_between_jobs_is_remarked(world: World) -> None:
    assert "jobs share no folder" in write(world)[0].remark
    text = world.tree.content["envctl.toml"].decode()
    world.tree.content["envctl.toml"] = f'{text}\n[store]\nurl = "s3://shop-envctl-store/envctl"\n'.encode()
    assert write(world)[0].remark == ""


def test_generated_jobs_never_permit_older_releases(world: World) -> None:
    """A job that is run again next week must be refused."""
    told, _ = write(world)
    written = b"".join(world.tree.content[each.path] for each in told.files)
    assert b"promote" in written
    assert b"--older" not in written
