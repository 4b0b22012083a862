"""Aliased provider configurations: real Terraform, the real AWS provider, and an account for each environment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import Sandbox
from tests.e2e.conftest import ACCOUNTS, REGION, Project, run_in_sandbox
from tests.e2e.project_text import OPEN, PEER, render_project
from tests.modules import applying

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(300)]

DNS = "999999999999"
TOML = render_project(
    "site",
    {
        "site": '[stacks.site.providers]\n"aws.us_east_1" = { region = "global" }\n"aws.dns" = {}\n',
    },
    ["dev", "prod"],
    on_aws=True,
    gates={"prod": OPEN},
    rules={
        name: f'other_accounts = ["{DNS}"]\nregions = {{ global = "us-east-1" }}\n'
        f'[environments.{name}.providers."aws.dns"]\n'
        f'assume_role = {{ role_arn = "arn:aws:iam::{DNS}:role/dns-{name}" }}\n'
        # moto issues a certificate by itself, after a while.
        f'[environments.{name}.drift]\nignore = ["aws_acm_certificate.*.status"]\n'
        for name in ("dev", "prod")
    },
)
REQUIRED = """
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [%s]
    }
  }
}
"""
SITE = (
    REQUIRED % "aws.us_east_1, aws.dns"
    + """
variable "environment" {
  type = string
}

resource "aws_s3_bucket" "site" {
  bucket = "site-${var.environment}-files"
}

module "certificate" {
  source    = "../certificate"
  providers = { aws.global = aws.us_east_1 }
  domain    = "${var.environment}.example.com"
}

resource "aws_sns_topic" "records" {
  provider = aws.dns
  name     = "records-${var.environment}"
}
"""
)
CERTIFICATE = (
    REQUIRED % "aws.global"
    + """
variable "domain" {
  type = string
}

resource "aws_acm_certificate" "this" {
  provider          = aws.global
  domain_name       = var.domain
  validation_method = "DNS"
}
"""
)


@pytest.fixture
def site(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "site", home)
    project.write("envctl.toml", TOML)
    project.write("modules/site/main.tf", SITE)
    project.write("modules/certificate/main.tf", CERTIFICATE)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def connect(project: Project, account: str, service: str, region: str = REGION) -> Any:
    running = Sandbox(project.root / ".envctl" / "sandbox").find_running()
    assert running is not None
    return applying.Account(running, account).client(service, region)


def list_domains(project: Project, account: str, region: str) -> list[str]:
    found = connect(project, account, "acm", region).list_certificates()["CertificateSummaryList"]
    return sorted(each["DomainName"] for each in found)


def list_topics(project: Project, account: str) -> list[str]:
    found = connect(project, account, "sns").list_topics()["Topics"]
    return sorted(each["TopicArn"].rpartition(":")[2] for each in found)


# Each plan starts a provider for each alias. By day, tests/adapters/terraform/warm/test_on_aws.py has two regions, and
# tests/e2e/stacks/test_roots_on_aws.py has an alias in another account.
@pytest.mark.night
def test_aliases_act_in_their_accounts_and_regions(site: Project) -> None:
    site.run_checked("--sandbox", "lock-providers")
    site.run_checked("--sandbox", "apply", "dev", "--yes")
    site.run_checked("--sandbox", "promote", "dev", "prod", "--yes")
    for name in ("dev", "prod"):
        account = ACCOUNTS[name]
        assert list_domains(site, account, "us-east-1") == [f"{name}.example.com"]
        assert list_domains(site, account, REGION) == []
        buckets = connect(site, account, "s3").list_buckets()["Buckets"]
        assert f"site-{name}-files" in [each["Name"] for each in buckets]
        assert list_topics(site, account) == []
    assert list_topics(site, DNS) == ["records-dev", "records-prod"]
    site.run_checked("--sandbox", "drift")
    tags = connect(site, DNS, "sns").list_tags_for_resource(ResourceArn=f"arn:aws:sns:{REGION}:{DNS}:records-prod")[
        "Tags"
    ]
    assert {"Key": "environment", "Value": "prod"} in tags
    site.run_checked("--sandbox", "destroy", "prod", "--yes")
    assert list_topics(site, DNS) == ["records-dev"]
    assert list_domains(site, ACCOUNTS["prod"], "us-east-1") == []


def test_role_in_unlisted_account_is_refused(site: Project) -> None:
    site.write("envctl.toml", TOML.replace(f'other_accounts = ["{DNS}"]\n', "", 1))
    found = site.run("--sandbox", "validate", "--json")
    assert (found.code, found.codes) == (78, ["E133"])
    (problem,) = found.document["problems"]
    assert f"provider aws.dns may act in account {DNS} (G203 of dev)" in problem["message"]
    assert problem["hint"] == f'if intended, write other_accounts = ["{DNS}"] in [environments.dev] of envctl.toml'
    assert problem["file"] == "envctl.toml"


@pytest.mark.night
def test_changed_role_of_alias_asks_for_a_new_approval(site: Project) -> None:
    toml = TOML.replace(OPEN, PEER)
    site.write("envctl.toml", toml)
    site.run_checked("--sandbox", "apply", "dev", "--yes")
    site.run_checked("--sandbox", "approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL="bob@example.com")
    site.write("envctl.toml", toml.replace("role/dns-prod", "role/admin"))
    refused = site.run("--sandbox", "promote", "dev", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G106"])
    role = f"arn:aws:iam::{DNS}:role"
    changed = f"provider.aws.dns.assume_role.role_arn {role}/dns-prod -> {role}/admin"
    assert f"the place of prod changed since the approval: {changed}" in refused.document["problems"][0]["message"]
    site.write("envctl.toml", toml)
    site.run_checked("--sandbox", "promote", "dev", "prod", "--yes")


ROLE = """
resource "aws_iam_role" "this" {
  name               = "site"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
  tags               = %s
}
"""


@pytest.mark.night
def test_tags_in_other_case_are_refused_before_aws_does(site: Project) -> None:
    site.write("envctl.toml", render_project("site", {"site": ""}, ["dev"], on_aws=True))
    required = REQUIRED % ""
    site.write("modules/site/main.tf", required + ROLE % '{ Environment = "x" }')
    found = site.run("--sandbox", "validate", "--json")
    assert (found.code, found.codes) == (78, ["E186"])
    site.write("modules/site/main.tf", required + ROLE % '{ for key in ["Environment"] : key => "x" }')
    site.run_checked("--sandbox", "validate")
    found = site.run("--sandbox", "apply", "dev", "--yes", "--json")
    assert (found.code, found.codes) == (1, ["E187"])
    assert found.document["problems"][0]["file"] == "modules/site/main.tf"
    site.write("envctl.toml", render_project("site", {"site": "default_tags = false"}, ["dev"], on_aws=True))
    site.run_checked("--sandbox", "apply", "dev", "--yes")
    tags = connect(site, ACCOUNTS["dev"], "iam").list_role_tags(RoleName="site")["Tags"]
    assert tags == [{"Key": "Environment", "Value": "x"}]
    site.run_checked("--sandbox", "drift", "dev")


@pytest.mark.night
def test_old_provider_refuses_tags_that_are_default_tags(site: Project) -> None:
    site.write("envctl.toml", render_project("site", {"site": ""}, ["dev"], on_aws=True))
    code = REQUIRED % "" + 'variable "environment" {\n  type = string\n}\n' + ROLE % "{ environment = var.environment }"
    site.write("modules/site/main.tf", code)
    site.run_checked("--sandbox", "lock-providers")
    found = site.run("--sandbox", "plan", "dev", "--json")
    assert (found.code, found.codes) == (78, ["E186"])


ROOT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

provider "aws" {
  alias  = "dns"
  region = "ap-northeast-1"
}

resource "aws_sns_topic" "here" {
  name = "here"
}

resource "aws_sns_topic" "records" {
  provider = aws.dns
  name     = "records"
}
"""


