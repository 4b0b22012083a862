"""How each step towards a bucket as it should be is carried out."""

import json
from collections.abc import Mapping
from typing import Any, assert_never

from envctl.adapters.aws.bucket_parts import lifecycle, policy
from envctl.domain.aws import bucket_lifecycle, bucket_policy
from envctl.domain.aws.buckets import (
    PUBLIC_BLOCKS,
    BlockPublicAccess,
    Create,
    Encrypt,
    KeepVersions,
    LockObjects,
    OwnObjects,
    SetLifecycle,
    Step,
    WantedBucket,
    WritePolicy,
)

FIRST_REGION = "us-east-1"
ENFORCED = "BucketOwnerEnforced"


def carry_out(s3: Any, wanted: WantedBucket, step: Step) -> None:  # noqa: ANN401 (boto3's own)
    where = {"Bucket": wanted.name, "ExpectedBucketOwner": wanted.account_id}
    match step:
        case Create(locked):
            _create(s3, wanted, locked=locked)
        case KeepVersions():
            s3.put_bucket_versioning(**where, VersioningConfiguration={"Status": "Enabled"})
        case Encrypt():
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            s3.put_bucket_encryption(**where, ServerSideEncryptionConfiguration={"Rules": [rule]})
        case BlockPublicAccess():
            s3.put_public_access_block(**where, PublicAccessBlockConfiguration=dict.fromkeys(PUBLIC_BLOCKS, True))
        case OwnObjects():
            s3.put_bucket_ownership_controls(**where, OwnershipControls={"Rules": [{"ObjectOwnership": ENFORCED}]})
        case WritePolicy():
            s3.put_bucket_policy(**where, Policy=json.dumps(bucket_policy.merged(policy(s3, where)["policy"], wanted)))
        case LockObjects(retention):
            usual = {"DefaultRetention": {"Mode": retention.mode, "Days": retention.days}}
            s3.put_object_lock_configuration(
                **where, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": usual}
            )
        case SetLifecycle():
            _set_lifecycle(s3, wanted, where)
        case _:
            assert_never(step)


def _create(s3: Any, wanted: WantedBucket, *, locked: bool) -> None:  # noqa: ANN401
    asked: dict[str, Any] = {"Bucket": wanted.name, "ObjectOwnership": ENFORCED}
    if wanted.region != FIRST_REGION:
        asked["CreateBucketConfiguration"] = {"LocationConstraint": wanted.region}
    if locked:
        asked["ObjectLockEnabledForBucket"] = True
    s3.create_bucket(**asked)
    # Others see it a moment later than it was made.
    s3.get_waiter("bucket_exists").wait(Bucket=wanted.name, WaiterConfig={"Delay": 1, "MaxAttempts": 15})


def _set_lifecycle(s3: Any, wanted: WantedBucket, where: Mapping[str, Any]) -> None:  # noqa: ANN401
    there = lifecycle(s3, where)
    rules = bucket_lifecycle.merged(there.get("Rules", ()), wanted)
    # Left out, it would change what the rules of others do.
    name = "TransitionDefaultMinimumObjectSize"
    kept = {name: there[name]} if name in there else {}
    s3.put_bucket_lifecycle_configuration(**where, LifecycleConfiguration={"Rules": list(rules)}, **kept)
