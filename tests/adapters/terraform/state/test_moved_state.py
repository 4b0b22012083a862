"""The state of a stack goes over to another place: in a file, and in S3 against the sandbox."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from envctl.domain.errors import StateLockedError
from envctl.domain.plan.changes import Action
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.terraform.moved_state import build_moved_state, clear_state, has_resources, has_same_content
from envctl.domain.terraform.workdir_names import MOVING_STATE
from tests.adapters.terraform.conftest import Bench
from tests.modules.applying import Account

pytestmark = pytest.mark.terraform

REGION, ACCOUNT = "ap-northeast-1", "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/envctl-deployer"
CODE = """
resource "terraform_data" "one" {
  input = "first"
}
output "id" {
  value = terraform_data.one.output
}
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[RunningSandbox]:
    directory = tmp_path_factory.mktemp("moving") / "sandbox"
    directory.mkdir()
    (directory / "mirror").symlink_to(unpacked_provider)
    running = Sandbox(directory)
    yield running.start(buckets=[Bucket("state", REGION, ACCOUNT)])
    running.stop()


def moves_there_and_is_emptied_here(bench: Bench) -> None:
    """The stack `web` takes over the state of `old`, as a rename does it."""
    there = bench.place
    bench.place = replace(there, backend=replace(there.backend, under={"web": "old"}))
    stack = bench.lay(CODE, outputs={"id": False})
    bench.deploy(stack)
    before = bench.driver.pull_state("dev", stack)
    assert has_resources(before)

    bench.place = there
    bench.lay(CODE, outputs={"id": False})
    bench.driver.init("dev", stack, None)
    assert bench.driver.pull_state("dev", stack) == b""
    bench.driver.push_state("dev", stack, build_moved_state(before, b""))
    assert has_same_content(bench.driver.pull_state("dev", stack), before)
    assert not (bench.directory / MOVING_STATE).exists()
    assert not bench.plan(stack).changes

    bench.place = replace(there, backend=replace(there.backend, under={"web": "old"}))
    bench.lay(CODE, outputs={"id": False})
    bench.driver.init("dev", stack, None)
    bench.driver.push_state("dev", stack, clear_state(before))
    emptied = bench.driver.pull_state("dev", stack)
    assert not has_resources(emptied)
    assert json.loads(emptied)["lineage"] == json.loads(before)["lineage"]
    assert [each.action for each in bench.plan(stack).resources] == [Action.CREATE]


def test_local_state_is_moved_completely(bench: Bench) -> None:
    moves_there_and_is_emptied_here(bench)


def lies_in_s3(bench: Bench, sandbox: RunningSandbox, folder: str) -> None:
    settings = {"bucket": "state", "region": REGION, "use_lockfile": True, "assume_role": {"role_arn": ROLE}}
    bench.place = Place(environment="dev", backend=Backend("s3", settings, folder))
    bench.inherited |= sandbox.build_environment({}) | {"PATH": bench.inherited["PATH"]}


def test_s3_state_is_moved_completely(bench: Bench, sandbox: RunningSandbox) -> None:
    lies_in_s3(bench, sandbox, "moving")
    moves_there_and_is_emptied_here(bench)


def test_orphaned_lock_in_s3_is_found_and_broken(bench: Bench, sandbox: RunningSandbox) -> None:
    """Also of a state that was never written."""
    lies_in_s3(bench, sandbox, "locked")
    stack = bench.lay(CODE, outputs={"id": False})
    bench.driver.init("dev", stack, None)
    bench.driver.check_lock("dev", stack)
    left = {"ID": "6c1f", "Operation": "state-push", "Who": "ann@laptop", "Created": "2026-11-27T08:00:51Z"}
    s3, there = Account(sandbox, ACCOUNT).client("s3"), {"Bucket": "state", "Key": "locked/web.tfstate.tflock"}
    s3.put_object(**there, Body=json.dumps(left).encode())
    with pytest.raises(StateLockedError) as held:
        bench.driver.check_lock("dev", stack)
    assert (held.value.lock.id, held.value.lock.who) == ("6c1f", "ann@laptop")
    bench.driver.force_unlock("dev", stack, held.value.lock.id)
    bench.driver.check_lock("dev", stack)
    assert bench.driver.pull_state("dev", stack) == b""
