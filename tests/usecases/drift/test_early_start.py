"""What takes long begins before the check: with the locks, and only for environments that are checked."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.drift.early_start import run_drift_check
from tests.catching import catch
from tests.fakes.world import PROJECT, MemoryStore, World
from tests.usecases.steps import deploy_everywhere


@pytest.fixture
def world() -> World:
    world = World()
    world.edit("envctl.toml", PROJECT.decode().replace("{ peer = 1, business = 2 }", "{}"))
    deploy_everywhere(world)
    return world


def test_checked_environments_are_expected(world: World) -> None:
    run_drift_check(world.ports, ["dev", "prod"])
    assert world.terraform.expected == [("dev", ""), ("prod", "")]


def test_unknown_environment_starts_nothing(world: World) -> None:
    assert catch(UsageError, run_drift_check, world.ports, ["prd"]).problems[0].code == "E002"
    assert world.terraform.expected == []


def test_ledger_is_fetched_under_the_locks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    prefetch, lock = MemoryStore.prefetch, type(world.ports.workspace).lock_environment

    def record_prefetch(
        self: MemoryStore, keys: Sequence[str], lists: Sequence[tuple[str, str]]
    ) -> AbstractContextManager[None]:
        order.append("prefetch")
        return prefetch(self, keys, lists)

    def record_lock(self: object, environment: str, holder: str) -> AbstractContextManager[None]:
        order.append(environment)
        return lock(self, environment, holder)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryStore, "prefetch", record_prefetch)
    monkeypatch.setattr(type(world.ports.workspace), "lock_environment", record_lock)
    found = run_drift_check(world.ports, ["dev", "prod"])
    assert order[:3] == ["dev", "prod", "prefetch"]
    assert order.count("dev") == 1
    assert [each.condition for each in found.environments] == ["clean", "clean"]
