"""A release that was deployed in two pieces has rehearsed all of it (G303): real Terraform, its built-in provider."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

FIRST = """
variable "flag" {
  type = string
}

resource "terraform_data" "old" {
  input = "gone in the next release"
}
"""
SECOND = """
variable "flag" {
  type = string
}

resource "terraform_data" "new" {
  provisioner "local-exec" {
    command = "test -f ${var.flag}"
  }
}
"""


def test_release_deployed_in_two_pieces_is_promoted(tmp_path: Path, home: Path) -> None:
    flag = tmp_path / "flag"
    project = Project(tmp_path / "pieces", home)
    gates = {"prod": f'{OPEN}\nrehearsed = "refuse"'}
    project.write("envctl.toml", render_project("pieces", {"web": ""}, order=("dev", "prod"), gates=gates))
    project.write("environments/common.tfvars", f'flag = "{flag}"\n')
    for environment in ("dev", "prod"):
        project.write(f"environments/{environment}/terraform.tfvars", "")
    project.write("modules/web/main.tf", FIRST)
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "prod", "--yes")
    project.write("modules/web/main.tf", SECOND)
    stopped = project.run("apply", "dev", "--yes", "--json")
    assert (stopped.code, stopped.codes) == (1, ["E305"])
    entries = project.run_checked("history", "dev", "--json").document["result"]["entries"]
    assert "delete terraform_data" in str(entries)

    flag.touch()
    project.run_checked("apply", "dev", "--yes")
    # Its plan deletes, which the second piece did not do, and creates: the second piece made that anew.
    promoted = project.run("promote", "dev", "prod", "--yes", "--json")
    assert promoted.code == 0
    assert "terraform_data.new" in str(promoted.document)
