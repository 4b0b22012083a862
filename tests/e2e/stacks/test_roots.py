"""Root modules that run as they are, with states made by plain Terraform: on real Terraform."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import PreparedProjects, Project
from tests.programs import SYSTEM_PATH

pytestmark = pytest.mark.terraform

PROJECT = """
[project]
name = "site"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev.gates]
waivable = ["known_state"]
[environments.staging.gates]
approvals = {}
waivable = ["known_state"]
[environments.prod.gates]
approvals = {}
waivable = ["known_state"]

[stacks.web]
root = "stacks/web"
"""
MAIN = """
terraform {
  required_version = ">= 1.5"
  backend "s3" {
    bucket = "of-another-time"
    key    = "web.tfstate"
    region = "us-east-1"
  }
}

locals {
  rules = jsondecode(file("../../shared/rules.json"))
}

resource "terraform_data" "site" {
  input = {
    name  = var.name
    sizes = var.sizes
    rules = local.rules
    page  = templatefile("${path.module}/page.tftpl", { name = var.name })
    where = "${path.root} ${path.module}"
  }
}

resource "terraform_data" "renamed" {
  for_each = toset(["a", "b"])
  input    = "${each.key}-${var.name}"
}

moved {
  from = terraform_data.old
  to   = terraform_data.renamed
}

import {
  to = terraform_data.taken
  id = "made-by-hand"
}

resource "terraform_data" "taken" {
  input = var.name
}

removed {
  from = terraform_data.gone
  lifecycle {
    destroy = false
  }
}

module "label" {
  source = "../../modules/label"
  name   = var.name
}

data "terraform_remote_state" "none" {
  count   = 0
  backend = "local"
}

check "named" {
  assert {
    condition     = length(var.name) > 2
    error_message = "the name is too short"
  }
}

output "label" {
  value = module.label.label
}

output "secret" {
  value     = var.password
  sensitive = true
}
"""
VARIABLES = """
variable "name" {
  type = string
}

variable "sizes" {
  type    = map(number)
  default = {}
}

variable "password" {
  type      = string
  sensitive = true
}

variable "environment" {
  type    = string
  default = "none"
}
"""
LABEL = """
variable "name" {
  type = string
}

resource "terraform_data" "label" {
  input = "${var.name}: ${file("${path.module}/suffix.txt")} ${path.module}"
}

