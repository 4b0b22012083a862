"""What people do to an account by hand, and what drift makes of it: the real AWS provider, and boto3 behind it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNTS, CommandResult, Project, open_client, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project

pytestmark = [pytest.mark.terraform, pytest.mark.slow, pytest.mark.night]

TOML = render_project(
    "estate",
    {"base": ""},
    on_aws=True,
    gates={"staging": OPEN, "prod": OPEN},
    more='[environments.staging.drift]\nignore = ["aws_autoscaling_group.*.desired_capacity"]\n',
)
MODULE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "password" {
  type      = string
  sensitive = true
}

variable "retention" {
  type    = number
  default = 3600
}

data "aws_ssm_parameter" "outside" {
  name = "outside"
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.0.0.0/24"
}

resource "aws_security_group" "bare" {
  name   = "bare"
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "ruled" {
  name   = "ruled"
  vpc_id = aws_vpc.this.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "joined" {
  name   = "joined"
  vpc_id = aws_vpc.this.id
  ingress {
    from_port   = 8080
    to_port     = 8080
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_launch_template" "web" {
  name     = "web"
  image_id = "ami-12345678"
}

resource "aws_autoscaling_group" "web" {
  name                = "web"
  min_size            = 0
  max_size            = 3
  desired_capacity    = 0
  vpc_zone_identifier = [aws_subnet.this.id]
  launch_template {
    id      = aws_launch_template.web.id
    version = "1"
  }
}

resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 30
  message_retention_seconds  = var.retention
}

resource "aws_sns_topic" "news" {
  name         = "news"
  display_name = "old"
}

resource "aws_ssm_parameter" "secret" {
  name  = "secret"
  type  = "SecureString"
  value = var.password
}

resource "aws_ssm_parameter" "gone" {
  name  = "gone"
  type  = "String"
  value = "here"
}

output "outside" {
  value = nonsensitive(data.aws_ssm_parameter.outside.value)
}

output "news" {
  value = aws_sns_topic.news.display_name
}

output "secret" {
  value     = aws_ssm_parameter.secret.value
  sensitive = true
}
"""
HIDDEN = "(sensitive)"
IN_BOTH = {
    "aws_vpc.this": {
        "tags.Owner": (None, "ann"),
        "tags.stack": (None, "mine"),
        "tags_all.Owner": (None, "ann"),
        "tags_all.stack": ("base", "mine"),
    }
}
IN_STAGING = {
    "aws_security_group.bare": {
        "ingress[0].cidr_blocks[0]": (None, "0.0.0.0/0"),
        "ingress[0].from_port": (None, 22),
        "ingress[0].protocol": (None, "tcp"),
        "ingress[0].self": (None, False),
        "ingress[0].to_port": (None, 22),
    },
    # It stands in front of the other rule, which is the same as ever.
    "aws_security_group.joined": {
        "ingress[0].cidr_blocks[0]": (None, "0.0.0.0/0"),
        "ingress[0].from_port": (None, 22),
        "ingress[0].protocol": (None, "tcp"),
        "ingress[0].self": (None, False),
        "ingress[0].to_port": (None, 22),
    },
    "aws_security_group.ruled": {
        "ingress[0].cidr_blocks[0]": ("10.0.0.0/8", None),
        "ingress[0].from_port": (443, None),
        "ingress[0].protocol": ("tcp", None),
        "ingress[0].self": (False, None),
        "ingress[0].to_port": (443, None),
    },
    "aws_sns_topic.news": {"display_name": ("old", "new")},
    "aws_sqs_queue.jobs": {"visibility_timeout_seconds": (30, 77)},
    "aws_ssm_parameter.secret": {"value": (HIDDEN, HIDDEN), "version": (1, 2)},
    **IN_BOTH,
}
OUTPUTS = {"news": ("old", "new"), "outside": ("yesterday", "today"), "secret": (HIDDEN, HIDDEN)}


@pytest.fixture
def estate(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    """One release in dev and staging, as it was applied."""
    project = Project(tmp_path / "estate", home)
    project.write("envctl.toml", TOML)
    project.write("modules/base/main.tf", MODULE)
    for name in ACCOUNTS:
        project.write(f"environments/{name}/terraform.tfvars", f'password = "planted-in-{name}"\n')
    with run_in_sandbox(project, unpacked_provider):
        project.run_checked("sandbox", "up")
        for name in ("dev", "staging"):
            open_client(project, name, "ssm").put_parameter(Name="outside", Value="yesterday", Type="String")
        project.run_checked("--sandbox", "apply", "dev", "--yes")
        project.run_checked("--sandbox", "promote", "dev", "staging", "--yes")
        yield project


def tagged(project: Project, environment: str) -> None:
    ec2 = open_client(project, environment, "ec2")
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["CidrBlock"] == "10.0.0.0/16")
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Owner", "Value": "ann"}, {"Key": "stack", "Value": "mine"}])


def rules_changed(project: Project, environment: str) -> None:
    ec2 = open_client(project, environment, "ec2")
    groups = {group["GroupName"]: group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]}
    for name in ("bare", "joined"):
        ec2.authorize_security_group_ingress(GroupId=groups[name], IpPermissions=rule(22, "0.0.0.0/0"))
    ec2.revoke_security_group_ingress(GroupId=groups["ruled"], IpPermissions=rule(443, "10.0.0.0/8"))


