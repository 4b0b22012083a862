"""A state that an apply could not save, made by real Terraform, and put into its place again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench

pytestmark = pytest.mark.terraform

CODE = """
resource "terraform_data" "one" {
  input = "first"
}
"""
MORE = CODE + 'resource "terraform_data" "more" {}\n'


def unsaved(bench: Bench) -> PreparedStack:
    """Terraform writes no local state where it can't keep the one before: its backup's place is taken."""
    bench.deploy(bench.lay(CODE))
    stack = bench.lay(MORE)
    bench.plan(stack)
    _backup(bench).mkdir()
    with pytest.raises(OperationFailedError) as raised:
        bench.driver.apply("dev", stack)
    first, *others = raised.value.problems
    assert first.code == "E313"
    assert first.hint == "save it: envctl recover dev"
    assert any("Failed to persist state" in problem.message for problem in others)
    return stack


def _backup(bench: Bench) -> Path:
    return bench.state.with_name(f"{bench.state.name}.backup")


def test_unsaved_state_blocks_everything_until_pushed(bench: Bench) -> None:
    stack = unsaved(bench)
    assert "more" not in bench.state.read_text()
    works: list[Callable[[], object]] = [
        lambda: bench.plan(stack),
        lambda: bench.driver.plan("dev", stack, destroy=True),
        lambda: bench.driver.apply("dev", stack),
        lambda: bench.driver.detect_drift("dev", stack, unchanged=True),
        lambda: bench.driver.read_outputs("dev", stack),
    ]
    for work in works:
        with pytest.raises(OperationFailedError) as raised:
            work()
        (problem,) = raised.value.problems
        assert problem.code == "E313"
        assert str(bench.directory / "errored.tfstate") in problem.message
        assert problem.hint == "save it: envctl recover dev"

    _backup(bench).rmdir()
    assert bench.driver.push_unsaved_state("dev", stack)
    assert not (bench.directory / "errored.tfstate").exists()
    assert [each["name"] for each in json.loads(bench.state.read_text())["resources"]] == ["more", "one"]
    assert not bench.plan(stack).changes
    assert not bench.driver.push_unsaved_state("dev", stack)


def test_unsaved_state_that_fails_to_push_is_kept(bench: Bench) -> None:
    stack = unsaved(bench)
    other = json.loads(bench.state.read_text()) | {"lineage": "of another state"}
    _backup(bench).rmdir()
    bench.state.write_text(json.dumps(other))
    with pytest.raises(OperationFailedError, match="lineage") as raised:
        bench.driver.push_unsaved_state("dev", stack)
    assert raised.value.problems[0].message.startswith("terraform state push of web failed")
    assert (bench.directory / "errored.tfstate").exists()
    assert json.loads(bench.state.read_text()) == other


def test_push_of_unsaved_state_can_be_repeated(bench: Bench) -> None:
    stack = unsaved(bench)
    _backup(bench).rmdir()
    shutil.rmtree(bench.directory / ".terraform")
    assert bench.driver.push_unsaved_state("dev", stack)
    # Killed after Terraform took it, before the file was taken away.
    shutil.copy(bench.state, bench.directory / "errored.tfstate")
    assert bench.driver.push_unsaved_state("dev", stack)
    assert not bench.plan(stack).changes


def test_truncated_state_is_replaced_by_unsaved_state(bench: Bench) -> None:
    """A disk that was full while Terraform wrote: it writes a local state into the file that is there."""
    stack = bench.lay(CODE)
    bench.deploy(stack)
    shutil.copy(bench.state, bench.directory / "errored.tfstate")
    bench.state.write_text(bench.state.read_text()[:200])
    assert bench.driver.push_unsaved_state("dev", stack)
    assert not bench.plan(stack).changes


def test_malformed_unsaved_state_is_never_pushed(bench: Bench) -> None:
    stack = bench.lay(CODE)
    bench.deploy(stack)
    before = bench.state.read_bytes()
    (bench.directory / "errored.tfstate").touch()
    works: list[Callable[[], object]] = [
        lambda: bench.plan(stack),
        lambda: bench.driver.push_unsaved_state("dev", stack),
    ]
    for work in works:
        with pytest.raises(OperationFailedError, match="is incomplete") as raised:
            work()
        assert raised.value.problems[0].code == "E313"
    assert bench.state.read_bytes() == before


def test_saved_state_leaves_no_unsaved_state(bench: Bench) -> None:
    stack = bench.lay(CODE)
    assert not bench.driver.push_unsaved_state("dev", stack)
    bench.deploy(stack)
    assert not bench.driver.push_unsaved_state("dev", stack)
