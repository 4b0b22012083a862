"""Region and ownership of a bucket, asked of S3."""

from collections.abc import Callable
from typing import Any

from envctl.domain.errors import EnvctlError


def find_bucket_region(client: Callable[..., Any], bucket: str) -> str:
    """Return the region of a bucket; empty if unknown. S3 tells it even to callers without permissions."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        answer = error.response
    except (BotoCoreError, EnvctlError):
        return ""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("x-amz-bucket-region", ""))


def is_foreign_bucket(client: Callable[..., Any], bucket: str, owner: str) -> bool:
    """Check whether the bucket belongs to another account than `owner`: it is readable, and not with that owner
    expected. S3 gives the same refusal for a missing permission and for another owner.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        s3 = client("s3")
        s3.head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError, EnvctlError):
        return False
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
    except (BotoCoreError, ClientError) as error:
        return isinstance(error, ClientError)
    return False