def rule_taken_back(project: Project, environment: str) -> None:
    ec2 = open_client(project, environment, "ec2")
    (group,) = (each for each in ec2.describe_security_groups()["SecurityGroups"] if each["GroupName"] == "bare")
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rule(22, "0.0.0.0/0"))


def rule(port: int, range_: str) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": range_}]}]


def changed(project: Project, environment: str) -> None:
    """An attribute, an output that follows it, a secret, what a data source reads, and what a rule lets drift."""
    sqs, sns, ssm = (open_client(project, environment, service) for service in ("sqs", "sns", "ssm"))
    queue = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "77"})
    (topic,) = sns.list_topics()["Topics"]
    sns.set_topic_attributes(TopicArn=topic["TopicArn"], AttributeName="DisplayName", AttributeValue="new")
    ssm.put_parameter(Name="secret", Value="planted-by-hand", Type="SecureString", Overwrite=True)
    ssm.put_parameter(Name="outside", Value="today", Type="String", Overwrite=True)
    ssm.delete_parameter(Name="gone")
    scaling = open_client(project, environment, "autoscaling")
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)


def stack(ran: CommandResult, environment: str) -> dict[str, Any]:
    environments = {each["environment"]: each for each in ran.document["result"]["environments"]}
    (found,) = environments[environment]["stacks"]
    return dict(found)


def differing(resources: list[dict[str, Any]]) -> dict[str, dict[str, tuple[object, object]]]:
    return {
        each["address"]: {a["path"]: (a["before"], a["after"]) for a in each["attributes"]}
        for each in resources
        if each["action"] == "update"
    }


def outputs(plan: dict[str, Any]) -> dict[str, tuple[object, object]]:
    return {each["name"]: (each["before"], each["after"]) for each in plan["outputs"]}


def standing(project: Project, code: str) -> str:
    told = project.run("--sandbox", "why", "prod", "--json").document["result"]
    return str({answer["code"]: answer["outcome"] for answer in told["answers"]}[code])


def holding(project: Project, text: bytes) -> list[Path]:
    """The files of envctl, and of the Terraform that it started, that hold a text."""
    passed_over = {"mirror", "providers", "plugins"}
    return [
        path
        for path in project.list_files()
        if {".envctl", ".cache"} & {*path.parts} and not passed_over & {*path.parts} and text in path.read_bytes()
    ]


def test_manual_changes_are_found_grouped_and_fixed(estate: Project) -> None:
    assert estate.run("--sandbox", "drift").code == 0
    for environment in ("dev", "staging"):
        tagged(estate, environment)
    rules_changed(estate, "staging")
    changed(estate, "staging")

    everywhere = estate.run("--sandbox", "drift", "--json")
    assert everywhere.code == 2
    assert differing(stack(everywhere, "dev")["resources"]) == IN_BOTH
    staging = stack(everywhere, "staging")
    assert differing(staging["resources"]) == IN_STAGING
    assert [each["address"] for each in staging["resources"] if each["action"] == "delete"] == [
        "aws_ssm_parameter.gone"
    ]
    assert outputs(staging) == OUTPUTS
    assert (staging["ignored"], staging["pending"]) == (["aws_autoscaling_group.web.desired_capacity"], None)
    assert [standing(estate, code) for code in ("G103", "G110")] == ["refuses", "refuses"]

    estate.write("environments/staging/terraform.tfvars", 'password = "planted-in-staging"\nretention = 7200\n')
    shown = estate.run("--sandbox", "drift", "dev", "staging", COLUMNS="100")
    assert shown.code == 2
    drift, _, pending = shown.out.partition("Pending: state → configuration")
    assert drift.count("aws_vpc.this") == 1, "the same in two environments is one row"
    assert "aws_vpc.this   in dev, staging" in drift
    assert "visibility_timeout_seconds  30 → 77" in drift
    assert "message_retention_seconds  3600 → 7200" in pending
    assert ("message_retention" in drift, "visibility_timeout" in pending) == (False, False)
    assert "envctl --sandbox drift dev staging --fix" in shown.out

    # No plan takes away a rule of which the configuration says nothing, and nobody wants it to stay unnoticed.
    refused = estate.run("--sandbox", "drift", "staging", "--fix", "--yes", "--json")
    assert (refused.code, refused.codes) == (1, ["E330"])
    assert "base: aws_security_group.bare" in refused.document["problems"][0]["message"]
    rule_taken_back(estate, "staging")

    fixed = estate.run_checked("--sandbox", "drift", "dev", "staging", "--fix", "--yes", "--markdown")
    assert "<code>(sensitive)</code> | <code>(sensitive)</code>" in fixed.out
    again = estate.run_checked("--sandbox", "drift", "--pending")
    assert "No drift in dev, staging." in again.out
    assert [standing(estate, code) for code in ("G103", "G110")] == ["passes", "passes"]

    said = (everywhere, shown, fixed, again, estate.run("--sandbox", "history", "--json"))
    assert not any("planted-" in ran.out + ran.err for ran in said)
    assert holding(estate, b"planted-") == []
