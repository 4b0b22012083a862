"""Root modules that run as they are, in their tree: real Terraform with the built-in provider."""

import json
import os
import shutil
from pathlib import Path

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.domain.errors import Location, OperationFailedError
from envctl.domain.plan.changes import Action, StackPlan
from envctl.domain.terraform.workdir_names import UNSAVED_STATE
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench

pytestmark = pytest.mark.terraform

MAIN = """
terraform {
  backend "s3" {
    bucket = "elsewhere"
  }
}

variable "size" {
  type = number
}

variable "name" {
  type    = string
  default = "plain"
}

resource "terraform_data" "own" {
  input = { size = var.size, name = var.name, text = file("${path.module}/../../shared/text.txt") }
}

# A call with the name of the stack, as in many a repository.
module "web" {
  source = "../../modules/inner"
  size   = var.size
}

output "size" {
  value = module.web.size
}
"""
INNER = """
variable "size" {
  type = number
  validation {
    condition     = var.size < 10
    error_message = "Too large."
  }
}

resource "terraform_data" "this" {
  input = var.size
}

output "size" {
  value = terraform_data.this.output
}
"""
FILES = {"stacks/web/main.tf": MAIN, "modules/inner/main.tf": INNER, "shared/text.txt": "told"}
ROOTS = ("stacks/web", "a/very/deep/place")


def lay_out(bench: Bench, **settings: object) -> PreparedStack:
    return bench.lay_root("stacks/web", FILES, {"size": 1, **settings})


def addresses(plan: StackPlan) -> list[str]:
    return [change.address for change in plan.resources]


def test_addresses_of_root_have_no_prefix(bench: Bench) -> None:
    stack = lay_out(bench)
    plan = bench.deploy(stack)
    assert sorted(addresses(plan)) == ["module.web.terraform_data.this", "terraform_data.own"]
    assert {event.address for event in bench.heard.events if event.phase == "done"} == set(addresses(plan))
    assert bench.state.is_file(), "the local state lies where that of a module would"
    assert {name: each.value for name, each in bench.driver.read_outputs("dev", stack).items()} == {"size": 1}
    assert not bench.plan(stack).changes


@pytest.mark.parametrize("root", [".", "web", "stacks/web", "a/b/c/d"])
def test_state_of_root_has_one_place_at_any_depth(bench: Bench, root: str) -> None:
    stack = bench.lay_root(root, {f"{root}/main.tf".removeprefix("./"): 'resource "terraform_data" "a" {}\n'})
    bench.deploy(stack)
    assert json.loads(bench.state.read_text())["resources"][0]["name"] == "a"
    assert not list(bench.directory.rglob("*.tfstate.backup"))


def test_settings_of_root_show_in_plan(bench: Bench) -> None:
    stack = lay_out(bench, name="shown")
    (own,) = (each for each in bench.plan(stack).resources if each.address == "terraform_data.own")
    assert {each.path: each.after for each in own.attributes}["input.name"] == "shown"


def test_drift_of_root_names_its_resources(bench: Bench) -> None:
    stack = lay_out(bench)
    bench.deploy(stack)
    lay_out(bench, name="other")
    found = bench.driver.detect_drift("dev", stack, unchanged=False)
    assert addresses(found.pending) == ["terraform_data.own"]
    assert found.pending.resources[0].action is Action.UPDATE
    assert not found.drift.resources


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("stacks/web/more.tf", id="in the root"),
        pytest.param("modules/inner/more.tf", id="in a module"),
    ],
)
def test_diagnostic_names_file_of_project(bench: Bench, broken: str) -> None:
    stack = bench.lay_root("stacks/web", FILES | {broken: "locals {\n  a = missing.b\n}\n"}, {"size": 1})
    with pytest.raises(OperationFailedError) as raised:
        bench.plan(stack)
    assert raised.value.problems[0].location == Location(broken, 2)


def test_refused_setting_names_declaration_in_project(bench: Bench) -> None:
    stack = lay_out(bench, size=12)
    with pytest.raises(OperationFailedError) as raised:
        bench.plan(stack)
    problem = raised.value.problems[0]
    assert problem.location == Location("stacks/web/main.tf", 24)
    assert "modules/inner/main.tf:4" in problem.message
    assert "../" not in problem.message


def test_diagnostic_of_settings_file_is_located(bench: Bench) -> None:
    asked: list[tuple[str | int, ...]] = []

    def locate(_: str, path: object) -> Location:
        asked.append(tuple(path))  # type: ignore[arg-type]
        return Location("environments/dev/terraform.tfvars", 7)

    bench.driver = TerraformDriver(
        bench.root, bench.root / ".envctl", lambda _: bench.inherited, bench.heard, locate=locate
    )
    with pytest.raises(OperationFailedError) as raised:
        bench.plan(lay_out(bench, size=["no number"]))
    assert raised.value.problems[0].location == Location("environments/dev/terraform.tfvars", 7)
    assert [path[:3] for path in asked] == [("module", "web", "size")]


