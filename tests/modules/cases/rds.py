"""Module rds."""

import json
from typing import Any

from tests.modules.applying import REGION, Account, Case, Found
from tests.modules.databases import opened, watched

ROOT = """
resource "aws_vpc" "this" {
  cidr_block = "10.10.0.0/16"
}

resource "aws_subnet" "data" {
  count = 2

  vpc_id            = aws_vpc.this.id
  availability_zone = ["ap-northeast-1a", "ap-northeast-1c"][count.index]
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, count.index)
}

module "database" {
  source = "./modules/rds"

  project     = "shop"
  environment = "dev"
  vpc_id      = aws_vpc.this.id
  subnet_ids  = aws_subnet.data[*].id

  database_instance_class = "db.t4g.micro"
  database_storage_gb     = 30
  database_backup_days    = 3
  database_final_snapshot = false
  multi_az                = true
  deletion_protection     = false
  log_retention_days      = 7
}

output "database" {
  value = module.database
}

output "subnet_ids" {
  value = aws_subnet.data[*].id
}
"""
ROTATED = ROOT.replace("  database_instance_class", "  database_password_version = 2\n  database_instance_class")
HELD = {
    "DBInstanceIdentifier": "shop-dev-database",
    "Engine": "postgres",
    "DBInstanceClass": "db.t4g.micro",
    "MultiAZ": True,
    "PubliclyAccessible": False,
    "StorageEncrypted": True,
    "StorageType": "gp3",
    "AllocatedStorage": 30,
    "MaxAllocatedStorage": 100,
    "BackupRetentionPeriod": 3,
    "PreferredBackupWindow": "17:00-18:00",
    "PreferredMaintenanceWindow": "sat:18:30-sat:19:30",
    "CopyTagsToSnapshot": True,
    "AutoMinorVersionUpgrade": True,
    "IAMDatabaseAuthenticationEnabled": True,
    "PerformanceInsightsEnabled": True,
    "PerformanceInsightsRetentionPeriod": 7,
}


def look(account: Account, found: Found) -> None:
    database = found["database"]
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert {name: instance[name] for name in HELD} == HELD
    assert instance["DBInstanceArn"] == database["arn"]
    assert instance["Endpoint"]["Address"] == database["endpoint"]
    assert {subnet["SubnetIdentifier"] for subnet in instance["DBSubnetGroup"]["Subnets"]} == set(found["subnet_ids"])
    tags = {tag["Key"]: tag["Value"] for tag in instance["TagList"]}
    assert (tags["backup"], tags["stack"]) == ("daily", "tried")
    _encrypted(account, instance, database)
    _only_tls(account, instance)
    _only_clients(account, instance, database)
    _logs_end(account, instance, days=7)
    watched(account, instance, "shop-dev-database-monitoring")
    _secret(account, database)


def rotated(account: Account, found: Found) -> None:
    secrets, secret = account.client("secretsmanager"), found["database"]["secret_arn"]
    values = [
        json.loads(secrets.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"])
        for stage in ("AWSPREVIOUS", "AWSCURRENT")
    ]
    assert values[0].pop("password") != values[1].pop("password")
    assert values[0] == values[1]
    look(account, found)


def gone(account: Account) -> None:
    rds = account.client("rds")
    assert rds.describe_db_instances()["DBInstances"] == []
    assert rds.describe_db_snapshots()["DBSnapshots"] == []
    assert rds.describe_db_subnet_groups()["DBSubnetGroups"] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []
    assert account.client("secretsmanager").list_secrets()["SecretList"] == []


def _encrypted(account: Account, instance: dict[str, Any], database: dict[str, Any]) -> None:
    kms, key = account.client("kms"), database["kms_key_arn"]
    assert (instance["KmsKeyId"], instance["PerformanceInsightsKMSKeyId"]) == (key, key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    assert kms.describe_key(KeyId="alias/shop-dev-database")["KeyMetadata"]["Arn"] == key


def _only_tls(account: Account, instance: dict[str, Any]) -> None:
    (group,) = (group["DBParameterGroupName"] for group in instance["DBParameterGroups"])
    parameters = account.client("rds").describe_db_parameters(DBParameterGroupName=group)["Parameters"]
    assert {p["ParameterName"]: p["ParameterValue"] for p in parameters} == {"rds.force_ssl": "1"}


def _only_clients(account: Account, instance: dict[str, Any], database: dict[str, Any]) -> None:
    clients, own = database["client_security_group_id"], database["security_group_id"]
    assert [group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]] == [own]
    groups = account.client("ec2").describe_security_groups(GroupIds=[own, clients])["SecurityGroups"]
    rules = {
        group["GroupId"]: (opened(group["IpPermissions"]), opened(group["IpPermissionsEgress"])) for group in groups
    }
    assert rules == {own: ([(5432, [clients])], []), clients: ([], [(5432, ["10.10.0.0/24", "10.10.1.0/24"])])}


def _logs_end(account: Account, instance: dict[str, Any], *, days: int) -> None:
    assert sorted(instance["EnabledCloudwatchLogsExports"]) == ["postgresql", "upgrade"]
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/rds/instance/")["logGroups"]
    assert {group["logGroupName"]: group["retentionInDays"] for group in groups} == {
        f"/aws/rds/instance/shop-dev-database/{log}": days for log in ("postgresql", "upgrade")
    }


def _secret(account: Account, database: dict[str, Any]) -> None:
    secrets = account.client("secretsmanager")
    described = secrets.describe_secret(SecretId=database["secret_arn"])
    assert described["Name"].startswith("shop/dev/database-")
    assert described["KmsKeyId"] == database["kms_key_arn"]
    value = json.loads(secrets.get_secret_value(SecretId=database["secret_arn"])["SecretString"])
    password = value.pop("password")
    assert len(password) == 36
    assert password not in json.dumps(database)
    assert REGION in value["host"]
    assert value == {
        "engine": "postgres",
        "host": database["endpoint"],
        "port": database["port"],
        "username": "postgres",
        "dbname": database["database_name"],
    }


CASE = Case("rds", "100000000003", ROOT, look, gone, steps=[(ROTATED, rotated)])
"""The second step waits as long as a change of a database takes, 30 seconds."""
