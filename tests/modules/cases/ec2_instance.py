"""Module ec2_instance."""

import base64
from typing import Any

from tests.modules.applying import REGION, Account, Case, Found

DIGEST = "sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
ELSEWHERE = f"registry.example.com/web@{DIGEST}"
IN_ECR = f"100000000002.dkr.ecr.{REGION}.amazonaws.com/shop/web@{DIGEST}"
NAME = "shop-dev-web"

AROUND = """
resource "aws_vpc" "this" {
  cidr_block = "10.10.0.0/16"
}

resource "aws_subnet" "private" {
  count = 2

  vpc_id     = aws_vpc.this.id
  cidr_block = cidrsubnet("10.10.0.0/16", 8, count.index)
}

resource "aws_security_group" "database" {
  name   = "may-connect-to-the-database"
  vpc_id = aws_vpc.this.id
}

output "group" {
  value = module.web.autoscaling_group_name
}

output "template" {
  value = module.web.launch_template_id
}

output "security_group" {
  value = module.web.security_group_id
}

output "database_group" {
  value = aws_security_group.database.id
}

output "subnets" {
  value = aws_subnet.private[*].id
}

module "web" {
  source = "./modules/ec2_instance"

  project       = "shop"
  environment   = "dev"
  vpc_id        = aws_vpc.this.id
  subnet_ids    = aws_subnet.private[*].id
  instance_type = "t3.micro"
"""

ROOT = f"""{AROUND}
  image        = "{ELSEWHERE}"
  min_size     = 0
  desired_size = 1
  max_size     = 4
}}
"""

ON_SPOT = f"""{AROUND}
  image                      = "{IN_ECR}"
  min_size                   = 0
  desired_size               = 2
  max_size                   = 4
  spot_percent               = 50
  on_demand_base             = 1
  other_instance_types       = ["t3a.micro", "t2.micro"]
  target_cpu_percent         = 40
  database_security_group_id = aws_security_group.database.id
  ingress_cidrs              = ["10.10.0.0/16"]
  egress                     = [{{ description = "Cache", port = 6379, cidrs = ["10.10.0.0/16"] }}]
}}
"""

OF_ONE_SIZE = f"""{AROUND}
  image        = "{ELSEWHERE}"
  min_size     = 2
  desired_size = 2
  max_size     = 2
}}
"""


def look(account: Account, found: Found) -> None:
    group = _group(account, found)
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (0, 1, 4)
    assert sorted(group["VPCZoneIdentifier"].split(",")) == sorted(found["subnets"])
    assert "MixedInstancesPolicy" not in group
    assert group["LaunchTemplate"]["LaunchTemplateId"] == found["template"]
    assert not group.get("CapacityRebalance")
    assert _cpu_target(account) == 60

    template = _template(account, found)
    _hardened(template)
    assert template["SecurityGroupIds"] == [found["security_group"]]
    assert ELSEWHERE in _user_data(template)
    assert _ports(account, found, "IpPermissions") == {8080: ["127.0.0.1/32"]}, "closed, by a rule that nobody can use"
    assert _ports(account, found, "IpPermissionsEgress") == {443: ["0.0.0.0/0"]}
    _rights(account, {"write-logs"})
    _instances_carry_their_name(account, found)

    # Night falls: a schedule puts the group to sleep, and no apply may wake it.
    account.client("autoscaling").set_desired_capacity(AutoScalingGroupName=found["group"], DesiredCapacity=0)


def look_on_spot(account: Account, found: Found) -> None:
    group = _group(account, found)
    assert (group["DesiredCapacity"], group["Instances"]) == (0, []), "an apply at night wakes nobody"
    assert "LaunchTemplate" not in group
    policy = group["MixedInstancesPolicy"]
    assert [each["InstanceType"] for each in policy["LaunchTemplate"]["Overrides"]] == [
        "t3.micro",
        "t3a.micro",
        "t2.micro",
    ]
    assert policy["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateId"] == found["template"]
    shares = policy["InstancesDistribution"]
    assert (shares["OnDemandBaseCapacity"], shares["OnDemandPercentageAboveBaseCapacity"]) == (1, 50)
    assert shares["SpotAllocationStrategy"] == "capacity-optimized"
    assert _cpu_target(account) == 40

    template = _template(account, found)
    _hardened(template)
    assert set(template["SecurityGroupIds"]) == {found["security_group"], found["database_group"]}
    assert IN_ECR in _user_data(template)
    assert _ports(account, found, "IpPermissions") == {8080: ["10.10.0.0/16"]}
    assert _ports(account, found, "IpPermissionsEgress") == {443: ["0.0.0.0/0"], 6379: ["10.10.0.0/16"]}
    _rights(account, {"pull-image", "write-logs"})

    account.client("autoscaling").set_desired_capacity(AutoScalingGroupName=found["group"], DesiredCapacity=4)
    assert len(_instances(account)) == 4
    _instances_carry_their_name(account, found)


