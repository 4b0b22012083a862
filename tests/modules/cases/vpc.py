"""Module vpc."""

import json
from typing import Any

from tests.modules.applying import REGION, Account, Case, Found

BEGINNING = """
module "network" {
  source = "./modules/vpc"

  project     = "shop"
  environment = "dev"
  vpc_cidr    = "10.10.0.0/16"
"""

ENDING = """
}

output "vpc_id" {
  value = module.network.vpc_id
}

output "subnets" {
  value = {
    public  = module.network.public_subnet_ids
    private = module.network.private_subnet_ids
    data    = module.network.data_subnet_ids
  }
}

output "private_subnet_cidrs" {
  value = module.network.private_subnet_cidrs
}

output "nat_public_ips" {
  value = module.network.nat_public_ips
}
"""

ROOT = f"""{BEGINNING}
  az_count            = 2
  nat                 = "single"
  interface_endpoints = ["ecr.api", "logs"]
{ENDING}"""

A_GATEWAY_A_ZONE = f"""{BEGINNING}
  az_count = 3
  nat      = "per_az"
{ENDING}"""

SHUT = f"""{BEGINNING}
  az_count  = 3
  nat       = "none"
  flow_logs = false
{ENDING}"""

ANYWHERE = "0.0.0.0/0"
GATEWAYS = {f"com.amazonaws.{REGION}.dynamodb", f"com.amazonaws.{REGION}.s3"}


def look(account: Account, found: Found) -> None:
    _places(account, found, zones=2)
    _ways_out(account, found, gateways=1)
    _default_group_is_closed(account, found)
    _flow_logs_are_written(account, found)
    _gateway_endpoints(account, found)
    _interface_endpoints(account, found, {"ecr.api", "logs"})


def look_per_zone(account: Account, found: Found) -> None:
    _places(account, found, zones=3)
    _ways_out(account, found, gateways=3)
    _gateway_endpoints(account, found)
    _interface_endpoints(account, found, set())
    groups = account.client("ec2").describe_security_groups(Filters=_within(found))["SecurityGroups"]
    assert [group["GroupName"] for group in groups] == ["default"], "no group without an endpoint"


def look_shut(account: Account, found: Found) -> None:
    _places(account, found, zones=3)
    _ways_out(account, found, gateways=0)
    _gateway_endpoints(account, found)
    assert account.client("ec2").describe_flow_logs()["FlowLogs"] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []


def gone(account: Account) -> None:
    ec2 = account.client("ec2")
    assert [vpc["CidrBlock"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]] == []
    assert ec2.describe_addresses()["Addresses"] == []
    ends = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert [end["VpcEndpointId"] for end in ends if end["State"] != "deleted"] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []
    roles = account.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if role["RoleName"].startswith("shop-dev")] == []


def _within(found: Found) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [found["vpc_id"]]}]


def _subnets(account: Account, found: Found, kind: str) -> list[dict[str, Any]]:
    subnets = account.client("ec2").describe_subnets(Filters=_within(found))["Subnets"]
    return [next(subnet for subnet in subnets if subnet["SubnetId"] == each) for each in found["subnets"][kind]]


def _places(account: Account, found: Found, *, zones: int) -> None:
    """Each kind of subnet lies in its own part of the range, one a zone, and gives nothing a public address."""
    places = {
        "private": [f"10.10.{32 * zone}.0/19" for zone in range(zones)],
        "public": [f"10.10.{128 + zone}.0/24" for zone in range(zones)],
        "data": [f"10.10.{136 + zone}.0/24" for zone in range(zones)],
    }
    assert found["private_subnet_cidrs"] == places["private"]
    for kind, cidrs in places.items():
        subnets = _subnets(account, found, kind)
        assert [subnet["CidrBlock"] for subnet in subnets] == cidrs
        assert len({subnet["AvailabilityZone"] for subnet in subnets}) == zones
        assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
        roles = {tag["Key"]: tag["Value"] for tag in subnets[0]["Tags"] if tag["Key"].startswith("kubernetes.io/role/")}
        wanted = {"public": {"kubernetes.io/role/elb": "1"}, "private": {"kubernetes.io/role/internal-elb": "1"}}
        assert roles == wanted.get(kind, {})


def _tables(account: Account, found: Found, kind: str) -> list[dict[str, Any]]:
    """The route table of each subnet of a kind; the main table of the VPC serves none of them."""
    tables = account.client("ec2").describe_route_tables(Filters=_within(found))["RouteTables"]
    serving = {link["SubnetId"]: table for table in tables for link in table["Associations"] if "SubnetId" in link}
    return [serving[subnet] for subnet in found["subnets"][kind]]


