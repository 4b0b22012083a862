"""What `destroy` does where the state of a stack is lost: nothing is forgotten in silence."""

import pytest

from envctl.domain.errors import InterruptedByUserError, OperationFailedError
from envctl.domain.ledger.audit import Audit
from envctl.domain.ledger.events import DeploymentSucceeded
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import killed_at

LOST = DeployOptions(state_lost=True)


@pytest.fixture
@make_once
def world() -> World:
    made = World()
    apply(made.ports, "dev")
    return made


def codes(error: OperationFailedError) -> list[str]:
    return [problem.code for problem in error.problems]


@pytest.mark.parametrize("lost", [["web"], ["network"], ["network", "web"]])
def test_lost_state_refuses_destroy(lost: list[str], world: World) -> None:
    for stack in lost:
        world.terraform.lose_state("dev", stack)
    before = list_entries(world)
    (problem,) = catch(OperationFailedError, destroy, world.ports, "dev").problems
    assert (problem.code, problem.hint.endswith("envctl destroy dev --state-lost")) == ("E371", True)
    assert all(stack in problem.message for stack in lost)
    assert list_entries(world) == before
    assert journal.load(world.ports).find_environment("dev").current is not None


def test_lost_state_is_given_up_only_by_option(world: World) -> None:
    world.terraform.lose_state("dev", "web")
    done = destroy(world.ports, "dev", LOST)
    assert (done.lost, done.up_to_date) == (("web",), False)
    entry = list_entries(world)[-1].event
    assert isinstance(entry, DeploymentSucceeded) and (entry.lost, entry.changed) == (("web",), 1)
    here = journal.load(world.ports).find_environment("dev")
    assert (here.current, here.last and here.last.lost) == (None, ("web",))
    audit = Audit()
    for each in list_entries(world):
        audit.add_entry(each)
    assert [each.lost for each in audit.deployments.values()] == [(), ("web",)]
    # What is deployed anew says nothing of it any more.
    apply(world.ports, "dev")
    again = journal.load(world.ports).find_environment("dev").last
    assert (again and again.outcome, again and again.lost) == ("succeeded", ())


def test_option_changes_nothing_without_lost_state(world: World) -> None:
    assert destroy(world.ports, "dev", LOST).lost == ()
    assert not world.terraform.reality


def test_stack_without_resources_is_not_lost() -> None:
    world = World()
    world.terraform.resourceless.add(("dev", "web"))
    apply(world.ports, "dev")
    assert ("dev", "web") not in world.terraform.states
    assert destroy(world.ports, "dev").lost == ()


def test_interrupted_destroy_can_be_completed(world: World) -> None:
    with killed_at(world, "dev", "network"):
        destroy(world.ports, "dev")
    assert list(world.terraform.reality) == [("dev", "network")]
    assert recover(world.ports, "dev").unseen == ()
    assert destroy(world.ports, "dev").lost == ()
    assert not world.terraform.reality


def test_recover_reports_a_lost_state(world: World) -> None:
    with killed_at(world, "dev", "network"):
        destroy(world.ports, "dev")
    world.terraform.lose_state("dev", "network")
    found = recover(world.ports, "dev")
    assert [problem.code for problem in found.unseen] == ["E371"]
    assert codes(catch(OperationFailedError, destroy, world.ports, "dev")) == ["E371"]


def test_failed_first_deployment_keeps_lost_stacks() -> None:
    world = World()
    world.terraform.fails_on.add(("dev", "web"))
    with pytest.raises(OperationFailedError):
        apply(world.ports, "dev")
    world.terraform.lose_state("dev", "network")
    assert codes(catch(OperationFailedError, destroy, world.ports, "dev")) == ["E371"]
    assert destroy(world.ports, "dev", LOST).lost == ("network",)
    assert journal.load(world.ports).find_environment("dev").stacks == frozenset()


def test_unplannable_stack_counts_as_lost(world: World) -> None:
    world.terraform.lose_state("dev", "web")
    world.terraform.waits_for["dev", "web"] = "network"
    world.terraform.lose_state("dev", "network")
    error = catch(OperationFailedError, destroy, world.ports, "dev")
    assert "network and web" in error.problems[0].message


def test_declined_question_records_nothing(world: World) -> None:
    world.terraform.lose_state("dev", "web")
    world.prompter.answers = [False]
    before = list_entries(world)
    with pytest.raises(InterruptedByUserError):
        destroy(world.ports, "dev", LOST)
    assert list_entries(world) == before
