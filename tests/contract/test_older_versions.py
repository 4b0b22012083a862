"""Replaced versions of objects, in a bucket that keeps them: they tell a foreign object from a replaced entry."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from envctl.adapters.aws.object_versions import read_older_versions
from envctl.adapters.sandbox.lifecycle import RunningSandbox
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.domain.errors import OperationFailedError
from tests.catching import catch
from tests.contract.stores import BUCKET, on_disk

pytestmark = pytest.mark.sandbox


@pytest.fixture
def client(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    for name, value in sandbox.build_child_variables().items():
        monkeypatch.setenv(name, value)
    return partial(boto3.client, region_name=BUCKET.region)


@pytest.fixture
def bucket(client: Callable[..., Any]) -> str:
    name = f"versions-{uuid4().hex[:8]}"
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": BUCKET.region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def write(client: Callable[..., Any], bucket: str, key: str, *bodies: bytes) -> None:
    for body in bodies:
        client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def open_store(client: Callable[..., Any], bucket: str, folder: str) -> ObstoreStore:
    address = StoreAddress(f"s3://{bucket}/{folder}", BUCKET.region)
    return ObstoreStore(Path("/nowhere"), lambda: address, dict, find_versions=partial(read_older_versions, client))


@pytest.mark.parametrize("folder", ["", "shop", "teams/shop"])
def test_replaced_versions_are_read_newest_first(client: Callable[..., Any], bucket: str, folder: str) -> None:
    prefix = f"{folder}/".removeprefix("/")
    write(client, bucket, f"{prefix}ledger/0000000004.json", b"a", b"b")
    write(client, bucket, f"{prefix}ledger/0000000005.json", b"first", b"second", b"third")
    write(client, bucket, f"{prefix}ledger/0000000006.json", b"once")
    write(client, bucket, f"{prefix}releases/x.tar", b"a", b"b")
    store = open_store(client, bucket, folder)
    found = store.read_older_versions("ledger/", "ledger/0000000004.json")
    assert found == {"ledger/0000000005.json": [b"second", b"first"]}


def test_bucket_without_versions_has_none(client: Callable[..., Any]) -> None:
    name = f"plain-{uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": BUCKET.region})
    write(client, name, "ledger/0000000001.json", b"a", b"b")
    assert open_store(client, name, "").read_older_versions("ledger/", "") == {}


def test_folder_keeps_no_versions(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.create("ledger/0000000001.json", b"a")
    assert store.read_older_versions("ledger/", "") == {}


def test_unreadable_versions_are_no_answer(client: Callable[..., Any]) -> None:
    store = open_store(client, "no-such-bucket-at-all", "shop")
    (problem,) = catch(OperationFailedError, store.read_older_versions, "ledger/", "").problems
    assert problem.code == "E055"
    assert "s3:ListBucketVersions on arn:aws:s3:::no-such-bucket-at-all" in problem.hint
