"""Reality changes behind Terraform's back: on the real AWS provider, looked at and changed with boto3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, open_client

pytestmark = pytest.mark.terraform

DENY = {"Effect": "Deny", "Principal": "*", "Action": "sqs:PurgeQueue", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [DENY]})
TOML = """
[project]
name = "queue"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
account_id = "111111111111"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"

[environments.staging]
account_id = "222222222222"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::222222222222:role/envctl-deployer"

[environments.staging.gates]
approvals = {}

[environments.prod]
account_id = "333333333333"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::333333333333:role/envctl-deployer"
protected = true

[environments.prod.gates]
approvals = {approvals}

[stacks.queue]
module = "modules/queue"
"""
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

resource "aws_sqs_queue" "this" {
  name                       = "${var.environment}-queue"
  visibility_timeout_seconds = 30
}

resource "aws_cloudwatch_log_group" "each" {
  for_each = toset(["a", "b", "c"])
  name     = "/${var.environment}/${each.key}/${data.aws_caller_identity.here.account_id}"
}

output "url" {
  value = aws_sqs_queue.this.id
}
"""


@pytest.fixture
def queue(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "queue", home)
    project.write("envctl.toml", TOML.replace("{approvals}", "{}"))
    project.write("modules/queue/main.tf", MODULE)
    (project.root / ".envctl" / "sandbox").mkdir(parents=True)
    (project.root / ".envctl" / "sandbox" / "mirror").symlink_to(unpacked_provider)
    yield project
    project.run("sandbox", "down")


def sqs(project: Project, environment: str) -> tuple[Any, str]:
    """A client in an environment's account, and the address of the queue there."""
    there = open_client(project, environment, "sqs")
    return there, there.get_queue_url(QueueName=f"{environment}-queue")["QueueUrl"]


def everywhere(project: Project, *, but: str = "") -> None:
    for words in (("apply", "dev"), ("promote", "dev", "staging"), ("promote", "staging", "prod")):
        if words[-1] != but:
            project.run_checked("--sandbox", *words, "--yes")


def test_drift_revokes_evidence_until_it_is_fixed(queue: Project) -> None:
    everywhere(queue, but="prod")
    assert queue.run("--sandbox", "drift").code == 0
    there, url = sqs(queue, "staging")
    there.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    found = queue.run("--sandbox", "drift", "staging", "--json")
    assert found.code == 2
    (drifted,) = found.document["result"]["environments"][0]["stacks"][0]["resources"]
    assert drifted["address"] == "aws_sqs_queue.this"
    assert [(a["path"], a["before"], a["after"]) for a in drifted["attributes"]] == [
        ("visibility_timeout_seconds", 30, 77)
    ]
    refused = queue.run("--sandbox", "promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G103", "G110"])
    queue.run_checked("--sandbox", "apply", "staging", "--yes")
    assert queue.run("--sandbox", "drift", "staging").code == 0

    # The module says nothing about a policy: no plan takes it away, and so it is taken as it is.
    there.set_queue_attributes(QueueUrl=url, Attributes={"Policy": POLICY})
    assert queue.run("--sandbox", "drift", "staging").code == 2
    taken = queue.run_checked("--sandbox", "apply", "staging")
    assert "is in no plan is taken into the state as it is: queue: aws_sqs_queue.this" in " ".join(taken.err.split())
    assert queue.run("--sandbox", "drift", "staging").code == 0
    queue.run_checked("--sandbox", "promote", "staging", "prod", "--yes")


def test_deletion_voids_approval_but_refreshed_value_does_not(queue: Project) -> None:
    everywhere(queue)
    queue.write("modules/queue/main.tf", MODULE.replace("= 30", "= 45"))
    everywhere(queue, but="prod")
    queue.write("envctl.toml", TOML.replace("{approvals}", "{ peer = 1 }"))
    queue.run_checked("--sandbox", "approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL="bob@example.com")
    there, url = sqs(queue, "prod")

    # `policy` is computed: the next plan reads it anew, and plans nothing about it.
    there.set_queue_attributes(QueueUrl=url, Attributes={"Policy": POLICY})
    there.send_message(QueueUrl=url, MessageBody="hello")
    told = queue.run_checked("--sandbox", "why", "prod", "--plan", "--json").document["result"]
    assert {answer["code"]: answer["outcome"] for answer in told["answers"]}["G302"] == "passes"

    there.delete_queue(QueueUrl=url)
    refused = queue.run("--sandbox", "promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G302"])
    assert "create queue: aws_sqs_queue.this" in refused.document["problems"][0]["message"]


@pytest.mark.night
def test_a_protected_environment_keeps_its_queue(queue: Project) -> None:
    everywhere(queue)
    queue.write("modules/queue/main.tf", MODULE.replace("-queue", "-another"))
    everywhere(queue, but="prod")
    refused = queue.run("--sandbox", "promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G301"])
    assert "replace queue: aws_sqs_queue.this" in refused.document["problems"][0]["message"]
