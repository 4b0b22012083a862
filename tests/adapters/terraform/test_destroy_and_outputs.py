"""The driver on real Terraform: taking everything away, and what a state puts out."""

import json
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.plans.plan_files import PLAN_FILE
from envctl.domain.errors import OperationFailedError
from envctl.domain.plan.changes import Action, Marker
from envctl.domain.terraform.outputs import Output
from tests.adapters.terraform.conftest import Bench

pytestmark = pytest.mark.terraform

TWO = """
resource "terraform_data" "one" {
  input = "first"
}
resource "terraform_data" "two" {
  input = terraform_data.one.output
}
output "id" {
  value = terraform_data.two.output
}
output "token" {
  value     = sensitive("planted-hunter2")
  sensitive = true
}
output "many" {
  value = { list = [1, 2.5, null], "a.b" = true, big = 12345678901234567890 }
}
"""
OUTPUTS = {"id": False, "token": True, "many": False}


def test_destroy_plan_removes_every_resource_and_output(bench: Bench) -> None:
    stack = bench.lay(TWO, outputs=OUTPUTS)
    bench.deploy(stack)
    plan = bench.driver.plan("dev", stack, destroy=True)
    assert {each.address: each.action for each in plan.resources} == {
        "terraform_data.one": Action.DELETE,
        "terraform_data.two": Action.DELETE,
    }
    assert {each.name: (each.action, each.before) for each in plan.outputs if each.name != "many"} == {
        "id": (Action.DELETE, "first"),
        "token": (Action.DELETE, Marker.SENSITIVE),
    }

    bench.driver.apply("dev", stack)
    assert not (bench.directory / PLAN_FILE).exists()
    assert "first" not in bench.state.read_text()
    assert not bench.driver.plan("dev", stack, destroy=True).changes
    assert len(bench.plan(stack).resources) == 2


def test_empty_stack_has_no_destroy_changes(bench: Bench) -> None:
    stack = bench.lay(TWO, outputs=OUTPUTS)
    bench.driver.init("dev", stack, None)
    assert not bench.driver.plan("dev", stack, destroy=True).changes
    assert not (bench.directory / PLAN_FILE).exists()


def test_prevent_destroy_fails_the_destroy_plan(bench: Bench) -> None:
    stack = bench.lay(TWO.replace('"first"\n', '"first"\n  lifecycle {\n    prevent_destroy = true\n  }\n'))
    bench.deploy(stack)
    with pytest.raises(OperationFailedError, match="Instance cannot be destroyed") as raised:
        bench.driver.plan("dev", stack, destroy=True)
    assert "nothing was changed" in raised.value.problems[0].hint


def test_outputs_are_read_from_the_state(bench: Bench) -> None:
    stack = bench.lay(TWO, outputs=OUTPUTS)
    bench.deploy(stack)
    bench.lay(TWO.replace("first", "second"), outputs=OUTPUTS)
    assert bench.driver.read_outputs("dev", stack) == {
        "id": Output("first", sensitive=False),
        "token": Output("planted-hunter2", sensitive=True),
        "many": Output({"list": [1, 2.5, None], "a.b": True, "big": 12345678901234567890}, sensitive=False),
    }


@pytest.mark.parametrize("deployed", [True, False], ids=["a state without any", "no state"])
def test_missing_outputs_are_empty(bench: Bench, *, deployed: bool) -> None:
    stack = bench.lay('resource "terraform_data" "one" {}')
    bench.driver.init("dev", stack, None)
    if deployed:
        bench.deploy(stack)
    assert bench.driver.read_outputs("dev", stack) == {}


def test_outputs_are_read_after_one_init(bench: Bench) -> None:
    stack = bench.lay(TWO, outputs=OUTPUTS)
    bench.deploy(stack)
    shutil.rmtree(bench.directory / ".terraform")
    assert set(bench.driver.read_outputs("dev", stack)) == {"id", "token", "many"}
    assert bench.heard.phases().count("init") == 2


