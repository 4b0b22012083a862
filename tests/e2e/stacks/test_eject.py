"""What `envctl eject` writes is whole without envctl: plain Terraform plans no changes in it, and applies."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project
from tests.programs import SYSTEM_PATH

pytestmark = pytest.mark.terraform

NETWORK = """
variable "cidr" { type = string }
variable "odd" { type = any }
variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "vpc" { input = { cidr = var.cidr, odd = var.odd, hash = sha256(var.password) } }
output "id" { value = "vpc-${terraform_data.vpc.output.cidr}" }
output "ids" { value = ["first-${terraform_data.vpc.output.cidr}", "second"] }
"""
WEB = """
variable "vpc_id" { type = string }
variable "environment" { type = string }

module "label" {
  source = "../label"
  name   = var.vpc_id
}

resource "terraform_data" "web" { input = "${module.label.text} ${var.environment}" }
output "text" { value = terraform_data.web.output }
"""
LOCAL = '\n[state]\nbackend = "local"\n'
LABEL = 'variable "name" { type = string }\noutput "text" { value = "web in ${var.name}" }\n'
API = """
terraform {
  backend "local" {}
}

variable "first" { type = string }
variable "size" { type = number }
variable "odd" { type = any }

module "label" {
  source = "../../modules/label"
  name   = var.first
}

resource "terraform_data" "api" { input = "${module.label.text} ${var.size} ${file("${path.module}/page.txt")}" }
resource "terraform_data" "sets" { input = [var.odd, fileset(path.module, "**/*.json"), path.module] }
output "text" { value = terraform_data.api.output }
"""
STACKS = {
    "network": "",
    "web": 'inputs = { vpc_id = "network.id" }',
}
MORE = """
[stacks.api]
root = "stacks/api"
inputs = { first = "network.ids[0]" }

[secrets.values]
"network.password" = "env:NETWORK_PASSWORD"
"""
ODD = 'odd = { "a b" = ["$${x}", "%%{ if }", 1.5, null, true], text = "two\\nlines \\"é\\"", long = "{long}" }\n'


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Project:
    project = Project(tmp_path / "shop", home, {"NETWORK_PASSWORD": "planted-secret"})
    project.write(
        "envctl.toml", render_project("shop", STACKS, ("dev", "prod"), gates={"prod": OPEN}, more=MORE + LOCAL)
    )
    for name, text in {"network": NETWORK, "web": WEB, "label": LABEL}.items():
        project.write(f"modules/{name}/main.tf", text)
    project.write("stacks/api/main.tf", API)
    project.write("stacks/api/page.txt", "page")
    project.write("stacks/api/a.json", "{}")
    for number, environment in enumerate(("dev", "prod"), 1):
        odd = ODD.replace("{long}", "x" * 120)
        project.write(
            f"environments/{environment}/terraform.tfvars", f'cidr = "10.{number}.0.0/16"\nsize = {number}\n{odd}'
        )
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "prod", "--yes")
    return project


def read_commands(readme: str) -> list[list[str]]:
    """The blocks of the README."""
    return [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)]


@pytest.fixture
def shell(tmp_path: Path, home: Path) -> Path:
    """A folder with a program `terraform`, as people have one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "terraform"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(find_embedded())} "$@"\n')
    program.chmod(0o755)
    return programs


def run(folder: Path, script: str, programs: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    surroundings = {"PATH": f"{programs}:{SYSTEM_PATH}", "HOME": str(folder), "CHECKPOINT_DISABLE": "1", **more}
    return subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def plan_all(top: Path, programs: Path, *, ends: str = "terraform plan -detailed-exitcode") -> Mapping[str, int]:
    """Type the commands of the README, and return the exit code of each plan by its folder."""
    found = {}
    for block in read_commands((top / "README.md").read_text()):
        assert block[-1] == "terraform plan"
        script = "\n".join([*block[:-1], ends]).replace("TF_VAR_password=…", "TF_VAR_password=planted-secret")
        ran = run(top, script, programs)
        found[block[0].removeprefix("cd ")] = ran.returncode
        assert ran.returncode in (0, 2), f"{script}\n{ran.stdout}\n{ran.stderr}"
    return found


# Whatever the plan says is applied, and returned.
APPLY = "terraform plan -detailed-exitcode || code=$?; terraform apply -auto-approve; exit ${code:-0}"


def test_plain_terraform_sees_no_changes_and_applies(project: Project, shell: Path, tmp_path: Path) -> None:
    told = project.run_checked("eject", "../plain", "--json").document["result"]
    assert [each["name"] for each in told["environments"]] == ["dev", "prod"]
    top = tmp_path / "plain"
    text = b"".join(path.read_bytes() for path in top.rglob("*") if path.is_file())
    assert b"planted-secret" not in text
    assert b"envctl_session" not in text
    assert set(plan_all(top, shell).values()) == {0}
    # Away from envctl: a change, and an apply.
    main = top / "code/modules/web/main.tf"
    main.write_text(WEB.replace('"${module.label.text}', '"new ${module.label.text}'))
    changed = plan_all(top, shell, ends=APPLY)
    assert {folder for folder, code in changed.items() if code} == {"dev/web", "prod/web"}
    assert set(plan_all(top, shell).values()) == {0}
    ran = run(top / "dev/web", "terraform output -raw text", shell)
    assert ran.stdout == "new web in vpc-10.1.0.0/16 dev"


@pytest.mark.night
def test_written_code_is_formatted(project: Project, shell: Path, tmp_path: Path) -> None:
    project.run_checked("eject", "../plain")
    ran = run(tmp_path / "plain", "terraform fmt -check -diff -recursive dev prod", shell)
    assert (ran.returncode, ran.stdout) == (0, "")


@pytest.mark.night
def test_each_environment_has_the_release_that_it_runs(project: Project, shell: Path, tmp_path: Path) -> None:
    project.write("modules/label/main.tf", LABEL.replace("web in", "site in"))
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("eject", "../plain")
    assert len(list((tmp_path / "plain/code").iterdir())) == 2
    assert set(plan_all(tmp_path / "plain", shell).values()) == {0}
    # The working tree is that of dev, and the release of prod is older there.
    project.run_checked("eject", "../tree", "dev", "--working-tree")
    assert set(plan_all(tmp_path / "tree", shell).values()) == {0}
    told = json.loads((project.run_checked("eject", "../dry", "--dry-run", "--json")).out)["result"]
    prod = told["environments"][1]["release"]
    project.run_checked("eject", "../old", "dev", "--release", prod)
    assert plan_all(tmp_path / "old", shell)["dev/web"] == 2


@pytest.mark.night
def test_occupied_folder_and_empty_environment_are_refused(project: Project, tmp_path: Path) -> None:
    ran = project.run("eject", ".")
    assert ran.code == 64
    assert "E193" in ran.err
    project.run_checked("eject", "../planned", "--dry-run")
    assert not (tmp_path / "planned").exists()
    project.run_checked("destroy", "dev", "--yes")
    ran = project.run("eject", "../plain", "dev")
    assert ran.code == 64
    assert "E194" in ran.err
    told = project.run_checked("eject", "../plain").out
    assert "Left out: no release runs in dev." in told
    assert not os.path.lexists(tmp_path / "plain/dev")
