"""What takes long begins before the check: with the locks, and only for environments that are checked."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import pytest

from envctl.domain.errors import EnvctlError, UsageError
from envctl.usecases.drift.early_start import run_drift_check
from envctl.usecases.ports.project import CheckOutline
from tests.catching import catch
from tests.fakes.project_files import PROJECT
from tests.fakes.store import MemoryStore
from tests.fakes.world import World, make_once
from tests.usecases.steps import deploy_everywhere


@pytest.fixture
@make_once
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


def test_known_project_file_is_not_awaited(world: World) -> None:
    world.workspace.project_mark = "one"
    run_drift_check(world.ports, ["dev"])
    world.terraform.expected.clear()
    world.edit("envctl.toml", "not TOML")
    assert catch(EnvctlError, run_drift_check, world.ports).problems[0].code == "E101"
    assert world.terraform.expected == [("dev", ""), ("staging", ""), ("prod", "")]


def test_changed_project_file_is_read_first(world: World) -> None:
    world.workspace.project_mark = "one"
    run_drift_check(world.ports, ["dev"])
    world.terraform.expected.clear()
    world.workspace.project_mark = "another"
    world.edit("envctl.toml", "not TOML")
    catch(EnvctlError, run_drift_check, world.ports)
    assert world.terraform.expected == []


def test_unknown_environment_of_known_project_starts_nothing(world: World) -> None:
    world.workspace.project_mark = "one"
    run_drift_check(world.ports, ["dev"])
    world.terraform.expected.clear()
    assert catch(UsageError, run_drift_check, world.ports, ["dev", "prd"]).problems[0].code == "E002"
    assert world.terraform.expected == []


def test_secret_variables_are_withdrawn_before_providers_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.workspace.project_mark = "one"
    world.workspace.outlines["one"] = CheckOutline(("dev",), ("TOKEN",))
    world.secret_variables.values["TOKEN"] = "hidden"
    seen: list[set[str]] = []
    expected = type(world.terraform).expect_checks

    def expect_checks(self: object, environments: Sequence[str]) -> None:
        seen.append(set(world.secret_variables.withdrawn))
        expected(self, environments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(world.terraform), "expect_checks", expect_checks)
    run_drift_check(world.ports, ["dev"])
    assert seen == [{"TOKEN"}]


def test_outline_names_the_secret_variables(world: World) -> None:
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", text + '\n[secrets.values]\ndb_password = "env:DB_PASSWORD"\n')
    world.workspace.project_mark = "one"
    run_drift_check(world.ports, ["dev"])
    outline = CheckOutline(("dev", "staging", "prod"), ("DB_PASSWORD",))
    assert world.workspace.outlines == {"one": outline}


def test_request_job_starts_no_provider_early(world: World) -> None:
    world.workspace.project_mark = "one"
    world.workspace.outlines["one"] = CheckOutline(("dev",), ())
    world.job_requests.for_request = True
    run_drift_check(world.ports, ["dev"])
    assert world.terraform.expected == []
