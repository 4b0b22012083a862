"""`envctl matrix` and the shards of its runs on in-memory ports: who looks at what, and what is left for whom."""

import dataclasses

import pytest

from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.run_documents import CollectedRun
from envctl.domain.errors import EnvctlError, OperationFailedError, UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.drift.result import Drift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.collect import collect_run
from envctl.usecases.fleet.matrix import begin_matrix_run
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.fleet.shard import check_shard_drift, check_unit_drift, plan_shard, plan_units
from tests.fakes.store import MemoryStore
from tests.fakes.world import World, list_entries
from tests.usecases.drift.test_drift import by_hand, other_settings, unfinished
from tests.usecases.fleet.many_jobs import (
    answered,
    begun,
    checks,
    codes,
    conditions,
    looked,
    one_release_everywhere,
    redeployed,
    shard_of,
    units,
    without_seconds,
)


@pytest.fixture
def world() -> World:
    return one_release_everywhere()


class TestTheMatrix:
    def test_each_stack_is_in_exactly_one_job(self, world: World) -> None:
        before = len(list_entries(world))
        made = begun(world)
        assert sorted(str(units) for units in units(world, made).values()) == sorted(
            str({name: (stack,)}) for name in ("dev", "staging", "prod") for stack in ("network", "web")
        )
        assert [(job.shard, job.run, job.environments, job.stacks) for job in made.jobs] == [
            (number, made.run, 1, 1) for number in range(1, 7)
        ]
        assert len(list_entries(world)) == before

    def test_little_work_without_measurements_is_one_job(self, world: World) -> None:
        (job,) = begin_matrix_run(world.ports).jobs
        # Ten seconds a stack and three an environment.
        assert (job.environments, job.stacks, job.seconds) == (3, 6, 69.0)

    def test_empty_environments_have_no_jobs(self) -> None:
        world = World()
        made = begin_matrix_run(world.ports)
        assert made.jobs == ()
        assert conditions(looked(world)) == {"dev": "empty", "staging": "empty", "prod": "empty"}
        assert looked(world, made.run).exit_code() == ExitCode.DONE

    def test_destroyed_environment_has_no_job(self, world: World) -> None:
        destroy(world.ports, "dev")
        made = begun(world)
        assert {name for shard in units(world, made).values() for name in shard} == {"staging", "prod"}
        answered(world, made)
        assert conditions(looked(world)) == {"dev": "empty", "staging": "clean", "prod": "clean"}

    def test_unfinished_environment_is_checked_as_a_whole(self, world: World) -> None:
        unfinished(world, "dev")
        made = begun(world)
        assert {"dev": ()} in units(world, made).values()
        answered(world, made)
        found = looked(world)
        assert conditions(found) == {"dev": "unknown", "staging": "clean", "prod": "clean"}
        assert codes(found.environments[0]) == ["E322"]

    def test_only_named_environments_are_in_the_matrix(self, world: World) -> None:
        made = begun(world, "prod", "dev")
        assert {name for shard in units(world, made).values() for name in shard} == {"prod", "dev"}
        with pytest.raises(UsageError, match="E002"):
            begin_matrix_run(world.ports, "drift", ["prd"])

    @pytest.mark.parametrize("jobs", [0, -1, 257])
    def test_invalid_number_of_jobs_is_refused(self, world: World, jobs: int) -> None:
        with pytest.raises(UsageError, match="E026"):
            begin_matrix_run(world.ports, at_most=jobs)

    def test_each_bundle_is_read_once(self, world: World) -> None:
        for _ in range(3):
            made = begun(world)
            answered(world, made)
            collect_run(world.ports, made.run)
        counting = Counting(world.store.content)
        world.store = counting
        begin_matrix_run(world.ports)
        assert len([key for key in counting.reads if key.startswith("releases/")]) == 1
        assert len([key for key in counting.reads if key.startswith("runs/")]) == 1
        assert len(counting.lists) <= 4

    def test_slowest_stack_gets_its_own_job(self, world: World) -> None:
        took = {"dev": {"network": 300.0, "web": 5.0}, "staging": {"network": 5.0, "web": 5.0}, "gone": {"web": 900.0}}
        run_store.save_collected(
            world.ports,
            CollectedRun(
                documents.format_run_id("drift", world.clock.now(), "1"),
                world.clock.now(),
                world.identity.identify_actor(),
                took,
            ),
        )
        made = begin_matrix_run(world.ports, at_most=2)
        assert {"dev": ("network",)} in units(world, made).values()


WRONG = {
    "no stack": (["dev"], "E026"),
    "no environment": (["/web"], "E002"),
    "an environment that there is not": (["prd/web"], "E002"),
    "a stack that there is not": (["dev/wep"], "E029"),
}


class TestShards:
    def test_shards_find_the_same_drift_as_one_check(self, world: World) -> None:
        by_hand(world, "staging")
        by_hand(world, "prod", "network")
        other_settings(world, "dev")
        made = begun(world)
        answered(world, made)
        assert checks(world) == []
        found = looked(world)
        alone = check_drift(world.ports)
        assert without_seconds(found) == without_seconds(alone)
        assert found.exit_code() == ExitCode.CHANGES
        assert checks(world) == checks(world)[:3] * 2
        assert checks(world)[:3] == [("dev", 0), ("staging", 1), ("prod", 1)]

    def test_manually_selected_units_are_not_recorded(self, world: World) -> None:
        by_hand(world, "staging")
        found = check_unit_drift(world.ports, ["staging/web", "dev/network", "staging/network"])
        assert [(each.environment, [s.stack for s in each.stacks]) for each in found.environments] == [
            ("staging", ["network", "web"]),
            ("dev", ["network"]),
        ]
        assert found.exit_code() == ExitCode.CHANGES
        assert checks(world) == []

    @pytest.mark.parametrize(("texts", "code"), WRONG.values(), ids=WRONG)
    def test_unknown_units_are_refused(self, world: World, texts: list[str], code: str) -> None:
        for use in (check_unit_drift, plan_units):
            with pytest.raises(EnvctlError, match=code):
                raise_for(use(world.ports, texts))

    def test_unknown_run_or_shard_is_refused(self, world: World) -> None:
        made = begun(world)
        for run, number in (("nonsense", 1), ("../ledger/0000000001", 1), (made.run, 0), (made.run, 7)):
            with pytest.raises(UsageError, match="E027"):
                check_shard_drift(world.ports, run, number)
        with pytest.raises(UsageError, match="is a run of envctl drift"):
            plan_shard(world.ports, made.run, 1)

    def test_shard_reports_concurrent_deployment(self, world: World) -> None:
        made = begun(world)
        redeployed(world, "staging")
        found = check_shard_drift(world.ports, made.run, shard_of(world, made, "staging", "web"))
        assert [codes(each) for each in found.environments] == [["E471"]]
        assert found.exit_code() == ExitCode.FAILED


def raise_for(found: Plans | Drift) -> None:
    """Of plans each environment tells for itself what is wrong."""
    if found.problems:
        raise OperationFailedError(*found.problems)


@dataclasses.dataclass
class Counting(MemoryStore):
    reads: list[str] = dataclasses.field(default_factory=list)
    lists: list[str] = dataclasses.field(default_factory=list)

    def read(self, key: str) -> bytes | None:
        self.reads.append(key)
        return super().read(key)

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        self.lists.append(prefix)
        return super().list_keys(prefix, after)
