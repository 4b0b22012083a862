"""G303: a change that a release made in the source in two pieces was rehearsed there."""

import pytest

from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentAbandoned, DeploymentFailed
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from tests.catching import catch
from tests.fakes.project_files import PROJECT
from tests.fakes.terraform import Killed
from tests.fakes.world import World, list_entries
from tests.usecases.steps import deploy_edited, failing_at, killed_at

GONE = ResourceChange(address="aws_vpc.old", type="aws_vpc", action=Action.DELETE)
NEW = ResourceChange(address="aws_eip.new", type="aws_eip", action=Action.CREATE)
RULES = '[environments.staging]\n[environments.staging.gates]\napprovals = {}\nrehearsed = "refuse"\n'
DONE = ("delete aws_vpc", "update terraform_data")


@pytest.fixture
def world() -> World:
    """The next release deletes an aws_vpc in each environment."""
    found = World()
    text = PROJECT.decode().replace("[environments.staging]\n[environments.staging.gates]\napprovals = {}\n", RULES)
    found.edit("envctl.toml", text)
    apply(found.ports, "dev")
    promote(found.ports, "dev", "staging")
    for environment in ("dev", "staging"):
        found.terraform.extra_changes[environment, "web"] = (GONE,)
    return found


def finish_half(world: World) -> None:
    """From now on the deletion is done, and not planned any more."""
    world.terraform.extra_changes.pop(("dev", "web"), None)
    world.terraform.finishes.clear()


def test_finished_part_of_stopped_stack_is_recorded(world: World) -> None:
    world.terraform.extra_changes["dev", "web"] = (GONE, NEW)
    world.terraform.finishes["dev", "web"] = ((GONE.address, Action.DELETE),)
    with failing_at(world, "dev", "web"):
        deploy_edited(world, 1)
    ended = list_entries(world)[-1].event
    assert isinstance(ended, DeploymentFailed)
    assert (ended.stacks, ended.performed) == (("network",), DONE)


def test_release_rehearsed_in_two_pieces_is_promoted(world: World) -> None:
    world.terraform.finishes["dev", "web"] = ((GONE.address, Action.DELETE),)
    with failing_at(world, "dev", "web"):
        deploy_edited(world, 1)
    finish_half(world)
    release = apply(world.ports, "dev").release
    assert promote(world.ports, "dev", "staging").release == release


def test_change_that_nothing_finished_is_not_rehearsed(world: World) -> None:
    with failing_at(world, "dev", "web"):
        deploy_edited(world, 1)
    finish_half(world)
    apply(world.ports, "dev")
    refused = catch(RefusedError, promote, world.ports, "dev", "staging")
    assert [(each.code, "delete aws_vpc" in each.message) for each in refused.refusals] == [("G303", True)]


def test_piece_of_another_release_is_not_rehearsed(world: World) -> None:
    world.terraform.finishes["dev", "web"] = ((GONE.address, Action.DELETE),)
    with failing_at(world, "dev", "web"):
        deploy_edited(world, 1)
    finish_half(world)
    deploy_edited(world, 2)
    refused = catch(RefusedError, promote, world.ports, "dev", "staging")
    assert [each.code for each in refused.refusals] == ["G303"]


def test_killed_deployment_did_what_is_no_longer_planned(world: World) -> None:
    with killed_at(world, "dev", "web"):
        deploy_edited(world, 1)
    finish_half(world)
    recover(world.ports, "dev")
    ended = list_entries(world)[-1].event
    assert isinstance(ended, DeploymentAbandoned)
    assert ended.performed == DONE
    release = apply(world.ports, "dev").release
    assert promote(world.ports, "dev", "staging").release == release


def test_recovery_with_other_settings_proves_no_change(world: World) -> None:
    with killed_at(world, "dev", "web"):
        deploy_edited(world, 1)
    finish_half(world)
    world.edit("environments/common.tfvars", "size = 2\n")
    recover(world.ports, "dev")
    ended = list_entries(world)[-1].event
    assert isinstance(ended, DeploymentAbandoned)
    assert ended.performed == ()


def test_killed_deployment_without_a_change_did_nothing(world: World) -> None:
    with pytest.raises(Killed):
        world.terraform.dies_on.add(("dev", "network"))
        deploy_edited(world, 1)
    world.terraform.dies_on.clear()
    recover(world.ports, "dev")
    ended = list_entries(world)[-1].event
    assert isinstance(ended, DeploymentAbandoned)
    assert ended.performed == ()
