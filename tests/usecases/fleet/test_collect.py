"""`envctl collect` on in-memory ports: what many jobs saw becomes one answer, and one entry for each environment."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.shard_planner import Unit
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.collect import collect_run
from envctl.usecases.fleet.matrix import begin_matrix_run
from envctl.usecases.fleet.shard import check_shard_drift, plan_shard
from envctl.usecases.ledger import journal
from tests.fakes.project_files import NETWORK
from tests.fakes.store import MemoryStore
from tests.fakes.world import World
from tests.usecases.drift.test_drift import by_hand, other_settings, out_of_reach
from tests.usecases.fleet.many_jobs import (
    answered,
    begun,
    checks,
    codes,
    conditions,
    looked,
    new_release,
    one_release_everywhere,
    plan_in,
    planned,
    redeployed,
    shard_of,
    unfinished_in,
    units,
)


@pytest.fixture
def world() -> World:
    return one_release_everywhere()


DEPLOYED: dict[str, Callable[[World], object]] = {
    "all of it": lambda world: redeployed(world, "staging"),
    "of another release": lambda world: new_release(world, "staging"),
    "and nothing whole came of it": lambda world: unfinished_in(world, "staging"),
    "for the last time": lambda world: destroy(world.ports, "staging"),
}


class TestCollecting:
    def test_repeated_collection_records_each_environment_once(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        first, again, by_name = looked(world, made.run), looked(world, made.run), looked(world, made.run)
        assert first == again == by_name
        assert checks(world) == [("dev", 0), ("staging", 0), ("prod", 0)]

    def test_last_uncollected_run_is_collected(self, world: World) -> None:
        old, new = begun(world, "dev"), begun(world, "staging")
        for made in (old, new):
            answered(world, made)
        assert (list(conditions(looked(world))), list(conditions(looked(world)))) == (["staging"], ["dev"])
        with pytest.raises(OperationFailedError, match="E473"):
            collect_run(world.ports)

    def test_expired_run_is_not_collected(self, world: World) -> None:
        begun(world)
        world.clock.time += timedelta(days=31)
        with pytest.raises(OperationFailedError, match="E473"):
            collect_run(world.ports)

    def test_environment_of_a_silent_shard_is_unknown(self, world: World) -> None:
        made = begun(world)
        silent = shard_of(world, made, "staging", "web")
        answered(world, made, silent)
        found = looked(world)
        assert conditions(found) == {"dev": "clean", "staging": "unknown", "prod": "clean"}
        staging = found.environments[1]
        assert [(each.stack, each.condition) for each in staging.stacks] == [("network", "clean"), ("web", "unknown")]
        (problem,) = found.problems
        assert (problem.code, f"shard {silent} of run {made.run}" in problem.message) == ("E470", True)
        assert found.exit_code() == ExitCode.FAILED
        assert checks(world) == [("dev", 0), ("prod", 0)]

    def test_drift_is_recorded_despite_silent_shard(self, world: World) -> None:
        by_hand(world, "staging", "network")
        made = begun(world)
        answered(world, made, shard_of(world, made, "staging", "web"))
        found = looked(world)
        assert (conditions(found)["staging"], found.exit_code()) == ("drifted", ExitCode.FAILED)
        assert ("staging", 1) in checks(world)

    def test_rerun_job_replaces_its_own_result(self, world: World) -> None:
        out_of_reach(world, "staging")
        made = begun(world)
        answered(world, made)
        assert conditions(looked(world))["staging"] == "unknown"
        world.terraform.unreachable.clear()
        by_hand(world, "staging")
        check_shard_drift(world.ports, made.run, shard_of(world, made, "staging", "web"))
        found = looked(world, made.run)
        assert conditions(found) == {"dev": "clean", "staging": "drifted", "prod": "clean"}
        assert checks(world) == [("dev", 0), ("prod", 0), ("staging", 1)]
        assert looked(world, made.run) == found
        assert len(checks(world)) == 3

    def test_additional_drift_of_rerun_job_is_recorded(self, world: World) -> None:
        by_hand(world, "staging", "network")
        out_of_reach(world, "staging", "web")
        made = begun(world)
        answered(world, made)
        looked(world)
        world.terraform.unreachable.clear()
        by_hand(world, "staging", "web")
        check_shard_drift(world.ports, made.run, shard_of(world, made, "staging", "web"))
        looked(world, made.run)
        assert [check for check in checks(world) if check[0] == "staging"] == [("staging", 1), ("staging", 2)]

    def test_later_drift_check_is_not_overwritten(self, world: World) -> None:
        by_hand(world, "staging")
        made = begun(world)
        answered(world, made)
        world.terraform.drifted.clear()
        check_drift(world.ports, ["staging"], locked=True)
        found = looked(world)
        assert conditions(found)["staging"] == "drifted"
        assert [check for check in checks(world) if check[0] == "staging"] == [("staging", 0)]
        assert not journal.load(world.ports).find_environment("staging").drifted

    def test_found_drift_counts_despite_later_look(self, world: World) -> None:
        by_hand(world, "staging")
        made = begun(world)
        answered(world, made)
        world.terraform.drifted.clear()
        check_drift(world.ports, ["staging"])
        looked(world)
        assert [check for check in checks(world) if check[0] == "staging"] == [("staging", 0), ("staging", 1)]

    def test_concurrent_collections_record_once(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        world.store = Racing(world.store.content, lambda: looked(world, made.run))
        found = looked(world, made.run)
        assert conditions(found) == {"dev": "clean", "staging": "clean", "prod": "clean"}
        assert sorted(checks(world)) == [("dev", 0), ("prod", 0), ("staging", 0)]

    @pytest.mark.parametrize("deployed", DEPLOYED.values(), ids=DEPLOYED)
    def test_deployed_between_shards_is_unknown(self, world: World, deployed: Callable[[World], object]) -> None:
        made = begun(world)
        second = shard_of(world, made, "staging", "web")
        answered(world, made, second)
        deployed(world)
        check_shard_drift(world.ports, made.run, second)
        found = looked(world)
        assert conditions(found) == {"dev": "clean", "staging": "unknown", "prod": "clean"}
        assert codes(found.environments[1]) == ["E471"]
        assert "staging" not in dict(checks(world))

    @pytest.mark.parametrize("deployed", DEPLOYED.values(), ids=DEPLOYED)
    def test_result_of_replaced_deployment_is_ignored(self, world: World, deployed: Callable[[World], object]) -> None:
        made = begun(world)
        answered(world, made)
        deployed(world)
        assert conditions(looked(world))["staging"] == "clean"
        assert "staging" not in dict(checks(world))

    def test_settings_edited_between_two_shards_are_noticed(self, world: World) -> None:
        made = begun(world)
        second = shard_of(world, made, "staging", "web")
        answered(world, made, second)
        other_settings(world, "staging")
        check_shard_drift(world.ports, made.run, second)
        assert [codes(each) for each in looked(world).environments] == [[], ["E471"], []]

    def test_unreachable_stack_does_not_hide_drift_of_others(self, world: World) -> None:
        by_hand(world, "staging", "network")
        made = begun(world)
        second = shard_of(world, made, "staging", "web")
        answered(world, made, second)
        world.workspace.held.add("staging")
        check_shard_drift(world.ports, made.run, second)
        staging = looked(world).environments[1]
        assert (staging.condition, staging.drifted) == ("drifted", 1)
        assert codes(staging) == ["E308"]
        assert ("staging", 1) in checks(world)

    def test_result_of_another_envctl_version_is_ignored(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        key = documents.format_answer_key(made.run, shard_of(world, made, "prod", "web"), 1)
        world.store.content[key] = world.store.content[key].replace(b'"format":1', b'"format":2')
        found = looked(world)
        assert conditions(found)["prod"] == "unknown"
        assert [problem.code for problem in found.problems] == ["E472"]

    def test_run_of_another_envctl_version_is_not_collected(self, world: World) -> None:
        made = begun(world)
        world.store.content[documents.format_run_key(documents.BEGUN_FOLDER, made.run)] = b"{}"
        with pytest.raises(OperationFailedError, match="E472"):
            collect_run(world.ports)

    def test_unwritable_ledger_does_not_hide_found_drift(self, world: World) -> None:
        by_hand(world, "staging")
        made = begun(world)
        answered(world, made)
        full = Full(world.store.content)
        world.store = full
        found = looked(world)
        assert conditions(found) == {"dev": "clean", "staging": "drifted", "prod": "clean"}
        assert [codes(each) for each in found.environments] == [["E404"]] * 3
        assert found.exit_code() == ExitCode.FAILED
        # It is not asked with all its patience for each environment.
        assert full.tried == 1
        # And it still waits to be collected.
        world.store = MemoryStore(full.content)
        assert conditions(looked(world)) == conditions(found)
        assert len(checks(world)) == 3

    def test_measured_durations_are_kept_for_the_next_run(self, world: World) -> None:
        made = begun(world)
        slow = shard_of(world, made, "prod", "web")
        answered(world, made, slow)
        looked(world)
        known = run_store.load_last_collected(world.ports, "drift")
        assert known is not None
        measured = known.flatten_durations()
        # Of what nobody looked at this time, what was known before.
        assert measured.pop(Unit("prod", "web")) == 60.0
        assert {took for took in measured.values() if took < 60} == set(measured.values())
        assert run_store.load_last_collected(world.ports, "plan") is None

    def test_unreadable_earlier_run_is_ignored(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        looked(world)
        world.store.content[documents.format_run_key(documents.COLLECTED_FOLDER, made.run)] = b"of a newer envctl"
        assert len(begin_matrix_run(world.ports).jobs) == 1

    def test_each_shard_result_is_kept(self, world: World) -> None:
        made = begun(world, "dev", jobs=1)
        for _ in range(3):
            answered(world, made)
        assert len(world.store.list_keys(f"{documents.ANSWERS_FOLDER}{made.run}/")) == 3

    def test_only_run_documents_are_written_before_collection(self, world: World) -> None:
        before = set(world.store.content)
        made = begun(world)
        answered(world, made)
        assert {key.split("/")[0] for key in set(world.store.content) - before} == {"runs"}


class TestPlans:
    def test_plans_of_many_jobs_are_merged(self, world: World) -> None:
        other_settings(world, "staging")
        made = begun(world, kind="plan")
        answered(world, made)
        told = planned(world)
        assert told.run == made.run
        assert [(each.environment, [s.stack for s in plan_in(each).stacks]) for each in told.environments] == [
            (name, ["network", "web"]) for name in ("dev", "staging", "prod")
        ]
        assert [plan_in(each).changes for each in told.environments] == [False, True, False]
        assert (told.exit_code(), told.exit_code(detailed=True)) == (ExitCode.DONE, ExitCode.CHANGES)
        assert checks(world) == []
        known = run_store.load_last_collected(world.ports, "plan")
        assert known and len(known.flatten_durations()) == 6

    def test_entry_is_planned_from_working_tree(self) -> None:
        world = World()
        made = begin_matrix_run(world.ports, "plan")
        assert units(world, made) == {1: {"dev": ("network", "web")}}
        answered(world, made)
        (dev,) = planned(world).environments
        assert plan_in(dev).stacks[1].waits_for == ("network",)

    def test_code_edited_between_shards_is_noticed(self, world: World) -> None:
        made = begun(world, "dev", kind="plan")
        plan_shard(world.ports, made.run, 1)
        world.edit("modules/network/main.tf", NETWORK.decode() + "# edited\n")
        (told,) = plan_shard(world.ports, made.run, 2).environments
        assert [problem.code for problem in told.problems] == ["E471"]
        (dev,) = planned(world).environments
        assert (len(plan_in(dev).stacks), [problem.code for problem in dev.problems]) == (1, ["E471"])

    def test_unplannable_stack_does_not_hide_other_plans(self, world: World) -> None:
        made = begun(world, kind="plan")
        silent = shard_of(world, made, "prod", "web")
        world.workspace.held.add("staging")
        answered(world, made, silent)
        told = planned(world)
        assert [[problem.code for problem in each.problems] for each in told.environments] == [[], ["E308"], ["E470"]]
        assert [s.stack for s in plan_in(told.environments[2]).stacks] == ["network"]
        assert told.exit_code() == ExitCode.FAILED

    def test_destroyed_environment_is_planned_only_when_named(self, world: World) -> None:
        destroy(world.ports, "prod")
        assert [e.environment for e in run_store.load_run(world.ports, begun(world, kind="plan").run).environments] == [
            "dev",
            "staging",
        ]
        made = begun(world, "prod", kind="plan")
        answered(world, made)
        (prod,) = planned(world, made.run).environments
        assert (prod.plan, prod.exit_code) == (None, ExitCode.REFUSED)


def test_run_of_drift_has_its_own_id(world: World) -> None:
    """A pull request may begin runs of plans: one that says it checked drift is not collected."""
    made = begun(world)
    answered(world, made)
    named = made.run.replace("-drift-", "-plan-")
    real = run_store.load_run(world.ports, made.run)
    for said in (made.run, named):
        forged = documents.encode_document(dataclasses.replace(real, id=said))
        world.store.content[documents.format_run_key(documents.BEGUN_FOLDER, named)] = forged
        with pytest.raises(OperationFailedError) as failed:
            collect_run(world.ports, named)
        assert [problem.code for problem in failed.value.problems] == ["E472"]
    assert checks(world) == []


@dataclasses.dataclass
class Full(MemoryStore):
    tried: int = 0

    def create(self, key: str, data: bytes) -> None:
        self.tried += 1
        raise OperationFailedError(Problem("E404", f"{key} can't be written"))


@dataclasses.dataclass
class Racing(MemoryStore):
    """Right before the second entry is written, somebody else does all of it."""

    def __init__(self, content: dict[str, bytes], meanwhile: Callable[[], object]) -> None:
        super().__init__(content)
        self.meanwhile: Callable[[], object] | None = meanwhile
        self.entries = 0

    def create(self, key: str, data: bytes) -> None:
        self.entries += key.startswith("ledger/")
        if self.entries == 2 and self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        super().create(key, data)
