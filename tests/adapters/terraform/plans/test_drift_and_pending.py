"""Drift and pending of one stack, told apart by real Terraform."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from envctl.domain.errors import Location, OperationFailedError, StateLockedError
from envctl.domain.plan.changes import Action, OutputChange
from envctl.domain.plan.drift import StackComparison
from envctl.domain.terraform.variables import Variable
from tests.adapters.terraform.conftest import Bench

pytestmark = pytest.mark.terraform

CODE = """
variable "size" {
  type = string
}

resource "terraform_data" "this" {
  input = var.size
}

data "terraform_remote_state" "other" {
  backend = "local"
  config  = { path = "OTHER" }
}

output "size" {
  value = terraform_data.this.output
}

output "other" {
  value = data.terraform_remote_state.other.outputs.name
}
"""
SIZE = (
    Variable(
        name="size",
        type_text="string",
        has_default=False,
        default=None,
        nullable=True,
        sensitive=False,
        description="",
        location=Location("variables.tf"),
    ),
)
OUTPUTS = {"size": False, "other": False}


def other(bench: Bench, name: str) -> str:
    """The state of somebody else, which the stack reads."""
    path = bench.root / "other.tfstate"
    output = {"value": name, "type": "string"}
    path.write_text(json.dumps({"version": 4, "terraform_version": "1.10.0", "serial": 1, "outputs": {"name": output}}))
    return CODE.replace("OTHER", str(path))


def look(
    bench: Bench, code: str, *, size: str = "small", unchanged: bool = True, locked: bool = False
) -> StackComparison:
    stack = bench.lay(code, variables=SIZE, arguments={"size": size}, outputs=OUTPUTS)
    bench.driver.init("dev", stack, None)
    seen = bench.driver.detect_drift("dev", stack, unchanged=unchanged, locked=locked)
    assert list(bench.directory.glob("*.tfplan")) == []
    return seen


@pytest.fixture
def code(bench: Bench) -> str:
    code = other(bench, "old")
    bench.deploy(bench.lay(code, variables=SIZE, arguments={"size": "small"}, outputs=OUTPUTS))
    return code


def test_unchanged_resource_is_neither_drifted_nor_pending(bench: Bench, code: str) -> None:
    bench.heard.events.clear()
    seen = look(bench, code)
    assert not (seen.drift.changes or seen.pending.changes)
    # One Terraform that plans is enough to know that.
    assert bench.heard.phases().count("plan") == 1


def test_another_setting_is_pending_and_no_drift(bench: Bench, code: str) -> None:
    seen = look(bench, code, size="large", unchanged=False)
    assert not seen.drift.changes
    (resource,) = seen.pending.resources
    assert (resource.address, resource.action) == ("terraform_data.this", Action.UPDATE)
    assert [output.name for output in seen.pending.outputs] == ["size"]


def test_output_changed_outside_is_drift(bench: Bench, code: str) -> None:
    seen = look(bench, other(bench, "new"))
    assert seen.drift.outputs == (OutputChange("other", Action.UPDATE, "old", "new"),)
    assert not seen.pending.changes


def test_output_possibly_changed_by_configuration_is_pending(bench: Bench, code: str) -> None:
    seen = look(bench, other(bench, "new"), size="large", unchanged=False)
    assert not seen.drift.changes
    assert {output.name for output in seen.pending.outputs} == {"other", "size"}


def test_lost_state_is_distinguished_from_empty_state(bench: Bench, code: str) -> None:
    bench.state.unlink()
    seen = look(bench, code)
    assert seen.pending.stateless
    stack = bench.lay(code, variables=SIZE, arguments={"size": "small"}, outputs=OUTPUTS)
    assert not bench.driver.has_state("dev", stack)
    bench.deploy(stack)
    assert bench.driver.has_state("dev", stack)
    assert not bench.plan(bench.lay(code, variables=SIZE, arguments={"size": "large"}, outputs=OUTPUTS)).stateless


def test_failed_drift_check_is_reported(bench: Bench) -> None:
    stack = bench.lay('resource "terraform_data" "this" {\n  input = nonsense.first\n}\n')
    bench.driver.init("dev", stack, None)
    with pytest.raises(OperationFailedError, match="Reference to undeclared resource"):
        bench.driver.detect_drift("dev", stack, unchanged=True)
    assert list(bench.directory.glob("*.tfplan")) == []


@contextmanager
def held(bench: Bench) -> Iterator[None]:
    """The state, as another Terraform holds it that works there."""
    info = {"ID": "8d3f", "Operation": "OperationTypeApply", "Who": "ann@ci", "Created": "2026-11-26T01:00:00Z"}
    with bench.state.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        bench.state.with_name(f".{bench.state.name}.lock.info").write_text(json.dumps(info))
        yield


def test_check_without_differences_needs_no_lock(bench: Bench, code: str) -> None:
    before = bench.state.read_bytes()
    with held(bench):
        seen = look(bench, code)
        assert bench.state.with_name(f".{bench.state.name}.lock.info").exists()
    assert not (seen.drift.changes or seen.pending.changes)
    assert bench.state.read_bytes() == before


@pytest.mark.usefixtures("impatient_plans")
def test_locked_check_waits_for_another_run(bench: Bench, code: str) -> None:
    stack = other(bench, "new")
    with held(bench), pytest.raises(StateLockedError) as raised:
        look(bench, stack, locked=True)
    assert "ann@ci" in raised.value.problems[0].message
    assert look(bench, stack, locked=True).drift.changes


def test_check_without_lock_finds_differences_during_another_run(bench: Bench, code: str) -> None:
    with held(bench):
        assert look(bench, other(bench, "new")).drift.changes
    assert look(bench, other(bench, "new")).drift.changes
