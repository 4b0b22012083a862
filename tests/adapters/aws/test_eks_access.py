"""EKS clusters as moto has them: address, token, and what is said where there is none."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto import mock_aws

from envctl.adapters.aws.credentials.presigned_token import TOKEN_PREFIX, presign_plainly
from envctl.adapters.aws.eks_access import RENEWED_AFTER_SECONDS, EksClusters, name_cluster
from envctl.domain.errors import OperationFailedError

REGION = "ap-northeast-1"
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "hidden", "aws_session_token": "session"}
CREDENTIALS = {"resourcesVpcConfig": {"subnetIds": []}, "roleArn": "arn:aws:iam::123456789012:role/eks"}
AUTHORITY = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n"


def client(service: str, environment: str, *, region: str = "") -> Any:
    assert environment == "prod"
    limits = Config(retries={"total_max_attempts": 1}, read_timeout=30, connect_timeout=30)
    return boto3.client(service, region_name=region or REGION, config=limits, **KEYS)


@pytest.fixture
def eks() -> Iterator[Any]:
    with mock_aws():
        yield client("eks", "prod")


def described(status: str = "ACTIVE", **parts: Any) -> dict[str, Any]:
    authority = {"data": base64.b64encode(AUTHORITY.encode()).decode()}
    where = {"endpoint": "https://ABC.gr7.ap-northeast-1.eks.amazonaws.com", "certificateAuthority": authority}
    return {"cluster": {"name": "shop", "status": status, "version": "1.35", **where, **parts}}


def stubbed(prepare: Callable[[Stubber], object]) -> EksClusters:
    def open_client(service: str, environment: str, *, region: str = "") -> Any:
        made = client(service, environment, region=region)
        if service == "eks":
            stubber = Stubber(made)
            prepare(stubber)
            stubber.activate()
        return made

    return EksClusters(open_client)


def refusal(clusters: EksClusters, name: str = "shop") -> tuple[str, str, str]:
    with pytest.raises(OperationFailedError) as refused:
        clusters.find_cluster("prod", "", name)
    [problem] = refused.value.problems
    return problem.code, problem.message, problem.hint


def read_token(header: str) -> tuple[str, dict[str, list[str]]]:
    token = header.removeprefix("Bearer ").removeprefix(TOKEN_PREFIX)
    parts = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    return parts.netloc, parse_qs(parts.query)


def test_cluster_is_found_by_its_description() -> None:
    found = stubbed(lambda stub: stub.add_response("describe_cluster", described())).find_cluster("prod", "", "shop")
    assert found.url == "https://ABC.gr7.ap-northeast-1.eks.amazonaws.com"
    assert (found.authority, found.version) == (AUTHORITY, "1.35")
    assert found.name == "EKS cluster shop in ap-northeast-1"


def test_identity_is_arn_and_creation_in_utc() -> None:
    arn, made = "arn:aws:eks:ap-northeast-1:123456789012:cluster/shop", datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    answer = described(arn=arn, createdAt=made.astimezone(timezone(timedelta(hours=9))))
    found = stubbed(lambda stub: stub.add_response("describe_cluster", answer)).find_cluster("prod", "", "shop")
    assert (found.arn, found.created) == (arn, "2026-01-02T03:04:05+00:00")


def test_token_is_signed_for_one_cluster_and_region() -> None:
    clusters = stubbed(lambda stub: stub.add_response("describe_cluster", described()))
    headers = clusters.find_cluster("prod", "eu-west-1", "shop").headers()
    host, query = read_token(headers["Authorization"])
    assert host == "sts.eu-west-1.amazonaws.com"
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-Security-Token"] == ["session"]
    assert "hidden" not in str(query)


def test_token_is_renewed_in_time_and_after_a_refusal() -> None:
    now = [0.0]
    tokens: list[int] = []
    clusters = stubbed(lambda stub: stub.add_response("describe_cluster", described()))
    clusters._now = lambda: now[0]
    clusters._create_token = lambda *_: f"{tokens.append(1) or len(tokens)}"  # type: ignore[method-assign, func-returns-value]
    found = clusters.find_cluster("prod", "", "shop")

    def bearer() -> str:
        return found.headers()["Authorization"]

    assert [bearer(), bearer()] == ["Bearer 1", "Bearer 1"]
    now[0] = RENEWED_AFTER_SECONDS + 1
    assert bearer() == "Bearer 2"
    assert found.renew_credentials()
    assert bearer() == "Bearer 3"


def test_clusters_share_no_token() -> None:
    def prepare(stub: Stubber) -> None:
        stub.add_response("describe_cluster", described())
        stub.add_response("describe_cluster", described())

    clusters = stubbed(prepare)
    one, two = (clusters.find_cluster("prod", "", name).headers() for name in ("one", "two"))
    assert (
        read_token(one["Authorization"])[1]["X-Amz-Signature"] != read_token(two["Authorization"])[1]["X-Amz-Signature"]
    )


def test_missing_cluster_is_told_with_near_names(eks: Any) -> None:
    eks.create_cluster(name="shop-prod", **CREDENTIALS)
    code, message, hint = refusal(EksClusters(client), "shop-prd")
    assert (code, message) == ("E630", "there is no EKS cluster shop-prd in ap-northeast-1 in the account of prod")
    assert hint == "did you mean shop-prod?"


NOT_READY: dict[str, tuple[dict[str, Any], str]] = {
    "being created": (described("CREATING", endpoint=""), "is not ready: its status is CREATING"),
    "failed": (described("FAILED"), "is not ready: its status is FAILED"),
    "no authority": (described(certificateAuthority={}), "has no certificate authority, or an unreadable one"),
    "an authority that is none": (
        described(certificateAuthority={"data": "??"}),
        "has no certificate authority, or an unreadable one",
    ),
}


@pytest.mark.parametrize(("answer", "expected"), NOT_READY.values(), ids=NOT_READY)
def test_cluster_that_is_not_ready_is_refused(answer: dict[str, Any], expected: str) -> None:
    code, message, _ = refusal(stubbed(lambda stub: stub.add_response("describe_cluster", answer)))
    assert (code, message) == ("E630", f"the EKS cluster shop in ap-northeast-1 {expected}")


def test_missing_permission_is_named() -> None:
    said = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: eks:DescribeCluster on resource: y"
    code, message, hint = refusal(
        stubbed(lambda stub: stub.add_client_error("describe_cluster", "AccessDeniedException", said, 403))
    )
    assert code == "E629"
    assert "the permission eks:DescribeCluster is missing" in message
    assert "eks:DescribeCluster" in hint


@pytest.mark.parametrize("session_token", ["", "IQoJb3JpZ2luX2Vj//+=/~ "])
@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "us-gov-west-1"])
def test_token_without_boto3_is_that_of_boto3(region: str, session_token: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hid/den+"}
    if session_token:
        keys["AWS_SESSION_TOKEN"] = session_token
    sts = boto3.client("sts", region_name=region, **{name.lower(): value for name, value in keys.items()})
    name_cluster(sts, "shop")
    expected = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    [date] = parse_qs(urlsplit(expected).query)["X-Amz-Date"]
    now = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    found = presign_plainly(keys, region, "shop", now)
    assert found is not None
    assert urlsplit(found).netloc == urlsplit(expected).netloc
    assert parse_qs(urlsplit(found).query) == parse_qs(urlsplit(expected).query)


NEEDS_BOTO3: dict[str, tuple[str, dict[str, str]]] = {
    "no keys": ("eu-west-1", {"AWS_ACCESS_KEY_ID": ""}),
    "another domain": ("cn-north-1", {}),
    "another host": ("eu-west-1", {"AWS_ENDPOINT_URL_STS": "https://sts.example"}),
    "a FIPS host": ("us-east-1", {"AWS_USE_FIPS_ENDPOINT": "true"}),
}


@pytest.mark.parametrize(("region", "variables"), NEEDS_BOTO3.values(), ids=NEEDS_BOTO3)
def test_rare_surroundings_are_left_to_boto3(region: str, variables: dict[str, str]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden", **variables}
    assert presign_plainly(keys, region, "shop", datetime.now(UTC)) is None
