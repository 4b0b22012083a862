"""Execution of the steps of a bucket plan."""

import json
from collections.abc import Mapping
from typing import Any, assert_never

from envctl.adapters.aws.bucket_parts import read_lifecycle, read_policy
from envctl.domain.aws import bucket_lifecycle, bucket_policy, buckets
from envctl.domain.aws.buckets import BucketStep, WantedBucket

REGION_WITHOUT_CONSTRAINT = "us-east-1"
ENFORCED = "BucketOwnerEnforced"


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
            _set_lifecycle(s3, wanted, where)
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


def _set_lifecycle(s3: Any, wanted: WantedBucket, where: Mapping[str, Any]) -> None:  # noqa: ANN401
    current = read_lifecycle(s3, where)
    rules = bucket_lifecycle.merge_rules(current.get("Rules", ()), wanted)
    # Without it, S3 would reset it and change the effect of existing rules.
    name = "TransitionDefaultMinimumObjectSize"
    kept = {name: current[name]} if name in current else {}
    s3.put_bucket_lifecycle_configuration(**where, LifecycleConfiguration={"Rules": list(rules)}, **kept)