def test_unreadable_state_is_reported(bench: Bench) -> None:
    stack = bench.lay(TWO, outputs=OUTPUTS)
    bench.deploy(stack)
    bench.state.write_text("{ torn")
    with pytest.raises(OperationFailedError) as raised:
        bench.driver.read_outputs("dev", stack)
    (problem,) = raised.value.problems
    assert problem.code == "E328"
    assert problem.message.startswith("terraform output of web failed: Error:")


def test_state_without_outputs_differs_from_missing_state(bench: Bench) -> None:
    stack = bench.lay(
        'resource "terraform_data" "one" {}\noutput "nothing" {\n  value = null\n}\n', outputs={"nothing": False}
    )
    bench.deploy(stack)
    assert bench.driver.read_outputs("dev", stack) == {}
    assert bench.driver.has_state("dev", stack)
    bench.state.unlink()
    assert bench.driver.read_outputs("dev", stack) == {}
    assert not bench.driver.has_state("dev", stack)


READING = """
data "terraform_remote_state" "other" {
  backend = "local"
  config  = { path = "OTHER" }
}
resource "terraform_data" "this" {
  input = data.terraform_remote_state.other.outputs.name
}
"""


def test_reader_of_lost_state_can_only_be_destroyed(bench: Bench) -> None:
    other = bench.root / "other.tfstate"
    output = {"value": "there", "type": "string"}
    other.write_text(
        json.dumps({"version": 4, "terraform_version": "1.10.0", "serial": 1, "outputs": {"name": output}})
    )
    stack = bench.lay(READING.replace("OTHER", str(other)))
    bench.deploy(stack)
    other.unlink()
    with pytest.raises(OperationFailedError, match="E321"):
        bench.driver.plan("dev", stack)
    plan = bench.driver.plan("dev", stack, destroy=True)
    assert [(each.address, each.action) for each in plan.resources] == [("terraform_data.this", Action.DELETE)]
    bench.driver.apply("dev", stack)
    assert "there" not in bench.state.read_text()


VALUES = """
resource "terraform_data" "one" {
  input = { text = "ü \\n", number = 12345678901234567890, list = [true, null, 1.5] }
}
output "all" {
  value = terraform_data.one.output
}
output "id" {
  value = terraform_data.one.id
}
output "gone" {
  value = null
}
"""


@pytest.mark.parametrize("secret", [False, True])
def test_apply_tells_the_outputs_of_its_state(bench: Bench, monkeypatch: pytest.MonkeyPatch, *, secret: bool) -> None:
    more = 'output "secret" {\n  value     = "s"\n  sensitive = true\n}\n' if secret else ""
    outputs = {"all": False, "id": False, "gone": False, **({"secret": True} if secret else {})}
    stack = bench.lay(VALUES + more, outputs=outputs)
    bench.deploy(stack)
    loads, load = [], TerraformDriver._load_outputs

    def count_load(*given: Any) -> Mapping[str, Output]:
        loads.append(given)
        return load(*given)

    monkeypatch.setattr(TerraformDriver, "_load_outputs", count_load)
    found = bench.driver.read_current_outputs("dev", stack)
    # Terraform does not tell a sensitive value.
    assert len(loads) == int(secret)
    assert found == bench.new_driver().read_outputs("dev", stack)
    bench.driver.refresh_state("dev", stack)
    assert bench.driver.read_current_outputs("dev", stack) == found


def test_outputs_for_other_stacks_are_read_once_until_a_change(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command itself may change them, or somebody else."""

    def read_id(*, recent: bool = False) -> object:
        return bench.driver.read_current_outputs("dev", stack, recent=recent)["id"].value

    stack = bench.lay(TWO, outputs=OUTPUTS)
    bench.deploy(stack)
    assert read_id() == "first"
    stack = bench.lay(TWO.replace("first", "second"), outputs=OUTPUTS)
    bench.deploy(stack)
    assert read_id() == "second"

    other = bench.new_driver()
    bench.lay(TWO.replace("first", "third"), outputs=OUTPUTS)
    other.plan("dev", stack)
    other.apply("dev", stack)
    assert read_id() == "second"
    monkeypatch.setattr("envctl.adapters.terraform.driver._RECENT_SECONDS", 0.0)
    assert read_id(recent=True) == "third"
    assert read_id() == "third"