output "label" {
  value = terraform_data.label.output
}
"""
SETTINGS = """
name     = "{name}-$${{name}}"
sizes    = {{ a = 12345678901234567890, b = 0.1 }}
password = "{secret}"
"""
ADOPTED = ("--yes", "--break-glass", "these resources are ours")
SECRETS = {name: f"planted-{name}-secret" for name in ("dev", "staging", "prod")}


def run_plainly(project: Project, *words: str, folder: str = "stacks/web", **more: str) -> str:
    """Run Terraform by itself in a folder of the project."""
    environment = {"PATH": SYSTEM_PATH, "HOME": os.fspath(project.home), "CHECKPOINT_DISABLE": "1", **more}
    done = subprocess.run(
        [*find_embedded(), *words],
        cwd=project.root / folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def find_state(project: Project, environment: str, stack: str = "web") -> Path:
    return project.root / ".envctl" / "state" / environment / f"{stack}.tfstate"


def write_site(root: Path, home: Path) -> Project:
    project = Project(root, home)
    project.write("envctl.toml", PROJECT)
    project.write("stacks/web/main.tf", MAIN)
    project.write("stacks/web/variables.tf", VARIABLES)
    project.write("stacks/web/page.tftpl", "page of ${name}")
    project.write("shared/rules.json", '{"a": 1}')
    project.write("modules/label/main.tf", LABEL)
    project.write("modules/label/suffix.txt", "suffix")
    for name, secret in SECRETS.items():
        project.write(f"environments/{name}/terraform.tfvars", SETTINGS.format(name=name, secret=secret))
    return project


def deploy_plainly(root: Path, home: Path) -> Project:
    """The states of three environments, made by plain Terraform in a copy without the backend."""
    project = write_site(root, home)
    plain = (
        MAIN.replace('backend "s3" {', 'backend "local" {').split("    bucket")[0] + "  }\n}" + MAIN.split("}\n}", 1)[1]
    )
    for name in SECRETS:
        folder = root / ".envctl" / "plain" / name
        shutil.copytree(root / "stacks", folder / "stacks")
        shutil.copytree(root / "shared", folder / "shared")
        shutil.copytree(root / "modules", folder / "modules")
        (folder / "stacks/web/main.tf").write_text(plain)
        at = f".envctl/plain/{name}/stacks/web"
        variables = f"-var-file={root}/environments/{name}/terraform.tfvars"
        more = {"TF_VAR_environment": name}
        run_plainly(project, "init", folder=at)
        run_plainly(project, "apply", "-auto-approve", variables, folder=at, **more)
        state = find_state(project, name)
        state.parent.mkdir(parents=True)
        shutil.copy(folder / "stacks/web/terraform.tfstate", state)
    shutil.rmtree(root / ".envctl" / "plain")
    return project


@pytest.fixture
def site(prepared: PreparedProjects) -> Project:
    return prepared.restore(deploy_plainly)


def test_first_plan_of_an_adopted_root_is_empty(site: Project) -> None:
    before = site.read_files()
    plan = site.run_checked("plan", "dev")
    assert "no changes" in plan.out, plan.out
    assert site.read_files().keys() - before.keys() <= {".terraform.lock.hcl"}
    assert {path: data for path, data in site.read_files().items() if path in before} == before
    assert "backend block of the stack web" in plan.err


def test_root_is_promoted_with_ids_unchanged(site: Project) -> None:
    states = {name: json.loads(find_state(site, name).read_text())["resources"] for name in SECRETS}
    site.run_checked("apply", "dev", *ADOPTED)
    site.run_checked("promote", "dev", "staging", *ADOPTED)
    site.run_checked("promote", "staging", "prod", *ADOPTED)
    drift = site.run_checked("drift")
    assert "DRIFTED" not in drift.out
    for name in SECRETS:
        now = json.loads(find_state(site, name).read_text())["resources"]
        assert [each["instances"] for each in now] == [each["instances"] for each in states[name]]
    site.write("shared/rules.json", '{"a": 2}')
    assert "1 to update" in site.run_checked("plan", "dev").out
    site.run_checked("apply", "dev", "--yes")
    assert "no changes" in site.run_checked("plan", "staging").out
    promoted = site.run_checked("promote", "dev", "staging", "--yes")
    assert "1 changed" in promoted.out, promoted.out
    diff = site.run_checked("diff", "staging", "prod").out
    assert "shared (stack web)\n    ~ rules.json  +1 -1" in diff, diff


MIXED = """
[project]
name = "mixed"

[pipeline]
order = ["dev"]

[environments.dev]

[stacks.first]
root = "roots/first"

[stacks.second]
module = "modules/second"
inputs = { word = "first.words[1]" }

[stacks.third]
root = "roots/third"
inputs = { word = "second.word", secret = "first.secret", all = "first.words" }
"""
FIRST = """
variable "start" {
  type = string
}

resource "terraform_data" "first" {
  input = [var.start, "two ${var.start}"]
}

output "words" {
  value = terraform_data.first.output
}

output "secret" {
  value     = "planted-${var.start}-secret"
  sensitive = true
}
"""
SECOND = """
variable "word" {
  type = string
}

resource "terraform_data" "second" {
  input = var.word
}

output "word" {
  value = terraform_data.second.output
}
"""
THIRD = """
variable "word" {
  type = string
}

variable "secret" {
  type = string
}

variable "all" {
  type = list(string)
}

