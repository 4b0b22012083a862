"""Readers of the settings of a bucket, and the permission each one needs."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from envctl.domain.aws.buckets import DAYS_PER_YEAR, PUBLIC_BLOCKS, BucketPart, Retention

Fields = Mapping[str, Any]


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
