"""What an approver is told to type next: never what they have already typed."""

import pytest

from envctl.domain.errors import UsageError
from envctl.domain.guards import RefusedError
from envctl.usecases.approval.approve import approve_plan, refuse_missing_gate
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from tests.fakes.machine import SettableIdentity
from tests.fakes.project_files import WEB
from tests.fakes.world import World, make_once


@pytest.fixture
@make_once
def world() -> World:
    world = World(identity=SettableIdentity("ann@example.com"))
    text = world.tree.content["envctl.toml"].decode()
    gates = "approvals = { peer = 1, business = 2 }"
    assert gates in text
    world.edit("envctl.toml", text.replace(gates, "approvals = { peer = 2, business = 1 }"))
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    return world


def approve(world: World, person: str, gate: str) -> str:
    world.identity = SettableIdentity(f"{person}@example.com")
    return approve_plan(world.ports, "prod", gate, unseen=("web",)).next


def test_approver_is_sent_to_the_next_gate(world: World) -> None:
    assert approve(world, "bob", "peer") == "envctl approve prod --gate business --unseen web"


def test_gate_for_two_people_names_another_person(world: World) -> None:
    approve(world, "bob", "business")
    assert approve(world, "bob", "peer") == "ask another person: envctl approve prod --gate peer --unseen web"
    assert approve(world, "cat", "peer") == "ask another person: envctl promote staging prod"


def test_stack_that_holds_resources_is_not_suggested_unseen(world: World) -> None:
    for person, gate in (("bob", "peer"), ("bob", "business"), ("cat", "peer")):
        approve(world, person, gate)
    world.identity = SettableIdentity("eve@example.com")
    promote(world.ports, "staging", "prod")
    world.identity = SettableIdentity("ann@example.com")
    world.edit("modules/web/main.tf", WEB.decode() + "# edited\n")
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    world.identity = SettableIdentity("bob@example.com")
    assert approve_plan(world.ports, "prod", "peer").next == "envctl approve prod --gate business"


def test_approver_who_promotes_is_sent_to_another(world: World) -> None:
    for person, gate in (("bob", "peer"), ("bob", "business"), ("cat", "peer")):
        approve(world, person, gate)
    with pytest.raises(RefusedError) as raised:
        promote(world.ports, "staging", "prod")
    (refusal,) = raised.value.refusals
    assert (refusal.hint, refusal.who) == (
        "as another person: envctl promote staging prod",
        "any person who did not approve it",
    )
    world.identity = SettableIdentity("eve@example.com")
    assert promote(world.ports, "staging", "prod").deployment


def test_missing_gate_is_named_with_all_gates(world: World) -> None:
    approve(world, "bob", "peer")
    approve(world, "dan", "peer")
    with pytest.raises(UsageError) as raised:
        refuse_missing_gate(world.ports, "prod", None)
    (problem,) = raised.value.problems
    assert problem.message == "--gate is missing; the gates of prod are peer, business"
    assert problem.hint == "envctl approve prod --gate business --unseen web"
    with pytest.raises(UsageError, match="staging has no gates, and needs no approval"):
        refuse_missing_gate(world.ports, "staging", None)
