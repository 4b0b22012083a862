"""Module monitoring."""

import json
from typing import Any

from tests.modules.applying import Account, Case, Found

ROOT = """
resource "aws_cloudwatch_log_group" "service" {
  name = "/shop/dev/web"
}

module "observability" {
  source = "./modules/monitoring"

  project                 = "shop"
  environment             = "dev"
  cluster_name            = "shop-dev"
  service_name            = "web"
  alb_arn_suffix          = "app/shop-dev/50dc6c495c0c9188"
  target_group_arn_suffix = "targetgroup/shop-dev-web/943f017f100becff"
  autoscaling_group_name  = "shop-dev-web"
  database_identifier     = "shop-dev"
  service_log_group_name  = aws_cloudwatch_log_group.service.name
  extra_log_groups        = ["/aws/lambda/shop-dev-worker"]
  log_retention_days      = 7
  alarm_emails            = ["ops@example.com", "dev@example.com"]
}

output "topic" {
  value = module.observability.topic_arn
}

output "alarms" {
  value = module.observability.alarm_names
}

output "composite" {
  value = module.observability.composite_alarm_arn
}

output "dashboard" {
  value = module.observability.dashboard_name
}
"""

# The load balancer is gone, and the rest sleeps at night.
ASLEEP = ROOT.replace('= "app/shop-dev/50dc6c495c0c9188"', "= null").replace(
    '"targetgroup/shop-dev-web/943f017f100becff"',
    'null\n  sleep = { down = "0 11 ? * MON-FRI *", up = "0 23 ? * SUN-THU *" }',
)

# A service in two colours.
COLORS = {"blue": "targetgroup/blue-1/943f017f100becff", "green": "targetgroup/green-1/50dc6c495c0c9188"}
IN_COLORS = ROOT.replace(
    'target_group_arn_suffix = "targetgroup/shop-dev-web/943f017f100becff"',
    "target_group_arn_suffixes = {{ {} }}".format(", ".join(f'{name} = "{suffix}"' for name, suffix in COLORS.items())),
)

BALANCER = {"LoadBalancer": "app/shop-dev/50dc6c495c0c9188"}
TARGETS = {**BALANCER, "TargetGroup": "targetgroup/shop-dev-web/943f017f100becff"}
SERVICE = {"ClusterName": "shop-dev", "ServiceName": "web"}
GROUP = {"AutoScalingGroupName": "shop-dev-web"}
DATABASE = {"DBInstanceIdentifier": "shop-dev"}

# What each alarm watches: metric, dimensions, threshold, and what silence means.
WATCHED = {
    "log-errors": ("shop/dev LogErrors", {}, 5, "notBreaching"),
    "service-5xx": ("AWS/ApplicationELB HTTPCode_Target_5XX_Count", BALANCER, 10, "notBreaching"),
    "balancer-5xx": ("AWS/ApplicationELB HTTPCode_ELB_5XX_Count", BALANCER, 10, "notBreaching"),
    "latency": ("AWS/ApplicationELB TargetResponseTime", BALANCER, 1, "notBreaching"),
    "unhealthy-targets": ("AWS/ApplicationELB UnHealthyHostCount", TARGETS, 0, "notBreaching"),
    "no-healthy-target": ("AWS/ApplicationELB HealthyHostCount", TARGETS, 1, "breaching"),
    "service-cpu": ("AWS/ECS CPUUtilization", SERVICE, 80, "missing"),
    "service-memory": ("AWS/ECS MemoryUtilization", SERVICE, 85, "missing"),
    "instances-cpu": ("AWS/EC2 CPUUtilization", GROUP, 80, "missing"),
    "database-cpu": ("AWS/RDS CPUUtilization", DATABASE, 80, "missing"),
    "database-connections": ("AWS/RDS DatabaseConnections", DATABASE, 80, "missing"),
    "database-storage": ("AWS/RDS FreeStorageSpace", DATABASE, 5 * 1024**3, "breaching"),
}


def look(account: Account, found: Found) -> None:
    alarms = _alarms(account)
    seen = {
        name: (alarm["metric"], alarm["dimensions"], alarm["Threshold"], alarm["TreatMissingData"])
        for name, alarm in alarms.items()
    }
    assert seen == {f"shop-dev-{name}": watched for name, watched in WATCHED.items()}
    assert sorted(found["alarms"]) == sorted(alarms)
    assert {(*alarm["AlarmActions"], *alarm["OKActions"]) for alarm in alarms.values()} == {(found["topic"],) * 2}
    assert alarms["shop-dev-latency"]["ExtendedStatistic"] == "p95"
    _errors_are_counted(account)
    _topic_is_closed(account, found["topic"])
    _composite_names(account, found, sorted(alarms))
    _dashboard_shows(account, found, 8)
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    assert [(group["logGroupName"], group["retentionInDays"]) for group in groups] == [
        ("/aws/lambda/shop-dev-worker", 7)
    ]


def look_asleep(account: Account, found: Found) -> None:
    alarms = _alarms(account)
    balancers = {name for name, watched in WATCHED.items() if watched[1] in (BALANCER, TARGETS)}
    assert set(alarms) == {f"shop-dev-{name}" for name in set(WATCHED) - balancers}
    assert alarms["shop-dev-database-storage"]["TreatMissingData"] == "notBreaching"
    _composite_names(account, found, sorted(alarms))
    _dashboard_shows(account, found, 5)


