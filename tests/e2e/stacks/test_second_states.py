"""Two ways to a wrong state, with real Terraform: none where there is one, and that of another environment."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import Project

LIVE = """
terraform {
  backend "local" {
    path = "old.tfstate"
  }
}

resource "terraform_data" "x" {
  input = "x"
}
"""
ONE = """
[project]
name = "acme"

[pipeline]
order = ["dev"]

[environments.dev]

[stacks.live]
root = "live"
"""
READING = """
data "terraform_remote_state" "s3" {
  backend = "s3"
  config = {
    bucket = "acme-states-dev"
    key    = "s3/terraform.tfstate"
    region = "eu-central-1"
  }
}
"""
SHARED = """
[project]
name = "acme"

[pipeline]
order = ["dev", "qa", "prod"]

[environments.dev]
account_id = "111111111111"

[environments.qa]
account_id = "222222222222"

[environments.prod]
account_id = "333333333333"

[state]
backend = "s3"
bucket = "acme-states-{env}"
key = "{stack}/terraform.tfstate"

[stacks.iam]
root = "iam"
"""


@pytest.mark.terraform
def test_root_of_plain_terraform_is_not_made_twice(tmp_path: Path, home: Path) -> None:
    project = Project(tmp_path / "acme", home)
    project.write("envctl.toml", ONE)
    project.write("live/main.tf", LIVE)
    for words in (["init"], ["apply", "-auto-approve"]):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
        subprocess.run(
            [*find_embedded(), *words], cwd=project.root / "live", env=environment, check=True, capture_output=True
        )
    shutil.rmtree(project.root / "live/.terraform")
    before = (project.root / "live/old.tfstate").read_bytes()
    for command in ("validate",), ("plan", "dev"), ("apply", "dev", "--yes"):
        refused = project.run(*command, "--json")
        assert refused.code == 78, refused.out
        (problem,) = refused.document["problems"]
        assert (problem["code"], problem["file"], problem["line"]) == ("E163", "live/main.tf", 3)
    assert "replaces the backend block" not in project.run("validate").err
    _, *table, _ = problem["hint"].splitlines()
    assert table == ["[state]", 'backend = "local"', 'path = "live/old.tfstate"']
    project.write("envctl.toml", ONE + "\n".join(table))
    assert "live/main.tf:3: [state] of envctl.toml replaces" in project.run_checked("validate").err
    project.run_checked("plan", "dev", "--detailed-exitcode")
    assert (project.root / "live/old.tfstate").read_bytes() == before


def test_state_of_another_environment_is_found_with_its_line(tmp_path: Path, home: Path) -> None:
    project = Project(tmp_path / "acme", home)
    project.write("envctl.toml", SHARED)
    project.write("iam/data.tf", READING)
    for command in ("validate",), ("plan", "dev"), ("apply", "dev", "--yes"), ("preview",):
        refused = project.run(*command, "--json")
        assert refused.code == 78, refused.out
        (problem,) = refused.document["problems"]
        assert (problem["code"], problem["file"], problem["line"]) == ("E164", "iam/data.tf", 5)
        assert problem["hint"].startswith('write "acme-states-${var.environment}"; ')
    reads = '[environments.{}]\nreads = ["dev"]\n'
    text = SHARED
    for name in ("qa", "prod"):
        text = text.replace(f"[environments.{name}]\n", reads.format(name))
    project.write("envctl.toml", text)
    project.run_checked("validate")
