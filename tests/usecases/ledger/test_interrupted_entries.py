"""Ctrl-C while an entry is written, right before the store has it or right after: whatever began has an end.

Each command runs once to count its entries, and then once for each entry and moment.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from envctl.domain.errors import InterruptedByUserError, OperationFailedError
from envctl.domain.ledger.events import DeploymentFailed
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.ledger import journal
from tests.fakes.rollout_world import NEW_IMAGE, RolloutWorld
from tests.fakes.store import MemoryStore
from tests.fakes.world import World, list_entries, make_once

ADDRESS = "module.web.aws_ssm_parameter.x"


@dataclass
class InterruptedStore(MemoryStore):
    """Interrupts whoever creates the entry `at`, counted from 1 since `arm`: `after` it is stored, or before."""

    at: int = 0
    after: bool = True
    created: int = 0

    def arm(self, at: int, *, after: bool) -> None:
        self.at, self.after, self.created = at, after, 0

    def create(self, key: str, data: bytes) -> None:
        is_hit = False
        if key.startswith("ledger/"):
            self.created += 1
            is_hit = self.created == self.at
        if is_hit and not self.after:
            raise KeyboardInterrupt
        super().create(key, data)
        if is_hit:
            raise KeyboardInterrupt


def prepare_promotion(world: World) -> None:
    apply(world.ports, "dev")


def prepare_import(world: World) -> None:
    world.terraform.existing["dev", "web"] = (ADDRESS.removeprefix("module.web."),)
    with pytest.raises(OperationFailedError):
        apply(world.ports, "dev")
    del world.terraform.existing["dev", "web"]


def prepare_rollback(world: World) -> None:
    apply(world.ports, "dev")
    world.set_image(NEW_IMAGE)  # type: ignore[attr-defined]
    apply(world.ports, "dev")


def prepare_rollout(world: World) -> None:
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    world.set_image(NEW_IMAGE)  # type: ignore[attr-defined]
    apply(world.ports, "dev")


COMMANDS: dict[str, tuple[Callable[[World], object], Callable[[World], object]]] = {
    "apply": (lambda _: None, lambda world: apply(world.ports, "dev")),
    "promote": (prepare_promotion, lambda world: promote(world.ports, "dev", "staging")),
    "rollout": (prepare_rollout, lambda world: promote(world.ports, "dev", "staging")),
    "rollback": (prepare_rollback, lambda world: rollback(world.ports, "dev")),
    "destroy": (prepare_promotion, lambda world: destroy(world.ports, "dev")),
    "import": (prepare_import, lambda world: recover(world.ports, "dev", [(ADDRESS, "an-id")])),
}


@make_once
def build_world(name: str) -> tuple[World, InterruptedStore]:
    store = InterruptedStore()
    world = RolloutWorld(store=store)
    COMMANDS[name][0](world)
    store.arm(0, after=True)
    return world, store


def count_entries(name: str) -> int:
    world, store = build_world(name)
    COMMANDS[name][1](world)
    return store.created


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("name", COMMANDS)
def test_interrupted_entry_leaves_nothing_unfinished(name: str, after: bool) -> None:
    entries = count_entries(name)
    assert entries >= 2
    for number in range(1, entries + 1):
        world, store = build_world(name)
        store.arm(number, after=after)
        with suppress(KeyboardInterrupt, InterruptedByUserError):
            COMMANDS[name][1](world)
        for target in ("dev", "staging"):
            here = journal.load(world.ports).find_environment(target)
            where = f"entry {number} of {entries}, {target}"
            assert here.unfinished_deployment is None, where
            assert here.imports == (), where
            traffic = here.traffic.get("web")
            assert traffic is None or traffic.shift is None, where
        journal.verify_ledger(world.ports)


def test_start_interrupted_after_store_is_recorded_as_interrupted() -> None:
    world, store = build_world("apply")
    store.arm(2, after=True)
    with pytest.raises(KeyboardInterrupt):
        apply(world.ports, "dev")
    end = list_entries(world)[-1].event
    assert isinstance(end, DeploymentFailed)
    assert (end.interrupted, end.reason) == (True, "interrupted")
    assert end.untouched


def test_start_of_another_is_never_ended() -> None:
    """The number is taken by an entry of someone else: theirs is not ours to end."""
    world, _ = build_world("apply")
    submission = journal.Submission()
    apply(world.ports, "dev")
    assert journal.find_recorded(world.ports, submission) is None
    mine, other = list_entries(world)[0], list_entries(world)[1]
    assert journal.find_recorded(world.ports, journal.Submission(mine)) == mine
    assert journal.find_recorded(world.ports, journal.Submission(replace(other, seq=1))) is None
