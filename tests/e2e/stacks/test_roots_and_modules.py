"""Root modules beside modules in one project: every command knows both kinds. Real Terraform, built-in provider."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project
from tests.module_registry import commit_repository, serve_registry

pytestmark = pytest.mark.terraform

# base (module) -> web (root) -> tail (module): outputs go both ways.
TOML = render_project("mixed", {"base": "", "web": "", "tail": ""}, gates={"staging": OPEN, "prod": OPEN})
TOML += '\n[state]\nbackend = "local"\n'
TOML = TOML.replace('module = "modules/web"\n', 'root = "stacks/web"\ninputs = { key = "base.key" }\n')
TOML = TOML.replace('module = "modules/tail"\n', 'module = "modules/base"\ninputs = { given = "web.size" }\n')
BASE = """
variable "given" {
  type    = number
  default = 0
}

resource "terraform_data" "base" {
  input = "k-${var.given}"
}

output "key" {
  value = terraform_data.base.output
}
"""
WEB = """
terraform {
  backend "s3" {
    bucket = "elsewhere"
  }
}

variable "size" {
  type = number
}

variable "key" {
  type = string
}

resource "terraform_data" "own" {
  input = { size = var.size, key = var.key, text = file("${path.module}/../../shared/text.txt") }
}

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
}

resource "terraform_data" "this" {
  input = var.size
}

