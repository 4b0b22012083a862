"""The table of gates and stacks: the first promotion of several stacks, and who types what its pages say."""

import shlex
from collections.abc import Mapping
from datetime import timedelta

import pytest

from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.domain.guards.gate_approvals import GateApprovals
from envctl.usecases.approval.approve import ApprovalResult, approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.report import build_report
from envctl.usecases.inspect.status import load_status
from tests.catching import catch
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import acting_as, edit_project

TOML = """
[project]
name = "wired"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
[environments.prod]

[environments.prod.gates]
approvals = { peer = 1, business = 1 }

[stacks.base]
module = "modules/part"

[stacks.mid]
module = "modules/part"
inputs = { of = "base.name" }

[stacks.top]
module = "modules/part"
inputs = { of = "mid.name" }
"""
PART = """
variable "text" { type = string }
variable "of" {
  type    = string
  default = ""
}
output "name" { value = var.text }
"""
BOB, CAT = "bob@example.com", "cat@example.com"
WHO = {"peer": BOB, "business": CAT}
PARTIAL = DeployOptions(partial=True)
AGREED = "envctl approve prod --gate {} --unseen mid,top"


@make_once
def make_world() -> World:
    """The release of dev has never been in prod."""
    found = World()
    found.tree.content.clear()
    found.edit("envctl.toml", TOML)
    found.edit("modules/part/main.tf", PART)
    for environment in ("dev", "prod"):
        found.edit(f"environments/{environment}/terraform.tfvars", 'text = "one"\n')
    apply(found.ports, "dev")
    return found


@pytest.fixture
def world() -> World:
    return make_world()


def approves(world: World, gate: str, *unseen: str) -> ApprovalResult:
    with acting_as(world, WHO[gate]):
        return approve_plan(world.ports, "prod", gate, unseen=unseen)


def applied(world: World) -> list[str]:
    return [stack for what, where, stack in world.terraform.calls if (what, where) == ("apply", "prod")]


def refused(world: World) -> tuple[list[str], str]:
    """The codes of a refused promotion, and the command that it suggests."""
    error = catch(RefusedError, promote, world.ports, "dev", "prod")
    return [each.code for each in error.refusals], error.refusals[0].hint


def states(approvals: Mapping[str, GateApprovals]) -> dict[str, dict[str, str]]:
    return {name: {stack: cell.state for stack, cell in gate.stacks.items()} for name, gate in approvals.items()}


def next_in_status(world: World) -> str:
    return load_status(world.ports).environments[1].next


def types(world: World, command: str) -> str:
    """Give a command as it is spelled, and return what it says to type next."""
    words = shlex.split(command)
    if words[1] == "promote":
        promote(world.ports, words[2], words[3])
        return next_in_status(world)
    options = dict(zip(words[3::2], words[4::2], strict=True))
    return approves(world, options["--gate"], *options.get("--unseen", "").split(",")).next


def test_first_promotion_follows_the_screen(world: World) -> None:
    command = next_in_status(world)
    assert {command, explain_refusal(world.ports, "prod").next, refused(world)[1]} == {AGREED.format("peer")}
    typed = []
    while command:
        typed.append(command.removeprefix("ask another person: "))
        command = types(world, typed[-1])
    assert typed == [AGREED.format("peer"), AGREED.format("business"), "envctl promote dev prod"]
    assert applied(world) == ["base", "mid", "top"]


@pytest.mark.parametrize("given", [(), ("mid",)], ids=["no stack named", "one of two named"])
def test_part_approval_is_refused_before_anything_is_applied(world: World, given: tuple[str, ...]) -> None:
    approves(world, "peer", *given)
    told = approves(world, "business", "mid", "top")
    assert (told.missing, told.next) == ({"peer": 1}, AGREED.format("peer"))
    entries = len(list_entries(world))
    error = catch(RefusedError, promote, world.ports, "dev", "prod")
    (refusal,) = error.refusals
    left = "top" if given else "mid and top"
    half = f"prod would stay half deployed: the approvals at peer do not cover {left}"
    assert refusal.message == f"{half}; --partial deploys the stacks before, and stops there"
    assert refusal.hint == AGREED.format("peer")
    assert (refusal.code, error.exit_code) == ("G113", ExitCode.REFUSED_FOR_NOW)
    assert (applied(world), len(list_entries(world))) == ([], entries)


def test_approver_who_left_out_stacks_is_sent_to_that_approval(world: World) -> None:
    approves(world, "peer")
    approves(world, "business", "mid", "top")
    with acting_as(world, BOB):
        assert refused(world) == (["G106"], AGREED.format("peer"))
        assert explain_refusal(world.ports, "prod").next == AGREED.format("peer")


