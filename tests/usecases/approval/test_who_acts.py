"""Nobody is acted for: what schedules, bots, and those who started a run may do."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import NO_START, RunStart
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.approve_rules import approve_rules
from envctl.usecases.approval.ci_reviewers import record_reviews
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DEFAULT
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.drift.fix import fix_drift
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.story import SettableActor
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_to_staging, edit_project

NIGHT = Actor("schedule of acme/shop, envctl deploy, run 7", via="github", verified=True)
ON_SCHEDULE = SettableActor(who=NIGHT, start=RunStart(schedule=NIGHT.name, machines=("schedule",)))
BY_BOT = SettableActor(
    who=Actor("github-actions[bot]", via="github", verified=True),
    start=RunStart(machines=("github:github-actions[bot]",)),
)
ANN, CAT = Actor("ann", via="github", verified=True), Actor("cat", via="github", verified=True)
GATES = "approvals = { peer = 1, business = 2 }"
ONE_GATE = "approvals = { peer = 1 }"


@pytest.fixture
@make_once
def world() -> World:
    """A release waits before prod, which asks for one approval."""
    found = World()
    edit_project(found, (GATES, ONE_GATE))
    deploy_to_staging(found)
    return found


def refuse(command: Callable[[], object]) -> tuple[str, str]:
    """The code and the message of the only refusal."""
    (refusal,) = catch(RefusedError, command).refusals
    return refusal.code, refusal.message


CHANGES: dict[str, Callable[[World], object]] = {
    "apply": lambda world: apply(world.ports, "dev"),
    "promote": lambda world: promote(world.ports, "dev", "staging"),
    "rollback": lambda world: rollback(world.ports, "staging"),
    "destroy": lambda world: destroy(world.ports, "dev"),
}


@pytest.mark.parametrize("identity", [ON_SCHEDULE, BY_BOT], ids=["a schedule", "a bot"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_machine_alone_changes_nothing(
    world: World, identity: SettableActor, change: Callable[[World], object]
) -> None:
    before, world.identity = journal.load(world.ports).seq, identity
    assert "G207" in [each.code for each in catch(RefusedError, change, world).refusals]
    assert journal.load(world.ports).seq == before


def test_named_schedule_applies_in_its_own_name(world: World) -> None:
    edit_project(
        world,
        ("[environments.prod.gates]", '[environments.dev.allow]\nmachines = ["schedule"]\n\n[environments.prod.gates]'),
    )
    world.identity = ON_SCHEDULE
    world.edit("modules/network/main.tf", world.tree.content["modules/network/main.tf"].decode() + "# edited\n")
    apply(world.ports, "dev")
    last = journal.load(world.ports).find_environment("dev").last
    assert last is not None and last.by == NIGHT


def test_schedule_checks_drift_but_fixes_none_without_a_rule(world: World) -> None:
    world.identity = ON_SCHEDULE
    world.terraform.drifted.add(("staging", "web"))
    found = check_drift(world.ports, ("staging",))
    assert [each.condition for each in found.environments] == ["drifted"]
    checked = list_entries(world)[-1]
    assert (checked.actor, checked.event.kind) == (NIGHT, "drift checked")
    (fixed,) = fix_drift(world.ports, ("staging",), DEFAULT).mended
    assert [each.code for each in fixed.problems] == ["G207"]


@pytest.mark.parametrize("identity", [ON_SCHEDULE, BY_BOT], ids=["a schedule", "a bot"])
def test_machine_does_not_approve(world: World, identity: SettableActor) -> None:
    world.identity = identity
    code, message = refuse(lambda: approve_plan(world.ports, "prod", "peer", unseen=("web",)))
    assert code == "G207"
    assert message.startswith(f"{identity.who} may not approve at peer: ")
    assert not journal.load(world.ports).find_environment("prod").approvals


def test_author_of_a_push_does_not_approve_what_it_promotes(world: World) -> None:
    world.identity = SettableActor(who=CAT)
    approve_plan(world.ports, "prod", "peer", unseen=("web",))
    pushed = SettableActor(who=Actor("merger", via="github", verified=True), start=RunStart(people=(CAT,)))
    world.identity = pushed
    code, message = refuse(lambda: promote(world.ports, "staging", "prod"))
    assert (code, "the approval of cat does not count" in message) == ("G106", True)
    assert "G106" in [each.code for each in explain_refusal(world.ports, "prod").refusals]
    world.identity = replace(pushed, start=NO_START)
    assert promote(world.ports, "staging", "prod").deployment is not None


def test_review_by_author_of_the_push_does_not_count(world: World) -> None:
    job = Actor("merger", via="github", verified=True, environment="prod")
    world.identity = SettableActor(who=job, start=RunStart(people=(CAT,)))
    world.reviews.names = {"prod": ["cat", "dan"]}
    plan = explain_refusal(world.ports, "prod", planned=True).plan
    told = record_reviews(world.ports, "prod", release=None, fingerprint=plan)
    assert {each.name: each.why for each in told.reviewers} == {"cat": "promotes it", "dan": ""}


def test_run_that_another_repeats_approves_nothing(world: World) -> None:
    """A run again has its first actor, whoever begins it."""
    mallory = Actor("mallory", via="github")
    world.identity = SettableActor(who=CAT, start=RunStart(people=(mallory,)))
    expected = ("G207", "cat may not approve in a run that is also by mallory")
    assert refuse(lambda: approve_plan(world.ports, "prod", "peer", unseen=("web",))) == expected
    world.identity = SettableActor(who=CAT, start=RunStart(people=(replace(CAT, verified=False),)))
    approve_plan(world.ports, "prod", "peer", unseen=("web",))
    world.identity = SettableActor(who=ANN)
    promote(world.ports, "staging", "prod")
    edit_project(world, (ONE_GATE, "approvals = { peer = 2 }"))
    world.identity = SettableActor(who=CAT, start=RunStart(people=(mallory,)))
    assert refuse(lambda: approve_rules(world.ports, "prod")) == expected


def test_schedule_named_later_waits_for_approved_rules(world: World) -> None:
    world.identity = SettableActor(who=CAT)
    approve_plan(world.ports, "prod", "peer", unseen=("web",))
    world.identity = SettableActor(who=ANN)
    promote(world.ports, "staging", "prod")
    edit_project(world, (ONE_GATE, f'{ONE_GATE}\n\n[environments.prod.allow]\nmachines = ["schedule"]'))
    world.identity = ON_SCHEDULE
    refused = catch(RefusedError, promote, world.ports, "staging", "prod").refusals
    (named,) = [each for each in refused if each.code == "G207"]
    assert named.hint == "approve the changed rules: envctl approve prod --rules"
    assert "by the rules of prod recorded on" in named.message
    world.identity = SettableActor(who=CAT)
    approve_rules(world.ports, "prod")
    approve_plan(world.ports, "prod", "peer")
    world.identity = ON_SCHEDULE
    assert promote(world.ports, "staging", "prod").environment == "prod"
