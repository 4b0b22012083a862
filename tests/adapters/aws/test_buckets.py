"""Buckets in the accounts of the sandbox: what is made is there, holds what it should, and refuses what it should."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.aws.s3_buckets import S3Buckets
from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.aws.bucket_plan import list_findings, plan_steps
from envctl.domain.aws.buckets import BucketStep, CreateBucket, FoundBucket, Purpose, Retention, WantedBucket
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ledger import ledger_store
from envctl.usecases.ports.core import AlreadyExistsError
from tests.adapters.sandbox.conftest import with_tiny_mirror
from tests.fakes.world import World

pytestmark = pytest.mark.sandbox

REGION = "ap-northeast-1"
ACCOUNTS = {"": "123456789012", "dev": "111111111111", "prod": "333333333333"}
OWN = AwsCredentialsSpec(region=REGION)


def passport(environment: str) -> AwsCredentialsSpec:
    if not environment:
        return OWN
    role = f"arn:aws:iam::{ACCOUNTS[environment]}:role/envctl-deployer"
    return AwsCredentialsSpec(environment=environment, region=REGION, account_id=ACCOUNTS[environment], role=role)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    server = Sandbox(with_tiny_mirror(tmp_path_factory.mktemp("sandbox") / "sandbox"))
    yield server.start()
    server.stop()


@pytest.fixture
def sessions(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    for name, value in sandbox.build_child_variables().items():
        monkeypatch.setenv(name, value)
    return Sessions(lambda: None, passport)


@pytest.fixture
def buckets(sessions: Sessions) -> S3Buckets:
    return S3Buckets(sessions.open_client)


Client = Callable[[str], Any]


@pytest.fixture
def s3(sessions: Sessions) -> Client:
    return lambda environment: sessions.open_client("s3", environment)


def wanted(purpose: Purpose, environment: str, **more: Any) -> WantedBucket:
    return WantedBucket(
        name=f"shop-{uuid4().hex}",
        region=more.pop("region", REGION),
        account_id=ACCOUNTS[environment],
        purpose=purpose,
        **more,
    )


def made(buckets: S3Buckets, one: WantedBucket, environment: str) -> tuple[BucketStep, ...]:
    taken = plan_steps(one, buckets.inspect_bucket(one, environment))
    for step in taken:
        buckets.apply_step(one, step, environment)
    return taken


def verdicts(buckets: S3Buckets, one: WantedBucket, environment: str) -> set[str]:
    return {each.verdict for each in list_findings(one, buckets.inspect_bucket(one, environment))}


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-1"])
def test_state_bucket_is_created_complete_in_its_account(buckets: S3Buckets, s3: Client, region: str) -> None:
    one = wanted("state", "dev", region=region)
    assert buckets.inspect_bucket(one, "dev") is None
    assert made(buckets, one, "dev")[0] == CreateBucket(locked=False)
    assert verdicts(buckets, one, "dev") == {"good"}
    assert plan_steps(one, buckets.inspect_bucket(one, "dev")) == ()
    assert one.name in {each["Name"] for each in s3("dev").list_buckets()["Buckets"]}
    assert one.name not in {each["Name"] for each in s3("prod").list_buckets()["Buckets"]}


def test_state_is_overwritable_but_its_versions_are_kept(buckets: S3Buckets, s3: Client) -> None:
    one = wanted("state", "dev")
    made(buckets, one, "dev")
    client, where = s3("dev"), {"Bucket": one.name, "Key": "dev/web.tfstate"}
    first = client.put_object(**where, Body=b"1")["VersionId"]
    client.put_object(**where, Body=b"2")
    client.delete_object(**where)
    refused(lambda: client.delete_object(**where, VersionId=first))
    assert client.get_object(**where, VersionId=first)["Body"].read() == b"1"


def test_store_bucket_accepts_new_objects_and_loses_none(
    buckets: S3Buckets, s3: Client, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    one = wanted("store", "", prefix="envctl")
    made(buckets, one, "")
    assert verdicts(buckets, one, "") == {"good"}
    store = in_s3(sandbox, tmp_path, one)
    store.create("ledger/1.json", b"one")
    with pytest.raises(AlreadyExistsError):
        store.create("ledger/1.json", b"two")
    assert store.read("ledger/1.json") == b"one"
    client, where = s3(""), {"Bucket": one.name, "Key": "envctl/ledger/1.json"}
    version = client.head_object(**where)["VersionId"]
    for act in (
        lambda: client.put_object(**where, Body=b"two", ChecksumAlgorithm="SHA256"),
        lambda: client.delete_object(**where),
        lambda: client.delete_object(**where, VersionId=version),
        lambda: client.delete_object(**where, VersionId=version, BypassGovernanceRetention=True),
    ):
        refused(act)
    assert client.get_object(**where)["Body"].read() == b"one"
    assert client.head_object(**where)["ObjectLockMode"] == "GOVERNANCE"


def test_object_with_own_lock_is_locked_until_then(
    buckets: S3Buckets, s3: Client, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    one = wanted("store", "", prefix="envctl")
    made(buckets, one, "")
    store, until = in_s3(sandbox, tmp_path, one), datetime.now(UTC) + timedelta(days=400)
    store.create_locked("readings/1.json", b"page", 400)
    store.create("ledger/1.json", b"entry")
    page, entry = (s3("").head_object(Bucket=one.name, Key=f"envctl/{key}/1.json") for key in ("readings", "ledger"))
    assert page["ObjectLockMode"] == "GOVERNANCE"
    assert abs(page["ObjectLockRetainUntilDate"] - until) < timedelta(minutes=5)
    assert entry["ObjectLockRetainUntilDate"] > until + timedelta(days=3000)


def test_objects_outside_of_store_prefix_are_unrestricted(buckets: S3Buckets, s3: Client) -> None:
    one = wanted("store", "", prefix="envctl")
    made(buckets, one, "")
    where = {"Bucket": one.name, "Key": "logs/1"}
    for body in (b"1", b"2"):
        s3("").put_object(**where, Body=body, ChecksumAlgorithm="SHA256")
    s3("").delete_object(**where)


def test_existing_store_is_hardened_and_keeps_its_objects(
    buckets: S3Buckets, s3: Client, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    one = wanted("store", "")
    s3("").create_bucket(Bucket=one.name, CreateBucketConfiguration={"LocationConstraint": REGION})
    in_s3(sandbox, tmp_path, one).create("ledger/1.json", b"one")
    made(buckets, one, "")
    assert verdicts(buckets, one, "") == {"good"}
    assert in_s3(sandbox, tmp_path, one).read("ledger/1.json") == b"one"


def test_existing_team_settings_of_bucket_are_kept(buckets: S3Buckets, s3: Client) -> None:
    one, client = wanted("store", ""), s3("")
    client.create_bucket(
        Bucket=one.name, CreateBucketConfiguration={"LocationConstraint": REGION}, ObjectLockEnabledForBucket=True
    )
    theirs = {"Sid": "Audit", "Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": one.arn}
    client.put_bucket_policy(Bucket=one.name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    kms = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    client.put_bucket_encryption(Bucket=one.name, ServerSideEncryptionConfiguration=kms)
    rule = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 9}}
    client.put_bucket_lifecycle_configuration(Bucket=one.name, LifecycleConfiguration={"Rules": [rule]})
    usual = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": usual}
    client.put_object_lock_configuration(Bucket=one.name, ObjectLockConfiguration=lock)
    made(buckets, one, "")
    found = buckets.inspect_bucket(one, "")
    assert isinstance(found, FoundBucket)
    assert (found.encryption, found.retention) == ("aws:kms", Retention("COMPLIANCE", 365))
    assert found.policy["Statement"][0] == theirs
    assert [each["ID"] for each in found.rules] == [
        "logs",
        "envctl-old-checkpoints",
        "envctl-old-runs",
        "envctl-old-readings",
    ]
    assert verdicts(buckets, one, "") == {"good"}


def test_bucket_in_another_region_is_reported_and_kept(buckets: S3Buckets) -> None:
    one = wanted("state", "dev", region="eu-west-1")
    made(buckets, one, "dev")
    there = WantedBucket(name=one.name, region=REGION, account_id=one.account_id, purpose="state")
    assert problem(lambda: buckets.inspect_bucket(there, "dev")) == (
        "E421",
        f"the bucket {one.name} is in eu-west-1, not in {REGION}",
    )


def test_bucket_of_another_owner_is_reported_and_kept(buckets: S3Buckets) -> None:
    one = wanted("state", "dev")
    made(buckets, one, "dev")
    there = WantedBucket(name=one.name, region=REGION, account_id=ACCOUNTS["prod"], purpose="state")
    code, message = problem(lambda: buckets.inspect_bucket(there, "prod"))
    assert code == "E420"
    assert "belongs to another account" in message
    assert verdicts(buckets, one, "dev") == {"good"}


def test_probe_passes_where_the_header_is_honored(buckets: S3Buckets, sandbox: RunningSandbox, tmp_path: Path) -> None:
    one = wanted("store", "", prefix="envctl")
    made(buckets, one, "")
    world = World()
    for _ in range(2):
        world.store = in_s3(sandbox, tmp_path, one)  # type: ignore[assignment]
        assert ledger_store.require_create_only(world.ports).verdict == "good"
    world.store = in_s3(sandbox, tmp_path, one)  # type: ignore[assignment]
    assert ledger_store.read_probe(world.ports, "").verdict == "good"


def in_s3(sandbox: RunningSandbox, project: Path, one: WantedBucket) -> ObstoreStore:
    through = {"proxy_url": sandbox.proxy_url, "proxy_ca_certificate": sandbox.ca_file.read_text()}
    url = f"s3://{one.name}/{one.prefix}" if one.prefix else f"s3://{one.name}"
    return ObstoreStore(project, lambda: StoreAddress(url, one.region), lambda: through)


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|403|Forbidden"):
        act()


def problem(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(OperationFailedError) as raised:
        act()
    (only,) = raised.value.problems
    return only.code, only.message
