"""Backup, and CloudFormation's way to it."""

import json
from typing import Any

from tests.gaps import Client, Probe, fails

_DAILY = {"RuleName": "daily", "TargetBackupVaultName": "Default", "Lifecycle": {"DeleteAfterDays": 7}}


def selection(client: Client) -> bool:
    backup, plan = client("backup"), _plan(client, "selecting")
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}
    wanted = {"SelectionName": "tagged", "IamRoleArn": "arn:aws:iam::123456789012:role/backup", "ListOfTags": [tag]}
    call = {"BackupPlanId": plan, "BackupSelection": wanted}
    if fails(lambda: backup.create_backup_selection(**call)):
        return True
    (listed,) = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    where = {"BackupPlanId": plan, "SelectionId": listed["SelectionId"]}
    found = backup.get_backup_selection(**where)["BackupSelection"]
    backup.delete_backup_selection(**where)
    return bool(found != wanted or not fails(lambda: backup.get_backup_selection(**where)))


def plan_again(client: Client) -> bool:
    backup, first = client("backup"), _plan(client, "again")
    backup.delete_backup_plan(BackupPlanId=first)
    if fails(lambda: _plan(client, "again")):
        return True
    return not fails(lambda: _plan(client, "again"))


def changed_plan(client: Client) -> bool:
    backup, plan = client("backup"), _plan(client, "changing")
    longer = {"BackupPlanName": "changing", "Rules": [{**_DAILY, "Lifecycle": {"DeleteAfterDays": 30}}]}
    if fails(lambda: backup.update_backup_plan(BackupPlanId=plan, BackupPlan=longer)):
        return True
    (rule,) = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]
    return bool(rule["Lifecycle"] != {"DeleteAfterDays": 30})


def vault_policy(client: Client) -> bool:
    backup, policy = client("backup"), json.dumps({"Version": "2012-10-17", "Statement": []})
    backup.create_backup_vault(BackupVaultName="kept")
    if fails(lambda: backup.put_backup_vault_access_policy(BackupVaultName="kept", Policy=policy)):
        return True
    found = backup.get_backup_vault_access_policy(BackupVaultName="kept")["Policy"]
    backup.delete_backup_vault_access_policy(BackupVaultName="kept")
    return bool(found != policy or not fails(lambda: backup.get_backup_vault_access_policy(BackupVaultName="kept")))


def stack_with_vault(client: Client) -> bool:
    stacks, backup = client("cloudformation"), client("backup")
    lock = {"MinRetentionDays": 7, "ChangeableForDays": 3}
    stacks.create_stack(StackName="vault", TemplateBody=_template(LockConfiguration=lock))
    # Stock moto leaves out what it does not know, and says that the stack is complete.
    if fails(lambda: backup.describe_backup_vault(BackupVaultName="stacked")):
        return True
    locked = backup.describe_backup_vault(BackupVaultName="stacked")
    stacks.update_stack(StackName="vault", TemplateBody=_template())
    opened = backup.describe_backup_vault(BackupVaultName="stacked")
    stacks.delete_stack(StackName="vault")
    gone = fails(lambda: backup.describe_backup_vault(BackupVaultName="stacked"))
    return [locked["Locked"], locked["MinRetentionDays"], opened["Locked"], gone] != [True, 7, False, True]


PROBES: dict[str, Probe] = {
    "backup-plan-again": plan_again,
    "backup-plan-update": changed_plan,
    "backup-selection": selection,
    "backup-vault-policy": vault_policy,
    "cloudformation-backup-vault": stack_with_vault,
}


def _plan(client: Client, name: str) -> str:
    plan = client("backup").create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [_DAILY]})
    return str(plan["BackupPlanId"])


def _template(**settings: Any) -> str:
    vault = {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "stacked", **settings}}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Vault": vault}})
