"""A failed check block of Terraform is no evidence, also of a deployment that changes nothing. Real Terraform with its
built-in provider.
"""

from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

WEB = """
variable "page" {
  type = string
}

variable "environment" {
  type = string
}

resource "terraform_data" "web" {
  input = var.environment
}

check "page" {
  assert {
    condition     = file("${var.page}/${var.environment}") == "up"
    error_message = "the page of ${terraform_data.web.output} is down"
  }
}
"""


def test_failed_check_block_stops_promotion(tmp_path: Path, home: Path) -> None:
    page = tmp_path / "page"
    page.mkdir()
    for environment in ("dev", "staging", "prod"):
        (page / environment).write_text("up")
    project = Project(tmp_path / "checked", home)
    project.write("envctl.toml", render_project("checked", {"web": ""}, gates={"staging": OPEN, "prod": OPEN}))
    project.write("modules/web/main.tf", WEB)
    project.write("environments/common.tfvars", f'page = "{page}"\n')
    for environment in ("dev", "staging", "prod"):
        project.write(f"environments/{environment}/terraform.tfvars", "")
    (page / "dev").write_text("down")
    applied = project.run("apply", "dev", "--yes", "--json")
    (problem,) = applied.document["problems"]
    assert (applied.code, problem["code"]) == (1, "E410")
    assert problem["message"] == "web: check.page failed in dev: the page of dev is down"
    assert (problem["file"], problem["line"]) == ("modules/web/main.tf", 14)
    assert project.run("promote", "dev", "staging", "--yes", "--json").codes == ["G103"]

    (page / "dev").write_text("up")
    project.run_checked("verify", "dev")
    project.run_checked("promote", "dev", "staging", "--yes")
    # The next release changes no resource.
    project.write("modules/web/README.md", "The page.\n")
    project.run_checked("apply", "dev", "--yes")
    (page / "staging").write_text("down")
    promoted = project.run("promote", "dev", "staging", "--yes", "--json")
    assert (promoted.code, promoted.codes) == (1, ["E410"])
    assert project.run("promote", "staging", "prod", "--yes", "--json").codes == ["G103"]
    (page / "staging").write_text("up")
    project.run_checked("verify", "staging")
    (page / "staging").write_text("down")
    # Nothing is left to do, and the plan shows the failure.
    assert project.run("apply", "staging", "--yes", "--json").codes == ["E410"]
    assert project.run("promote", "staging", "prod", "--yes", "--json").codes == ["G103"]
