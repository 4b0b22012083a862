"""Where nobody answers, whoever waits for a plan is told, and the others get their turn."""

import socket
from collections.abc import Iterator

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.domain.errors import OperationFailedError
from tests.adapters.terraform.conftest import Bench

pytestmark = pytest.mark.terraform

READING = """
data "terraform_remote_state" "other" {
  backend = "http"
  config  = { address = "http://127.0.0.1:PORT/state" }
}
"""


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of somebody who takes every call and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


def test_a_plan_that_hears_nothing_is_given_up(bench: Bench, deaf: int) -> None:
    stack = bench.lay(READING.replace("PORT", str(deaf)))
    bench.driver.init("dev", stack, None)
    impatient = TerraformDriver(bench.root, bench.root / ".envctl", lambda _: bench.inherited, bench.heard, patience=2)
    for work in (
        lambda: impatient.plan("dev", stack),
        lambda: impatient.detect_drift("dev", stack, unchanged=True),
    ):
        with pytest.raises(OperationFailedError) as raised:
            work()
        (problem,) = raised.value.problems
        assert (problem.code, "no response" in problem.message) == ("E325", True)
    # It is gone, with its lock: the next command finds the directory free.
    impatient.require_idle("dev", stack)
    assert list(bench.directory.glob("*.tfplan")) == []


def test_what_is_applied_is_never_given_up(bench: Bench) -> None:
    stack = bench.lay(
        'resource "terraform_data" "slow" {\n  provisioner "local-exec" { command = "/bin/sleep 4" }\n}\n'
    )
    bench.plan(stack)
    impatient = TerraformDriver(
        bench.root, bench.root / ".envctl", lambda _: bench.inherited, bench.heard, patience=0.5
    )
    # It could not plan in half a second, and a plan lives with the driver that made it.
    impatient._plans = bench.driver._plans
    impatient.apply("dev", stack)
    assert bench.driver.has_state("dev", stack)
