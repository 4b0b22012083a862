"""Module account_baseline."""

from collections.abc import Callable
from typing import Any

from tests.modules.applying import OTHER_REGION, Account, Case, Found
from tests.modules.policies import Statement, statements

ACCOUNT = "100000000014"

ROOT = """
module "baseline" {
  source = "./modules/account_baseline"

  project     = "shop"
  environment = "dev-account"
}

output "baseline" {
  value = module.baseline
}
"""
LONGER = ROOT.replace('"dev-account"\n', '"dev-account"\n  audit_log_retention_days = 730\n')

ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
TRAIL = f"arn:aws:cloudtrail:ap-northeast-1:{ACCOUNT}:trail/shop-audit"
OF_THE_TRAIL = {"aws:SourceArn": frozenset([TRAIL])}


def look(account: Account, found: Found) -> None:
    made = found["baseline"]
    _records_everything(account, made)
    _keeps_what_is_recorded(account, made)
    _lets_only_the_trail_write(account, made["logs_bucket"])
    _encrypts_with_a_key_of_its_own(account.client("kms"), made["logs_key_arn"])
    _closes_the_account(account)
    _keeps_for(account, made["logs_bucket"], 400)
    (analyzer,) = account.client("accessanalyzer").list_analyzers()["analyzers"]
    assert (analyzer["arn"], analyzer["type"], analyzer["status"]) == (made["analyzer_arn"], "ACCOUNT", "ACTIVE")


def look_again(account: Account, found: Found) -> None:
    _keeps_for(account, found["baseline"]["logs_bucket"], 730)


def gone(account: Account) -> None:
    assert account.client("cloudtrail").describe_trails()["trailList"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []
    assert account.client("accessanalyzer").list_analyzers()["analyzers"] == []
    assert not account.client("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    kms = account.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    assert {key["KeyState"] for key in keys if key["KeyManager"] == "CUSTOMER"} <= {"PendingDeletion"}
    assert _refused(lambda: account.client("iam").get_account_password_policy())
    assert _refused(lambda: account.client("s3control").get_public_access_block(AccountId=ACCOUNT))


def _records_everything(account: Account, made: Found) -> None:
    # From another region, where a trail of one region does not show.
    trails = account.client("cloudtrail", OTHER_REGION)
    (trail,) = trails.describe_trails()["trailList"]
    assert trail["TrailARN"] == made["trail_arn"] == TRAIL
    assert trail["IsMultiRegionTrail"]
    assert trail["IncludeGlobalServiceEvents"]
    assert trail["LogFileValidationEnabled"]
    assert (trail["S3BucketName"], trail["KmsKeyId"]) == (made["logs_bucket"], made["logs_key_arn"])
    here = account.client("cloudtrail")
    assert here.get_trail_status(Name=TRAIL)["IsLogging"]
    # None are set: so it records all management events.
    assert here.get_event_selectors(TrailName=TRAIL).get("EventSelectors", []) == []


def _keeps_what_is_recorded(account: Account, made: Found) -> None:
    s3, bucket = account.client("s3"), made["logs_bucket"]
    assert bucket == f"shop-audit-logs-{ACCOUNT}"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == ALL_BLOCKED
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    encrypted = rule["ApplyServerSideEncryptionByDefault"]
    assert (encrypted["SSEAlgorithm"], encrypted["KMSMasterKeyID"]) == ("aws:kms", made["logs_key_arn"])


def _keeps_for(account: Account, bucket: str, days: int) -> None:
    (rule,) = account.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (rule["Status"], rule["Expiration"]["Days"]) == ("Enabled", days)
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30


def _lets_only_the_trail_write(account: Account, bucket: str) -> None:
    said = statements(account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    assert {sid for sid, each in said.items() if each.effect == "Allow"} == {
        "CloudTrailLooksAtTheBucket",
        "CloudTrailWrites",
    }
    writes = said["CloudTrailWrites"]
    assert writes.resources == {f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/*"}
    assert _by_cloudtrail(writes)
    assert _by_cloudtrail(said["CloudTrailLooksAtTheBucket"])
    tls = said["TlsOnly"]
    assert (tls.effect, tls.actions) == ("Deny", frozenset(["s3:*"]))
    assert tls.resources == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}
    assert tls.conditions == {"Bool": {"aws:SecureTransport": frozenset(["false"])}}
    kept = said["NobodyDeletesLogs"]
    assert (kept.effect, kept.conditions) == ("Deny", {})
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} <= kept.actions


def _by_cloudtrail(statement: Statement) -> bool:
    """Where it works for this trail, and for no other account."""
    mine = statement.conditions["StringEquals"].items() >= OF_THE_TRAIL.items()
    return statement.principals == {"Service": frozenset(["cloudtrail.amazonaws.com"])} and mine


def _encrypts_with_a_key_of_its_own(kms: Any, arn: str) -> None:
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    aliases = {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]}
    assert arn.endswith(f"/{aliases['alias/shop-audit-logs']}")
    said = statements(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    assert said.pop("PoliciesOfTheAccountDecide").principals == {"AWS": frozenset([f"arn:aws:iam::{ACCOUNT}:root"])}
    assert said
    assert all(_by_cloudtrail(each) for each in said.values())


def _closes_the_account(account: Account) -> None:
    blocked = account.client("s3control").get_public_access_block(AccountId=ACCOUNT)
    assert blocked["PublicAccessBlockConfiguration"] == ALL_BLOCKED
    assert account.client("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    password = account.client("iam").get_account_password_policy()["PasswordPolicy"]
    assert password["MinimumPasswordLength"] >= 14
    assert all(value for name, value in password.items() if name.startswith("Require"))


def _refused(call: Callable[[], object]) -> bool:
    from botocore.exceptions import ClientError

    try:
        call()
    except ClientError:
        return True
    return False


CASE = Case("account_baseline", ACCOUNT, ROOT, look, gone, steps=((LONGER, look_again),))