def look_of_one_size(account: Account, found: Found) -> None:
    group = _group(account, found)
    assert group["DesiredCapacity"] == len(group["Instances"]) == 2, "the bounds hold whatever the group was at"
    assert "MixedInstancesPolicy" not in group
    assert account.client("autoscaling").describe_policies()["ScalingPolicies"] == [], "nothing to scale"
    assert _template(account, found)["SecurityGroupIds"] == [found["security_group"]]
    _rights(account, {"write-logs"})


def gone(account: Account) -> None:
    ec2, scaling = account.client("ec2"), account.client("autoscaling")
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert scaling.describe_policies()["ScalingPolicies"] == []
    assert _instances(account) == []
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []
    iam = account.client("iam")
    assert [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("shop-dev")] == []
    assert iam.list_instance_profiles()["InstanceProfiles"] == []


def _group(account: Account, found: Found) -> dict[str, Any]:
    (group,) = account.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["AutoScalingGroupName"] == found["group"] == NAME
    return dict(group)


def _cpu_target(account: Account) -> float:
    (policy,) = account.client("autoscaling").describe_policies(AutoScalingGroupName=NAME)["ScalingPolicies"]
    aim = policy["TargetTrackingConfiguration"]
    assert aim["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ASGAverageCPUUtilization"
    return float(aim["TargetValue"])


def _template(account: Account, found: Found) -> dict[str, Any]:
    versions = account.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=found["template"], Versions=["$Latest"]
    )
    return dict(versions["LaunchTemplateVersions"][0]["LaunchTemplateData"])


def _hardened(template: dict[str, Any]) -> None:
    metadata = template["MetadataOptions"]
    assert (metadata["HttpTokens"], metadata["HttpPutResponseHopLimit"]) == ("required", 1)
    (disk,) = template["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"] in (True, "true")
    assert "KeyName" not in template


def _user_data(template: dict[str, Any]) -> str:
    return base64.b64decode(template["UserData"]).decode()


def _ports(account: Account, found: Found, way: str) -> dict[int, list[str]]:
    """Which ranges each port is open to, in or out."""
    groups = account.client("ec2").describe_security_groups(GroupIds=[found["security_group"]])["SecurityGroups"]
    return {rule["FromPort"]: [given["CidrIp"] for given in rule["IpRanges"]] for rule in groups[0][way]}


def _rights(account: Account, policies: set[str]) -> None:
    """Session Manager, its own log group, its own repository: nothing else."""
    iam = account.client("iam")
    (attached,) = iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]
    assert attached["PolicyName"] == "AmazonSSMManagedInstanceCore"
    assert set(iam.list_role_policies(RoleName=NAME)["PolicyNames"]) == policies
    (log,) = account.client("logs").describe_log_groups()["logGroups"]
    assert (log["logGroupName"], log["retentionInDays"]) == ("/shop/dev/web", 30)
    resources = {name: _resources(iam, name) for name in policies}
    assert resources["write-logs"] == [f"{log['arn'].removesuffix(':*')}:*"]
    if "pull-image" in policies:
        assert resources["pull-image"] == [f"arn:aws:ecr:{REGION}:100000000002:repository/shop/web", "*"]


def _resources(iam: Any, name: str) -> list[str]:
    document = iam.get_role_policy(RoleName=NAME, PolicyName=name)["PolicyDocument"]
    return [statement["Resource"] for statement in document["Statement"]]


def _instances(account: Account) -> list[dict[str, Any]]:
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    reservations = account.client("ec2").describe_instances(Filters=alive)["Reservations"]
    return [instance for reservation in reservations for instance in reservation["Instances"]]


def _instances_carry_their_name(account: Account, found: Found) -> None:
    for instance in _instances(account):
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        assert (tags["Name"], tags["project"], tags["environment"]) == (NAME, "shop", "dev")
        assert instance["SubnetId"] in found["subnets"]
        assert "PublicIpAddress" not in instance


CASE = Case(
    "ec2_instance", "100000000002", ROOT, look, gone, ((ON_SPOT, look_on_spot), (OF_ONE_SIZE, look_of_one_size))
)
