"""What a plan costs, on real Terraform, by the program of docs/costs.md as it stands there."""

import json
from pathlib import Path

import pytest

from tests.cli.pages.test_cost_docs import PROGRAM, TABLE
from tests.e2e.conftest import Project
from tests.e2e.project_text import render_project

pytestmark = pytest.mark.terraform

PROJECT = render_project("small", {"web": ""}, ["dev"], more=TABLE)
# The secret is one to Terraform alone, so that the second plan finds everything prepared.
WEB = """
resource "terraform_data" "this" {
  input = { size = "small", password = sensitive("planted-secret") }
}
"""
PRICES = '{"terraform_data": 1.25, "terraform_data input.size=small": 9.93}'
KEEPS = "import pathlib, sys; pathlib.Path('question.json').write_text(sys.stdin.read()); sys.exit('no price today')"


def test_plan_shows_cost_and_hides_secrets(tmp_path: Path, home: Path) -> None:
    project = Project(tmp_path / "small", home)
    for path, text in {
        "envctl.toml": PROJECT,
        "modules/web/main.tf": WEB,
        "environments/dev/terraform.tfvars": "",
        "tools/cost.py": PROGRAM,
        "tools/prices.json": PRICES,
    }.items():
        project.write(path, text)
    page = project.run_checked("preview", "dev", "--markdown").out
    assert "| 1 to create; about +11.18 USD a month |" in page
    assert "| +11.18 | **web** | <code>terraform_data.this</code> |" in page
    told = project.run_checked("plan", "dev", "--json", "--trace", "first.json").document["result"]
    assert told["cost"] == {
        "currency": "USD",
        "before": "0",
        "after": "11.18",
        "difference": "11.18",
        "resources": {"web terraform_data.this": "11.18"},
        "unknown": "",
    }
    project.write("tools/cost.py", KEEPS)
    ran = project.run_checked("plan", "dev", "--trace", "second.json")
    assert "Cost: not known: exit code 1: no price today" in ran.out
    asked = (project.root / "question.json").read_text()
    (resource,) = json.loads(asked)["stacks"][0]["resources"]
    assert resource["after"]["input.password"] == "(sensitive)"
    assert "planted-secret" not in asked + ran.out + ran.err
    # The second time everything lay prepared, and who is to be asked was remembered with it.
    laid = ["workspace.write_stack" in (project.root / f"{name}.json").read_text() for name in ("first", "second")]
    assert laid == [True, False]