resource "terraform_data" "third" {
  input = [var.word, var.all, sha256(var.secret)]
}

output "all" {
  value = terraform_data.third.output
  sensitive = true
}
"""


def write_mixed(root: Path, home: Path) -> Project:
    project = Project(root, home)
    project.write("envctl.toml", MIXED)
    project.write("roots/first/main.tf", FIRST)
    project.write("modules/second/main.tf", SECOND)
    project.write("roots/third/main.tf", THIRD)
    project.write("environments/dev/terraform.tfvars", 'start = "one"\n')
    return project


@pytest.fixture
def mixed(prepared: PreparedProjects) -> Project:
    return prepared.restore(write_mixed)


@pytest.mark.night
def test_stacks_of_both_kinds_read_each_other(mixed: Project) -> None:
    waiting = mixed.run_checked("plan", "dev")
    assert "third: waits for first, second" in waiting.out, waiting.out
    mixed.run_checked("apply", "dev", "--yes")
    assert "two one" in find_state(mixed, "dev", "third").read_text()
    assert "no changes" in mixed.run_checked("plan", "dev").out
    assert mixed.run_checked("drift", "dev").code == 0
    saved = [path for path in (mixed.root / ".envctl" / "work").rglob("*") if path.is_file()]
    assert not [path for path in saved if b"planted-one-secret" in path.read_bytes()]
    mixed.write("environments/dev/terraform.tfvars", 'start = "uno"\n')
    mixed.run_checked("apply", "dev", "--yes")
    assert "two uno" in find_state(mixed, "dev", "third").read_text()
    mixed.run_checked("destroy", "dev", "--yes")
    for stack in ("first", "second", "third"):
        assert not json.loads(find_state(mixed, "dev", stack).read_text())["resources"]


CHANGING = """
[project]
name = "changing"

[pipeline]
order = ["dev"]

[environments.dev]

[stacks.web]
module = "stacks/web"
"""
INNER = """
variable "name" {
  type = string
}

resource "terraform_data" "one" {
  input = var.name
}

resource "terraform_data" "many" {
  for_each = toset(["a", "b"])
  input    = each.key
}

module "label" {
  source = "../../modules/label"
  name   = var.name
}
"""


@pytest.mark.night
def test_stack_changes_its_kind_without_new_resources(tmp_path: Path, home: Path) -> None:
    project = Project(tmp_path / "changing", home)
    project.write("envctl.toml", CHANGING)
    project.write("stacks/web/main.tf", INNER)
    project.write("modules/label/main.tf", LABEL.replace(" ${path.module}", ""))
    project.write("modules/label/suffix.txt", "suffix")
    project.write("environments/dev/terraform.tfvars", 'name = "x"\n')
    project.run_checked("apply", "dev", "--yes")
    before = read_ids(project)
    for kind in ("root", "module"):
        project.write("envctl.toml", CHANGING.replace("module =", f"{kind} ="))
        plan = project.run_checked("plan", "dev").out
        assert "4 to move" in plan, plan
        project.run_checked("apply", "dev", "--yes")
        assert read_ids(project) == before
        assert "no changes" in project.run_checked("plan", "dev").out


def read_ids(project: Project) -> set[str]:
    resources = json.loads(find_state(project, "dev").read_text())["resources"]
    return {instance["attributes"]["id"] for each in resources for instance in each["instances"]}


def test_folders_that_a_root_reads_are_watched(tmp_path: Path, home: Path) -> None:
    project = write_site(tmp_path / "site", home)
    project.write("envctl.toml", PROJECT + f'\n[ci]\npackage = "git+https://github.com/acme/envctl@{"1" * 40}"\n')
    project.run_checked("ci", "github")
    watched = "".join(path.read_text() for path in (project.root / ".github" / "workflows").iterdir())
    assert all(f"{folder}/**" in watched for folder in ("stacks", "shared", "modules", "environments"))
