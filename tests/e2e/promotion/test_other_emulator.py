"""One whole way against an AWS emulator that isn't moto: what works on both rests on neither's peculiarities."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ACCOUNTS, REGION, Project, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project
from tests.faults.emulator import start_ministack

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]

TOML = render_project(
    "other",
    {"base": "", "top": 'inputs = { parameter = "base.parameter" }'},
    ["dev", "staging"],
    on_aws=True,
    gates={"staging": OPEN},
    more="""
[store]
url = "s3://other-envctl-store/envctl"

[state]
backend = "s3"
bucket = "other-tfstate-{account_id}"

[sandbox]
endpoint_url = "%s"
""",
)
BASE = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39"
    }
  }
}

variable "greeting" {
  type = string
}

variable "environment" {
  type = string
}

resource "aws_ssm_parameter" "this" {
  name  = "/other/${var.environment}/greeting"
  type  = "String"
  value = var.greeting
}

output "parameter" {
  value = aws_ssm_parameter.this.name
}
"""
TOP = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39"
    }
  }
}

variable "parameter" {
  type = string
}

variable "environment" {
  type = string
}

resource "aws_s3_bucket" "this" {
  bucket = "other-${var.environment}-data"

  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "AES256"
      }
    }
  }
}

resource "aws_sns_topic" "this" {
  name = replace(trimprefix(var.parameter, "/"), "/", "-")
}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_ministack(tmp_path_factory.mktemp("ministack")) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path, home: Path, unpacked_provider: Path, url: str) -> Iterator[Project]:
    made = Project(tmp_path / "other", home)
    made.write("envctl.toml", TOML % url)
    made.write("modules/base/main.tf", BASE)
    made.write("modules/top/main.tf", TOP)
    for environment in ("dev", "staging"):
        made.write(f"environments/{environment}/terraform.tfvars", f'greeting = "hello {environment}"\n')
    with run_in_sandbox(made, unpacked_provider):
        yield made


def value(url: str, environment: str) -> str:
    import boto3

    keys = {"aws_access_key_id": ACCOUNTS[environment], "aws_secret_access_key": "x"}
    client = boto3.client("ssm", endpoint_url=url, region_name=REGION, **keys)
    return str(client.get_parameter(Name=f"/other/{environment}/greeting")["Parameter"]["Value"])


@pytest.mark.night
def test_a_release_goes_the_whole_way(project: Project, url: str) -> None:
    project.run_checked("--sandbox", "apply", "dev", "--yes")
    again = project.run("--sandbox", "plan", "dev", "--detailed-exitcode")
    assert again.code == 0, again.out
    project.run_checked("--sandbox", "promote", "dev", "staging", "--yes")
    assert [value(url, environment) for environment in ("dev", "staging")] == ["hello dev", "hello staging"]
    entries = project.run_checked("--sandbox", "history", "staging", "--json").document["result"]["entries"]
    assert [entry["event"]["kind"] for entry in entries] == [
        "verification passed",
        "deployment succeeded",
        "deployment started",
    ]
    assert project.run_checked("--sandbox", "ledger", "verify").code == 0
    assert project.run("--sandbox", "drift").code == 0
    project.run_checked("--sandbox", "destroy", "staging", "--yes")
    assert project.run_checked("--sandbox", "ledger", "verify").code == 0
    assert os.fspath(project.root) not in project.run_checked("--sandbox", "status").out
