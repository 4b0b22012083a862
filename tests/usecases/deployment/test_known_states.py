"""States that a ledger did not make, on in-memory ports: another store, a renamed environment, and what is its own."""

import json
from collections.abc import Callable

import pytest

from envctl.domain.errors import ConfigurationError, OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentStarted, WaiverUsed
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from tests.catching import catch
from tests.fakes.project_files import NETWORK
from tests.fakes.store import MemoryHeadCache, MemoryStore
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_everywhere, edit_project, killed_at

UNGATED = "approvals = { peer = 1, business = 2 }", "approvals = {}"
WAIVABLE = '[environments.dev.gates]\nwaivable = ["known_state"]\n[environments.staging]'
ONLY_NETWORK = StackSelection(("network",))


@pytest.fixture
@make_once
def world() -> World:
    """What was deployed everywhere, and no gates."""
    found = World()
    edit_project(found, UNGATED)
    deploy_everywhere(found)
    return found


def with_another_store(world: World) -> World:
    world.store, world.head_cache = MemoryStore(), MemoryHeadCache()
    return world


def edit_network(world: World, number: int = 1) -> None:
    world.edit("modules/network/main.tf", f"{NETWORK.decode()}# {number}\n")


def rename(world: World, old: str, new: str) -> None:
    """With the states of its stacks."""
    edit_project(world, (old, new))
    settings = world.tree.content.pop(f"environments/{old}/terraform.tfvars")
    world.tree.content[f"environments/{new}/terraform.tfvars"] = settings
    for held in (world.terraform.reality, world.terraform.states):
        for where in [each for each in held if each[0] == old]:
            moved = (new, where[1])
            if isinstance(held, dict):
                held[moved] = held.pop(where)
            else:
                held.discard(where)
                held.add(moved)


def refused(act: Callable[[], object]) -> list[str]:
    return [refusal.code for refusal in catch(RefusedError, act).refusals]


@pytest.mark.parametrize("changed", [False, True], ids=["nothing is to be done", "something is to be done"])
def test_state_of_another_store_is_refused(world: World, *, changed: bool) -> None:
    before = dict(with_another_store(world).terraform.reality)
    if changed:
        edit_network(world)
    assert refused(lambda: apply(world.ports, "dev")) == ["G304"]
    assert refused(lambda: apply(world.ports, "dev", DeployOptions(selection=ONLY_NETWORK))) == ["G304"]
    assert world.terraform.reality == before
    assert list_entries(world) == []


def test_renamed_environment_is_refused(world: World) -> None:
    rename(world, "staging", "stage")
    renamed = catch(ConfigurationError, lambda: promote(world.ports, "dev", "stage")).problems[0]
    assert (renamed.code, "stage is new in the same place" in renamed.message) == ("E139", True)
    rename(world, "stage", "staging")
    assert promote(world.ports, "dev", "staging").up_to_date


def test_waiting_stack_with_unknown_state_is_refused_later(world: World) -> None:
    """Its upstream is new there, so that nobody could see its state before."""
    del world.terraform.reality["dev", "network"]
    with_another_store(world)
    assert refused(lambda: apply(world.ports, "dev")) == ["G304"]
    assert [stack for verb, _, stack in world.terraform.calls if verb == "apply"][-1] == "network"


def test_break_glass_accepts_unknown_state_where_listed(world: World) -> None:
    with_another_store(world)
    wishes = DeployOptions(break_glass="the store was lost")
    assert refused(lambda: apply(world.ports, "dev", wishes)) == ["G304"]
    edit_project(world, ("[environments.staging]", WAIVABLE))
    done = apply(world.ports, "dev", wishes)
    assert [waived.code for waived in done.waived] == ["G304"]
    (waiver,) = [entry.event for entry in list_entries(world) if isinstance(entry.event, WaiverUsed)]
    assert waiver.guards == ("G304",)
    assert apply(world.ports, "dev").up_to_date


def test_adopted_state_is_refreshed_once(world: World) -> None:
    """It may be older than reality, and the first drift check would report that."""
    with_another_store(world)
    edit_project(world, ("[environments.staging]", WAIVABLE))
    world.terraform.drifted.add(("dev", "web"))
    apply(world.ports, "dev", DeployOptions(break_glass="adopted"))
    assert "taking over the state of network and web: it is refreshed from dev" in world.observer.heard
    assert not check_drift(world.ports, ["dev"]).found
    world.terraform.calls.clear()
    edit_network(world)
    apply(world.ports, "dev")
    assert [each for each in world.terraform.calls if each[0] == "settle"] == []


