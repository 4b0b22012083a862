"""Who starts the providers of a stack: the trace and the doctor name the reason of each ordinary start."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from envctl.adapters.local.trace import FileTracer
from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from envctl.adapters.terraform.driver import TerraformDriver
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import STACK, Bench
from tests.by_day import keep_by_day

REGION, ACCOUNT = "ap-northeast-1", "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/envctl-deployer"
ORDINARY = "ordinary start of providers: "
BUILT_IN = 'resource "terraform_data" "this" {\n  input = "a"\n}\n'
TOPIC = 'resource "aws_sns_topic" "news" {\n  name = "news"\n}\n'
ALIAS = 'provider "aws" {\n  alias  = "other"\n  region = "eu-west-1"\n}\n'
PROGRAM = 'resource "terraform_data" "this" {\n  provisioner "local-exec" {\n    command = "true"\n  }\n}\n'


def read_bars(file: Path) -> list[str]:
    """Return the names of the bars in the lane of the stack, by their start."""
    events = json.loads(file.read_text())["traceEvents"]
    (lane,) = (each["tid"] for each in events if each["ph"] == "M" and each["args"]["name"] == f"dev/{STACK}")
    bars = [each for each in events if each["ph"] == "X" and each["tid"] == lane]
    return [each["name"] for each in sorted(bars, key=lambda each: each["ts"])]


def deploy(driver: TerraformDriver, stack: PreparedStack) -> None:
    driver.plan("dev", stack)
    driver.apply("dev", stack)


class TracedBench:
    """A bench whose driver writes a trace."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.bench.providers = {}

    def run(self, work: Callable[[TerraformDriver], object], *, warm: bool = True) -> list[str]:
        """Return the bars of a command that does this."""
        file = self.bench.root / "trace.json"
        trace = FileTracer(file, time.monotonic())
        inherited, home = self.bench.inherited, self.bench.root / ".envctl"
        driver = TerraformDriver(self.bench.root, home, lambda _: inherited, self.bench.heard, trace=trace, warm=warm)
        with driver.open_worker_pool():
            work(driver)
        trace.close()
        return read_bars(file)

    def explain(self, stack: PreparedStack, *, warm: bool = True) -> str | None:
        inherited, home = self.bench.inherited, self.bench.root / ".envctl"
        driver = TerraformDriver(self.bench.root, home, lambda _: inherited, self.bench.heard, warm=warm)
        return driver.explain_provider_start("dev", stack)


@pytest.fixture
def traced(bench: Bench) -> TracedBench:
    return TracedBench(bench)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[RunningSandbox]:
    directory = tmp_path_factory.mktemp("provider_start") / "sandbox"
    directory.mkdir()
    (directory / "mirror").symlink_to(unpacked_provider)
    sandbox = Sandbox(directory)
    yield sandbox.start(buckets=[Bucket("state", REGION, ACCOUNT)])
    sandbox.stop()


@pytest.fixture
def on_aws(bench: Bench, sandbox: RunningSandbox) -> TracedBench:
    bench.place = Place(
        environment="dev", backend=Backend("local", {}, "dev"), account_id=ACCOUNT, region=REGION, assume_role=ROLE
    )
    bench.inherited |= sandbox.build_environment({}) | {"PATH": bench.inherited["PATH"]}
    traced = TracedBench(bench)
    bench.providers = {"aws": {"source": "hashicorp/aws"}}
    return traced


def test_stack_that_is_not_initialized_has_no_reason(traced: TracedBench) -> None:
    assert traced.explain(traced.bench.lay(BUILT_IN)) is None
    assert traced.explain(PreparedStack("gone")) is None


@pytest.mark.terraform
@pytest.mark.parametrize(
    ("variables", "warm", "asked", "reason"),
    [
        ({}, True, True, "its lock names no provider"),
        ({}, False, True, "--no-warm"),
        ({}, True, False, "[terraform] warm is false"),
        ({"TF_LOG": "debug"}, True, True, "the log of Terraform is asked for (TF_LOG)"),
    ],
)
def test_ordinary_start_names_its_reason(
    traced: TracedBench, variables: dict[str, str], warm: bool, asked: bool, reason: str
) -> None:
    stack = replace(traced.bench.lay(BUILT_IN), warm=asked)
    traced.bench.driver.init("dev", stack, None)
    traced.bench.inherited |= variables
    bars = traced.run(partial(deploy, stack=stack), warm=warm)
    runs = [each for each in bars if each in ("plan", "show", "apply")]
    assert runs == ["plan", "show", "apply"]
    assert bars.count(ORDINARY + reason) == len(runs)
    assert "providers" not in bars
    assert traced.explain(stack, warm=warm) == reason


@pytest.mark.terraform
def test_warm_start_is_one_bar_for_plan_and_apply(on_aws: TracedBench) -> None:
    stack = on_aws.bench.lay(TOPIC)
    on_aws.bench.driver.init("dev", stack, None)
    assert on_aws.explain(stack) == ""

    def work(driver: TerraformDriver) -> None:
        driver.plan("dev", stack)
        # A drift check prepares an environment while another one is checked: the end of its pool ends no provider.
        with driver.open_worker_pool():
            pass
        driver.apply("dev", stack)

    assert on_aws.run(work) == ["check of providers", "providers", "plan", "show", "apply"]


@pytest.mark.terraform
@pytest.mark.parametrize(
    ("code", "reason"),
    keep_by_day(
        [
            (ALIAS, "a provider configuration has an alias"),
            (PROGRAM, "it runs a program on this machine (provisioner)"),
        ],
        (ALIAS, "a provider configuration has an alias"),
    ),
)
def test_code_that_needs_ordinary_start_is_named(on_aws: TracedBench, code: str, reason: str) -> None:
    root = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
    stack = on_aws.bench.lay_root("infra", {"infra/main.tf": TOPIC + root + code})
    on_aws.bench.driver.init("dev", stack, None)
    bars = on_aws.run(lambda driver: driver.plan("dev", stack))
    assert [each for each in bars if each != "check of providers"] == [
        ORDINARY + reason,
        "plan",
        ORDINARY + reason,
        "show",
    ]
    # The doctor does not know the folder of the root.
    assert on_aws.explain(replace(stack, root="")) == reason


@pytest.mark.terraform
def test_damaged_package_is_named(on_aws: TracedBench) -> None:
    stack = on_aws.bench.lay(TOPIC)
    on_aws.bench.driver.init("dev", stack, None)
    (package,) = on_aws.bench.directory.glob(".terraform/providers/*/*/*/*/*")
    copy = on_aws.bench.root / "copy"
    shutil.copytree(package.resolve(), copy)
    package.unlink()
    shutil.move(os.fspath(copy), package)
    (package / "more").write_text("not in the lock")
    assert on_aws.explain(stack) == "the package of hashicorp/aws does not match the lock"
