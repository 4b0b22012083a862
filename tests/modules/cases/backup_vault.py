"""Module backup_vault."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.modules.applying import OTHER_REGION, Account, Case, Found

ROOT = """
module "recovery_vault" {
  source = "./modules/backup_vault"

  project     = "shop"
  environment = "prod"
}

output "arn" {
  value = module.recovery_vault.vault_arn
}

output "name" {
  value = module.recovery_vault.vault_name
}

output "key" {
  value = module.recovery_vault.key_arn
}
"""

LOCKED = ROOT.replace('environment = "prod"', 'environment = "prod"\n  vault_lock = true\n  vault_lock_days = 14')


def look(account: Account, found: Found) -> None:
    vault = _vault_is_safe(account, found)
    assert not vault["Locked"]


def look_locked(account: Account, found: Found) -> None:
    """In place: it is the same vault. Without days until it is final, the lock is one of governance."""
    vault = _vault_is_safe(account, found)
    assert (vault["Locked"], vault["MinRetentionDays"]) == (True, 14)
    assert "LockDate" not in vault


def look_unlocked(account: Account, found: Found) -> None:
    assert not _vault_is_safe(account, found)["Locked"]


def gone(account: Account) -> None:
    assert account.client("backup", OTHER_REGION).list_backup_vaults()["BackupVaultList"] == []
    assert account.client("cloudformation", OTHER_REGION).describe_stacks()["Stacks"] == []
    keys = account.client("kms", OTHER_REGION)
    assert [alias for alias in keys.list_aliases()["Aliases"] if "shop" in alias["AliasName"]] == []
    states = [keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in keys.list_keys()["Keys"]]
    assert {state["KeyState"] for state in states if state["KeyManager"] == "CUSTOMER"} == {"PendingDeletion"}


def _vault_is_safe(account: Account, found: Found) -> dict[str, object]:
    """In the other region, with a rotating key of its own, and nobody deletes what is in it."""
    backup, keys = account.client("backup", OTHER_REGION), account.client("kms", OTHER_REGION)
    (vault,) = backup.list_backup_vaults()["BackupVaultList"]
    assert vault["BackupVaultName"] == found["name"] == "shop-prod-copies"
    assert vault["BackupVaultArn"] == found["arn"]
    assert found["arn"].startswith(f"arn:aws:backup:{OTHER_REGION}:{account.account_id}:")
    assert vault["EncryptionKeyArn"] == found["key"]
    assert keys.get_key_rotation_status(KeyId=found["key"])["KeyRotationEnabled"]
    policy = json.loads(backup.get_backup_vault_access_policy(BackupVaultName=found["name"])["Policy"])
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
    assert "backup:DeleteRecoveryPoint" in statement["Action"]
    with pytest.raises(ClientError):
        account.client("backup").describe_backup_vault(BackupVaultName=found["name"])
    described: dict[str, object] = backup.describe_backup_vault(BackupVaultName=found["name"])
    return described


CASE = Case(
    "backup_vault",
    "100000000011",
    ROOT,
    look,
    gone,
    steps=((LOCKED, look_locked), (ROOT, look_unlocked)),
    region=OTHER_REGION,
)