def _outward(table: dict[str, Any]) -> str | None:
    """Where a packet to the internet goes."""
    ways = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == ANYWHERE]
    return next((way.get("NatGatewayId") or way.get("GatewayId") for way in ways), None)


def _ways_out(account: Account, found: Found, *, gateways: int) -> None:
    nat = account.client("ec2").describe_nat_gateways(Filter=_within(found))["NatGateways"]
    alive = [gateway for gateway in nat if gateway["State"] == "available"]
    addresses = {gateway["NatGatewayAddresses"][0]["PublicIp"] for gateway in alive}
    assert len(alive) == gateways
    assert addresses == set(found["nat_public_ips"])
    at_home = {gateway["SubnetId"]: gateway["NatGatewayId"] for gateway in alive}
    assert set(at_home) <= set(found["subnets"]["public"])

    ways = [_outward(table) for table in _tables(account, found, "private")]
    if gateways > 1:
        assert ways == [at_home[subnet] for subnet in found["subnets"]["public"]], "each zone through its own gateway"
    else:
        assert set(ways) == (set(at_home.values()) or {None})
    assert {str(_outward(table))[:4] for table in _tables(account, found, "public")} == {"igw-"}
    for table in _tables(account, found, "data"):
        assert {route.get("GatewayId", "none") for route in table["Routes"] if "DestinationCidrBlock" in route} == {
            "local"
        }


def _default_group_is_closed(account: Account, found: Found) -> None:
    groups = account.client("ec2").describe_security_groups(Filters=_within(found))["SecurityGroups"]
    (default,) = [group for group in groups if group["GroupName"] == "default"]
    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []


def _flow_logs_are_written(account: Account, found: Found) -> None:
    (log,) = account.client("ec2").describe_flow_logs()["FlowLogs"]
    (group,) = account.client("logs").describe_log_groups()["logGroups"]
    assert (log["ResourceId"], log["TrafficType"]) == (found["vpc_id"], "ALL")
    assert log["LogDestination"].removesuffix(":*") == group["arn"].removesuffix(":*")
    assert (group["logGroupName"], group["retentionInDays"]) == ("/shop/dev/vpc-flow", 30)

    iam, role = account.client("iam"), log["DeliverLogsPermissionArn"].split("/")[-1]
    (trusted,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": [account.account_id]}}
    (allowed,) = iam.get_role_policy(RoleName=role, PolicyName="write-flow-logs")["PolicyDocument"]["Statement"]
    assert allowed["Resource"] == f"{group['arn'].removesuffix(':*')}:*"
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


def _endpoints(account: Account, found: Found, kind: str) -> list[dict[str, Any]]:
    ends = account.client("ec2").describe_vpc_endpoints(Filters=_within(found))["VpcEndpoints"]
    return [end for end in ends if end["VpcEndpointType"] == kind and end["State"] != "deleted"]


def _gateway_endpoints(account: Account, found: Found) -> None:
    ends = _endpoints(account, found, "Gateway")
    assert {end["ServiceName"] for end in ends} == GATEWAYS
    tables = {table["RouteTableId"] for kind in ("private", "data") for table in _tables(account, found, kind)}
    for end in ends:
        assert set(end["RouteTableIds"]) == tables
        statements = json.loads(end["PolicyDocument"])["Statement"]
        own = {"StringEquals": {"aws:PrincipalAccount": account.account_id}}
        free = [statement["Action"] for statement in statements if statement.get("Condition") != own]
        assert free == ([["s3:GetObject", "s3:GetObjectVersion"]] if end["ServiceName"].endswith(".s3") else [])


def _interface_endpoints(account: Account, found: Found, services: set[str]) -> None:
    ends = _endpoints(account, found, "Interface")
    assert {end["ServiceName"].removeprefix(f"com.amazonaws.{REGION}.") for end in ends} == services
    for end in ends:
        assert end["PrivateDnsEnabled"]
        assert set(end["SubnetIds"]) == set(found["subnets"]["private"])
        ids = [group["GroupId"] for group in end["Groups"]]
        (group,) = account.client("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]
        (rule,) = group["IpPermissions"]
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
        assert [given["CidrIp"] for given in rule["IpRanges"]] == ["10.10.0.0/16"]
        assert group["IpPermissionsEgress"] == []


CASE = Case("vpc", "100000000001", ROOT, look, gone, ((A_GATEWAY_A_ZONE, look_per_zone), (SHUT, look_shut)))
