"""The outputs of several stacks: in their order, and all that went wrong at once."""

import pytest

from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.deployment.verification import read_outputs
from envctl.usecases.ports.terraform import PreparedStack
from tests.catching import catch
from tests.fakes.world import World

STACKS = tuple(PreparedStack(name) for name in ("network", "web", "db"))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_outputs_are_read_in_requested_order(count: int) -> None:
    found = read_outputs(World().ports, "dev", STACKS[:count])
    assert list(found) == [stack.name for stack in STACKS[:count]]
    assert all(outputs["here"].value == "dev" for outputs in found.values())


def test_all_unreadable_outputs_are_reported_together() -> None:
    world = World()
    world.terraform.unreadable = {
        ("dev", name): OperationFailedError(Problem("E305", f"{name} can't be read")) for name in ("network", "db")
    }
    failed = catch(OperationFailedError, read_outputs, world.ports, "dev", STACKS)
    assert {problem.message for problem in failed.problems} == {"network can't be read", "db can't be read"}
