"""What S3 may answer that is not what was hoped for, from an S3 on loopback that is told to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.aws.s3_buckets import S3Buckets
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.domain.aws.bucket_plan import list_findings, plan_steps
from envctl.domain.aws.buckets import (
    BucketPart,
    BucketStep,
    CreateBucket,
    EncryptObjects,
    FoundBucket,
    OwnObjects,
    WantedBucket,
    WritePolicy,
)
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ledger import ledger_store
from tests.adapters.aws.s3_on_loopback import DENIED, ERROR, Loopback, loopback
from tests.fakes.world import World

ACCOUNT, REGION = "111111111111", "ap-northeast-1"
ONE = WantedBucket(
    name="shop-tfstate-111111111111", region=REGION, account_id=ACCOUNT, purpose="state", environments=("dev",)
)
STORE = WantedBucket(name="shop-store", region=REGION, account_id=ACCOUNT, purpose="store", prefix="envctl")
LISTED = "<ListAllMyBucketsResult><Buckets>{}</Buckets></ListAllMyBucketsResult>"
MINE = f"<Bucket><Name>{ONE.name}</Name></Bucket>"
VERSIONED = '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'


def absent(code: str) -> tuple[int, str]:
    return 404, ERROR.format(code, "there is none")


@pytest.fixture
def s3() -> Iterator[Loopback]:
    """A bucket of the account with versions, of which everything else is missing."""
    with loopback() as there:
        there.owner = ACCOUNT
        there.headers = {"x-amz-bucket-region": REGION}
        there.told = {
            "HEAD ": (200, ""),
            "GET versioning": (200, VERSIONED),
            "GET encryption": absent("ServerSideEncryptionConfigurationNotFoundError"),
            "GET publicAccessBlock": absent("NoSuchPublicAccessBlockConfiguration"),
            "GET ownershipControls": absent("OwnershipControlsNotFoundError"),
            "GET policy": absent("NoSuchBucketPolicy"),
            "GET object-lock": absent("ObjectLockConfigurationNotFoundError"),
            "GET lifecycle": absent("NoSuchLifecycleConfiguration"),
        }
        yield there


@pytest.fixture
def buckets(s3: Loopback) -> S3Buckets:
    import boto3
    from botocore.config import Config

    def client(service: str, environment: str, *, region: str) -> Any:
        limits = Config(retries={"total_max_attempts": 2}, read_timeout=30, s3={"addressing_style": "path"})
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        return boto3.client(service, region_name=region, endpoint_url=s3.url, config=limits, **keys)

    return S3Buckets(client)


def told(act: Callable[[], object]) -> Problem:
    with pytest.raises(OperationFailedError) as raised:
        act()
    (only,) = raised.value.problems
    return only


def test_bare_bucket_has_no_protections(s3: Loopback, buckets: S3Buckets) -> None:
    assert buckets.inspect_bucket(ONE, "dev") == FoundBucket(versioning="Enabled")
    assert buckets.inspect_bucket(STORE, "") == FoundBucket(versioning="Enabled")


def test_bucket_of_another_account_is_reported(s3: Loopback, buckets: S3Buckets) -> None:
    s3.owner = "444444444444"
    problem = told(lambda: buckets.inspect_bucket(ONE, "dev"))
    assert (problem.code, problem.message) == (
        "E422",
        f"the bucket {ONE.name} is not in account {ACCOUNT}, but you have access",
    )
    assert {asked for asked in s3.asked if not asked.startswith("HEAD")} == set()


CLOSED: dict[str, tuple[tuple[int, str], str, str]] = {
    "somebody else's": ((200, LISTED.format("")), "E420", "belongs to another account"),
    "ones own, and closed": ((200, LISTED.format(MINE)), "E424", "you have no permission to read the bucket"),
    "nobody can say whose": (DENIED, "E424", "it belongs to another account, or you lack permission"),
}


@pytest.mark.parametrize(("answer", "code", "said"), CLOSED.values(), ids=CLOSED)
def test_inaccessible_bucket_is_reported_as(
    s3: Loopback, buckets: S3Buckets, answer: tuple[int, str], code: str, said: str
) -> None:
    s3.told |= {"HEAD ": (403, ""), "GET buckets": answer}
    problem = told(lambda: buckets.inspect_bucket(ONE, "dev"))
    assert problem.code == code
    assert said in problem.message
    assert problem.hint


NAMES: dict[BucketPart, str] = {
    "versioning": "versioning",
    "encryption": "encryption",
    "public access": "publicAccessBlock",
    "ownership": "ownershipControls",
    "policy": "policy",
    "object lock": "object-lock",
    "lifecycle": "lifecycle",
}


@pytest.mark.parametrize("part", NAMES)
def test_denied_part_hides_no_other_and_is_skipped(s3: Loopback, buckets: S3Buckets, part: BucketPart) -> None:
    before = len(plan_steps(STORE, buckets.inspect_bucket(STORE, "")))
    s3.told[f"GET {NAMES[part]}"] = DENIED
    found = buckets.inspect_bucket(STORE, "")
    assert found is not None
    assert list(found.unseen) == [part]
    assert found.unseen[part].message == "can't be checked:  Access Denied (AccessDenied)"
    assert found.unseen[part].hint.startswith("allow s3:Get")
    assert before - len(plan_steps(STORE, found)) == (part != "versioning")
    assert len(list_findings(STORE, found)) == 1 + len(STORE.checked_parts)


STEPS: dict[str, tuple[BucketStep, str]] = {
    "encryption": (EncryptObjects(), "PUT encryption"),
    "ownership": (OwnObjects(), "PUT ownershipControls"),
    "policy": (WritePolicy(("EnvctlTlsOnly",)), "PUT policy"),
}


@pytest.mark.parametrize(("step", "asked"), STEPS.values(), ids=STEPS)
def test_denied_step_is_reported_with_its_fix(s3: Loopback, buckets: S3Buckets, step: BucketStep, asked: str) -> None:
    s3.told[asked] = DENIED
    problem = told(lambda: buckets.apply_step(ONE, step, "dev"))
    assert problem.code == "E425"
    assert problem.message.endswith("Access Denied (AccessDenied)")
    assert problem.hint.endswith(": envctl bootstrap dev --as-me")
    assert "--as-me" not in told(lambda: buckets.apply_step(ONE, step, "")).hint


def test_unreadable_policy_is_not_overwritten(s3: Loopback, buckets: S3Buckets) -> None:
    s3.told["GET policy"] = DENIED
    assert told(lambda: buckets.apply_step(ONE, WritePolicy(("EnvctlTlsOnly",)), "dev")).code == "E425"
    assert "PUT policy" not in s3.asked


def test_bucket_name_taken_meanwhile_is_reported(s3: Loopback, buckets: S3Buckets) -> None:
    s3.told["PUT "] = (409, ERROR.format("BucketAlreadyExists", "The requested bucket name is not available"))
    assert told(lambda: buckets.apply_step(ONE, CreateBucket(locked=False), "dev")).code == "E420"


FAILING = {
    "it fails": (500, ERROR.format("InternalError", "We encountered an internal error")),
    "it is busy": (503, ERROR.format("SlowDown", "Please reduce your request rate")),
    "it does not speak xml": (500, "oops"),
}


@pytest.mark.parametrize("answer", FAILING.values(), ids=FAILING)
def test_unreadable_bucket_is_not_missing_where(s3: Loopback, buckets: S3Buckets, answer: tuple[int, str]) -> None:
    s3.told["HEAD "] = answer
    assert told(lambda: buckets.inspect_bucket(ONE, "dev")).code == "E424"
    assert len(s3.asked) == 2


def test_unreachable_s3_is_not_a_missing_bucket(s3: Loopback, buckets: S3Buckets) -> None:
    s3.url = "http://127.0.0.1:9"
    problem = told(lambda: buckets.inspect_bucket(ONE, "dev"))
    assert problem.code == "E424"
    assert "check the network" in problem.hint


def test_server_that_ignores_if_none_match_is_refused(
    s3: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.told.clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    def store() -> Any:
        plainly: Any = {"allow_http": True}
        return ObstoreStore(tmp_path, lambda: StoreAddress("s3://shop-store/envctl"), lambda: plainly)

    world = World()
    for _ in range(2):
        world.store = store()
        problem = told(lambda: ledger_store.require_create_only(world.ports))
        assert problem.code == "E426"
        assert "ignores If-None-Match: it accepted a second object under the same key" in problem.message
    assert list(s3.objects) == [f"envctl/{ledger_store.PROBE_KEY}"]
    world.store = store()
    assert ledger_store.read_probe(world.ports, "").verdict == "bad"
