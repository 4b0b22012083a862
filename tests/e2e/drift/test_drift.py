"""Reality changes behind Terraform's back: on the real AWS provider, looked at and changed with boto3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, open_client, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

DENY = {"Effect": "Deny", "Principal": "*", "Action": "SNS:DeleteTopic", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [DENY]})
TOML = render_project(
    "news",
    {"news": ""},
    on_aws=True,
    rules={"prod": "protected = true"},
    gates={"staging": OPEN, "prod": "approvals = {approvals}"},
)
MODULE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "environment" {
  type = string
}

data "aws_caller_identity" "here" {}

resource "aws_sns_topic" "this" {
  name         = "${var.environment}-news"
  display_name = "calm"
}

resource "aws_cloudwatch_log_group" "each" {
  for_each = toset(["a", "b", "c"])
  name     = "/${var.environment}/${each.key}/${data.aws_caller_identity.here.account_id}"
}

output "arn" {
  value = aws_sns_topic.this.arn
}
"""


@pytest.fixture
def news(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "news", home)
    project.write("envctl.toml", TOML.replace("{approvals}", "{}"))
    project.write("modules/news/main.tf", MODULE)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def find_topics(project: Project, environment: str) -> tuple[Any, list[str]]:
    """A client in an environment's account, and the topics there."""
    there = open_client(project, environment, "sns")
    return there, [each["TopicArn"] for each in there.list_topics()["Topics"]]


def everywhere(project: Project, *, but: str = "") -> None:
    for words in (("apply", "dev"), ("promote", "dev", "staging"), ("promote", "staging", "prod")):
        if words[-1] != but:
            project.run_checked("--sandbox", *words, "--yes")


def test_drift_revokes_evidence(news: Project) -> None:
    news.write("envctl.toml", render_project("news", {"news": ""}, ["dev", "prod"], on_aws=True, gates={"prod": OPEN}))
    news.run_checked("--sandbox", "apply", "dev", "--yes")
    assert news.run("--sandbox", "drift", "dev").code == 0
    there, (topic,) = find_topics(news, "dev")
    there.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="loud")
    found = news.run("--sandbox", "drift", "dev", "--json")
    assert found.code == 2
    (drifted,) = found.document["result"]["environments"][0]["stacks"][0]["resources"]
    assert drifted["address"] == "aws_sns_topic.this"
    assert [(a["path"], a["before"], a["after"]) for a in drifted["attributes"]] == [("display_name", "calm", "loud")]
    refused = news.run("--sandbox", "promote", "dev", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G103", "G110"])
    news.run_checked("--sandbox", "apply", "dev", "--yes")
    assert news.run("--sandbox", "drift", "dev").code == 0
    news.run_checked("--sandbox", "promote", "dev", "prod", "--yes")


@pytest.mark.night
def test_drift_in_no_plan_is_accepted_and_missing_resource_voids_approval(news: Project) -> None:
    everywhere(news, but="prod")
    there, (topic,) = find_topics(news, "staging")
    # The module says nothing about a policy: no plan takes it away, and so it is taken as it is.
    there.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=POLICY)
    assert news.run("--sandbox", "drift", "staging").code == 2
    taken = news.run_checked("--sandbox", "apply", "staging", "--yes")
    assert "is accepted into the state of staging: news: aws_sns_topic.this" in " ".join(taken.err.split())
    assert news.run("--sandbox", "drift", "staging").code == 0
    news.run_checked("--sandbox", "promote", "staging", "prod", "--yes")

    # The next release is approved for prod, as it would be by then.
    news.write("modules/news/main.tf", MODULE.replace("calm", "calmer"))
    everywhere(news, but="prod")
    news.write("envctl.toml", TOML.replace("{approvals}", "{ peer = 1 }"))
    news.run_checked("--sandbox", "approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL="bob@example.com")
    there, (topic,) = find_topics(news, "prod")

    # `policy` is computed: the next plan reads it anew, and plans nothing about it.
    there.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=POLICY)
    told = news.run_checked("--sandbox", "why", "prod", "--plan", "--json").document["result"]
    assert {answer["code"]: answer["outcome"] for answer in told["answers"]}["G302"] == "passes"

    there.delete_topic(TopicArn=topic)
    refused = news.run("--sandbox", "promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G302"])
    assert "create news: aws_sns_topic.this" in refused.document["problems"][0]["message"]
