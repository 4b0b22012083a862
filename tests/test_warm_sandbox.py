"""A sandbox whose server is split off a process that has loaded moto is the same to whoever uses it."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.domain.errors import OperationFailedError
from tests.adapters.sandbox.conftest import with_tiny_mirror
from tests.modules.applying import Account

pytestmark = pytest.mark.sandbox


@pytest.fixture
def sandboxes(tmp_path: Path) -> Iterator[list[Sandbox]]:
    found = [Sandbox(with_tiny_mirror(tmp_path / name / "sandbox")) for name in ("one", "two")]
    yield found
    for each in found:
        each.stop()


def find_default_network(running: RunningSandbox) -> str:
    keys = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
    config = Config(proxies={"https": running.proxy_url}, retries={"max_attempts": 1})
    ec2 = boto3.client("ec2", "eu-west-1", verify=os.fspath(running.ca_file), config=config, **keys)
    (network,) = ec2.describe_vpcs()["Vpcs"]
    return str(network["VpcId"])


def wait_until_gone(pid: int, seconds: float = 10.0) -> None:
    """Wait for a server in another session. Its parent takes its exit code when it gets to it."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "the server still runs"
        time.sleep(0.01)


def test_forked_sandboxes_share_nothing(sandboxes: list[Sandbox]) -> None:
    first, second = (each.start() for each in sandboxes)
    assert len({os.getsid(0), os.getsid(first.pid), os.getsid(second.pid)}) == 3
    assert find_default_network(first) != find_default_network(second)
    assert sandboxes[0].stop()
    assert sandboxes[0].find_running() is None
    wait_until_gone(first.pid)
    assert sandboxes[1].find_running() == second


def test_accounts_share_no_attachments_of_policies(sandboxes: list[Sandbox]) -> None:
    running = sandboxes[0].start()
    ours, theirs = (Account(running, account).client("iam") for account in ("111111111111", "222222222222"))
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    ours.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
    ours.attach_role_policy(RoleName="reader", PolicyArn=arn)
    ours.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "web"}])
    (mine, other) = (each.get_policy(PolicyArn=arn)["Policy"] for each in (ours, theirs))
    assert (mine["AttachmentCount"], mine["Tags"]) == (1, [{"Key": "team", "Value": "web"}])
    assert (other["AttachmentCount"], other.get("Tags", [])) == (0, [])
    version = theirs.get_policy_version(PolicyArn=arn, VersionId=other["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"]["Statement"]


def test_forked_server_tells_how_it_ends(sandboxes: list[Sandbox]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperationFailedError, match=rf"E502 port {port} is in use"):
            sandboxes[0].start(port=port)


def test_cold_start_is_an_ordinary_one(sandboxes: list[Sandbox], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLD_STARTS", "1")
    running = sandboxes[0].start()
    assert b"aws_api_emulator" in Path(f"/proc/{running.pid}/cmdline").read_bytes()
