"""Approvals end with their deployment, and with a hold of their release. Gates lift a hold, and no person alone."""

import pytest

from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import HoldLifted
from envctl.usecases.approval.approve import ApprovalResult, approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import unlock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.project_files import WEB
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import acting_as, edit_project, failing_at

BOB, EVE = "bob@example.com", "eve@example.com"
HINT = "promote a newer one, or lift the hold by approvals: envctl approve prod --gate peer"
GATES = ("approvals = { peer = 1, business = 2 }", "approvals = { peer = 1 }")


def approves(world: World, person: str = BOB, *, unseen: tuple[str, ...] = ()) -> ApprovalResult:
    with acting_as(world, person):
        return approve_plan(world.ports, "prod", "peer", unseen=unseen)


def release(world: World, size: int) -> str:
    """A new release, verified in staging."""
    world.edit("modules/web/main.tf", WEB.decode() + f"# {size}\n")
    apply(world.ports, "dev")
    return promote(world.ports, "dev", "staging").release


@make_once
def make_world() -> World:
    """Prod runs its second release, and each had an approval of its own."""
    world = World()
    edit_project(world, GATES)
    for size, unseen in ((1, ("web",)), (2, ())):
        release(world, size)
        approves(world, unseen=unseen)
        promote(world.ports, "staging", "prod")
    return world


@pytest.fixture
def world() -> World:
    return make_world()


def refused(world: World) -> dict[str, str]:
    error = catch(RefusedError, promote, world.ports, "staging", "prod")
    return {each.code: each.message for each in error.refusals}


def held(world: World) -> set[str]:
    return set(journal.load(world.ports).find_environment("prod").holds)


def test_repetition_without_changes_needs_no_new_approval(world: World) -> None:
    assert promote(world.ports, "staging", "prod").deployment
    assert apply(world.ports, "prod").deployment
    assert promote(world.ports, "staging", "prod").deployment


def test_ended_approval_covers_no_further_change(world: World) -> None:
    world.terraform.reality.pop(("prod", "web"))
    assert "the approval of bob@example.com ended with deployment" in refused(world)["G106"]
    assert approves(world).already is False
    assert promote(world.ports, "staging", "prod").deployment


def test_failed_deployment_leaves_its_approval(world: World) -> None:
    release(world, 3)
    approves(world)
    with failing_at(world, "prod", "web"):
        promote(world.ports, "staging", "prod")
    assert promote(world.ports, "staging", "prod").deployment


def test_approval_from_before_the_incident_does_not_count(world: World) -> None:
    rollback(world.ports, "prod")
    assert set(refused(world)) == {"G106", "G108"}


def test_gates_lift_a_hold_and_no_person_alone(world: World) -> None:
    rollback(world.ports, "prod")
    (identity,) = held(world)
    error = catch(RefusedError, unlock_environment, world.ports, "prod", "it was the database", release=identity)
    (refusal,) = error.refusals
    assert (refusal.code, refusal.hint) == ("G108", "envctl approve prod --gate peer")
    assert refusal.message == f"the gates of prod lift the hold on release {identity[:12]}, and no person alone"
    assert held(world) == {identity}
    told = approves(world)
    assert any(note.startswith(f"G108 lock: release {identity[:12]} is on hold in prod") for note in told.notes)
    assert told.next == "ask another person: envctl promote staging prod"
    assert explain_refusal(world.ports, "prod").allowed
    assert promote(world.ports, "staging", "prod").release == identity
    assert held(world) == set()


def test_held_release_is_not_suggested(world: World) -> None:
    """Who is tired would type what brings the incident back."""
    rollback(world.ports, "prod")
    why = explain_refusal(world.ports, "prod")
    (hold,) = (each.refusal for each in why.answers if each.refusal and each.code == "G108")
    assert (hold.hint, hold.who) == (HINT, "any person except ann@example.com")
    assert not why.next.startswith("envctl approve")


def test_second_incident_ends_the_approvals_between(world: World) -> None:
    for _ in range(2):
        rollback(world.ports, "prod")
        approves(world)
        promote(world.ports, "staging", "prod")
    rollback(world.ports, "prod")
    assert set(refused(world)) == {"G106", "G108"}


def test_rules_without_gates_in_the_tree_lift_no_hold(world: World) -> None:
    rollback(world.ports, "prod")
    (identity,) = held(world)
    edit_project(world, ("approvals = { peer = 1 }", "approvals = {}"))
    catch(RefusedError, unlock_environment, world.ports, "prod", release=identity)
    assert held(world) == {identity}


def test_person_lifts_a_hold_where_no_gate_is(world: World) -> None:
    rollback(world.ports, "staging")
    (identity,) = journal.load(world.ports).find_environment("staging").holds
    assert unlock_environment(world.ports, "staging").next == f"envctl unlock staging --release {identity[:12]}"
    unlock_environment(world.ports, "staging", "it was the database", release=identity)
    assert isinstance(list_entries(world)[-1].event, HoldLifted)
    assert promote(world.ports, "dev", "staging").release == identity