def look_in_colors(account: Account, found: Found) -> None:
    alarms = _alarms(account)
    for color, suffix in COLORS.items():
        targets = {**BALANCER, "TargetGroup": suffix}
        for name, metric in (
            ("unhealthy-targets", "AWS/ApplicationELB UnHealthyHostCount"),
            ("service-5xx", "AWS/ApplicationELB HTTPCode_Target_5XX_Count"),
            ("latency", "AWS/ApplicationELB TargetResponseTime"),
        ):
            alarm = alarms[f"shop-dev-{name}-{color}"]
            assert (alarm["metric"], alarm["dimensions"], alarm["TreatMissingData"]) == (
                metric,
                targets,
                "notBreaching",
            )
    asked = {query["Id"]: query for query in alarms["shop-dev-no-healthy-target"]["Metrics"]}
    assert asked["sum"]["Expression"] == "SUM([blue, green])"
    for color, suffix in COLORS.items():
        metric = asked[color]["MetricStat"]["Metric"]
        assert metric["MetricName"] == "HealthyHostCount"
        assert {"Name": "TargetGroup", "Value": suffix} in metric["Dimensions"]
    silent = {name for name, alarm in alarms.items() if not alarm["AlarmActions"]}
    assert silent == {f"shop-dev-{name}-{color}" for name in ("service-5xx", "latency") for color in COLORS}
    assert sorted(found["alarms"]) == sorted(alarms)
    _composite_names(account, found, sorted(alarms))
    _dashboard_shows(account, found, 8)


def gone(account: Account) -> None:
    alarms = account.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert alarms["MetricAlarms"] == [] and alarms["CompositeAlarms"] == []
    assert account.client("cloudwatch").list_dashboards()["DashboardEntries"] == []
    assert account.client("sns").list_topics()["Topics"] == []
    assert account.client("sns").list_subscriptions()["Subscriptions"] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []
    assert [alias for alias in _aliases(account) if "shop" in alias] == []


def _alarms(account: Account) -> dict[str, dict[str, Any]]:
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    for alarm in alarms:
        alarm["metric"] = f"{alarm.get('Namespace')} {alarm.get('MetricName')}"
        alarm["dimensions"] = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", ())}
    return {alarm["AlarmName"]: alarm for alarm in alarms}


def _errors_are_counted(account: Account) -> None:
    (counted,) = account.client("logs").describe_metric_filters(logGroupName="/shop/dev/web")["metricFilters"]
    (metric,) = counted["metricTransformations"]
    assert (metric["metricNamespace"], metric["metricName"], metric["metricValue"]) == ("shop/dev", "LogErrors", "1")
    assert '$.level = "error"' in counted["filterPattern"]


def _topic_is_closed(account: Account, topic: str) -> None:
    """Encrypted with a key of its own, which CloudWatch may use for this topic; open to services of this account."""
    sns, kms = account.client("sns"), account.client("kms")
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    key = attributes["KmsMasterKeyId"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyManager"] == "CUSTOMER"
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    senders = next(statement for statement in policy["Statement"] if statement["Sid"] == "Senders")
    assert "cloudwatch.amazonaws.com" in senders["Principal"]["Service"]
    assert set(senders["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    used_for = str(senders["Condition"]["ArnLike"]["kms:EncryptionContext:aws:sns:topicArn"])
    assert used_for.strip("[]'").endswith(f":{account.account_id}:shop-dev-alarms")
    statements = {statement["Sid"]: statement for statement in json.loads(attributes["Policy"])["Statement"]}
    assert statements["Alarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    for sender in ("Alarms", "Budgets"):
        assert account.account_id in statements[sender]["Condition"]["StringEquals"]["aws:SourceAccount"]
    assert {statement["Action"] for statement in statements.values()} == {"sns:Publish"}
    told = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert sorted((one["Protocol"], one["Endpoint"]) for one in told) == [
        ("email", "dev@example.com"),
        ("email", "ops@example.com"),
    ]


def _composite_names(account: Account, found: Found, names: list[str]) -> None:
    (composite,) = account.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert composite["AlarmArn"] == found["composite"]
    assert composite["AlarmRule"] == " OR ".join(f'ALARM("{name}")' for name in names)


def _dashboard_shows(account: Account, found: Found, graphs: int) -> None:
    cloudwatch = account.client("cloudwatch")
    body = json.loads(cloudwatch.get_dashboard(DashboardName=found["dashboard"])["DashboardBody"])
    kinds = [widget["type"] for widget in body["widgets"]]
    assert kinds == ["alarm", *["metric"] * graphs]
    assert len(body["widgets"][0]["properties"]["alarms"]) == len(found["alarms"]) + 1
    assert {widget["properties"].get("region") for widget in body["widgets"][1:]} == {"ap-northeast-1"}
    assert "null" not in json.dumps(body)


def _aliases(account: Account) -> list[str]:
    return [alias["AliasName"] for alias in account.client("kms").list_aliases()["Aliases"]]


CASE = Case("monitoring", "100000000009", ROOT, look, gone, steps=((IN_COLORS, look_in_colors), (ASLEEP, look_asleep)))