output "size" {
  value = terraform_data.this.output
}
"""
OWN, CALLED = "terraform_data.own", "module.web.terraform_data.this"


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Project:
    project = Project(tmp_path / "project", home)
    project.write("envctl.toml", TOML)
    project.write("modules/base/main.tf", BASE)
    project.write("modules/inner/main.tf", INNER)
    project.write("stacks/web/main.tf", WEB)
    project.write("shared/text.txt", "told")
    for environment in ("dev", "staging", "prod"):
        project.write(f"environments/{environment}/terraform.tfvars", "size = 1\n")
    return project


def state(project: Project, environment: str, stack: str = "web") -> dict[str, Any]:
    """The resources in a state, by address, each with its id."""
    file = project.root / ".envctl" / "state" / environment / f"{stack}.tfstate"
    if not file.exists() or not file.read_text():
        return {}
    return {
        f"{each['module']}.".lstrip(".") + f"{each['type']}.{each['name']}"
        if "module" in each
        else f"{each['type']}.{each['name']}": each["instances"][0]["attributes"]["id"]
        for each in json.loads(file.read_text())["resources"]
    }


def planned(project: Project, *words: str) -> dict[str, list[str]]:
    """The planned addresses of each stack with changes."""
    document = project.run_checked("plan", *words, "--json").document["result"]
    found = {each["stack"]: [change["address"] for change in each["resources"]] for each in document["stacks"]}
    return {stack: sorted(addresses) for stack, addresses in found.items() if addresses}


def test_both_kinds_are_promoted_together(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    assert set(state(project, "dev")) == {OWN, CALLED}
    assert planned(project, "dev") == {}
    ids = state(project, "dev")
    project.run_checked("promote", "dev", "staging", "--yes")
    assert project.run_checked("drift", "--json").code == 0
    assert "size" in project.run_checked("output", "staging", "web.size", "--json").out
    assert project.run_checked("output", "staging", "tail.key").out.strip().endswith("k-1")
    shared = project.run_checked("exec", "dev", "--", "sh", "-c", "echo $ENVCTL_OUTPUT_WEB_SIZE").out
    assert shared.strip().endswith("1")

    project.write("environments/dev/terraform.tfvars", "size = 2\n")
    explained = project.run_checked("plan", "dev", "--explain", "--json").document["result"]
    assert {part["cause"] for part in explained["parts"]} == {"settings"}
    project.run_checked("apply", "dev", "--yes")
    assert state(project, "dev") == ids, "an update keeps the ids"


@pytest.mark.night
def test_rollback_of_root_brings_its_files_back(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    first = project.run_checked("status", "--json").document["result"]["environments"][0]["present"]["current"][
        "release"
    ]
    project.write("shared/text.txt", "changed")
    project.write("stacks/web/more.tf", 'resource "terraform_data" "more" {}\n')
    project.run_checked("apply", "dev", "--yes")
    assert "terraform_data.more" in state(project, "dev")
    project.run_checked("rollback", "dev", "--to", first, "--yes")
    assert set(state(project, "dev")) == {OWN, CALLED}
    tree = project.root / ".envctl" / "work" / "dev" / "web"
    assert (tree / "shared" / "text.txt").read_text() == "told"
    assert not (tree / "stacks" / "web" / "more.tf").exists()


@pytest.mark.night
def test_second_plan_runs_no_init(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    trace = project.root / "trace.json"
    project.write("environments/dev/terraform.tfvars", "size = 3\n")
    project.run_checked("plan", "dev", "--trace", str(trace))
    names = [each.get("name", "") for each in json.loads(trace.read_text())["traceEvents"]]
    assert not [name for name in names if "init" in name.split()]


@pytest.mark.night
def test_root_that_leaves_is_destroyed_by_its_own_code(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    text = TOML[: TOML.index("\n[stacks.web]")] + '\n[stacks.tail]\nmodule = "modules/base"\n'
    project.write("envctl.toml", text + '\n[removed.web]\nthen = "destroy"\n')
    project.write("environments/dev/terraform.tfvars", "")
    shutil.rmtree(project.root / "stacks")
    shutil.rmtree(project.root / "shared")
    assert planned(project, "dev")["web"] == sorted([OWN, CALLED])
    project.run_checked("apply", "dev", "--yes")
    assert state(project, "dev") == {}
    assert planned(project, "dev") == {}


@pytest.mark.night
def test_renamed_root_keeps_its_resources(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    ids = state(project, "dev")
    renamed = TOML.replace("[stacks.web]", '[stacks.site]\nmoved_from = "web"').replace("web.size", "site.size")
    project.write("envctl.toml", renamed)
    assert planned(project, "dev") == {}
    project.run_checked("apply", "dev", "--yes")
    assert state(project, "dev", "site") == ids
    assert state(project, "dev") == {}
    assert planned(project, "dev") == {}


@pytest.mark.night
def test_moved_folder_of_root_keeps_its_state(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    ids = state(project, "dev")
    (project.root / "live").mkdir()
    shutil.move(project.root / "stacks" / "web", project.root / "live" / "website")
    project.write("envctl.toml", TOML.replace("stacks/web", "live/website"))
    assert planned(project, "dev") == {}
    project.run_checked("apply", "dev", "--yes")
    assert state(project, "dev") == ids
    assert not (project.root / ".envctl" / "work" / "dev" / "web" / "stacks").exists()


@pytest.mark.night
def test_destroy_takes_both_kinds(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("destroy", "dev", "--yes")
    assert [state(project, "dev", stack) for stack in ("base", "web", "tail")] == [{}, {}, {}]


@pytest.mark.night
def test_jobs_of_matrix_know_roots(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    wanted = json.loads(project.run_checked("matrix", "drift", "dev").out)["include"]
    for job in wanted:
        project.run_checked("drift", "--run", job["run"], "--shard", str(job["shard"]))
    assert "clean" in project.run_checked("collect", wanted[0]["run"]).out


@pytest.mark.night
def test_hint_of_unclear_import_works(project: Project) -> None:
    """An import into a root names the stack, and nothing is imported until it does."""
    project.write("envctl.toml", TOML + '\n[stacks.more]\nroot = "stacks/more"\n')
    project.write("stacks/more/main.tf", 'resource "terraform_data" "own" {}\n')
    project.run_checked("apply", "dev", "--yes")
    unclear = project.run("recover", "dev", "--import", f"{OWN}=x", "--json")
    assert (unclear.code, unclear.codes) == (64, ["E375"])
    assert f"'web:{OWN}=ID' or 'more:{OWN}=ID'" in unclear.document["problems"][0]["hint"]


@pytest.mark.night
def test_release_of_root_downloads_no_module(project: Project, tmp_path: Path) -> None:
    """Remote modules that call remote modules, in a root with a block that only a root may have."""
    label = tmp_path / "label"
    commit = commit_repository(label, {"main.tf": 'output "told" {\n  value = "hello"\n}\n'})
    with serve_registry() as server:
        inner = f'module "label" {{\n  source = "git::file://{label}?ref={commit}"\n}}\noutput "told" {{\n'
        inner += "  value = module.label.told\n}\n"
        vpc = server.publish_module("acme/vpc/null", "1.0.0", {"main.tf": inner})
        project = replace(project, extra={"TF_CLI_CONFIG_FILE": str(server.write_cli_config(tmp_path))})
        more = f'module "vpc" {{\n  source  = "{vpc}"\n  version = "1.0.0"\n}}\noutput "told" {{\n'
        more += '  value = module.vpc.told\n}\nimport {\n  to = terraform_data.taken\n  id = "an-id"\n}\n'
        project.write("stacks/web/remote.tf", more + 'resource "terraform_data" "taken" {}\n')
        project.run_checked("apply", "dev", "--yes")
    shutil.rmtree(label)
    shutil.rmtree(project.root / ".envctl" / "cache")
    project.run_checked("promote", "dev", "staging", "--yes")
    assert "hello" in project.run_checked("output", "staging", "web.told").out
    tree = project.root / ".envctl" / "work" / "staging" / "web"
    record = json.loads((tree / "stacks" / "web" / ".terraform" / "modules" / "modules.json").read_text())["Modules"]
    folders = {each["Key"]: each["Dir"] for each in record if each["Key"]}
    assert folders.keys() == {"vpc", "vpc.label", "web"}
    assert folders == {
        "vpc": ".terraform/modules/vpc",
        "vpc.label": ".terraform/modules/vpc.label",
        "web": "../../modules/inner",
    }
    shutil.rmtree((project.root / ".envctl" / "work").resolve())
    project.run_checked("plan", "staging", "--detailed-exitcode")
