"""Where a bucket is, asked of S3 by boto3."""

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