def test_all_pages_tell_the_same_table(world: World) -> None:
    approves(world, "peer", "mid")
    told = approves(world, "business", "mid", "top")
    expected = {
        "peer": {"base": "given", "mid": "unseen", "top": "not covered"},
        "business": {"base": "given", "mid": "unseen", "top": "unseen"},
    }
    status, why = load_status(world.ports).environments[1], explain_refusal(world.ports, "prod")
    planned = explain_refusal(world.ports, "prod", planned=True)
    report = build_report(world.ports)
    pages = [told.approvals, status.approvals, why.approvals, planned.approvals, report.outlooks[1].why.approvals]
    assert [states(each) for each in pages] == [expected] * 5
    assert status.gates == why.gates == planned.gates == {"peer": (0, 1), "business": (1, 1)}
    commands = {status.next, why.next, planned.next, refused(world)[1]}
    assert commands == {AGREED.format("peer")}
    assert [str(each) for each in why.approvals["peer"].stacks["mid"].by] == [f"{BOB} (unverified)"]


def test_partial_promotion_stops_and_asks_the_missing_gate_alone(world: World) -> None:
    approves(world, "peer")
    approves(world, "business", "mid", "top")
    world.clock.time += timedelta(minutes=1)
    error = catch(RefusedError, promote, world.ports, "dev", "prod", PARTIAL)
    assert [each.code for each in error.refusals] == ["G302"]
    assert applied(world) == ["base"]
    world.clock.time += timedelta(minutes=1)
    command = "envctl approve prod --gate peer --unseen top"
    assert refused(world) == (["G106"], command)
    assert (next_in_status(world), explain_refusal(world.ports, "prod").next) == (command, command)
    told = approves(world, "peer", "top")
    assert (told.missing, told.next) == ({}, "ask another person: envctl promote dev prod")
    assert next_in_status(world) == "envctl promote dev prod"
    promote(world.ports, "dev", "prod")
    assert applied(world) == ["base", "mid", "top"]


def test_stack_with_resources_that_waits_needs_partial(world: World) -> None:
    for gate in WHO:
        approves(world, gate, "mid", "top")
    promote(world.ports, "dev", "prod")
    world.edit("modules/part/main.tf", f"{PART}# two\n")
    apply(world.ports, "dev")
    world.terraform.waits_for["prod", "mid"] = "base"
    for gate in WHO:
        told = approves(world, gate)
    partial = "envctl promote dev prod --partial"
    assert (told.missing, told.next) == ({}, f"ask another person: {partial}")
    cell = told.approvals["peer"].stacks["mid"]
    assert (cell.state, cell.later) == ("not covered", True)
    assert refused(world) == (["G113"], partial)
    assert (next_in_status(world), explain_refusal(world.ports, "prod").next) == (partial, partial)


def add_reader(world: World) -> None:
    """The next release has a new stack, which reads an output that the applied stack before it does not have yet."""
    for gate in WHO:
        approves(world, gate, "mid", "top")
    promote(world.ports, "dev", "prod")
    reader = '[stacks.new]\nmodule = "modules/part"\ninputs = { of = "base.more" }\n\n[stacks.top]'
    edit_project(world, ("[stacks.top]", reader))
    world.edit("modules/part/main.tf", PART + 'output "more" { value = var.text }\n')
    apply(world.ports, "dev")
    world.terraform.waits_for["prod", "new"] = "base"


def test_new_stack_with_new_output_is_approved_unseen(world: World) -> None:
    add_reader(world)
    agreed = "envctl approve prod --gate {} --unseen new"
    pages = {next_in_status(world), explain_refusal(world.ports, "prod").next, refused(world)[1]}
    assert pages == {agreed.format("peer")}
    typed = [pages.pop()]
    while command := types(world, typed[-1]).removeprefix("ask another person: "):
        typed.append(command)
    assert typed == [agreed.format("peer"), agreed.format("business"), "envctl promote dev prod"]
    assert "new" in applied(world)


def test_new_stack_left_out_is_named_again(world: World) -> None:
    add_reader(world)
    for gate in WHO:
        told = approves(world, gate)
    assert (told.missing, told.next) == ({"peer": 1, "business": 1}, "envctl approve prod --gate peer --unseen new")
    assert refused(world) == (["G113"], "envctl approve prod --gate peer --unseen new")


def test_settings_are_solved_before_approvals(world: World) -> None:
    edit_project(world, ("[stacks.base]", "[parity]\nmay_differ = []\n\n[stacks.base]"))
    world.edit("environments/prod/terraform.tfvars", 'text = "other"\n')
    error = catch(RefusedError, promote, world.ports, "dev", "prod")
    assert [each.code for each in error.refusals] == ["G205", "G106"]
    parity, approval = error.refusals
    assert approval.message.endswith("; comes after G205 parity: what that needs ends the approvals given now")
    assert (approval.hint, approval.who) == (parity.hint, "")
    why = explain_refusal(world.ports, "prod")
    assert [each.message for each in why.refusals] == [each.message for each in error.refusals]
    assert "approve" not in why.next
    assert "approve" not in approves(world, "peer", "mid", "top").next


def test_break_glass_goes_on_where_approvals_leave_out_stacks(world: World) -> None:
    edit_project(world, ("business = 1 }", 'business = 1 }\nwaivable = ["same_plan"]'))
    for gate in WHO:
        approves(world, gate)
    promote(world.ports, "dev", "prod", DeployOptions(break_glass="payments are down"))
    assert applied(world) == ["base", "mid", "top"]
