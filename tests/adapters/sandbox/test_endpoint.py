"""Another AWS-compatible endpoint in place of the moto inside: here, a moto server of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Bucket, Sandbox
from envctl.domain.errors import OperationFailedError
from tests.adapters.sandbox.conftest import DEV, REGION


@pytest.fixture
def endpoint_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_the_proxy_relays_to_the_endpoint(directory: Path, endpoint_url: str) -> None:
    import boto3
    from botocore.config import Config

    sandbox = Sandbox(directory, endpoint_url=endpoint_url)
    up = sandbox.start(buckets=[Bucket("relayed", REGION, DEV)])
    try:
        assert up.moto_url == endpoint_url
        assert sandbox.start(buckets=[Bucket("relayed", REGION, DEV)]) == up
        keys = {"aws_access_key_id": DEV, "aws_secret_access_key": "x"}
        config = Config(proxies={"https": up.proxy_url})
        with closing(boto3.client("s3", region_name=REGION, verify=str(up.ca_file), config=config, **keys)) as s3:
            s3.put_object(Bucket="relayed", Key="key", Body=b"body")
            assert s3.get_object(Bucket="relayed", Key="key")["Body"].read() == b"body"
            assert s3.get_bucket_versioning(Bucket="relayed")["Status"] == "Enabled"
    finally:
        sandbox.stop()


def test_unreachable_endpoint_is_reported_with_bucket_name(directory: Path) -> None:
    sandbox = Sandbox(directory, endpoint_url="http://127.0.0.1:1")
    try:
        with pytest.raises(OperationFailedError, match=r"E505 .*relayed in account"):
            sandbox.start(buckets=[Bucket("relayed", REGION, DEV)])
    finally:
        sandbox.stop()
