"""Module cost_control."""

import json

from tests.modules.applying import Account, Case, Found

ROOT = """
resource "aws_launch_template" "web" {
  name     = "web"
  image_id = "ami-1e749f67"
}

resource "aws_autoscaling_group" "web" {
  name               = "shop-dev-web"
  availability_zones = ["ap-northeast-1a"]
  min_size           = 0
  desired_capacity   = 0
  max_size           = 4

  launch_template {
    id      = aws_launch_template.web.id
    version = "1"
  }
}

module "cost" {
  source = "./modules/cost_control"

  project                = "shop"
  environment            = "dev"
  monthly_budget_usd     = 120
  alarm_emails           = ["ops@example.com"]
  topic_arn              = "arn:aws:sns:ap-northeast-1:100000000010:shop-dev-alarms"
  autoscaling_group_name = aws_autoscaling_group.web.name
  min_size               = 0
  desired_size           = 2
  database_identifier    = "shop-dev"
  sleep                  = { down = "0 11 ? * MON-FRI *", up = "30 23 ? * SUN-THU *" }
}

output "budget" {
  value = module.cost.budget_name
}

output "schedules" {
  value = concat(module.cost.group_schedule_names, module.cost.database_schedule_names)
}
"""

AWAKE = ROOT.replace(
    'sleep                  = { down = "0 11 ? * MON-FRI *", up = "30 23 ? * SUN-THU *" }', ""
).replace("120", "80.5")

DATABASE = "arn:aws:rds:ap-northeast-1:100000000010:db:shop-dev"
DOCUMENTS = "arn:aws:ssm:ap-northeast-1::automation-definition"


def look(account: Account, found: Found) -> None:
    _budget_warns(account, found["budget"], 120)
    actions = account.client("autoscaling").describe_scheduled_actions()["ScheduledUpdateGroupActions"]
    assert {action["ScheduledActionName"]: (action["Recurrence"], action["DesiredCapacity"]) for action in actions} == {
        "shop-dev-down": ("0 11 * * MON-FRI", 0),
        "shop-dev-up": ("30 23 * * SUN-THU", 2),
    }
    # Bounds that are not given stay as they are.
    assert (
        {action.get("MaxSize", -1) for action in actions} == {-1} == {action.get("MinSize", -1) for action in actions}
    )
    _database_sleeps(account)
    assert len(found["schedules"]) == 4


def look_awake(account: Account, found: Found) -> None:
    """Without `sleep` there is the budget alone, and a new limit takes effect."""
    _budget_warns(account, found["budget"], 80.5)
    assert found["schedules"] == []
    assert account.client("autoscaling").describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []
    assert account.client("events").list_rules()["Rules"] == []
    assert [role for role in _roles(account) if role.startswith("shop")] == []


def gone(account: Account) -> None:
    assert account.client("budgets", "us-east-1").describe_budgets(AccountId=account.account_id)["Budgets"] == []
    assert account.client("events").list_rules()["Rules"] == []
    assert [role for role in _roles(account) if role.startswith("shop")] == []


def _budget_warns(account: Account, name: str, limit: float) -> None:
    budgets, where = account.client("budgets", "us-east-1"), {"AccountId": account.account_id, "BudgetName": name}
    budget = budgets.describe_budget(**where)["Budget"]
    assert (float(budget["BudgetLimit"]["Amount"]), budget["BudgetLimit"]["Unit"]) == (limit, "USD")
    assert (budget["TimeUnit"], budget.get("CostFilters", {})) == ("MONTHLY", {})
    warnings = budgets.describe_notifications_for_budget(**where)["Notifications"]
    assert sorted((warning["NotificationType"], warning["Threshold"]) for warning in warnings) == [
        ("ACTUAL", 80.0),
        ("ACTUAL", 100.0),
        ("FORECASTED", 100.0),
    ]
    for warning in warnings:
        told = budgets.describe_subscribers_for_notification(**where, Notification=warning)["Subscribers"]
        topic = "arn:aws:sns:ap-northeast-1:100000000010:shop-dev-alarms"
        assert {one["Address"] for one in told} == {"ops@example.com", topic}


def _database_sleeps(account: Account) -> None:
    """By rules that may start two documents, with a role that may do nothing but stop and start the one database."""
    events, iam = account.client("events"), account.client("iam")
    rules = {rule["Name"]: (rule["ScheduleExpression"], rule["State"]) for rule in events.list_rules()["Rules"]}
    assert rules == {
        "shop-dev-database-down": ("cron(0 11 ? * MON-FRI *)", "ENABLED"),
        "shop-dev-database-up": ("cron(30 23 ? * SUN-THU *)", "ENABLED"),
    }
    for way, document in (("down", "AWS-StopRdsInstance"), ("up", "AWS-StartRdsInstance")):
        (target,) = events.list_targets_by_rule(Rule=f"shop-dev-database-{way}")["Targets"]
        assert target["Arn"] == f"{DOCUMENTS}/{document}:$DEFAULT"
        assert target["RoleArn"].endswith(":role/shop-dev-database-schedule")
        automation = f"arn:aws:iam::{account.account_id}:role/shop-dev-database-automation"
        assert json.loads(target["Input"]) == {"InstanceId": ["shop-dev"], "AutomationAssumeRole": [automation]}
    policy = iam.get_role_policy(RoleName="shop-dev-database-automation", PolicyName="stop-and-start")["PolicyDocument"]
    (allowed,) = policy["Statement"]
    assert allowed["Resource"] == DATABASE
    assert sorted(allowed["Action"]) == ["rds:DescribeDBInstances", "rds:StartDBInstance", "rds:StopDBInstance"]
    starting = iam.get_role_policy(RoleName="shop-dev-database-schedule", PolicyName="start-automation")[
        "PolicyDocument"
    ]
    assert "*" not in [statement["Resource"] for statement in starting["Statement"]]


def _roles(account: Account) -> list[str]:
    return [role["RoleName"] for role in account.client("iam").list_roles()["Roles"]]


CASE = Case("cost_control", "100000000010", ROOT, look, gone, steps=((AWAKE, look_awake),))
