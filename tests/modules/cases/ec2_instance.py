"""Module ec2_instance."""

from tests.modules.applying import Account, Case, Found

ROOT = """
resource "aws_vpc" "this" {
  cidr_block = "10.10.0.0/16"
}

resource "aws_subnet" "private" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.10.0.0/24"
}

module "web" {
  source = "./modules/ec2_instance"

  project       = "shop"
  environment   = "dev"
  vpc_id        = aws_vpc.this.id
  subnet_ids    = [aws_subnet.private.id]
  instance_type = "t3.micro"
  image         = "registry.example.com/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
}

output "group" {
  value = module.web.autoscaling_group_name
}
"""


def look(account: Account, found: Found) -> None:
    groups = account.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [group["AutoScalingGroupName"] for group in groups] == [found["group"]]


def gone(account: Account) -> None:
    assert account.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []


CASE = Case("ec2_instance", "100000000002", ROOT, look, gone)
