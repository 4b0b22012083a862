"""A project names the least envctl that may work on it: in its file, and in the entries of its deployments."""

from collections.abc import Callable

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal, least_version
from tests.catching import catch
from tests.fakes.signing import create_signing_world
from tests.fakes.world import World
from tests.usecases.steps import deploy_edited, deploy_to_staging, edit_project

NAME = 'name = "shop"\n'


def ask_for(world: World, version: str) -> None:
    edit_project(world, (NAME, f'{NAME}least_version = "{version}"\n'))


@pytest.fixture
def update(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda version: monkeypatch.setattr(least_version, "__version__", version)


def find_problem(world: World) -> str:
    (problem,) = catch(OperationFailedError, apply, world.ports, "dev").problems
    assert problem.code == "E054"
    assert "update envctl" in problem.hint
    return problem.message


@pytest.mark.parametrize("version", ["0.0.9", "0.1.0"])
def test_this_or_an_older_version_is_enough(version: str) -> None:
    world = World()
    ask_for(world, version)
    apply(world.ports, "dev")


def test_file_that_asks_for_a_newer_envctl_is_refused() -> None:
    world = World()
    ask_for(world, "0.1.1")
    assert find_problem(world) == "this is envctl 0.1.0, and envctl.toml asks for envctl 0.1.1 or a later one"


def test_older_envctl_with_an_old_tree_decides_nothing(update: Callable[[str], None]) -> None:
    world = World()
    deploy_to_staging(world)
    old = world.tree.content["envctl.toml"]
    ask_for(world, "0.9.0")
    update("0.9.0")
    deploy_edited(world, 2)
    update("0.1.0")
    world.tree.content["envctl.toml"] = old
    assert "to dev asks for envctl 0.9.0" in find_problem(world)
    assert load_status(world.ports).environments


def test_deployer_of_dev_alone_stops_no_other(update: Callable[[str], None]) -> None:
    """Its key signs entries of dev: with another version it would stop prod for ever."""
    world = create_signing_world()
    deploy_to_staging(world)
    old = world.tree.content["envctl.toml"]
    ask_for(world, "99.0.0")
    update("99.0.0")
    deploy_edited(world, 2)
    update("0.1.0")
    world.tree.content["envctl.toml"] = old
    journal.load(world.ports)
