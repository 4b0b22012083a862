"""Settings of a bucket: readers of each with the permission it needs, and the steps of a plan that set them."""

import json
from collections.abc import Callable, Mapping
from typing import Any, assert_never

from envctl.domain.aws import bucket_lifecycle, bucket_policy, buckets
from envctl.domain.aws.buckets import DAYS_PER_YEAR, PUBLIC_BLOCKS, BucketPart, BucketStep, Retention, WantedBucket

Fields = Mapping[str, Any]
REGION_WITHOUT_CONSTRAINT = "us-east-1"
ENFORCED = "BucketOwnerEnforced"


def _read_versioning(s3: Any, where: Fields) -> Fields:  # noqa: ANN401 (boto3's own, here and below)
    return {"versioning": s3.get_bucket_versioning(**where).get("Status", "")}


def _read_encryption(s3: Any, where: Fields) -> Fields:  # noqa: ANN401
    response = _call_or_empty(s3.get_bucket_encryption, where, "ServerSideEncryptionConfigurationNotFoundError")
    rules = response.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    chosen = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") for rule in rules]
    return {"encryption": next(filter(None, chosen), "")}


def _read_public_access(s3: Any, where: Fields) -> Fields:  # noqa: ANN401
    response = _call_or_empty(s3.get_public_access_block, where, "NoSuchPublicAccessBlockConfiguration")
    blocks = response.get("PublicAccessBlockConfiguration", {})
    return {"open_to_public": tuple(name for name in PUBLIC_BLOCKS if not blocks.get(name))}


def _read_ownership(s3: Any, where: Fields) -> Fields:  # noqa: ANN401
    response = _call_or_empty(s3.get_bucket_ownership_controls, where, "OwnershipControlsNotFoundError")
    rules = response.get("OwnershipControls", {}).get("Rules", ())
    return {"ownership": next((rule["ObjectOwnership"] for rule in rules), "")}


def read_policy(s3: Any, where: Fields) -> Fields:  # noqa: ANN401
    response = _call_or_empty(s3.get_bucket_policy, where, "NoSuchBucketPolicy")
    return {"policy": json.loads(response["Policy"]) if response else {}}


def _read_object_lock(s3: Any, where: Fields) -> Fields:  # noqa: ANN401
    response = _call_or_empty(s3.get_object_lock_configuration, where, "ObjectLockConfigurationNotFoundError")
    config = response.get("ObjectLockConfiguration", {})
    default = config.get("Rule", {}).get("DefaultRetention", {})
    days = default.get("Days") or default.get("Years", 0) * DAYS_PER_YEAR
    retention = Retention(default["Mode"], days) if days else None
    return {"locks": config.get("ObjectLockEnabled") == "Enabled", "retention": retention}


def read_lifecycle(s3: Any, where: Fields) -> Fields:  # noqa: ANN401
    """Return the whole lifecycle configuration, in the form of AWS."""
    return _call_or_empty(s3.get_bucket_lifecycle_configuration, where, "NoSuchLifecycleConfiguration")


def _read_lifecycle_rules(s3: Any, where: Fields) -> Fields:  # noqa: ANN401
    return {"rules": tuple(read_lifecycle(s3, where).get("Rules", ()))}


def _call_or_empty(call: Callable[..., Fields], where: Fields, absent: str) -> Fields:
    """Return the response of `call`; empty if AWS answers with the error code `absent`."""
    from botocore.exceptions import ClientError

    try:
        return call(**where)
    except ClientError as error:
        if error.response["Error"]["Code"] == absent:
            return {}
        raise


PARTS: Mapping[BucketPart, tuple[Callable[[Any, Fields], Fields], str]] = {
    "versioning": (_read_versioning, "s3:GetBucketVersioning"),
    "encryption": (_read_encryption, "s3:GetEncryptionConfiguration"),
    "public access": (_read_public_access, "s3:GetBucketPublicAccessBlock"),
    "ownership": (_read_ownership, "s3:GetBucketOwnershipControls"),
    "policy": (read_policy, "s3:GetBucketPolicy"),
    "object lock": (_read_object_lock, "s3:GetBucketObjectLockConfiguration"),
    "lifecycle": (_read_lifecycle_rules, "s3:GetLifecycleConfiguration"),
}
"""Reader and permission of each part."""


def apply_step(s3: Any, wanted: WantedBucket, step: BucketStep) -> None:  # noqa: ANN401 (boto3's own)
    where = {"Bucket": wanted.name, "ExpectedBucketOwner": wanted.account_id}
    match step:
        case buckets.CreateBucket(locked):
            _create_bucket(s3, wanted, locked=locked)
        case buckets.KeepVersions():
            s3.put_bucket_versioning(**where, VersioningConfiguration={"Status": "Enabled"})
        case buckets.EncryptObjects():
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            s3.put_bucket_encryption(**where, ServerSideEncryptionConfiguration={"Rules": [rule]})
        case buckets.BlockPublicAccess():
            s3.put_public_access_block(
                **where, PublicAccessBlockConfiguration=dict.fromkeys(buckets.PUBLIC_BLOCKS, True)
            )
        case buckets.OwnObjects():
            s3.put_bucket_ownership_controls(**where, OwnershipControls={"Rules": [{"ObjectOwnership": ENFORCED}]})
        case buckets.WritePolicy():
            policy = bucket_policy.merge_policy(read_policy(s3, where)["policy"], wanted)
            s3.put_bucket_policy(**where, Policy=json.dumps(policy))
        case buckets.LockObjects(retention):
            default = {"DefaultRetention": {"Mode": retention.mode, "Days": retention.days}}
            lock = {"ObjectLockEnabled": "Enabled", "Rule": default}
            s3.put_object_lock_configuration(**where, ObjectLockConfiguration=lock)
        case buckets.SetLifecycle():
            current = read_lifecycle(s3, where)
            rules = bucket_lifecycle.merge_rules(current.get("Rules", ()), wanted)
            # Without it, S3 would reset it and change the effect of existing rules.
            name = "TransitionDefaultMinimumObjectSize"
            kept = {name: current[name]} if name in current else {}
            s3.put_bucket_lifecycle_configuration(**where, LifecycleConfiguration={"Rules": list(rules)}, **kept)
        case _:
            assert_never(step)


def _create_bucket(s3: Any, wanted: WantedBucket, *, locked: bool) -> None:  # noqa: ANN401
    request: dict[str, Any] = {"Bucket": wanted.name, "ObjectOwnership": ENFORCED}
    if wanted.region != REGION_WITHOUT_CONSTRAINT:
        request["CreateBucketConfiguration"] = {"LocationConstraint": wanted.region}
    if locked:
        request["ObjectLockEnabledForBucket"] = True
    s3.create_bucket(**request)
    # A new bucket becomes visible after a moment.
    s3.get_waiter("bucket_exists").wait(Bucket=wanted.name, WaiterConfig={"Delay": 1, "MaxAttempts": 15})
