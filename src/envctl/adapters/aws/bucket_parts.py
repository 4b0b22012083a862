"""How each part of a bucket is looked at, and which permission it takes."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from envctl.domain.aws.buckets import DAYS_OF_A_YEAR, PUBLIC_BLOCKS, Part, Retention

Seen = Mapping[str, Any]


def _versioning(s3: Any, where: Seen) -> Seen:  # noqa: ANN401 (boto3's own, here and below)
    return {"versioning": s3.get_bucket_versioning(**where).get("Status", "")}


def _encryption(s3: Any, where: Seen) -> Seen:  # noqa: ANN401
    said = _or_none(s3.get_bucket_encryption, where, "ServerSideEncryptionConfigurationNotFoundError")
    rules = said.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    chosen = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") for rule in rules]
    return {"encryption": next(filter(None, chosen), "")}


def _public_access(s3: Any, where: Seen) -> Seen:  # noqa: ANN401
    said = _or_none(s3.get_public_access_block, where, "NoSuchPublicAccessBlockConfiguration")
    blocks = said.get("PublicAccessBlockConfiguration", {})
    return {"open_to_public": tuple(name for name in PUBLIC_BLOCKS if not blocks.get(name))}


def _ownership(s3: Any, where: Seen) -> Seen:  # noqa: ANN401
    said = _or_none(s3.get_bucket_ownership_controls, where, "OwnershipControlsNotFoundError")
    rules = said.get("OwnershipControls", {}).get("Rules", ())
    return {"ownership": next((rule["ObjectOwnership"] for rule in rules), "")}


def policy(s3: Any, where: Seen) -> Seen:  # noqa: ANN401
    said = _or_none(s3.get_bucket_policy, where, "NoSuchBucketPolicy")
    return {"policy": json.loads(said["Policy"]) if said else {}}


def _object_lock(s3: Any, where: Seen) -> Seen:  # noqa: ANN401
    said = _or_none(s3.get_object_lock_configuration, where, "ObjectLockConfigurationNotFoundError")
    config = said.get("ObjectLockConfiguration", {})
    usual = config.get("Rule", {}).get("DefaultRetention", {})
    days = usual.get("Days") or usual.get("Years", 0) * DAYS_OF_A_YEAR
    kept = Retention(usual["Mode"], days) if days else None
    return {"locks": config.get("ObjectLockEnabled") == "Enabled", "retention": kept}


def lifecycle(s3: Any, where: Seen) -> Seen:  # noqa: ANN401
    """The whole of it, as AWS tells it."""
    return _or_none(s3.get_bucket_lifecycle_configuration, where, "NoSuchLifecycleConfiguration")


def _rules(s3: Any, where: Seen) -> Seen:  # noqa: ANN401
    return {"rules": tuple(lifecycle(s3, where).get("Rules", ()))}


def _or_none(call: Callable[..., Seen], where: Seen, absent: str) -> Seen:
    """Nothing, where AWS says that there is none of it."""
    from botocore.exceptions import ClientError

    try:
        return call(**where)
    except ClientError as error:
        if error.response["Error"]["Code"] == absent:
            return {}
        raise


LOOKS: Mapping[Part, Callable[[Any, Seen], Seen]] = {
    "versioning": _versioning,
    "encryption": _encryption,
    "public access": _public_access,
    "ownership": _ownership,
    "policy": policy,
    "object lock": _object_lock,
    "lifecycle": _rules,
}
PERMISSIONS: Mapping[Part, str] = {
    "versioning": "s3:GetBucketVersioning",
    "encryption": "s3:GetEncryptionConfiguration",
    "public access": "s3:GetBucketPublicAccessBlock",
    "ownership": "s3:GetBucketOwnershipControls",
    "policy": "s3:GetBucketPolicy",
    "object lock": "s3:GetBucketObjectLockConfiguration",
    "lifecycle": "s3:GetLifecycleConfiguration",
}
