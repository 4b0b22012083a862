"""The first promotion of three stacks into prod, by people who type what the screen says and nothing else. Real
Terraform with its built-in provider.
"""

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import CommandResult, Project
from tests.e2e.project_text import OPEN, PEER, render_project

pytestmark = pytest.mark.terraform

STACKS = {"a": "", "b": 'inputs = { of = "a.made" }', "c": 'inputs = { of = "b.made" }'}
TOML = render_project("chain", STACKS, gates={"staging": OPEN, "prod": PEER})
MODULE = """
variable "of" {
  type    = string
  default = ""
}

resource "terraform_data" "this" {
  input = "made after ${var.of}"
}

output "made" {
  value = terraform_data.this.id
}
"""
BOB = "bob@example.com"
COMMAND = re.compile(r"(?:next|hint): (?:ask another person: )?envctl (.*)")


@pytest.fixture
def chain(tmp_path: Path, home: Path) -> Project:
    project = Project(tmp_path / "chain", home)
    project.write("envctl.toml", TOML)
    for name in STACKS:
        project.write(f"modules/{name}/main.tf", MODULE)
    for environment in ("dev", "staging", "prod"):
        project.write(f"environments/{environment}/terraform.tfvars", "")
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    return project


def screen(ran: CommandResult) -> str:
    return f"{ran.out}{ran.err}"


def holds(project: Project) -> list[str]:
    """The stacks of prod that were ever applied."""
    found: list[str] = project.run_checked("status", "--json").document["result"]["environments"][2]["present"][
        "stacks"
    ]
    return found


def test_prod_is_never_half_deployed(chain: Project) -> None:
    refused = chain.run("promote", "staging", "prod", "--yes")
    assert refused.code == 4
    # An approver who leaves out what the screen names.
    chain.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    partial = chain.run("promote", "staging", "prod", "--yes")
    assert (partial.code, holds(chain)) == (4, [])
    assert "G113 partial" in screen(partial)

    pages = [partial, chain.run("why", "prod"), chain.run("status")]
    told = {command for page in pages for command in COMMAND.findall(screen(page))}
    assert told == {"approve prod --gate peer --unseen b,c"}
    assert "b and c: left out of an approval" in pages[1].out
    approved = chain.run_checked(*told.pop().split(), "--yes", GIT_AUTHOR_EMAIL=BOB)
    assert "All approvals of prod are given for this release." in approved.out
    assert COMMAND.findall(approved.out) == ["promote staging prod"]
    chain.run_checked("promote", "staging", "prod", "--yes")
    assert holds(chain) == ["a", "b", "c"]
    assert chain.run("plan", "prod", "--detailed-exitcode").code == 0
