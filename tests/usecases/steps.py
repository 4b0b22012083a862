"""What many tests of use cases do first, or in passing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from tests.fakes.project_files import NETWORK
from tests.fakes.terraform import Killed
from tests.fakes.world import World


def deploy_to_staging(world: World) -> str:
    """Return the release of the working tree, deployed to dev and promoted to staging."""
    apply(world.ports, "dev")
    return promote(world.ports, "dev", "staging").release


def deploy_everywhere(world: World) -> str:
    deploy_to_staging(world)
    return promote(world.ports, "staging", "prod").release


def deploy_edited(world: World, number: int) -> str:
    """Return another release, which dev runs: `number` is a comment in its code."""
    world.edit("modules/network/main.tf", f"{NETWORK.decode()}# {number}\n")
    return apply(world.ports, "dev").release


@contextmanager
def failing_at(world: World, environment: str, stack: str) -> Iterator[None]:
    """Expect that what is done within fails, since Terraform does at that stack."""
    world.terraform.fails_on.add((environment, stack))
    with pytest.raises(OperationFailedError):
        yield
    world.terraform.fails_on.clear()


@contextmanager
def killed_at(world: World, environment: str, stack: str) -> Iterator[None]:
    """Expect that what is done within is killed when it applies that stack."""
    world.terraform.dies_on.add((environment, stack))
    with pytest.raises(Killed):
        yield
    world.terraform.dies_on.clear()


@contextmanager
def acting_as(world: World, person: str) -> Iterator[None]:
    before, world.identity.name = world.identity.name, person
    yield
    world.identity.name = before


def edit_project(world: World, *changes: tuple[str, str]) -> None:
    """Replace texts of the project file, which has to hold each of them."""
    text = world.tree.content["envctl.toml"].decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    world.edit("envctl.toml", text)
