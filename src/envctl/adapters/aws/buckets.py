"""Where a bucket is, and whether it is somebody else's, asked of S3 by boto3."""

from collections.abc import Callable
from typing import Any

from envctl.domain.errors import EnvctlError


def region_of(client: Callable[..., Any], bucket: str) -> str:
    """Empty where S3 does not say. It says so even to those who may not do anything else."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        answer = error.response
    except (BotoCoreError, EnvctlError):
        return ""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("x-amz-bucket-region", ""))


def is_anothers(client: Callable[..., Any], bucket: str, owner: str) -> bool:
    """Whether the bucket lets itself be looked at, and does not once it is asked to be of that account. S3 refuses both
    for a missing right and for another owner, and does not say for which.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        s3 = client("s3")
        s3.head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError, EnvctlError):
        return False
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
    except ClientError:
        return True
    except BotoCoreError:
        return False
    return False
