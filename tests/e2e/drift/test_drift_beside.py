"""What is revoked by hand beside something else: the provider tells of it in both, and the plan holds one of them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNTS, Project, open_client, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project

pytestmark = [pytest.mark.terraform, pytest.mark.slow, pytest.mark.night]

TOML = render_project("beside", {"base": ""}, on_aws=True, gates={"staging": OPEN, "prod": OPEN})
MODULE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_security_group" "this" {
  name   = "ruled"
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group_rule" "https" {
  security_group_id = aws_security_group.this.id
  type              = "ingress"
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_iam_role" "this" {
  name               = "beside"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "look"
  role   = aws_iam_role.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }]
  })
}
"""


BUCKET = "beside-and-its-policy"
WITH_A_BUCKET = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_s3_bucket" "this" {
  bucket = "beside-and-its-policy"
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Sid       = "Tls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["${aws_s3_bucket.this.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
"""


@pytest.fixture
def project(tmp_path: Path, home: Path, unpacked_provider: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    made = Project(tmp_path / "beside", home)
    made.write("envctl.toml", TOML)
    made.write("modules/base/main.tf", getattr(request, "param", MODULE))
    for name in ACCOUNTS:
        made.write(f"environments/{name}/terraform.tfvars", "")
    with run_in_sandbox(made, unpacked_provider):
        made.run_checked("--sandbox", "apply", "dev", "--yes")
        made.run_checked("--sandbox", "drift", "dev", "--json")
        yield made


def group(project: Project) -> str:
    found = open_client(project, "dev", "ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["ruled"]}]
    )
    return str(found["SecurityGroups"][0]["GroupId"])


def rule(port: int, range_: str) -> list[dict[str, object]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": range_}]}]


def revoke_all(project: Project) -> None:
    ec2, iam = (open_client(project, "dev", service) for service in ("ec2", "iam"))
    ec2.revoke_security_group_ingress(GroupId=group(project), IpPermissions=rule(443, "10.0.0.0/8"))
    (table,) = [
        each["RouteTableId"]
        for each in ec2.describe_route_tables()["RouteTables"]
        if any(route.get("DestinationCidrBlock") == "0.0.0.0/0" for route in each["Routes"])
    ]
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    iam.delete_role_policy(RoleName="beside", PolicyName="look")


def test_drift_restored_by_another_resource_is_fixed(project: Project) -> None:
    revoke_all(project)
    found = project.run("--sandbox", "drift", "dev", "--json")
    assert found.code == 2
    (stack,) = found.document["result"]["environments"][0]["stacks"]
    drifted = {each["address"] for each in stack["resources"]}
    # The group and the table tell of the rule and the route, and no plan holds either.
    assert {"aws_security_group.this", "aws_route_table.this", "aws_security_group_rule.https"} <= drifted
    fixed = project.run("--sandbox", "drift", "dev", "--fix", "--yes", "--json")
    assert (fixed.code, fixed.codes) == (0, []), fixed.out
    assert project.run("--sandbox", "drift", "dev", "--json").code == 0


def test_unfixable_drift_is_reported_after_fixing_the_rest(project: Project) -> None:
    ec2 = open_client(project, "dev", "ec2")
    # Beside the rule that comes back stands another one, of which the configuration says nothing.
    ec2.revoke_security_group_ingress(GroupId=group(project), IpPermissions=rule(443, "10.0.0.0/8"))
    ec2.authorize_security_group_ingress(GroupId=group(project), IpPermissions=rule(22, "0.0.0.0/0"))
    fixed = project.run("--sandbox", "drift", "dev", "--fix", "--yes", "--json")
    assert (fixed.code, fixed.codes) == (1, ["E330"])
    assert "aws_security_group.this" in fixed.document["problems"][0]["message"]
    ports = {
        each["FromPort"]
        for each in ec2.describe_security_groups(GroupIds=[group(project)])["SecurityGroups"][0]["IpPermissions"]
    }
    assert ports == {443, 22}, "what could be set right is"


def policy_of(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(open_client(project, "dev", "s3").get_bucket_policy(Bucket=BUCKET)["Policy"])
    return found


def open_the_policy(project: Project) -> None:
    policy = policy_of(project)
    policy["Statement"][0] |= {"Sid": "Open", "Effect": "Allow", "Action": "s3:GetObject"}
    del policy["Statement"][0]["Condition"]
    open_client(project, "dev", "s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def delete_the_policy(project: Project) -> None:
    open_client(project, "dev", "s3").delete_bucket_policy(Bucket=BUCKET)


def delete_the_bucket(project: Project) -> None:
    delete_the_policy(project)
    open_client(project, "dev", "s3").delete_bucket(Bucket=BUCKET)


HANDS: list[tuple[Callable[[Project], None], set[str]]] = [
    (open_the_policy, {"aws_s3_bucket_policy.this"}),
    (delete_the_policy, {"aws_s3_bucket_policy.this"}),
    (delete_the_bucket, {"aws_s3_bucket.this", "aws_s3_bucket_policy.this"}),
]


@pytest.mark.parametrize("project", [WITH_A_BUCKET], indirect=True, ids=["a bucket"])
def test_bucket_and_its_policy_are_restored(project: Project) -> None:
    made = policy_of(project)
    for hand, expected in HANDS:
        hand(project)
        found = project.run("--sandbox", "drift", "dev", "--json")
        assert found.code == 2, found.out
        (stack,) = found.document["result"]["environments"][0]["stacks"]
        assert {each["address"] for each in stack["resources"]} == expected
        fixed = project.run("--sandbox", "drift", "dev", "--fix", "--yes", "--json")
        assert (fixed.code, fixed.codes) == (0, []), fixed.out
        # That nothing else has drifted then, the next look tells.
        assert policy_of(project) == made
    assert project.run("--sandbox", "drift", "dev", "--json").code == 0
