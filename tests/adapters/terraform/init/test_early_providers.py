"""The real AWS provider starts while a stack without `.terraform` is initialised, and the plan uses it."""

import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.init.plugin_cache import OWN_FOLDER
from envctl.domain.errors import OperationFailedError
from envctl.domain.terraform.workdir_names import INIT_STAMP
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import STACK, Bench, Heard
from tests.adapters.terraform.init.test_stand_ins import COMPARED, Spans
from tests.adapters.terraform.warm.conftest import list_keepers

pytestmark = pytest.mark.terraform

# It needs no account and no network.
CODE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 3.0" }
  }
}
data "aws_iam_policy_document" "this" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}
resource "terraform_data" "this" {
  input = data.aws_iam_policy_document.this.json
}
"""
PROVIDER = {
    "region": "eu-central-1",
    "access_key": "none",
    "secret_key": "none",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
    # Otherwise it asks EC2, and tries again for 20 seconds.
    "skip_get_ec2_platforms": True,
}


class Lab:
    """A stack that was initialised once, so that its lock is known and the package is in the plugin cache."""

    def __init__(self, bench: Bench, mirror: Path) -> None:
        self.bench = bench
        self.directory = bench.directory
        configuration = bench.root / "terraform.rc"
        configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
        bench.inherited |= {"TF_CLI_CONFIG_FILE": os.fspath(configuration)}
        bench.providers = {"aws": PROVIDER}
        self.stack = self.lay(CODE)
        bench.driver.init("dev", self.stack, None)
        self.lock = bench.workspace.read_provider_lock("dev", STACK) or b""

    def lay(self, code: str) -> PreparedStack:
        return self.bench.lay(code)

    def create_driver(self, *, warm: bool = True) -> tuple[TerraformDriver, Spans, Heard]:
        """Return the driver of another command, with its trace and its observer."""
        spans, heard, bench = Spans(), Heard(), self.bench
        home = bench.root / ".envctl"
        return (
            TerraformDriver(bench.root, home, lambda _: bench.inherited, heard, trace=spans, warm=warm),
            spans,
            heard,
        )

    def forget_init(self) -> None:
        for name in (".terraform", ".plugins"):
            shutil.rmtree(self.directory / name)
        (self.directory / INIT_STAMP).unlink()

    def list_keepers(self) -> set[int]:
        """Return the processes that keep a provider for the stack."""
        return set(list_keepers(self.directory))


@pytest.fixture
def lab(bench: Bench, unpacked_provider: Path) -> Lab:
    return Lab(bench, unpacked_provider)


def test_plan_uses_the_provider_that_init_started(lab: Lab) -> None:
    lab.forget_init()
    driver, spans, heard = lab.create_driver()
    driver.init("dev", lab.stack, lab.lock)
    # A keeper forks before its provider runs.
    wait_until(lambda: len(lab.list_keepers()) == 1)
    early = lab.list_keepers()
    meter = driver._monitor.meter
    assert {each for pids in meter.waiting.values() for each in pids} == early
    with meter.watch_process(os.getpid(), "test"):
        wait_until(lambda: bool(meter.sample_memory()) and meter.waiting_memory > 10 << 20)
    assert driver.plan("dev", lab.stack).changes
    assert lab.list_keepers() == early
    assert spans.names == [COMPARED, "init", "check of providers", "providers", "plan", "show"]
    driver.delete_plans("dev")
    assert meter.waiting == {}
    wait_until(lambda: not lab.list_keepers())
    assert heard.phases()[:2] == ["init", "plan"]


@pytest.mark.night
def test_ordinary_plan_follows_init_with_stand_ins(lab: Lab) -> None:
    lab.forget_init()
    lab.create_driver()[0].init("dev", lab.stack, lab.lock)
    driver, spans, heard = lab.create_driver(warm=False)
    driver.init("dev", lab.stack, lab.lock)
    assert driver.plan("dev", lab.stack).changes
    driver.apply("dev", lab.stack)
    assert "init" not in [*spans.names, *heard.phases()]


def test_plan_without_stamp_initializes_first(lab: Lab) -> None:
    """Its first Terraform would only report that."""
    lab.forget_init()
    driver, spans, _ = lab.create_driver()
    assert driver.plan("dev", lab.stack).changes
    assert spans.names == [COMPARED, "init", "check of providers", "providers", "plan", "show"]


def test_unknown_package_is_hashed_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a fresh machine, whose plugin cache came from elsewhere."""
    lab.forget_init()
    cache = lab.bench.root / ".envctl" / "cache"
    (cache / "hashes.json").unlink(missing_ok=True)
    shutil.rmtree(cache / "plugins" / OWN_FOLDER / "known")
    hashed: Counter[int] = Counter()
    file_digest = hashlib.file_digest

    def count(file: IO[bytes], name: str) -> object:
        hashed[os.fstat(file.fileno()).st_ino] += 1
        return file_digest(file, name)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "file_digest", count)
    driver, spans, _ = lab.create_driver()
    driver.init("dev", lab.stack, lab.lock)
    assert driver.plan("dev", lab.stack).changes
    assert spans.names[:2] == [COMPARED, "init"]
    assert set(hashed.values()) == {1}
    driver.delete_plans("dev")


def test_failed_init_ends_the_early_provider(lab: Lab) -> None:
    stack = lab.lay(CODE + 'module "missing" {\n  source = "./missing"\n}\n')
    lab.forget_init()
    driver, spans, _ = lab.create_driver()
    with pytest.raises(OperationFailedError):
        driver.init("dev", stack, lab.lock)
    assert driver._monitor.meter.waiting == {}
    assert spans.names == [COMPARED, "init"]
    wait_until(lambda: not lab.list_keepers())


@pytest.mark.night
def test_early_provider_ends_where_the_plan_is_ordinary(lab: Lab) -> None:
    """What a called module configures is known after the init only."""
    lab.bench.providers = {}
    arguments = "".join(f"  {name} = {json.dumps(value)}\n" for name, value in PROVIDER.items())
    stack = lab.lay(f'{CODE}provider "aws" {{\n{arguments}}}\n')
    lab.forget_init()
    driver, spans, _ = lab.create_driver()
    driver.init("dev", stack, lab.lock)
    assert len(lab.list_keepers()) == 1
    assert driver.plan("dev", stack).changes
    ordinary = "ordinary start of providers: a called module configures a provider"
    assert spans.names[:5] == [COMPARED, "init", "check of providers", ordinary, "plan"]
    wait_until(lambda: not lab.list_keepers())


def test_early_provider_with_other_variables_is_not_used(lab: Lab) -> None:
    lab.forget_init()
    driver, _, _ = lab.create_driver()
    driver.init("dev", lab.stack, lab.lock)
    (early,) = lab.list_keepers()
    assert driver.plan("dev", replace(lab.stack, region="eu-west-1")).changes
    wait_until(lambda: early not in lab.list_keepers())
    assert len(lab.list_keepers()) == 1


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
