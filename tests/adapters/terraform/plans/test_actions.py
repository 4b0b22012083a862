"""Actions of a provider, and blocks that hold nothing, planned and applied by real Terraform."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import Action, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import PlanFingerprint, fingerprint_plan
from tests.adapters.terraform.conftest import Bench
from tests.adapters.terraform.plans import acting_provider
from tests.by_day import keep_by_day
from tests.faults import python_provider

pytestmark = pytest.mark.terraform

DEMO = 'terraform {\n  required_providers {\n    demo = { source = "test/demo" }\n  }\n}\n'


@pytest.fixture
def ran(bench: Bench) -> Path:
    """The file in which each action leaves a line; the provider can be had from a folder."""
    file, folder = bench.root / "ran", bench.root / "mirror"
    program = python_provider.add_package(folder, "registry.terraform.io/test/demo", "1.0.0")
    command = f"{python_provider.format_program(acting_provider)} {file}"
    bench.inherited |= {
        **python_provider.install_native(program, command, bench.root / "script"),
        **python_provider.write_configuration(bench.root / "terraform.rc", folder),
        "PATH": os.environ["PATH"],
    }
    bench.driver = bench.new_driver()
    return file


def noting(text: str, word: str = "after_create", value: str = "1") -> str:
    trigger = f"action_trigger {{\n      events  = [{word}]\n      actions = [action.demo_note.n]\n    }}"
    return (
        f'{DEMO}action "demo_note" "n" {{\n  config {{\n    text = "{text}"\n  }}\n}}\n'
        f'resource "terraform_data" "t" {{\n  input = "{value}"\n  lifecycle {{\n    {trigger}\n  }}\n}}\n'
    )


def ruled(action: str) -> str:
    return f'{DEMO}resource "demo_rule" "r" {{\n  name = "r"\n  default_action {{\n    {action} {{}}\n  }}\n}}\n'


def meant(plan: StackPlan) -> PlanFingerprint:
    return fingerprint_plan(EnvironmentPlan(environment="dev", release="r1", stacks=(plan,)))


def invoked(plan: StackPlan) -> list[ResourceChange]:
    return [replace(each, planned={}) for each in plan.resources if each.action is Action.INVOKE]


@pytest.mark.parametrize("as_root", keep_by_day({"module": False, "root": True}, "module"))
def test_action_is_planned_fingerprinted_and_reported(bench: Bench, ran: Path, *, as_root: bool) -> None:
    plan = bench.plan(bench.lay(noting("hello"), as_root=as_root))
    (action,) = invoked(plan)
    address = "action.demo_note.n (after create of terraform_data.t)"
    assert (action.address, action.type) == (address, "demo_note")
    assert [(each.path, each.after) for each in action.attributes] == [("text", "hello")]

    other = bench.plan(bench.lay(noting("delete all"), as_root=as_root))
    assert [each.description for each in find_unapproved_changes(meant(other), meant(plan))] == [
        f"invoke web: {address}"
    ]
    assert not find_unapproved_changes(meant(plan), meant(plan))

    bench.driver.apply("dev", bench.lay(noting("delete all"), as_root=as_root))
    assert ran.read_text() == "delete all\n"
    told = [(each.phase, each.address) for each in bench.heard.events if each.action is Action.INVOKE]
    assert told == [("started", address), ("still", address), ("done", address)]


@pytest.mark.night
def test_action_triggered_by_update_is_a_change(bench: Bench, ran: Path) -> None:
    bench.deploy(bench.lay(noting("hello", "after_update")))
    assert not ran.exists()
    plan = bench.plan(bench.lay(noting("hello", "after_update", "2")))
    assert [each.address for each in invoked(plan)] == ["action.demo_note.n (after update of terraform_data.t)"]
    assert not bench.plan(bench.lay(noting("changed", "after_update"))).changes


def test_empty_block_is_shown_and_fingerprinted(bench: Bench, ran: Path) -> None:
    made = bench.deploy(bench.lay(ruled("block")))
    assert ("default_action[0].block[0]", {}) in [(each.path, each.after) for each in made.resources[0].attributes]
    plan = bench.plan(bench.lay(ruled("allow")))
    told = [(each.path, each.before, each.after) for each in plan.resources[0].attributes]
    assert told == [("default_action[0].allow[0]", None, {}), ("default_action[0].block[0]", {}, None)]
    neither = bench.plan(bench.lay(ruled("allow").replace("allow {}", "")))
    assert ("default_action[0].block[0]", {}) in [(e.path, e.before) for e in neither.resources[0].attributes]
    assert find_unapproved_changes(meant(plan), meant(neither))


def test_output_import_and_removal_alone_are_changes(bench: Bench) -> None:
    def only(code: str, outputs: dict[str, bool] | None = None) -> list[tuple[str, str]]:
        plan = bench.deploy(bench.lay(code, outputs=outputs))
        assert plan.changes
        told = [(str(each.action), each.address) for each in plan.resources]
        return told + [(str(each.action), f"output {each.name}") for each in plan.outputs]

    made = 'resource "terraform_data" "t" {\n  input = 1\n}\n'
    only(made)
    assert only(f'{made}output "o" {{ value = {{ "a.b" = 1 }} }}', {"o": False}) == [("create", "output o")]
    assert only(f'{made}output "o" {{ value = {{ a = {{ b = 1 }} }} }}', {"o": False}) == [("update", "output o")]
    gone = "removed {\n  from = terraform_data.t\n  lifecycle {\n    destroy = false\n  }\n}\n"
    assert only(gone) == [("forget", "terraform_data.t"), ("delete", "output o")]


def test_provisioners_are_named_and_fingerprinted(bench: Bench) -> None:
    def code(command: str) -> str:
        inner = f'provisioner "local-exec" {{\n    command = "{command}"\n  }}'
        return f'resource "terraform_data" "t" {{\n  {inner}\n}}\n'

    plan, other = bench.plan(bench.lay(code("true"))), bench.plan(bench.lay(code("false")))
    assert plan.resources[0].programs == ("local-exec (on create or on destroy): true",)
    assert find_unapproved_changes(meant(other), meant(plan))
    assert not find_unapproved_changes(meant(plan), meant(plan))
