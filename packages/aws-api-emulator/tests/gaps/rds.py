"""Gaps of RDS."""

from typing import Any

from tests.gaps import Client, Probe, fails


def parameter_source(client: Client) -> bool:
    rds, group = client("rds"), "parameters"
    rds.create_db_parameter_group(DBParameterGroupName=group, DBParameterGroupFamily="postgres17", Description=group)
    forced = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "pending-reboot"}
    rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[forced])
    found = rds.describe_db_parameters(DBParameterGroupName=group, Source="user")["Parameters"]
    others = rds.describe_db_parameters(DBParameterGroupName=group, Source="system")["Parameters"]
    return bool(found != [{**forced, "Source": "user"}] or others)


def performance_insights(client: Client) -> bool:
    rds = client("rds")
    _database(rds, "insights", EnablePerformanceInsights=True, PerformanceInsightsKMSKeyId="key")
    created = _seen(rds, "insights")
    rds.modify_db_instance(DBInstanceIdentifier="insights", PerformanceInsightsRetentionPeriod=31)
    modified = _seen(rds, "insights")
    rds.modify_db_instance(DBInstanceIdentifier="insights", EnablePerformanceInsights=False)
    names = ("PerformanceInsightsEnabled", "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod")
    seen = [[database.get(name) for name in names] for database in (created, modified)]
    return seen != [[True, "key", 7], [True, "key", 31]] or bool(_seen(rds, "insights")["PerformanceInsightsEnabled"])


def replica_settings(client: Client) -> bool:
    near, far, tags = client("rds"), _far("rds"), [{"Key": "backup", "Value": "daily"}]
    near.create_db_parameter_group(DBParameterGroupName="near", DBParameterGroupFamily="postgres17", Description="near")
    more = {"DBParameterGroupName": "near", "EnableCloudwatchLogsExports": ["upgrade"], "Tags": tags}
    _database(near, "model", MultiAZ=True, DeletionProtection=True, **more)
    subnets = [subnet["SubnetId"] for subnet in _far("ec2").describe_subnets()["Subnets"]]
    far.create_db_subnet_group(DBSubnetGroupName="far", DBSubnetGroupDescription="far", SubnetIds=subnets)
    source = _seen(near, "model")["DBInstanceArn"]
    copied = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": source, "DBSubnetGroupName": "far"}
    if fails(lambda: far.create_db_instance_read_replica(**copied)):
        return True
    names = ("MultiAZ", "DeletionProtection", "BackupRetentionPeriod", "EnabledCloudwatchLogsExports", "TagList")
    copy = _seen(far, "copy")
    return [copy.get(name) or None for name in names] != [None] * len(names)


def replica_end(client: Client) -> bool:
    near, far = client("rds"), _far("rds")
    _database(near, "source")
    source = _seen(near, "source")["DBInstanceArn"]
    for name in ("promoted", "deleted"):
        far.create_db_instance_read_replica(DBInstanceIdentifier=name, SourceDBInstanceIdentifier=source)
    far.promote_read_replica(DBInstanceIdentifier="promoted", BackupRetentionPeriod=3)
    failed = fails(lambda: far.delete_db_instance(DBInstanceIdentifier="deleted", SkipFinalSnapshot=True))
    promoted = _seen(far, "promoted")
    followed = "ReadReplicaSourceDBInstanceIdentifier" in promoted or promoted["BackupRetentionPeriod"] != 3
    return failed or followed or bool(_seen(near, "source")["ReadReplicaDBInstanceIdentifiers"])


PROBES: dict[str, Probe] = {
    "rds-parameter-source": parameter_source,
    "rds-performance-insights": performance_insights,
    "rds-replica-end": replica_end,
    "rds-replica-settings": replica_settings,
}


def _far(service: str) -> Any:
    import boto3

    return boto3.client(service, region_name="us-west-2")


def _database(rds: Any, name: str, **settings: Any) -> None:
    usual = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "AllocatedStorage": 20, "EngineVersion": "17"}
    rds.create_db_instance(DBInstanceIdentifier=name, **usual, **settings)


def _seen(rds: Any, name: str) -> dict[str, Any]:
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return dict(found)
