"""Who approved, until when, and what is missing: the same from status, why and approve."""

from datetime import timedelta

import pytest

from envctl.domain.exit_codes import ExitCode
from envctl.usecases.approval.approve import ApprovalResult, approve_plan
from envctl.usecases.approval.explain_refusal import Why, explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.status import load_status
from tests.fakes.machine import SettableIdentity
from tests.fakes.world import World

GATES = "approvals = { peer = 1, business = 2 }"


@pytest.fixture
def world() -> World:
    world = World(identity=SettableIdentity("ann@example.com"))
    text = world.tree.content["envctl.toml"].decode()
    assert GATES in text
    world.edit("envctl.toml", text.replace(GATES, 'approvals = { peer = 2, business = 1 }\nexpires = "8h"'))
    return world


def deploy(world: World) -> None:
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")


def approve(world: World, person: str, gate: str) -> ApprovalResult:
    world.identity = SettableIdentity(f"{person}@example.com")
    return approve_plan(world.ports, "prod", gate, unseen=("web",))


def outcomes(why: Why) -> dict[str, str]:
    return {answer.code: answer.outcome for answer in why.answers}


def test_approval_says_its_end(world: World) -> None:
    deploy(world)
    given = approve(world, "bob", "peer")
    (approval,) = load_status(world.ports, ["prod"]).environments[0].present.approvals
    end = approval.at + timedelta(hours=8)
    assert given.expires_at == end
    assert {gate: (found.have, found.need) for gate, found in given.approvals.items()} == {
        "peer": (1, 2),
        "business": (0, 1),
    }
    assert [(each.by.name, each.expires_at) for each in given.approvals["peer"].given] == [("bob@example.com", end)]


def test_status_and_why_agree_about_approvals(world: World) -> None:
    deploy(world)
    approve(world, "bob", "peer")
    world.identity = SettableIdentity("cat@example.com")
    why = explain_refusal(world.ports, "prod")
    (prod,) = load_status(world.ports, ["prod"]).environments
    assert prod.approvals == why.approvals
    assert prod.gates == why.gates == {"peer": (1, 2), "business": (0, 1)}
    assert why.approvals["business"].who == "any person except ann@example.com"


def test_expired_approval_is_told_with_its_end(world: World) -> None:
    deploy(world)
    end = approve(world, "bob", "peer").expires_at
    assert end is not None
    world.clock.time += timedelta(hours=9)
    why = explain_refusal(world.ports, "prod")
    (refusal,) = (each for each in why.refusals if each.code == "G106")
    assert f"the approval of bob@example.com expired on {end:%Y-%m-%d %H:%M} UTC" in refusal.message
    assert (why.approvals["peer"].have, why.approvals["peer"].given) == (0, ())


def test_exit_code_is_that_of_the_promotion(world: World) -> None:
    blocked = explain_refusal(world.ports, "prod")
    assert (blocked.allowed, blocked.exit_code) == (False, ExitCode.REFUSED)
    deploy(world)
    waiting = explain_refusal(world.ports, "prod")
    assert (waiting.allowed, waiting.exit_code) == (False, ExitCode.REFUSED_FOR_NOW)
    for person, gate in (("bob", "peer"), ("cat", "peer"), ("dan", "business")):
        approve(world, person, gate)
    world.identity = SettableIdentity("eve@example.com")
    ready = explain_refusal(world.ports, "prod")
    assert (ready.allowed, ready.exit_code) == (True, ExitCode.DONE)


def test_approvals_do_not_apply_without_a_release(world: World) -> None:
    assert outcomes(explain_refusal(world.ports, "prod"))["G106"] == "not_applicable"
    deploy(world)
    assert outcomes(explain_refusal(world.ports, "prod"))["G106"] == "refuses"


def test_status_has_a_state_for_each_environment(world: World) -> None:
    assert [each.state for each in load_status(world.ports).environments] == ["empty", "empty", "empty"]
    apply(world.ports, "dev")
    assert [each.state for each in load_status(world.ports).environments] == ["up_to_date", "empty", "empty"]
    deploy(world)
    assert [each.state for each in load_status(world.ports).environments] == ["up_to_date", "up_to_date", "empty"]
