"""A state in a file: nobody who only looks takes the file away that somebody else may be writing to."""

import os

import pytest

from envctl.domain.errors import ConfigurationError, OperationFailedError
from tests.adapters.terraform.conftest import Bench

pytestmark = pytest.mark.terraform

CODE = 'resource "terraform_data" "this" {}\n'


def test_the_file_stays_where_nothing_was_applied_yet(bench: Bench) -> None:
    stack = bench.lay(CODE)
    bench.plan(stack)
    # Terraform would have made it to lock it, and taken it away at the end.
    assert bench.state.read_bytes() == b""
    assert not bench.driver.has_state("dev", stack)
    bench.driver.apply("dev", stack)
    assert bench.driver.has_state("dev", stack)
    written = bench.state.read_bytes()
    assert not bench.plan(stack).changes
    assert bench.state.read_bytes() == written


def test_a_place_that_can_not_be_written_is_told(bench: Bench) -> None:
    stack = bench.lay(CODE)
    bench.driver.init("dev", stack, None)
    bench.state.parent.parent.mkdir(parents=True, exist_ok=True)
    bench.state.parent.write_text("a file, and no folder")
    with pytest.raises(OperationFailedError, match="can't be written"):
        bench.driver.plan("dev", stack)


def test_outputs_wait_at_no_pipe(bench: Bench) -> None:
    stack = bench.lay(CODE)
    bench.driver.init("dev", stack, None)
    bench.state.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(bench.state)
    with pytest.raises(ConfigurationError, match="it is a named pipe, and not a file"):
        bench.driver.read_outputs("dev", stack)
