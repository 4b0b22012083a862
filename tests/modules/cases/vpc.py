"""Module vpc."""

from tests.modules.applying import Account, Case, Found

ROOT = """
module "network" {
  source = "./modules/vpc"

  project     = "shop"
  environment = "dev"
  vpc_cidr    = "10.10.0.0/16"
  az_count    = 2
  nat         = "single"
}

output "vpc_id" {
  value = module.network.vpc_id
}
"""


def look(account: Account, found: Found) -> None:
    ec2 = account.client("ec2")
    (log,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [found["vpc_id"]]}])["FlowLogs"]
    assert log["TrafficType"] == "ALL"


def gone(account: Account) -> None:
    ec2 = account.client("ec2")
    assert [vpc["CidrBlock"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]] == []


CASE = Case("vpc", "100000000001", ROOT, look, gone)
