"""A deployment that stopped halfway since a plan held more than was approved: what is needed, and how it goes on."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.usecases.approval.approve import ApprovalResult, approve_plan, withdraw_approval
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect.status import EnvironmentStatus, load_status
from tests.catching import catch
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import acting_as

TOML = """
[project]
name = "wired"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
[environments.prod]

[environments.prod.gates]
approvals = { peer = 1, business = 2 }
expires = "8h"
rehearsed = "refuse"

[stacks.base]
module = "modules/part"

[stacks.mid]
module = "modules/part"
inputs = { of = "base.name" }

[stacks.alone]
module = "modules/part"
"""
PART = """
variable "text" { type = string }
variable "of" {
  type    = string
  default = ""
}
output "name" { value = var.text }
"""
ANN, BOB, CAT, DAN = (f"{name}@example.com" for name in ("ann", "bob", "cat", "dan"))
EVERYBODY = (("peer", BOB), ("business", CAT), ("business", DAN))


@pytest.fixture
@make_once
def world() -> World:
    """One release runs everywhere, and the next one has stopped halfway on its way into prod."""
    found = World()
    found.tree.content.clear()
    found.edit("envctl.toml", TOML)
    found.edit("modules/part/main.tf", PART)
    for environment in ("dev", "prod"):
        found.edit(f"environments/{environment}/terraform.tfvars", 'text = "one"\n')
    found.terraform.hashes_upstream = True
    apply(found.ports, "dev")
    all_approve(found, "mid")
    promote(found.ports, "dev", "prod")
    release_again(found)
    all_approve(found)
    found.clock.time += timedelta(minutes=1)
    stops(found)
    return found


def release_again(world: World, text: str = "two") -> str:
    world.edit("modules/part/main.tf", f"{PART}# {text}\n")
    return apply(world.ports, "dev").release


def approves(world: World, gate: str, by: str, *unseen: str, release: str | None = None) -> ApprovalResult:
    with acting_as(world, by):
        return approve_plan(world.ports, "prod", gate, release=release, unseen=unseen)


def all_approve(world: World, *unseen: str) -> None:
    for gate, by in EVERYBODY:
        approves(world, gate, by, *unseen)


def stops(world: World) -> RefusedError:
    raised = catch(RefusedError, promote, world.ports, "dev", "prod")
    assert [refusal.code for refusal in raised.refusals] == ["G302"]
    return raised


def prod(world: World) -> EnvironmentStatus:
    return next(each for each in load_status(world.ports).environments if each.environment == "prod")


def last_release(world: World) -> str:
    last = prod(world).present.last
    assert last is not None
    return last.release


def applied(world: World) -> list[str]:
    return [stack for what, where, stack in world.terraform.calls if (what, where) == ("apply", "prod")]


def to_approve(gate: str) -> str:
    return f"envctl approve prod --gate {gate}"


def gates_told(world: World) -> Mapping[str, tuple[int, int]]:
    return explain_refusal(world.ports, "prod").gates


def test_refusal_suggests_approval_of_the_rest(world: World) -> None:
    release_again(world, "three")
    all_approve(world)
    error = stops(world)
    (problem,) = error.problems
    assert "update mid" in problem.message
    assert problem.message.endswith("; prod keeps the applied changes, and the rest continues after approval")
    assert problem.hint == to_approve("peer")
    assert error.exit_code is ExitCode.REFUSED_FOR_NOW
    assert {each.stack: each.end for each in error.stacks} == {"base": "applied", "mid": "refused", "alone": "applied"}


def test_status_suggests_each_missing_approval(world: World) -> None:
    release = last_release(world)
    for gate, by in EVERYBODY:
        assert prod(world).next == to_approve(gate)
        approves(world, gate, by, release=release)
    assert prod(world).next == "envctl promote dev prod"


def test_why_without_plan_suggests_approval(world: World) -> None:
    told = explain_refusal(world.ports, "prod")
    (refusal,) = told.refusals
    assert (refusal.code, refusal.for_now, told.next) == ("G302", True, to_approve("peer"))
    assert refusal.message == "the last deployment stopped halfway; its rest needs approval at: peer, business"
    assert (told.gates, told.who) == ({"peer": (0, 1), "business": (0, 2)}, "any person except ann@example.com")
    all_approve(world)
    told = explain_refusal(world.ports, "prod")
    assert (told.refusals, told.next) == ((), "envctl promote dev prod")
    assert told.gates == {"peer": (1, 1), "business": (2, 2)}


def test_why_with_plan_decides_by_the_plan(world: World) -> None:
    told = explain_refusal(world.ports, "prod", planned=True)
    assert ["update mid" in refusal.message for refusal in told.refusals] == [True]
    all_approve(world)
    assert explain_refusal(world.ports, "prod", planned=True).refusals == ()


def test_promotion_without_approval_stops_before_anything_is_applied(world: World) -> None:
    world.terraform.calls.clear()
    entries = len(list_entries(world))
    error = stops(world)
    assert (error.exit_code, applied(world), len(list_entries(world))) == (ExitCode.REFUSED_FOR_NOW, [], entries)


def test_approval_of_the_rest_shows_remaining_changes(world: World) -> None:
    approves(world, "peer", BOB)
    assert [stack.stack for stack in world.prompter.asked[-1].stacks if stack.changes] == ["mid"]


def test_repeated_promotion_completes_the_deployment(world: World) -> None:
    release = last_release(world)
    all_approve(world)
    world.terraform.calls.clear()
    done = promote(world.ports, "dev", "prod")
    assert (done.release, applied(world)) == (release, ["mid"])
    now = prod(world)
    assert now.present.current_evidence and now.present.current_evidence.verified
    assert now.next == ""


def test_expired_or_withdrawn_approval_is_missing_again(world: World) -> None:
    all_approve(world)
    with acting_as(world, BOB):
        withdraw_approval(world.ports, "prod", "peer")
    assert prod(world).next == to_approve("peer")
    world.clock.time += timedelta(hours=9)
    assert gates_told(world) == {"peer": (0, 1), "business": (0, 2)}


def test_own_approval_counts_in_status(world: World) -> None:
    approves(world, "peer", BOB)
    world.identity.name = BOB
    assert prod(world).next == to_approve("business")


def test_newer_release_replaces_stopped_deployment(world: World) -> None:
    newer = release_again(world, "three")
    assert prod(world).next == to_approve("peer")
    assert "G302" not in {refusal.code for refusal in explain_refusal(world.ports, "prod").refusals}
    all_approve(world)
    stops(world)
    all_approve(world)
    assert promote(world.ports, "dev", "prod").release == newer


def test_stopped_deployment_can_be_rolled_back(world: World) -> None:
    stopped = last_release(world)
    assert rollback(world.ports, "prod").release != stopped
    assert prod(world).present.whole


def test_halfway_settings_change_is_completed_by_apply(world: World) -> None:
    all_approve(world)
    release = promote(world.ports, "dev", "prod").release
    world.edit("environments/prod/terraform.tfvars", 'text = "other"\n')
    for gate, by in EVERYBODY:
        approves(world, gate, by, release=release)
    world.clock.time += timedelta(minutes=1)
    with pytest.raises(RefusedError, match="G302"):
        apply(world.ports, "prod")
    for gate, by in EVERYBODY:
        assert prod(world).next == f"{to_approve(gate)} --release {release[:12]}"
        told = approves(world, gate, by, release=release)
    assert (told.missing, prod(world).next) == ({}, "envctl apply prod")
    assert told.next == "ask another person: envctl apply prod"
    assert apply(world.ports, "prod").release == release


def test_earlier_release_is_named_after_source_advanced(world: World) -> None:
    stopped = last_release(world)
    newer = release_again(world, "three")
    told = [approves(world, gate, by, release=stopped) for gate, by in EVERYBODY]
    assert told[-1].next == f"ask another person: envctl promote dev prod --release {stopped[:12]}"
    assert promote(world.ports, "dev", "prod", release=stopped).release == stopped != newer
