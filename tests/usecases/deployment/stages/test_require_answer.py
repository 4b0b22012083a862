"""Without a terminal and without `--yes` nothing is planned: a job learns it at once, and not after minutes."""

from collections.abc import Callable

import pytest

from envctl.domain.errors import UsageError
from envctl.domain.guards import RefusedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from tests.fakes.world import World

COMMANDS: dict[str, Callable[[World], object]] = {
    "apply to the entry": lambda world: apply(world.ports, "dev"),
    "promote": lambda world: promote(world.ports, "dev", "staging"),
    "apply to a later environment": lambda world: apply(world.ports, "staging"),
    "destroy": lambda world: destroy(world.ports, "staging"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_missing_terminal_is_told_before_terraform_runs(world: World, command: Callable[[World], object]) -> None:
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    world.edit("modules/network/main.tf", 'variable "cidr" {}\noutput "subnet" { value = var.cidr }\n')
    world.prompter.nobody = True
    before = len(world.terraform.calls)
    with pytest.raises(UsageError, match="E001"):
        command(world)
    assert len(world.terraform.calls) == before


def test_refusal_of_a_guard_comes_first(world: World) -> None:
    apply(world.ports, "dev")
    world.prompter.nobody = True
    with pytest.raises(RefusedError):
        promote(world.ports, "staging", "prod")


def test_dry_run_needs_no_terminal(world: World) -> None:
    world.prompter.nobody = True
    assert apply(world.ports, "dev", DeployOptions(dry_run=True)).stages