@pytest.mark.night
def test_table_completes_an_alias_of_a_root(site: Project) -> None:
    table = 'root = "roots/site"\n[stacks.site.providers]\n"aws.dns" = {}\n'
    toml = TOML[: TOML.index("[stacks.site]")] + f"[stacks.site]\n{table}"
    site.write(
        "envctl.toml", toml.replace('"aws.dns" = {}', '"aws.dsn" = {}').replace('providers."aws.dns"', "providers.aws")
    )
    site.write("roots/site/main.tf", ROOT)
    found = site.run("--sandbox", "validate", "--json")
    assert "E182" in found.codes
    site.write("envctl.toml", toml)
    site.run_checked("--sandbox", "apply", "dev", "--yes")
    site.run_checked("--sandbox", "promote", "dev", "prod", "--yes")
    assert list_topics(site, ACCOUNTS["dev"]) == list_topics(site, ACCOUNTS["prod"]) == ["here"]
    assert list_topics(site, DNS) == ["records"]
    site.run_checked("--sandbox", "drift", "prod")


@pytest.mark.night
def test_tags_of_a_root_in_other_case_are_refused(site: Project) -> None:
    toml = render_project("site", {"site": "default_tags = true"}, ["dev"], on_aws=True)
    site.write("envctl.toml", toml.replace('module = "modules/site"', 'root = "roots/site"'))
    site.write("roots/site/main.tf", ROLE % '{ Environment = "x" }')
    found = site.run("--sandbox", "validate", "--json")
    assert (found.code, found.codes) == (78, ["E186"])
    site.write("roots/site/main.tf", ROLE % '{ for key in ["Environment"] : key => "x" }')
    found = site.run("--sandbox", "plan", "dev", "--json")
    assert (found.code, found.codes) == (1, ["E187"])
    (problem,) = found.document["problems"]
    assert (problem["file"], problem["line"]) == ("roots/site/main.tf", 2)


AMAZON = """
terraform {
  required_providers {
    amazon = {
      source                = "hashicorp/aws"
      configuration_aliases = [amazon.us]
    }
  }
}

resource "aws_sns_topic" "far" {
  provider = amazon.us
  name     = "far"
}
"""


@pytest.mark.night
def test_aws_under_another_name_acts_in_the_environment(site: Project) -> None:
    table = '[stacks.site.providers]\n"amazon.us" = { region = "us-east-1" }\n'
    more = '[providers.amazon]\nsource = "hashicorp/aws"\n'
    site.write("envctl.toml", render_project("site", {"site": table}, ["dev"], on_aws=True, more=more))
    site.write("modules/site/main.tf", AMAZON)
    site.run_checked("--sandbox", "apply", "dev", "--yes")
    topics = connect(site, ACCOUNTS["dev"], "sns", "us-east-1").list_topics()["Topics"]
    assert [each["TopicArn"].rpartition(":")[2] for each in topics] == ["far"]
    site.run_checked("--sandbox", "drift", "dev")
