"""The calls of the control API of a running sandbox: paths, header and body."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

CONTROL_PREFIX = "/_envctl/"
HEALTH_PATH = f"{CONTROL_PREFIX}health"
BUCKETS_PATH = f"{CONTROL_PREFIX}buckets"
TOKEN_HEADER = "X-Envctl-Token"  # noqa: S105 (a name)


@dataclass(frozen=True)
class Bucket:
    """A versioned S3 bucket to create in a sandbox, and the account of its owner."""

    name: str
    region: str
    account_id: str


def encode_buckets(buckets: Sequence[Bucket]) -> bytes:
    return json.dumps([asdict(bucket) for bucket in buckets]).encode()
