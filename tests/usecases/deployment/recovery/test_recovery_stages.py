"""A recovery is a list of stages: a dry run says them, and does nothing."""

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.recovery.recover import recover
from tests.fakes.terraform import Killed
from tests.fakes.world import World


def test_dry_run_lists_every_stage(world: World) -> None:
    apply(world.ports, "dev")
    said = recover(world.ports, "dev", [("module.web.aws_vpc.main", "vpc-1")], dry_run=True)
    assert said.stages[0].startswith("check that the environment may be changed")
    assert said.stages[1].startswith("empty the state copies")
    assert "import module.web.aws_vpc.main into the state of its stack" in said.stages
    assert said.stages[-2] == "record the interrupted deployment of dev as closed"


def test_dry_run_changes_nothing(world: World) -> None:
    world.terraform.dies_on.add(("dev", "web"))
    with pytest.raises(Killed):
        apply(world.ports, "dev")
    stored, calls = dict(world.store.content), list(world.terraform.calls)
    recover(world.ports, "dev", dry_run=True)
    assert (dict(world.store.content), list(world.terraform.calls)) == (stored, calls)


def test_dry_run_refuses_unknown_environment(world: World) -> None:
    with pytest.raises(UsageError, match="E002"):
        recover(world.ports, "production", dry_run=True)
