"""Providers of root modules that run as they are act in the account of their environment: real provider, sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Sandbox
from tests.e2e.conftest import ACCOUNTS, Project, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project
from tests.modules import applying

pytestmark = pytest.mark.terraform

OTHER = "999999999999"
TOML = render_project("shop", {"news": ""}, on_aws=True, gates={"staging": OPEN}).replace(
    'module = "modules/news"', 'root = "live/news"'
)
TOML += '\n[state]\nbackend = "s3"\n'
NAMED = TOML.replace("region =", f'other_accounts = ["{OTHER}"]\nregion =')
MAIN = """
terraform {
  required_providers {
    amazon = { source = "hashicorp/aws" }
  }
  cloud {
    organization = "of-another-time"
    workspaces {
      name = "news"
    }
  }
}

variable "region" {
  type = string
}

provider "amazon" {
  region  = var.region
  profile = "of-another-time"
  default_tags {
    tags = { Owner = "news" }
  }
}

provider "amazon" {
  alias   = "us_east_1"
  region  = "us-east-1"
  profile = "of-another-time"
}

resource "aws_sns_topic" "here" {
  provider = amazon
  name     = "here"
}

resource "aws_sns_topic" "there" {
  provider = amazon.us_east_1
  name     = "there"
}

data "aws_caller_identity" "there" {
  provider = amazon.us_east_1
}

output "account" {
  value = data.aws_caller_identity.there.account_id
}

output "tags" {
  value = aws_sns_topic.here.tags_all
}
"""
ELSEWHERE = f"""
provider "amazon" {{
  alias  = "dns"
  region = "ap-northeast-1"
  assume_role {{
    role_arn = "arn:aws:iam::{OTHER}:role/envctl-deployer"
  }}
}}

resource "aws_sns_topic" "elsewhere" {{
  provider = amazon.dns
  name     = "elsewhere"
}}
"""
UNKNOWN = (
    ELSEWHERE.replace(f'"arn:aws:iam::{OTHER}:role/envctl-deployer"', "var.role") + 'variable "role" { default = "" }\n'
)


@pytest.fixture
def news(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "shop", home)
    project.write("envctl.toml", TOML)
    project.write("live/news/main.tf", MAIN)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def list_topics(project: Project, account: str, region: str) -> list[str]:
    running = Sandbox(project.root / ".envctl" / "sandbox").find_running()
    assert running is not None
    found = applying.Account(running, account).client("sns", region).list_topics()["Topics"]
    return sorted(each["TopicArn"].rpartition(":")[2] for each in found)


# By day, the next test deploys a root to AWS.
@pytest.mark.night
def test_providers_of_a_root_act_in_their_environment(news: Project) -> None:
    validated = news.run_checked("--sandbox", "validate")
    assert "the environment replaces its profile" in validated.err, validated.err
    applied = news.run_checked("--sandbox", "apply", "dev", "--yes")
    assert "cloud block of the stack news" in applied.err, applied.err
    outputs = news.run_checked("--sandbox", "output", "dev", "--json").document["result"]["stacks"][0]["outputs"]
    assert outputs == {"account": ACCOUNTS["dev"], "tags": {"Owner": "news"}}
    assert list_topics(news, ACCOUNTS["dev"], "us-east-1") == ["there"]
    news.run_checked("--sandbox", "drift", "dev")
    news.run_checked("--sandbox", "promote", "dev", "staging", "--yes")
    outputs = news.run_checked("--sandbox", "output", "staging", "--json").document["result"]["stacks"][0]["outputs"]
    assert outputs["account"] == ACCOUNTS["staging"]


def test_alias_to_another_account_is_refused_unless_named(news: Project) -> None:
    news.write("live/news/main.tf", MAIN + UNKNOWN)
    assert news.run("--sandbox", "validate", "--json").codes == ["E157"]
    news.write("live/news/main.tf", MAIN + ELSEWHERE)
    assert news.run("--sandbox", "validate", "--json").codes == ["E157"]
    news.write("envctl.toml", NAMED)
    news.run_checked("--sandbox", "apply", "dev", "--yes")
    assert list_topics(news, OTHER, "ap-northeast-1") == ["elsewhere"]


READER = """
variable "environment" {
  type = string
}

variable "bucket" {
  type = string
}

data "terraform_remote_state" "news" {
  backend = "s3"
  config = {
    bucket = var.bucket # of each account
    key    = "${var.environment}/news.tfstate"
    region = "ap-northeast-1"
  }
}

resource "terraform_data" "account" {
  input = data.terraform_remote_state.news.outputs.account
}

output "account" {
  value = terraform_data.account.output
}
"""


@pytest.mark.night
@pytest.mark.parametrize("block", ['provider "aws" {}', ""], ids=["an empty block", "no block"])
def test_root_without_a_region_takes_that_of_its_environment(news: Project, block: str) -> None:
    """An override can't add what the provider requires: it comes from the surroundings, as with plain Terraform."""
    news.write("live/news/main.tf", f'{block}\nresource "aws_sns_topic" "here" {{\n  name = "here"\n}}\n')
    news.run_checked("--sandbox", "apply", "dev", "--yes", AWS_REGION="eu-west-3")
    assert list_topics(news, ACCOUNTS["dev"], "ap-northeast-1") == ["here"]
    assert "no changes" in news.run_checked("--sandbox", "plan", "dev").out


@pytest.mark.night
def test_root_reads_another_state_with_the_role_of_its_environment(news: Project) -> None:
    """The credentials that Terraform starts with are those of another account."""
    news.write("envctl.toml", f'{TOML}\n[stacks.web]\nroot = "live/web"\nafter = ["news"]\n')
    news.write("live/web/main.tf", READER)
    news.write("environments/dev/web.tfvars", f'bucket = "shop-tfstate-{ACCOUNTS["dev"]}"\n')
    for other in ("staging", "prod"):
        news.write(f"environments/{other}/web.tfvars", f'bucket = "shop-tfstate-{ACCOUNTS[other]}"\n')
    news.run_checked("--sandbox", "apply", "dev", "--yes")
    assert news.run_checked("--sandbox", "output", "dev", "web.account").out.strip() == ACCOUNTS["dev"]
    assert "clean" in news.run_checked("--sandbox", "drift", "dev").out
