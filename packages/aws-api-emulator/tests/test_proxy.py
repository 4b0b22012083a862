"""What goes through the proxy, what does not, and that an account is an account."""

import http.client
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_api_emulator import proxy
from aws_api_emulator.certificates import CertificateAuthority
from aws_api_emulator.hosts import parse_aws_host
from tests.conftest import DEV, PROD, Client
from tests.process import RunningServer

SIGNED_FOR_STS = "AWS4-HMAC-SHA256 Credential=sandbox/20000101/us-east-1/sts/aws4_request, SignedHeaders=host, x"


def test_an_assumed_role_is_in_its_account(client: Client) -> None:
    assert client("sts", DEV).get_caller_identity()["Account"] == DEV
    assert client("sts", PROD).get_caller_identity()["Account"] == PROD


def test_resource_is_visible_only_in_its_account(client: Client) -> None:
    made = client("ec2", DEV).create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    assert made in vpcs(client("ec2", DEV))
    assert made not in vpcs(client("ec2", PROD))


def test_the_buckets_are_versioned_and_in_their_accounts(client: Client) -> None:
    s3 = client("s3", DEV)
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["shop-dev"]
    assert s3.get_bucket_versioning(Bucket="shop-dev")["Status"] == "Enabled"
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket="shop-prod")


@pytest.mark.parametrize("key", ["plain", "with space/ü+%2F.txt", "a//b"])
@pytest.mark.parametrize("body", [b"", b"hello", b"x" * 3_000_000])
def test_object_is_returned_unchanged(client: Client, key: str, body: bytes) -> None:
    s3 = client("s3", DEV)
    s3.put_object(Bucket="shop-dev", Key=key, Body=body, Metadata={"under_score": "kept"})
    assert s3.get_object(Bucket="shop-dev", Key=key)["Body"].read() == body
    head = s3.head_object(Bucket="shop-dev", Key=key)
    assert (head["ContentLength"], head["Metadata"]) == (len(body), {"under_score": "kept"})


def test_one_of_many_conditional_puts_wins(client: Client) -> None:
    s3 = client("s3", DEV)

    def put(number: int) -> int:
        try:
            s3.put_object(Bucket="shop-dev", Key="ledger/1", Body=bytes([number]), IfNoneMatch="*")
        except s3.exceptions.ClientError as error:
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return 200

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(put, range(8))) == [200] + [412] * 7


@pytest.mark.parametrize(
    "authority",
    ["example.com:443", "sts.amazonaws.com:80", "sts.amazonaws.com.evil.com:443", "amazonaws.com:443", "127.0.0.1:443"],
)
def test_any_other_host_is_refused_with_a_reason(shared: RunningServer, authority: str) -> None:
    answer = raw(shared, f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")
    assert answer.startswith("HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(f"\r\n\r\nthe envctl sandbox relays AWS hosts only, and refuses {authority}\n")


@pytest.mark.parametrize(
    ("line", "host", "reason"),
    [
        ("GET http://sts.amazonaws.com/ HTTP/1.1", "sts.amazonaws.com", "relays HTTPS only"),
        ("GET http://169.254.169.254/latest/ HTTP/1.1", "169.254.169.254", "relays HTTPS only"),
        ("GET / HTTP/1.1", "rebound.example.com", "answers on loopback only"),
    ],
    ids=[
        "plain HTTP to AWS",
        "the metadata service of a machine in AWS",
        "a page in a browser under a name of its own",
    ],
)
def test_plain_requests_are_refused(shared: RunningServer, line: str, host: str, reason: str) -> None:
    answer = raw(shared, f"{line}\r\nHost: {host}\r\n\r\n")
    assert answer.startswith("HTTP/1.1 403 Forbidden\r\n")
    assert reason in answer


def test_proxy_listens_on_loopback_only(shared: RunningServer) -> None:
    port = urlsplit(shared.proxy_url).port
    for address in ("127.0.0.2", "::1"):
        with pytest.raises(OSError), socket.create_connection((address, port), timeout=1):
            pass


def test_connection_is_kept_and_accepts_chunked_bodies(shared: RunningServer) -> None:
    url = urlsplit(shared.proxy_url)
    context = ssl.create_default_context(cafile=str(shared.ca_file))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": SIGNED_FOR_STS}
    bodies = (b"Action=GetCallerIdentity&Version=2011-06-15", [b"Action=GetCaller", b"Identity&Version=2011-06-15"])
    with closing(http.client.HTTPSConnection("127.0.0.1", url.port, context=context, timeout=10)) as connection:
        connection.set_tunnel("sts.amazonaws.com", 443)
        for body in bodies:
            connection.request("POST", "/", body, headers)
            assert b"<Account>123456789012</Account>" in connection.getresponse().read()
            assert connection.sock is not None


def test_unsupported_operation_is_refused_by_name(client: Client) -> None:
    ec2 = client("ec2", DEV)
    with pytest.raises(ec2.exceptions.ClientError, match=r"SandboxGap.*bundle_instance") as caught:
        ec2.bundle_instance(InstanceId="i-1", Storage={"S3": {"Bucket": "b", "Prefix": "p"}})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    logs = client("logs", DEV)
    with pytest.raises(logs.exceptions.ClientError, match="SandboxGap"):
        logs.test_metric_filter(filterPattern="x", logEventMessages=["x"])


@given(st.text(alphabet="abc.-_:/@ 0", max_size=20))
def test_no_host_outside_the_aws_domains_is_relayed(prefix: str) -> None:
    assert parse_aws_host(f"{prefix}:443") is None
    assert parse_aws_host(f"{prefix}.amazonaws.com.example.org:443") is None


@pytest.mark.parametrize(
    "host",
    [
        "sts.amazonaws.com",
        "my.bucket_1.s3.ap-northeast-1.amazonaws.com",
        "ec2.cn-north-1.amazonaws.com.cn",
        "s3vectors.us-east-1.api.aws",
    ],
)
def test_aws_hosts_are_matched_case_insensitively(host: str) -> None:
    assert parse_aws_host(f"{host.upper()}:443") == host


def test_cluster_endpoint_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "find_spec", lambda name: None if name == "kube_api_emulator" else name)
    authority = f"{'0' * 32}.gr7.ap-northeast-1.eks.amazonaws.com:443"
    with proxy.ProxyServer(0, CertificateAuthority(tmp_path)) as server:
        server.clusters_hint = "pip install it"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with socket.create_connection(("127.0.0.1", server.server_address[1]), 5) as client:
            client.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
            answer = b"".join(iter(lambda: client.recv(4096), b"")).decode()
        server.shutdown()
    assert answer.startswith("HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith("\r\n\r\nclusters in the envctl sandbox need kube_api_emulator: pip install it\n")


def raw(shared: RunningServer, request: str) -> str:
    url = urlsplit(shared.proxy_url)
    with (
        socket.create_connection((url.hostname, url.port), timeout=5) as connection,
        connection.makefile("rb") as stream,
    ):
        connection.sendall(request.encode())
        return stream.read().decode()


def vpcs(ec2: Any) -> list[str]:
    return [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
