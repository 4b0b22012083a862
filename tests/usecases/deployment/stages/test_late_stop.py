"""A stop that comes when no job is left to notice it: the command ends there, and nothing is verified or recorded."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from envctl.domain.errors import InterruptedByUserError
from envctl.domain.ledger.events import VerificationPassed
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.ledger import journal
from tests.fakes.world import World, list_entries, make_once

TOML = """
[project]
name = "shop"

[pipeline]
order = ["dev", "staging"]

[environments.dev]
[environments.staging]

[environments.staging.gates]
approvals = {}

[stacks.base]
module = "modules/base"

[stacks.old]
module = "modules/base"

[stacks.web]
kind = "kubernetes"
path = "kubernetes/web"
kubeconfig_context = "{environment}"
namespace = "shop"
after = ["base"]

[checks.smoke]
kind = "command"
command = ["smoke"]
"""
OBJECT = "{apiVersion: v1, kind: ConfigMap, metadata: {name: page}, data: {color: COLOR}}\n"
LEFT = TOML.replace('[stacks.old]\nmodule = "modules/base"\n', '[removed.old]\nthen = "destroy"\n')


@dataclass(frozen=True)
class Case:
    """A command that opens worker pools, and whether it needs a change first."""

    run: Callable[[World], object]
    changes: bool = True


def is_over(world: World) -> bool:
    """Whether the last deployment to each environment has an end."""
    present = journal.load(world.ports)
    return all(not present.find_environment(each).unfinished_deployment for each in ("dev", "staging"))


CASES = {
    "apply": Case(lambda world: apply(world.ports, "dev")),
    "promote": Case(lambda world: promote(world.ports, "dev", "staging")),
    "rollback": Case(lambda world: rollback(world.ports, "staging"), changes=False),
    "destroy": Case(lambda world: destroy(world.ports, "dev")),
    "verify": Case(lambda world: verify(world.ports, "staging"), changes=False),
    "drift": Case(lambda world: check_drift(world.ports), changes=False),
    "plan": Case(lambda world: plan_environment(world.ports, "dev")),
}


@make_once
def prepare(case: Case, name: str) -> World:
    world = World()
    world.tree.content.clear()
    world.edit("modules/base/main.tf", "")
    world.edit("envctl.toml", TOML)
    for color in ("green", "blue"):
        world.edit("kubernetes/web/page.yaml", OBJECT.replace("COLOR", color))
        apply(world.ports, "dev")
        promote(world.ports, "dev", "staging")
    if case.changes:
        world.edit("kubernetes/web/page.yaml", OBJECT.replace("COLOR", "red"))
        world.edit("envctl.toml", LEFT)
        if name == "promote":
            apply(world.ports, "dev")
    world.terraform.pools = 0
    return world


def is_verification(world: World, entry: int) -> bool:
    return isinstance(list_entries(world)[entry].event, VerificationPassed)


@pytest.mark.parametrize("name", CASES)
def test_late_stop_ends_every_command(name: str) -> None:
    case = CASES[name]
    whole = prepare(case, name)
    case.run(whole)
    assert whole.terraform.pools
    for pool in range(1, whole.terraform.pools + 1):
        world = prepare(case, name)
        before = len(list_entries(world))
        world.terraform.late_stop_in = pool
        with pytest.raises(InterruptedByUserError) as stopped:
            case.run(world)
        assert stopped.value.problems[0].code == "E311"
        assert is_over(world)
        assert not any(is_verification(world, each) for each in range(before, len(list_entries(world))))


def test_stop_after_the_apply_records_a_success() -> None:
    world = prepare(CASES["apply"], "apply")
    world.terraform.late_stop_in = 3
    with pytest.raises(InterruptedByUserError, match="applied completely, and not verified"):
        apply(world.ports, "dev")
    last = journal.load(world.ports).find_environment("dev").last
    assert last is not None
    assert last.outcome == "succeeded"
    world.terraform.stopped_late = False
    assert verify(world.ports, "dev").checks
