"""Code that was fetched for dev reaches the other environments although nobody has it any more."""

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

TOML = render_project("remote", {"network": ""}, gates={"staging": OPEN})
MAIN = """
variable "name" {{ type = string }}

module "vpc" {{
  source  = "{vpc}"
  version = "1.0.0"
  name    = var.name
}}

module "label" {{
  source = "git::file://{label}?ref={commit}"
  name   = module.vpc.name
}}

output "label" {{ value = module.label.told }}
"""
VPC = """
variable "name" { type = string }
resource "terraform_data" "vpc" { input = var.name }
output "name" { value = terraform_data.vpc.output }
"""
LABEL = """
variable "name" { type = string }

module "inner" {
  source = "./inner"
  name   = var.name
}

output "told" { value = module.inner.told }
"""
INNER = """
variable "name" { type = string }
output "told" { value = "${trimspace(file("${path.module}/../greeting.txt"))}, ${var.name}" }
"""


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Project:
    project = Project(tmp_path / "project", home)
    project.write("envctl.toml", TOML)
    for environment in ("dev", "staging"):
        project.write(f"environments/{environment}/terraform.tfvars", f'name = "{environment}"\n')
    return project


def code(project: Project, environment: str) -> dict[str, bytes]:
    """What Terraform runs there."""
    top = project.root / ".envctl" / "work" / environment / ".code"
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def record(project: Project, environment: str) -> Any:
    file = project.root / ".envctl" / "work" / environment / "network" / ".terraform" / "modules" / "modules.json"
    return json.loads(file.read_bytes())["Modules"]


def test_a_promotion_needs_neither_registry_nor_repository(project: Project, tmp_path: Path) -> None:
    label = tmp_path / "label"
    commit = commit_repository(label, {"main.tf": LABEL, "inner/main.tf": INNER, "greeting.txt": "hello\n"})
    with serve_registry() as server:
        vpc = server.publish_module("acme/vpc/null", "1.0.0", {"main.tf": VPC})
        project = replace(project, extra={"TF_CLI_CONFIG_FILE": str(server.write_cli_config(tmp_path))})
        project.write("modules/network/main.tf", MAIN.format(vpc=vpc, label=label, commit=commit))
        project.run_checked("apply", "dev", "--yes")
        asked = len(server.asked)
        project.run_checked("apply", "dev", "--yes")
        assert len(server.asked) == asked, "what has an exact version, or a commit, is fetched once"
    shutil.rmtree(label)
    shutil.rmtree(project.root / ".envctl" / "cache")

    project.run_checked("plan", "dev")
    project.run_checked("promote", "dev", "staging", "--yes")
    assert code(project, "staging") == code(project, "dev")
    assert ".remote/modules.example.com-acme-vpc-null/main.tf" in code(project, "staging")
    assert record(project, "staging") == record(project, "dev")
    assert {each["Key"]: each["Dir"].split("/")[1] for each in record(project, "staging") if each["Key"]} == {
        "network": ".code",
        "network.label": ".code",
        "network.label.inner": ".code",
        "network.vpc": ".code",
    }
    assert "hello, staging" in project.run_checked("output", "staging", "network.label").out

    # From nothing but the store.
    shutil.rmtree((project.root / ".envctl" / "work").resolve())
    project.run_checked("plan", "staging", "--detailed-exitcode")
    gone = project.run("plan", "dev", "--json")
    assert gone.code == 1
    places = {problem["code"]: problem["line"] for problem in json.loads(gone.out)["problems"]}
    assert places == {"E340": 4, "E342": 10}
