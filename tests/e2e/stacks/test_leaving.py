"""A stack leaves a project, or is renamed: real Terraform with its built-in provider, in local states."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PreparedProjects, Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

HEAD = render_project(
    "leaving",
    {"base": 'module = "modules/part"'},
    ["dev", "prod"],
    rules={"prod": "protected = true\n"},
    gates={"prod": OPEN},
)
WEB = """
[stacks.web]
module = "modules/part"
inputs = { of = "base.name" }
"""
FRONT = WEB.replace("stacks.web", "stacks.front") + 'moved_from = "web"\n'
CACHE = """
[stacks.cache]
module = "modules/cache"
inputs = { of = "web.name" }
"""
REMOVED = '\n[removed.cache]\nthen = "destroy"\n'
PART = """
variable "text" { type = string }
variable "of" {
  type    = string
  default = ""
}
resource "terraform_data" "this" { input = "${var.text}${var.of}" }
output "name" { value = terraform_data.this.output }
"""
CACHED = """
variable "of" { type = string }
variable "size" { type = number }
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "cache" { input = "${var.size} ${var.of}" }
resource "terraform_data" "digest" { input = sha256(var.password) }
"""


class Leaving(Project):
    def stacks(self, *tables: str) -> None:
        self.write("envctl.toml", HEAD + "".join(tables))
        more = 'size = 3\npassword = "kept-nowhere-1"\n' if CACHE in tables else ""
        for environment in ("dev", "prod"):
            self.write(f"environments/{environment}/terraform.tfvars", f'text = "{environment}"\n{more}')

    def deploy(self) -> None:
        self.run_checked("apply", "dev", "--yes")
        self.run_checked("promote", "dev", "prod", "--yes")

    def state(self, environment: str, stack: str) -> list[tuple[str, str]]:
        file = self.root / f".envctl/state/{environment}/{stack}.tfstate"
        held = json.loads(file.read_bytes() or b"{}") if file.exists() else {}
        managed = (each for each in held.get("resources", ()) if each["mode"] == "managed")
        return [(each["module"], each["instances"][0]["attributes"]["id"]) for each in managed]

    def plan(self, environment: str) -> dict[str, Any]:
        document = self.run_checked("plan", environment, "--json").document["result"]
        return {
            each["stack"]: (each["leaves"], sorted(resource["action"] for resource in each["resources"]))
            for each in document["stacks"]
        }


def deploy_everywhere(root: Path, home: Path) -> Leaving:
    found = Leaving(root, home)
    found.write("modules/part/main.tf", PART)
    found.write("modules/cache/main.tf", CACHED)
    found.stacks(WEB, CACHE)
    found.deploy()
    return found


@pytest.fixture
def project(prepared: PreparedProjects) -> Leaving:
    return prepared.restore(deploy_everywhere)


def test_removed_stack_is_destroyed_by_its_own_code(project: Leaving) -> None:
    project.stacks(WEB)
    (project.root / "modules/cache/main.tf").unlink()
    assert project.plan("dev")["cache"] == ("destroy", ["delete", "delete"])
    project.run_checked("apply", "dev", "--yes")
    assert project.state("dev", "cache") == []
    refused = project.run("promote", "dev", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G305"])
    assert len(project.state("prod", "cache")) == 2

    project.stacks(WEB, REMOVED)
    project.deploy()
    assert project.state("prod", "cache") == []
    assert project.plan("prod") == {"base": ("", []), "web": ("", [])}


@pytest.mark.night
def test_destroy_includes_removed_stacks(project: Leaving) -> None:
    project.stacks()
    project.write("environments/dev/terraform.tfvars", 'text = "other"\n')
    project.run_checked("apply", "dev", "--yes", "--stack", "base")
    project.run_checked("destroy", "dev", "--yes")
    assert [project.state("dev", stack) for stack in ("base", "web", "cache")] == [[], [], []]


@pytest.mark.night
def test_renamed_stack_keeps_resources_after_rollback(project: Leaving) -> None:
    before = {each: project.state(each, "web")[0][1] for each in ("dev", "prod")}
    project.stacks(FRONT, REMOVED)
    assert project.plan("dev")["front"] == ("", ["move"])
    project.deploy()
    for environment, identity in before.items():
        assert project.state(environment, "front") == [("module.front", identity)]
        assert project.state(environment, "web") == []
    project.stacks(WEB, CACHE)
    project.run_checked("rollback", "prod", "--yes")
    assert project.state("prod", "web") == [("module.web", before["prod"])]
    assert project.state("prod", "front") == []
    assert len(project.state("prod", "cache")) == 2


@pytest.mark.night
def test_removed_environment_is_named(project: Leaving) -> None:
    project.write(
        "envctl.toml", HEAD.replace('"dev", "prod"', '"prod"').replace("[environments.dev]\n", "") + WEB + CACHE
    )
    gone = project.run_checked("status", "--json").document["result"]["gone"]
    assert [(each["environment"], each["stacks"]) for each in gone] == [("dev", ["base", "cache", "web"])]
    assert "E139" in project.run("drift", "--json").codes
    for command in (
        ["destroy", "dev", "--yes"],
        ["promote", "dev", "prod", "--yes"],
        ["plan", "dev"],
        ["drift", "dev"],
    ):
        refused = project.run(*command, "--json")
        assert (refused.code, refused.codes) == (64, ["E139"])
