"""Replaced versions of objects, asked of S3."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envctl.domain.errors import OperationFailedError, Problem

_ACTIONS = "s3:ListBucketVersions on arn:aws:s3:::{0} and s3:GetObjectVersion on arn:aws:s3:::{0}/*"


def read_older_versions(
    client: Callable[..., Any], bucket: str, prefix: str, after: str
) -> Mapping[str, Sequence[bytes]]:
    """Return the versions that are not the latest, of objects with this prefix after a key, newest first.

    Raises OperationFailedError (E055).
    """
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, list[bytes]] = {}
    try:
        s3 = client("s3")
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix, KeyMarker=after)
        for version in (each for page in pages for each in page.get("Versions", ())):
            # Some servers begin with the key itself.
            if version["IsLatest"] or version["Key"] <= after:
                continue
            body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"]
            found.setdefault(version["Key"], []).append(body.read())
    except (BotoCoreError, ClientError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        message = "an object after the last entry of the ledger is not an entry, and its older versions can't be read"
        hint = f"allow {_ACTIONS.format(bucket)}: only they tell whether an entry was replaced"
        raise OperationFailedError(Problem("E055", f"{message}: {reason}", hint)) from error
    return found