def test_init_runs_again_only_for_code(bench: Bench) -> None:
    stack = lay_out(bench)
    bench.plan(stack)
    lay_out(bench, name="other")
    bench.plan(stack)
    bench.lay_root("stacks/web", FILES | {"README.md": "read"}, {"size": 2})
    bench.plan(stack)
    assert bench.heard.phases().count("init") == 1
    call = 'module "more" {\n  source = "../../modules/inner"\n  size   = 1\n}\n'
    bench.lay_root("stacks/web", FILES | {"stacks/web/more.tf": call}, {"size": 1})
    bench.plan(stack)
    assert bench.heard.phases().count("init") == 2


def test_stray_file_beside_root_is_removed(bench: Bench) -> None:
    stack = lay_out(bench)
    bench.plan(stack)
    folder = bench.directory / "stacks" / "web"
    (folder / "terraform.tfvars").write_text('name = "stray"\n')
    (folder / "stray_override.tf").write_text('variable "name" {\n  default = "stray"\n}\n')
    (own,) = (each for each in bench.driver.plan("dev", stack).resources if each.address == "terraform_data.own")
    assert {each.path: each.after for each in own.attributes}["input.name"] == "plain"
    assert [each for each in bench.heard.messages if f"removed {folder}/" in each]


def test_missing_file_of_root_stops_plan(bench: Bench) -> None:
    stack = lay_out(bench)
    bench.deploy(stack)
    (bench.directory / "stacks/web/main.tf").unlink()
    with pytest.raises(OperationFailedError, match=r"E374 .*main\.tf"):
        bench.driver.plan("dev", stack)


@pytest.mark.parametrize("flags", ["-var=name=smuggled", "-var=size=5"])
def test_variable_added_by_wrapper_is_refused(bench: Bench, flags: str) -> None:
    from envctl.adapters.terraform.process.binary import find_embedded

    wrapper = Path(bench.root / "bin" / "terraform")
    wrapper.parent.mkdir()
    line = " ".join(find_embedded())
    wrapper.write_text(f'#!/bin/sh\nif [ "$1" = plan ]; then exec {line} "$@" {flags}; fi\nexec {line} "$@"\n')
    wrapper.chmod(0o755)
    stack = lay_out(bench)
    with pytest.raises(OperationFailedError, match=r"E369 .*another value of (name|size)"):
        bench.plan(stack)


def test_state_moves_between_module_and_root(bench: Bench) -> None:
    """The same state serves both kinds, and nothing of the other kind is left where Terraform reads."""
    bench.deploy(bench.lay('resource "terraform_data" "a" {}\n'))
    stack = bench.lay_root("stacks/web", {"stacks/web/main.tf": 'resource "terraform_data" "a" {}\n'})
    assert sorted(addresses(bench.plan(stack))) == ["module.web.terraform_data.a", "terraform_data.a"]
    assert not (bench.directory / "main.tf.json").exists()
    assert not (bench.directory / ".terraform").exists()
    back = bench.lay('resource "terraform_data" "a" {}\n')
    assert not bench.plan(back).changes
    assert not (bench.directory / "stacks").exists()


def test_terraform_of_other_root_folder_counts_as_busy(bench: Bench) -> None:
    import fcntl

    stack = lay_out(bench)
    bench.plan(stack)
    held = os.open(bench.directory / ".running", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    from envctl.domain.errors import LockHeldError

    with pytest.raises(LockHeldError, match="E309"):
        bench.driver.require_idle("dev", PreparedStack("web"))
    os.close(held)


def test_unsaved_state_of_root_is_saved(bench: Bench) -> None:
    stack = lay_out(bench)
    bench.deploy(stack)
    folder = bench.directory / "stacks" / "web"
    shutil.move(bench.state, folder / UNSAVED_STATE)
    with pytest.raises(OperationFailedError, match="E313"):
        bench.plan(stack)
    assert bench.workspace.has_unsaved_state("dev")
    assert bench.driver.push_unsaved_state("dev", stack)
    assert not bench.plan(stack).changes


def test_resource_that_exists_names_root_in_hint(bench: Bench) -> None:
    """Terraform's message is a fake of a provisioner: the built-in provider creates nothing twice."""
    code = (
        'resource "terraform_data" "own" {\n  provisioner "local-exec" {\n    command = "echo already exists; exit 1"\n'
    )
    stack = bench.lay_root(".", {"main.tf": code + "  }\n}\n"})
    bench.plan(stack)
    with pytest.raises(OperationFailedError) as raised:
        bench.driver.apply("dev", stack)
    (problem,) = raised.value.problems
    assert (problem.code, problem.address) == ("E367", "terraform_data.own")
    assert "--import web:terraform_data.own=ID" in problem.hint
    assert problem.location == Location("main.tf", 2)
