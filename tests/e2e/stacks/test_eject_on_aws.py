"""Ejected root modules act in the account of their environment, with the states in S3: real provider, sandbox."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import Project, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

STATES = """
[state]
backend = "s3"
bucket = "shop-states-{account_id}"

[stacks.news]
root = "live/news"
inputs = { topic = "topic.name" }

[stacks.topic.providers]
"aws.us_east_1" = { region = "us-east-1" }
"""
TOPIC = """
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.us_east_1]
    }
  }
}

variable "environment" { type = string }
data "aws_caller_identity" "this" {}
data "aws_region" "there" { provider = aws.us_east_1 }
resource "aws_sns_topic" "this" { name = "topic-${var.environment}-${data.aws_caller_identity.this.account_id}" }
resource "aws_sns_topic" "there" {
  provider = aws.us_east_1
  name     = "there-${data.aws_region.there.name}"
}
output "name" { value = aws_sns_topic.this.name }
"""
NEWS = """
terraform {
  backend "s3" {}
}

variable "region" { type = string }
provider "aws" {
  region = var.region
  default_tags {
    tags = { Owner = "news" }
  }
}

variable "topic" { type = string }
resource "aws_sns_topic" "news" { name = "news-${var.topic}" }
"""


@pytest.fixture
def shop(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "shop", home)
    toml = render_project("shop", {"topic": ""}, on_aws=True, gates={"staging": OPEN}, more=STATES)
    project.write("envctl.toml", toml)
    project.write("modules/topic/main.tf", TOPIC)
    project.write("live/news/main.tf", NEWS)
    with run_in_sandbox(project, unpacked_provider):
        yield project


@pytest.mark.night
def test_plans_show_no_changes_and_an_apply_works(shop: Project) -> None:
    shop.run_checked("--sandbox", "apply", "dev", "--yes", timeout=300)
    shop.run_checked("--sandbox", "promote", "dev", "staging", "--yes", timeout=300)
    shop.run_checked("--sandbox", "eject", "plain", "dev", "staging")
    terraform = shlex.join(find_embedded())
    news = f'export TF_VAR_topic="$({terraform} -chdir=../../../topic output -raw name)"'
    for environment in ("dev", "staging"):
        place = (shop.root / f"plain/{environment}/topic/place.tf.json").read_text()
        assert '"backend": {\n      "s3"' in place
        for folder, before in (("topic", "true"), ("news/live/news", news)):
            plan = f"{terraform} init && {terraform} plan -detailed-exitcode"
            script = f"cd plain/{environment}/{folder} && {before} && {plan}"
            ran = shop.run("--sandbox", "exec", environment, "--", "sh", "-c", script, timeout=300)
            assert ran.code == 0, f"{ran.out}\n{ran.err}"
    module = shop.root / "plain/code/modules/topic/main.tf"
    module.write_text(module.read_text().replace('"there-', '"moved-'))
    script = f"cd plain/dev/topic && {terraform} apply -auto-approve && {terraform} plan -detailed-exitcode"
    ran = shop.run("--sandbox", "exec", "dev", "--", "sh", "-c", script, timeout=300)
    assert ran.code == 0, f"{ran.out}\n{ran.err}"
