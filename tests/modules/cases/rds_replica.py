"""Module rds_replica."""

from typing import Any

from tests.modules.applying import OTHER_REGION, TAGS, Account, Case, Found
from tests.modules.databases import opened, watched

ACCOUNT = "100000000004"
ROOT = f"""
provider "aws" {{
  alias               = "recovery"
  region              = "{OTHER_REGION}"
  allowed_account_ids = ["{ACCOUNT}"]
  max_retries         = 3

  assume_role {{
    role_arn = "arn:aws:iam::{ACCOUNT}:role/envctl-deployer"
  }}

  default_tags {{
    tags = {{ project = "{TAGS["project"]}", stack = "{TAGS["stack"]}" }}
  }}
}}

resource "aws_db_parameter_group" "source" {{
  name   = "source"
  family = "postgres17"
}}

resource "aws_db_instance" "source" {{
  parameter_group_name            = aws_db_parameter_group.source.name
  identifier                      = "shop-dev-database"
  engine                          = "postgres"
  engine_version                  = "17"
  instance_class                  = "db.t4g.micro"
  allocated_storage               = 20
  max_allocated_storage           = 100
  storage_encrypted               = true
  username                        = "postgres"
  password                        = "only-in-the-sandbox"
  backup_retention_period         = 7
  multi_az                        = true
  skip_final_snapshot             = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  tags = {{ backup = "daily" }}
}}

module "replica" {{
  source    = "./modules/rds_replica"
  providers = {{ aws = aws.recovery }}

  project     = "shop"
  environment = "dev"

  replicate               = true
  replica_of              = aws_db_instance.source.arn
  database_instance_class = "db.t4g.micro"
  database_backup_days    = 3
  database_final_snapshot = false
  deletion_protection     = false
  log_retention_days      = 7
}}

output "source" {{
  value = aws_db_instance.source.arn
}}

output "replica" {{
  value = module.replica
}}
"""
PROMOTED = ROOT.replace("  replicate  ", "  replica_promoted        = true\n  replicate  ")
HELD = {
    "DBInstanceIdentifier": "shop-dev-database-replica",
    "Engine": "postgres",
    "DBInstanceClass": "db.t4g.micro",
    "MultiAZ": False,
    "PubliclyAccessible": False,
    "StorageEncrypted": True,
    "MaxAllocatedStorage": 100,
    "CopyTagsToSnapshot": True,
    "IAMDatabaseAuthenticationEnabled": True,
    "PerformanceInsightsEnabled": True,
}


def look(account: Account, found: Found) -> None:
    instance = _instance(account, found)
    assert instance["ReadReplicaSourceDBInstanceIdentifier"] == found["source"]
    assert instance["BackupRetentionPeriod"] == 0
    (source,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert source["ReadReplicaDBInstanceIdentifiers"] == [found["replica"]["arn"]]
    _encrypted(account, instance, found)
    _isolated(account, instance, found)
    _logs_end(account, instance, days=7)
    watched(account, instance, "shop-dev-replica-monitoring")
    # What the module's page says to do in a disaster. The settings are told of it afterwards.
    rds = account.client("rds", OTHER_REGION)
    rds.promote_read_replica(DBInstanceIdentifier=found["replica"]["identifier"], BackupRetentionPeriod=1)


def promoted(account: Account, found: Found) -> None:
    instance = _instance(account, found)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in instance
    assert instance["BackupRetentionPeriod"] == 3
    (source,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert source["ReadReplicaDBInstanceIdentifiers"] == []


def gone(account: Account) -> None:
    rds = account.client("rds", OTHER_REGION)
    assert rds.describe_db_instances()["DBInstances"] == []
    assert rds.describe_db_snapshots()["DBSnapshots"] == []
    assert account.client("logs", OTHER_REGION).describe_log_groups()["logGroups"] == []
    vpcs = account.client("ec2", OTHER_REGION).describe_vpcs()["Vpcs"]
    assert [vpc["CidrBlock"] for vpc in vpcs if not vpc["IsDefault"]] == []


def _instance(account: Account, found: Found) -> dict[str, Any]:
    (instance,) = account.client("rds", OTHER_REGION).describe_db_instances()["DBInstances"]
    assert {name: instance[name] for name in HELD} == HELD
    assert instance["DBInstanceArn"] == found["replica"]["arn"]
    assert OTHER_REGION in found["replica"]["endpoint"]
    assert {tag["Key"]: tag["Value"] for tag in instance["TagList"]} == {
        "Name": "shop-dev-database-replica",
        "project": TAGS["project"],
        "stack": TAGS["stack"],
    }
    return dict(instance)


def _encrypted(account: Account, instance: dict[str, Any], found: Found) -> None:
    key = found["replica"]["kms_key_arn"]
    assert f":{OTHER_REGION}:" in key
    assert (instance["KmsKeyId"], instance["PerformanceInsightsKMSKeyId"]) == (key, key)
    assert account.client("kms", OTHER_REGION).get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def _isolated(account: Account, instance: dict[str, Any], found: Found) -> None:
    ec2, replica = account.client("ec2", OTHER_REGION), found["replica"]
    here = [{"Name": "vpc-id", "Values": [replica["vpc_id"]]}]
    assert instance["DBSubnetGroup"]["VpcId"] == replica["vpc_id"]
    subnets = ec2.describe_subnets(Filters=here)["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    (routes,) = (table["Routes"] for table in ec2.describe_route_tables(Filters=here)["RouteTables"])
    assert [route["GatewayId"] for route in routes] == ["local"]
    attached = [{"Name": "attachment.vpc-id", "Values": [replica["vpc_id"]]}]
    assert ec2.describe_internet_gateways(Filters=attached)["InternetGateways"] == []
    clients, own = replica["client_security_group_id"], replica["security_group_id"]
    assert [group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]] == [own]
    groups = ec2.describe_security_groups(Filters=here)["SecurityGroups"]
    rules = {
        group["GroupId"]: (opened(group["IpPermissions"]), opened(group["IpPermissionsEgress"])) for group in groups
    }
    assert rules.pop(own) == ([(5432, [clients])], [])
    assert rules.pop(clients) == ([], [(5432, ["10.255.0.0/26", "10.255.0.64/26"])])
    # What is left is the group that the VPC was born with.
    assert list(rules.values()) == [([], [])]


def _logs_end(account: Account, instance: dict[str, Any], *, days: int) -> None:
    assert sorted(instance["EnabledCloudwatchLogsExports"]) == ["postgresql", "upgrade"]
    groups = account.client("logs", OTHER_REGION).describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group["retentionInDays"] for group in groups} == {
        f"/aws/rds/instance/shop-dev-database-replica/{log}": days for log in ("postgresql", "upgrade")
    }


CASE = Case("rds_replica", ACCOUNT, ROOT, look, gone, steps=[(PROMOTED, promoted)])
"""Source, replica and the change after its promotion wait one after the other, 30 seconds each."""
