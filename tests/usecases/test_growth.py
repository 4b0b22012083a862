"""The work for one stack stays the same in a project of many: steps are counted, as times differ between machines."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

import envctl
from envctl.usecases.deployment.apply import apply
from envctl.usecases.drift.early_start import run_drift_check
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from tests.fakes.world import World

TraceFunction = Callable[[FrameType, str, object], Any]
PACKAGE = envctl.__path__[0]
FEW, MANY = 5, 40
PROJECT = """
[project]
name = "shop"
[pipeline]
order = ["dev", "prod"]
[environments.dev]
[environments.prod]
gates = { approvals = {} }
"""
# A module, a file that it reads, and settings of its own: what most roots have.
CODE = """
variable "size" { type = number }
variable "name" { type = string }
module "label" { source = "../../shared/label" }
locals { rules = file("../../shared/rules.json") }
output "size" { value = var.size }
"""
COMMANDS: dict[str, Callable[[World], object]] = {
    "validate": lambda world: validate_project(world.ports),
    "status": lambda world: load_status(world.ports),
    "plan": lambda world: plan_environment(world.ports, "dev"),
    "drift": lambda world: run_drift_check(world.ports, ("dev",)),
    "preview": lambda world: preview_environments(world.ports),
}


def make_world(stacks: int) -> World:
    world = World()
    world.tree.content.clear()
    names = [f"s{number:03}" for number in range(stacks)]
    world.edit("envctl.toml", PROJECT + "".join(f'[stacks.{name}]\nroot = "roots/{name}"\n' for name in names))
    world.edit("shared/label/main.tf", 'output "label" { value = "x" }\n')
    world.edit("shared/rules.json", "{}")
    for environment in ("dev", "prod"):
        world.edit(f"environments/{environment}/terraform.tfvars", "size = 1\n")
    for name in names:
        world.edit(f"roots/{name}/main.tf", CODE)
        for environment in ("dev", "prod"):
            world.edit(f"environments/{environment}/{name}.tfvars", f'name = "{name}"\n')
    return world


def count_steps(command: Callable[[World], object], world: World) -> int:
    """Return the lines of envctl that a command runs: each round of a loop or of a comprehension counts."""
    counted = 0

    def count(_: FrameType, event: str, __: object) -> TraceFunction:
        nonlocal counted
        counted += event == "line"
        return count

    def enter(frame: FrameType, _: str, __: object) -> TraceFunction | None:
        return count if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        command(world)
    finally:
        sys.settrace(before)
    return counted


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """Return a small and a large project, deployed to the entry environment."""
    made = [make_world(stacks) for stacks in (FEW, MANY)]
    for world in made:
        apply(world.ports, "dev")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_work_per_stack_does_not_grow(worlds: list[World], name: str) -> None:
    COMMANDS[name](worlds[0])  # The first run imports modules.
    few, many = (count_steps(COMMANDS[name], world) for world in worlds)
    assert many / MANY <= 1.2 * few / FEW
