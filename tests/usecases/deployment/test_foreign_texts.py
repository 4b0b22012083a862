"""What Terraform, checks and alarms say is for the screen: the ledger keeps codes and places."""

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.verification import verify
from tests.fakes.world import World
from tests.usecases.deployment.test_evidence import a_world

MARK = "hunter2-in-a-message"


@pytest.fixture
def world() -> World:
    return a_world()


def ledger(world: World) -> bytes:
    return b"".join(data for key, data in world.store.content.items() if key.startswith("ledger/"))


def test_terraform_texts_are_not_recorded(world: World) -> None:
    world.terraform.fails_on.add(("dev", "web"))
    world.terraform.failure = MARK
    with pytest.raises(OperationFailedError, match=MARK):
        apply(world.ports, "dev")
    assert b"E305 in stack web" in ledger(world)
    assert MARK.encode() not in ledger(world)


def test_check_texts_are_not_recorded(world: World) -> None:
    apply(world.ports, "dev")
    world.check_runner.problems["smoke"] = MARK
    with pytest.raises(OperationFailedError, match=MARK):
        verify(world.ports, "dev")
    assert b"E410 at check smoke" in ledger(world)
    assert MARK.encode() not in ledger(world)