def test_deployment_after_a_stopped_one_refreshes_all_states(world: World) -> None:
    """What the stopped one created is an attribute of other stacks, and no later plan shows a create."""
    apply(world.ports, "dev")
    edit_network(world)
    world.terraform.fails_on = {("dev", "web")}
    catch(OperationFailedError, apply, world.ports, "dev")
    world.terraform.fails_on.clear()
    world.terraform.calls.clear()
    apply(world.ports, "dev")
    assert list_calls(world, "settle") == {("dev", "network"), ("dev", "web")}
    world.terraform.calls.clear()
    edit_network(world)
    apply(world.ports, "dev")
    assert list_calls(world, "settle") == set()


def test_existing_states_are_planned_without_waiting(world: World) -> None:
    """Their outputs are there, so the first plan shows every stack."""
    planned, _ = plan_environment(with_another_store(world).ports, "dev")
    assert [(each.stack, each.waits_for, each.changes) for each in planned.stacks] == [
        ("network", (), False),
        ("web", (), False),
    ]
    edit_network(world)
    planned, _ = plan_environment(world.ports, "dev")
    assert [each.waits_for for each in planned.stacks] == [(), ("network",)]


def test_resource_of_two_stacks_is_refused(world: World) -> None:
    with_another_store(world)
    edit_project(world, ("[environments.staging]", WAIVABLE))
    queue = {"mode": "managed", "type": "aws_sqs_queue", "name": "q", "instances": [{"attributes": {"arn": "arn:x"}}]}
    world.terraform.pull_state = lambda *_: json.dumps({"resources": [queue]}).encode()  # type: ignore[method-assign]
    error = catch(OperationFailedError, lambda: apply(world.ports, "dev", DeployOptions(break_glass="adopted")))
    assert [each.code for each in error.problems] == ["E380"]
    assert "arn:x (network: aws_sqs_queue.q, web: aws_sqs_queue.q)" in error.problems[0].message
    assert list_entries(world) == []


def test_resource_of_two_stacks_is_shown_before(world: World) -> None:
    with_another_store(world)
    queue = {"mode": "managed", "type": "aws_sqs_queue", "name": "q", "instances": [{"attributes": {"arn": "arn:x"}}]}
    world.terraform.pull_state = lambda *_: json.dumps({"resources": [queue]}).encode()  # type: ignore[method-assign]
    planned, _ = plan_environment(world.ports, "dev")
    (previewed,) = preview_environments(world.ports, ["prod"]).environments
    assert previewed.plan
    for shown in (planned, previewed.plan):
        expected = f"E380: a resource is in the states of two stacks of {shown.environment}: arn:x (network: aws_sqs_qu"
        assert all(any(text.startswith(expected) for text in stack.warnings) for stack in shown.stacks), shown


def test_approver_is_shown_resource_of_two_stacks(world: World) -> None:
    rename(world, "prod", "live")
    # In the same region it would be refused as a new name.
    edit_project(world, ("[environments.live]", '[environments.live]\nregion = "eu-west-3"'))
    edit_project(world, ("live.gates]\napprovals = {}", "live.gates]\napprovals = { peer = 1 }"))
    queue = {"mode": "managed", "type": "aws_sqs_queue", "name": "q", "instances": [{"attributes": {"arn": "arn:x"}}]}
    world.terraform.pull_state = lambda *_: json.dumps({"resources": [queue]}).encode()  # type: ignore[method-assign]
    world.identity.name = "bob@example.com"
    approve_plan(world.ports, "live", "peer")
    shown = [text for stack in world.observer.plans[-1].stacks for text in stack.warnings]
    assert [text.partition(":")[0] for text in shown] == ["E380", "E380"]


def test_deployment_start_records_its_stacks(world: World) -> None:
    edit_network(world)
    apply(world.ports, "dev", DeployOptions(selection=ONLY_NETWORK))
    starts = [entry.event for entry in list_entries(world) if isinstance(entry.event, DeploymentStarted)]
    assert [(each.stacks, each.only) for each in starts] == [(("network", "web"), ())] * 3 + [((), ("network",))]


