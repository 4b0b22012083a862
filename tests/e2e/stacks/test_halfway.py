"""A stack is planned anew once what it reads is applied: its promotion stops, is approved, and goes on. And a job of
last week, whose release is older than what runs by then. Real Terraform with its built-in provider.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import CommandResult, Project
from tests.e2e.project_text import OPEN, PEER, render_project

pytestmark = pytest.mark.terraform

TOML = render_project(
    "wired",
    {"a": "", "b": 'inputs = { of = "a.made" }'},
    gates={"staging": OPEN, "prod": f'{PEER}\nrehearsed = "refuse"'},
)
A = """
resource "terraform_data" "this" {
  input            = "VERSION"
  triggers_replace = "VERSION"
}

output "made" {
  value = terraform_data.this.id
}
"""
B = """
variable "of" {
  type = string
}

resource "terraform_data" "this" {
  triggers_replace = var.of
}
"""
BOB = "bob@example.com"
APPROVE = ("approve", "prod", "--gate", "peer", "--yes")
PROMOTE = ("promote", "staging", "prod", "--yes")


@pytest.fixture
def wired(tmp_path: Path, home: Path) -> Project:
    """Release one runs everywhere, release two in staging."""
    project = Project(tmp_path / "wired", home)
    project.write("envctl.toml", TOML)
    project.write("modules/b/main.tf", B)
    for environment in ("dev", "staging", "prod"):
        project.write(f"environments/{environment}/terraform.tfvars", "")
    proven(project, "one")
    project.run_checked(*APPROVE, "--unseen", "b", GIT_AUTHOR_EMAIL=BOB)
    project.run_checked(*PROMOTE)
    proven(project, "two")
    return project


def proven(project: Project, version: str) -> str:
    """A release that staging runs."""
    project.write("modules/a/main.tf", A.replace("VERSION", version))
    project.run_checked("apply", "dev", "--yes")
    return str(project.run_checked("promote", "dev", "staging", "--yes", "--json").document["result"]["release"])


def prod(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = project.run_checked("status", "--json").document["result"]["environments"][2]
    return found


def ends(ran: CommandResult) -> dict[str, str]:
    return {each["stack"]: each["end"] for each in ran.document["stacks"]}


@pytest.mark.night
def test_stopped_promotion_is_approved_and_completed(wired: Project) -> None:
    release = prod_release(wired, "staging")
    # Nothing but `a` changes as far as anybody can see: what `b` reads is another id only once `a` is made anew.
    wired.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
    stopped = wired.run(*PROMOTE, "--json")
    (problem,) = stopped.document["problems"]
    hint = "envctl approve prod --gate peer"
    assert (stopped.code, problem["code"], problem["hint"]) == (4, "G302", hint)
    assert "replace b: terraform_data.this" in problem["message"]
    assert "prod keeps the applied changes, and the rest continues after approval" in problem["message"]
    assert ends(stopped) == {"a": "applied", "b": "refused"}

    approve = "envctl approve prod --gate peer"
    assert (prod(wired)["next"], prod(wired)["gates"]) == (approve, {"peer": [0, 1]})
    told = wired.run_checked("why", "prod", "--json").document["result"]
    assert (told["next"], told["gates"]) == (approve, {"peer": [0, 1]})
    assert [each["code"] for each in told["answers"] if each["outcome"] == "refuses"] == ["G302"]
    assert "approve" in wired.run_checked("status").out
    again = wired.run(*PROMOTE, "--json")
    assert (again.code, again.codes, again.document["stacks"]) == (4, ["G302"], [])

    approved = wired.run_checked(*hint.split()[1:], "--yes", GIT_AUTHOR_EMAIL=BOB)
    assert "a: no changes" in approved.err
    assert "prod: 1 to replace" in approved.err
    assert prod(wired)["next"] == "envctl promote staging prod"
    done = wired.run_checked(*PROMOTE, "--json").document["result"]
    assert (done["release"], done["deployment"]["changed"]) == (release, 1)
    assert (prod(wired)["next"], prod_release(wired)) == ("", release)
    assert wired.run("plan", "prod", "--detailed-exitcode").code == 0


def prod_release(project: Project, environment: str = "prod") -> str:
    everywhere = project.run_checked("status", "--json").document["result"]["environments"]
    return next(str(each["present"]["current"]["release"]) for each in everywhere if each["environment"] == environment)
