"""The stores that the suite is run over, opened as the command opens them."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from envctl.adapters.aws.bucket_lookup import is_foreign_bucket
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox
from envctl.adapters.store import connect
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.cli.wiring.sandbox import STORE_ACCOUNT
from envctl.domain.aws.access import AwsCredentialsSpec

BUCKET = Bucket("shop-envctl-store", "ap-northeast-1", STORE_ACCOUNT)
HURRIED = connect.RetryPolicy(connect=60, request=60, overall=60, retries=2, pause=0.01)
"""What is tried for a minute on a bad day is tried a few times here. An answer that is on its way is waited for all the
same: a busy machine takes seconds for one, and a write that is given up and tried again finds itself there.
"""
STUBBORN = connect.RetryPolicy(connect=60, request=60, overall=120, retries=8, tries=8, pause=0.01)


def on_disk(project: Path) -> ObstoreStore:
    return ObstoreStore(project, lambda: StoreAddress("file://.envctl/store"), dict)


def in_s3(
    sandbox: RunningSandbox, project: Path, monkeypatch: pytest.MonkeyPatch, bucket: str = BUCKET.name
) -> ObstoreStore:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    through = {"proxy_url": sandbox.proxy_url, "proxy_ca_certificate": sandbox.ca_file.read_text()}
    return ObstoreStore(project, lambda: StoreAddress(f"s3://{bucket}/{uuid4().hex}", BUCKET.region), lambda: through)


def as_surroundings_say(address: StoreAddress, patience: connect.RetryPolicy = HURRIED) -> ObstoreStore:
    """Without the sandbox, as on a user's machine: what the environment names is all that leads to AWS."""
    return ObstoreStore(
        Path("/nowhere"),
        lambda: address,
        lambda: connect.read_client_options(os.environ),
        is_anothers=lambda bucket, owner: is_foreign_bucket(_client, bucket, owner),
        find_credentials=Sessions(dict, lambda _: AwsCredentialsSpec(profile=address.profile)).load_store_credentials,
        patience=patience,
    )


def _client(service: str) -> Any:
    import boto3

    return boto3.client(service, region_name=BUCKET.region)


def somewhere(**more: str) -> StoreAddress:
    """In the bucket, where nobody has written yet."""
    return StoreAddress(**{"url": f"s3://{BUCKET.name}/{uuid4().hex}", "region": BUCKET.region, **more})
