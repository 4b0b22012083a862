"""One process of the real AWS provider for a stack, against the sandbox."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from tests.adapters.terraform.conftest import Bench
from tests.adapters.terraform.test_on_aws import Client, aws, client, sandbox
from tests.adapters.terraform.warm.conftest import Trace, list_keepers, wait_until

__all__ = ["aws", "client", "sandbox"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

TOPIC = 'resource "aws_sns_topic" "this" {\n  name         = "warm"\n  display_name = "one"\n}\n'


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files; nothing is left in it."""
    with tempfile.TemporaryDirectory(prefix="w-") as short:
        monkeypatch.setenv("TMPDIR", short)
        yield Path(short)
        assert list(Path(short).iterdir()) == []


@pytest.fixture
def warm(aws: Bench, places: Path) -> Iterator[Bench]:
    aws.inherited["TMPDIR"] = os.fspath(places)
    aws.providers = {"aws": {"source": "hashicorp/aws"}}
    aws.driver = create_driver(aws, Trace())
    yield aws
    assert aws.driver._warm is not None
    aws.driver._warm.end_all()
    wait_until(lambda: not list_keepers(aws.root), seconds=2)


def create_driver(bench: Bench, trace: Trace) -> TerraformDriver:
    return TerraformDriver(bench.root, bench.root / ".envctl", lambda _: bench.inherited, bench.heard, trace=trace)


def count_starts(bench: Bench) -> int:
    """Return how many providers were started since the last call, all of them handed over."""
    trace = bench.driver._monitor.trace
    assert isinstance(trace, Trace)
    assert trace.reasons == []
    found = trace.names.count("providers")
    trace.names.clear()
    return found


@pytest.mark.night
def test_each_command_takes_one_process(warm: Bench, client: Client, places: Path) -> None:
    stack = warm.lay(TOPIC)
    warm.driver.init("dev", stack, None)
    warm.driver.plan("dev", stack)
    (folder,) = places.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    sockets = [each for each in folder.iterdir() if not each.is_symlink()]
    assert [stat.S_IMODE(each.stat().st_mode) & 0o077 for each in sockets] == [0, 0]
    # Another stack installs the same package meanwhile.
    other = warm.lay(TOPIC)
    create_driver(warm, Trace()).init("dev", other, None)
    warm.driver.apply("dev", stack)
    assert count_starts(warm) == 1
    wait_until(lambda: not list(places.iterdir()), seconds=2)

    assert not warm.driver.plan("dev", stack).resources
    assert count_starts(warm) == 1
    topic = next(each["TopicArn"] for each in client("sns").list_topics()["Topics"])
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="two")
    assert warm.driver.detect_drift("dev", stack, unchanged=True).drift.resources
    assert count_starts(warm) == 1
    warm.driver.refresh_state("dev", stack)
    assert count_starts(warm) == 1
    warm.driver.plan("dev", stack, destroy=True)
    warm.driver.apply("dev", stack)
    assert count_starts(warm) == 1
    assert client("sns").list_topics()["Topics"] == []


KILLED = """
import sys
from pathlib import Path
from tests.adapters.terraform.conftest import Bench
from envctl.usecases.ports.terraform import PreparedStack

bench = Bench(Path(sys.argv[1]))
bench.inherited = dict(each.split("=", 1) for each in sys.argv[2:])
stack = PreparedStack("web")
bench.driver.plan("dev", stack)
print("planned", flush=True)
bench.driver.apply("dev", stack)
"""
# The provider waits ten seconds after it.
NETWORK = 'resource "aws_vpc" "this" {\n  cidr_block           = "10.0.0.0/16"\n  enable_dns_hostnames = true\n}\n'


def test_apply_of_a_killed_envctl_ends_well(warm: Bench, client: Client) -> None:
    stack = warm.lay(NETWORK)
    warm.driver.init("dev", stack, None)
    before = len(client("ec2").describe_vpcs()["Vpcs"])
    words = [sys.executable, "-c", KILLED, os.fspath(warm.root), *(f"{k}={v}" for k, v in warm.inherited.items())]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"planned\n"
        wait_until(lambda: len(client("ec2").describe_vpcs()["Vpcs"]) > before, seconds=60)
        process.kill()
    time.sleep(0.5)
    assert list_keepers(warm.root), "Terraform still needs it"
    wait_until(lambda: not list_keepers(warm.root), seconds=60)
    warm.driver.require_idle("dev", stack)
    (found,) = json.loads(warm.driver.pull_state("dev", stack))["resources"]
    assert (found["type"], len(found["instances"])) == ("aws_vpc", 1)
    assert not warm.driver.plan("dev", stack).resources


TWO_PLACES = """
provider "aws" {
  region = "us-east-1"
  alias  = "far"
}
resource "aws_sns_topic" "near" {
  name = "near"
}
resource "aws_sns_topic" "far" {
  provider = aws.far
  name     = "far"
}
"""


def test_each_resource_is_in_its_own_region(warm: Bench) -> None:
    stack = warm.lay(TWO_PLACES)
    warm.driver.init("dev", stack, None)
    warm.driver.plan("dev", stack)
    warm.driver.apply("dev", stack)
    arns = read_arns(warm, stack)
    assert arns["near"].split(":")[3] == "ap-northeast-1"
    assert arns["far"].split(":")[3] == "us-east-1"
    trace = warm.driver._monitor.trace
    assert isinstance(trace, Trace)
    assert set(trace.reasons) == {"a called module configures a provider"}
    with suppress(OSError):
        warm.driver.delete_plans("dev")


def read_arns(bench: Bench, stack: Any) -> dict[str, str]:
    state = json.loads(bench.driver.pull_state("dev", stack))
    return {each["name"]: each["instances"][0]["attributes"]["arn"] for each in state["resources"]}
