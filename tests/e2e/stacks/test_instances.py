"""Stacks of one module, each with values of its own, from dev to prod. Real Terraform, built-in provider."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, PEER, render_project

pytestmark = pytest.mark.terraform

NAMES = ("orders", "invoices", "mails", "audits", "events", "returns", "stock", "search", "exports")
QUEUE = """
variable "name" {
  type = string
}

variable "image" {
  type = string
}

variable "retention" {
  type    = number
  default = 60
}

variable "limits" {
  type = object({ soft = number, hard = optional(number, 100) })
}

variable "environment" {
  type = string
}

resource "terraform_data" "queue" {
  triggers_replace = [var.name]
  input            = "${var.environment} ${var.image} ${var.retention} ${var.limits.soft} ${var.limits.hard}"
}

output "name" {
  value = var.name
}

output "holds" {
  value = terraform_data.queue.input
}
"""
MORE = """
[artifacts]
app = { variable = "image", kind = "string" }

[parity]
may_differ = ["retention"]
"""
BOB = "bob@example.com"


FEW = NAMES[:3]


def project_text(instances: Sequence[str], names: Mapping[str, str] = {}, more: str = MORE) -> str:
    stacks = {
        each: f'module = "modules/queue"\nset = {{ name = "{names.get(each, each)}", limits = {{ soft = 5 }} }}'
        for each in instances
    }
    return render_project("queues", stacks, gates={"staging": OPEN, "prod": PEER}, more=more)


@pytest.fixture
def queues(tmp_path: Path, home: Path) -> Project:
    return deploy_everywhere(Project(tmp_path / "queues", home), FEW)


def deploy_everywhere(project: Project, instances: Sequence[str]) -> Project:
    """Return the project, which runs everywhere; orders keeps messages for another time in each environment."""
    project.write("envctl.toml", project_text(instances))
    project.write("modules/queue/main.tf", QUEUE)
    for number, environment in enumerate(("dev", "staging", "prod"), 1):
        project.write(f"environments/{environment}/terraform.tfvars", 'image = "one"\n' if number == 1 else "")
        project.write(f"environments/{environment}/orders.tfvars", f"retention = {number}\n")
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    project.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    project.run_checked("promote", "staging", "prod", "--yes")
    return project


def outputs_of(project: Project, environment: str) -> dict[str, Any]:
    found: dict[str, Any] = project.run_checked("output", environment, "--json").document["result"]
    return {each["stack"]: each["outputs"] for each in found["stacks"]}


@pytest.mark.parametrize("names", keep_by_day({"three": (FEW,), "nine": (NAMES,)}, "three"))
def test_instances_reach_prod_with_their_values(tmp_path: Path, home: Path, names: Sequence[str]) -> None:
    queues = deploy_everywhere(Project(tmp_path / "queues", home), names)
    for number, environment in enumerate(("dev", "staging", "prod"), 1):
        found = outputs_of(queues, environment)
        assert {stack: each["name"] for stack, each in found.items()} == {name: name for name in names}
        assert found["orders"]["holds"] == f"{environment} one {number} 5 100"
        assert {found[name]["holds"] for name in names[1:]} == {f"{environment} one 60 5 100"}
    assert queues.run("drift", "--json").code == 0


@pytest.mark.night
def test_changed_set_travels_and_is_explained_as_release(queues: Project) -> None:
    queues.write("envctl.toml", project_text(FEW, {"mails": "letters"}))
    queues.write("environments/dev/invoices.tfvars", "retention = 9\n")
    explained = queues.run_checked("plan", "dev", "--explain", "--json").document["result"]
    causes = {part["cause"]: [stack["stack"] for stack in part["stacks"]] for part in explained["parts"]}
    assert causes == {"release": ["mails"], "settings": ["invoices"]}
    assert [each["name"] for each in explained["code"]["wiring"]] == ["mails.set.name"]
    assert [(each["name"], each["stacks"]) for each in explained["settings"]] == [("retention", ["invoices"])]

    previewed = queues.run_checked("preview", "--json").document["result"]
    assert "letters" in str(previewed)
    queues.run_checked("apply", "dev", "--yes")
    compared = queues.run_checked("diff", "dev", "prod", "--json").document["result"]
    (change,) = compared["distance"]["changes"]["wiring"]
    assert (change["name"], change["before"], change["after"]) == ("mails.set.name", "mails", "letters")
    # Staging redeploys its own release: the values of its release, not those of the project file.
    assert queues.run_checked("plan", "staging", "--detailed-exitcode").code == 0
    queues.run_checked("promote", "dev", "staging", "--yes")
    assert outputs_of(queues, "staging")["mails"]["name"] == "letters"
    assert outputs_of(queues, "prod")["mails"]["name"] == "mails"


@pytest.mark.night
def test_changed_file_of_stack_asks_for_approvals(queues: Project) -> None:
    queues.write("environments/prod/mails.tfvars", "retention = 7\n")
    refused = queues.run("apply", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G106"])
    queues.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    queues.run_checked("apply", "prod", "--yes")
    assert outputs_of(queues, "prod")["mails"]["holds"] == "prod one 7 5 100"
    assert outputs_of(queues, "prod")["orders"]["holds"] == "prod one 3 5 100"


@pytest.mark.night
def test_difference_of_one_instance_is_refused_by_parity(queues: Project) -> None:
    queues.write("envctl.toml", project_text(FEW, {"mails": "letters"}, MORE.replace('"retention"', "")))
    queues.run_checked("apply", "dev", "--yes")
    queues.run_checked("promote", "dev", "staging", "--yes")
    refused = queues.run("promote", "staging", "prod", "--yes", "--json")
    assert "G205" in refused.codes
    refusal, place = (each for each in refused.document["problems"] if each["code"] == "G205")
    assert "staging and prod differ in retention;" in refusal["message"]
    assert place["message"].startswith("retention of orders is different in staging")
    assert (place["file"], place["line"]) == ("environments/prod/orders.tfvars", 1)