def fail_first(world: World) -> None:
    world.terraform.fails_on.add(("dev", "web"))
    with pytest.raises(Exception, match="said no"):
        apply(world.ports, "dev")
    world.terraform.fails_on.clear()
    world.terraform.reality["dev", "web"] = "half of it"


def kill_first(world: World) -> None:
    with killed_at(world, "dev", "network"):
        apply(world.ports, "dev")
    world.terraform.reality["dev", "network"] = "half of it"
    recover(world.ports, "dev")


def destroy_all(world: World) -> None:
    apply(world.ports, "dev")
    destroy(world.ports, "dev")


def go_back(world: World) -> None:
    apply(world.ports, "dev")
    edit_network(world)
    apply(world.ports, "dev")
    rollback(world.ports, "dev")


def deploy_apart(world: World) -> None:
    apply(world.ports, "dev", DeployOptions(selection=ONLY_NETWORK))


OWN = {
    "what a first deployment left that failed": fail_first,
    "what a first deployment left that was killed": kill_first,
    "what was destroyed and begins anew": destroy_all,
    "what was rolled back": go_back,
    "what was deployed stack by stack": deploy_apart,
}


@pytest.mark.parametrize("happened", OWN.values(), ids=OWN.keys())
def test_state_deployed_by_this_ledger_passes(happened: Callable[[World], None]) -> None:
    world = World()
    happened(world)
    edit_network(world, 2)
    assert not apply(world.ports, "dev").up_to_date


def test_plan_warns_of_unknown_state_each_time(world: World) -> None:
    with_another_store(world)
    for _ in range(2):
        planned, _ = plan_environment(world.ports, "dev")
        warned = {each.stack: each.warnings for each in planned.stacks}
        assert [text.partition(":")[0] for text in warned["network"]] == ["G304 known_state"]
    (previewed,) = preview_environments(world.ports, ["prod"]).environments
    assert previewed.plan and any(text.startswith("G304") for stack in previewed.plan.stacks for text in stack.warnings)


def test_approver_and_why_are_shown_unknown_state(world: World) -> None:
    rename(world, "prod", "live")
    # In the same region it would be refused as a new name.
    edit_project(world, ("[environments.live]", '[environments.live]\nregion = "eu-west-3"'))
    edit_project(world, ("live.gates]\napprovals = {}", "live.gates]\napprovals = { peer = 1 }"))
    world.identity.name = "bob@example.com"
    notes = approve_plan(world.ports, "live", "peer").notes
    assert any(note.startswith("G304 known_state: the state of network") for note in notes)
    answers = {answer.code: answer.outcome for answer in explain_refusal(world.ports, "live", planned=True).answers}
    assert answers["G304"] == "refuses"
    assert {each.code: each.outcome for each in explain_refusal(world.ports, "live").answers}["G304"] == "unplanned"


def test_plan_caches_states_found_to_be_known() -> None:
    """Stacks that need no others are planned without the ledger: once found there, they are not looked up again."""
    world = World()
    edit_project(world, ('inputs = { subnet = "network.subnet" }\n', ""))
    world.edit("environments/common.tfvars", 'size = 1\nsubnet = "s"\n')
    apply(world.ports, "dev")
    plan_environment(world.ports, "dev")
    assert world.workspace.load_known_states("dev") == {"network", "web"}
    with_another_store(world).workspace.noted.clear()
    planned, _ = plan_environment(world.ports, "dev")
    assert all(each.warnings for each in planned.stacks)
    assert world.workspace.load_known_states("dev") == frozenset()


def list_calls(world: World, kind: str) -> set[tuple[str, ...]]:
    return {call[1:] for call in world.terraform.calls if call[0] == kind}


def test_expected_refresh_follows_its_apply(world: World) -> None:
    world.terraform.extra_changes["dev", "network"] = (
        ResourceChange(address="aws_vpc.this", type="aws_vpc", action=Action.CREATE),
    )
    edit_network(world)
    apply(world.ports, "dev")
    assert list_calls(world, "expect_refresh") == {("dev", "network")}
    assert list_calls(world, "settle") == {("dev", "network"), ("dev", "web")}
    world.terraform.calls.clear()
    destroy(world.ports, "dev")
    assert list_calls(world, "expect_refresh") == list_calls(world, "settle") == set()
