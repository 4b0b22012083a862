"""One server for all tests that only use it."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.process import RunningServer, create_buckets, serve_aws

REGION = "ap-northeast-1"
DEV, PROD = "111111111111", "333333333333"
Client = Callable[..., Any]

settings.register_profile("default", deadline=None, max_examples=12, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serve_aws(tmp_path_factory.mktemp("shared")) as server:
        create_buckets(server, [("shop-dev", REGION, DEV), ("shop-prod", REGION, PROD)])
        yield server


@pytest.fixture(scope="session")
def client(shared: RunningServer) -> Client:
    """boto3 through the proxy; with an account, as the deployer's role there."""
    import boto3
    from botocore.config import Config

    def make(service: str, account: str | None = None) -> Any:
        keys = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
        if account:
            role = f"arn:aws:iam::{account}:role/envctl-deployer"
            answer = make("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
            keys = {
                "aws_access_key_id": answer["AccessKeyId"],
                "aws_secret_access_key": answer["SecretAccessKey"],
                "aws_session_token": answer["SessionToken"],
            }
        config = Config(proxies={"https": shared.proxy_url}, retries={"max_attempts": 1})
        return boto3.client(service, region_name=REGION, verify=str(shared.ca_file), config=config, **keys)

    return make


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the AWS of this machine out of the tests."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Fail a test that is skipped where `NO_SKIPS` is set."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.skipped and "NO_SKIPS" in os.environ and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", "NO_SKIPS is set, and this was skipped"
    return report  # type: ignore[return-value]
