"""A state in a file: nobody who only looks takes the file away that somebody else may be writing to."""

import os

import pytest

from envctl.domain.errors import ConfigurationError, OperationFailedError
from tests.adapters.terraform.conftest import Bench

pytestmark = pytest.mark.terraform

CODE = 'resource "terraform_data" "this" {}\n'


def test_empty_state_file_is_kept_before_first_apply(bench: Bench) -> None:
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


def test_unwritable_state_folder_is_reported(bench: Bench) -> None:
    stack = bench.lay(CODE)
    bench.driver.init("dev", stack, None)
    bench.state.parent.parent.mkdir(parents=True, exist_ok=True)
    bench.state.parent.write_text("a file, and no folder")
    with pytest.raises(OperationFailedError, match="can't be written"):
        bench.driver.plan("dev", stack)


def test_reading_outputs_from_a_pipe_is_refused(bench: Bench) -> None:
    stack = bench.lay(CODE)
    bench.driver.init("dev", stack, None)
    bench.state.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(bench.state)
    with pytest.raises(ConfigurationError, match="it is a named pipe, not a file"):
        bench.driver.read_outputs("dev", stack)
