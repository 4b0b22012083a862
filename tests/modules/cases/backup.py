"""Module backup."""

import json
from typing import Any

from tests.modules.applying import OTHER_REGION, Account, Case, Found

COPIES = f"arn:aws:backup:{OTHER_REGION}:100000000012:backup-vault:shop-prod-copies"
TOPIC = "arn:aws:sns:ap-northeast-1:100000000012:shop-prod-alarms"

ROOT = f"""
module "recovery" {{
  source = "./modules/backup"

  project                  = "shop"
  environment              = "prod"
  backup_keep_days         = 35
  backup_monthly_keep_days = 365
  copy_to_vault_arn        = "{COPIES}"
  copy_keep_days           = 90
  vault_lock               = true
  topic_arn                = "{TOPIC}"
}}

output "vault" {{
  value = module.recovery.vault_name
}}

output "vault_arn" {{
  value = module.recovery.vault_arn
}}

output "plan" {{
  value = module.recovery.plan_id
}}

output "role" {{
  value = module.recovery.role_arn
}}
"""

SMALL = """
module "recovery" {
  source = "./modules/backup"

  project         = "shop"
  environment     = "prod"
  backup_hour_utc = 3
}
""" + ROOT[ROOT.index("\noutput") :]


def look(account: Account, found: Found) -> None:
    rules = _rules(account, found)
    assert {
        name: (rule["ScheduleExpression"], rule["Lifecycle"]["DeleteAfterDays"]) for name, rule in rules.items()
    } == {
        "daily": ("cron(0 18 ? * * *)", 35),
        "monthly": ("cron(0 18 1 * ? *)", 365),
    }
    copies = {name: rule["CopyActions"] for name, rule in rules.items()}
    assert {
        name: [(copy["DestinationBackupVaultArn"], copy["Lifecycle"]["DeleteAfterDays"]) for copy in kept]
        for name, kept in copies.items()
    } == {
        "daily": [(COPIES, 90)],
        "monthly": [(COPIES, 365)],
    }
    vault = account.client("backup").describe_backup_vault(BackupVaultName=found["vault"])
    assert (vault["BackupVaultArn"], vault["Locked"], vault["MinRetentionDays"]) == (found["vault_arn"], True, 7)
    policy = account.client("backup").get_backup_vault_access_policy(BackupVaultName=found["vault"])["Policy"]
    assert json.loads(policy)["Statement"][0]["Effect"] == "Deny"
    _selects_by_tag(account, found)
    _role_is_for_backup_alone(account, found["role"])
    _failures_are_told(account)


def look_small(account: Account, found: Found) -> None:
    """Changed in place: no month, no copy, no lock, and nobody is told."""
    rules = _rules(account, found)
    assert [
        (name, rule["ScheduleExpression"], rule["Lifecycle"]["DeleteAfterDays"]) for name, rule in rules.items()
    ] == [("daily", "cron(0 3 ? * * *)", 14)]
    assert [rule.get("CopyActions", []) for rule in rules.values()] == [[]]
    assert not account.client("backup").describe_backup_vault(BackupVaultName=found["vault"])["Locked"]
    assert account.client("events").list_rules()["Rules"] == []
    _selects_by_tag(account, found)


def gone(account: Account) -> None:
    backup = account.client("backup")
    assert backup.list_backup_vaults()["BackupVaultList"] == []
    assert backup.list_backup_plans()["BackupPlansList"] == []
    assert account.client("events").list_rules()["Rules"] == []
    assert [role for role in account.client("iam").list_roles()["Roles"] if role["RoleName"].startswith("shop")] == []


def _rules(account: Account, found: Found) -> dict[str, dict[str, Any]]:
    plan = account.client("backup").get_backup_plan(BackupPlanId=found["plan"])["BackupPlan"]
    assert {rule["TargetBackupVaultName"] for rule in plan["Rules"]} == {found["vault"]}
    assert found["vault"] == "shop-prod-backups"
    return {rule["RuleName"]: rule for rule in plan["Rules"]}


def _selects_by_tag(account: Account, found: Found) -> None:
    backup = account.client("backup")
    (listed,) = backup.list_backup_selections(BackupPlanId=found["plan"])["BackupSelectionsList"]
    selection = backup.get_backup_selection(BackupPlanId=found["plan"], SelectionId=listed["SelectionId"])[
        "BackupSelection"
    ]
    assert selection["IamRoleArn"] == found["role"]
    assert selection["ListOfTags"] == [
        {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}
    ]
    assert selection.get("Resources", []) == []


def _role_is_for_backup_alone(account: Account, arn: str) -> None:
    iam, name = account.client("iam"), arn.rpartition("/")[2]
    (trust,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "backup.amazonaws.com"}
    assert account.account_id in trust["Condition"]["StringEquals"]["aws:SourceAccount"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert sorted(policy["PolicyName"] for policy in attached) == [
        "AWSBackupServiceRolePolicyForBackup",
        "AWSBackupServiceRolePolicyForRestores",
        "AWSBackupServiceRolePolicyForS3Backup",
        "AWSBackupServiceRolePolicyForS3Restore",
    ]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []


def _failures_are_told(account: Account) -> None:
    events = account.client("events")
    (rule,) = events.list_rules()["Rules"]
    pattern = json.loads(rule["EventPattern"])
    assert pattern["source"] == ["aws.backup"]
    assert {"FAILED", "EXPIRED"} <= set(pattern["detail"]["$or"][0]["state"])
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == TOPIC and "RoleArn" not in target


CASE = Case("backup", "100000000012", ROOT, look, gone, steps=((SMALL, look_small),))
