"""`envctl collect` on in-memory ports: what many jobs saw becomes one answer, and one entry for each environment."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.shard_planner import Unit
from envctl.domain.errors import ExitCode, OperationFailedError, Problem
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.collect import collect_run
from envctl.usecases.fleet.matrix import begin_matrix_run
from envctl.usecases.fleet.shard import check_shard_drift, plan_shard
from envctl.usecases.ledger import journal
from tests.fakes.world import NETWORK, MemoryStore, World
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
    def test_an_entry_for_each_environment_once_however_often_it_is_collected(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        first, again, by_name = looked(world, made.run), looked(world, made.run), looked(world, made.run)
        assert first == again == by_name
        assert checks(world) == [("dev", 0), ("staging", 0), ("prod", 0)]

    def test_the_last_run_that_waits_is_collected(self, world: World) -> None:
        old, new = begun(world, "dev"), begun(world, "staging")
        for made in (old, new):
            answered(world, made)
        assert list(conditions(looked(world))) == ["staging"]
        assert list(conditions(looked(world))) == ["dev"]
        with pytest.raises(OperationFailedError, match="E473"):
            collect_run(world.ports)

    def test_a_run_that_is_old_does_not_wait_any_more(self, world: World) -> None:
        begun(world)
        world.clock.time += timedelta(days=31)
        with pytest.raises(OperationFailedError, match="E473"):
            collect_run(world.ports)

    def test_what_a_silent_shard_was_to_look_at_is_unknown(self, world: World) -> None:
        made = begun(world)
        silent = shard_of(world, made, "staging", "web")
        answered(world, made, silent)
        found = looked(world)
        assert conditions(found) == {"dev": "clean", "staging": "unknown", "prod": "clean"}
        staging = found.environments[1]
        assert [(stack.stack, stack.condition) for stack in staging.stacks] == [
            ("network", "clean"),
            ("web", "unknown"),
        ]
        (problem,) = found.problems
        assert (problem.code, f"shard {silent} of run {made.run}" in problem.message) == ("E470", True)
        assert found.exit_code() == ExitCode.FAILED
        assert checks(world) == [("dev", 0), ("prod", 0)]

    def test_drift_is_recorded_although_another_shard_is_silent(self, world: World) -> None:
        by_hand(world, "staging", "network")
        made = begun(world)
        answered(world, made, shard_of(world, made, "staging", "web"))
        found = looked(world)
        assert (conditions(found)["staging"], found.exit_code()) == ("drifted", ExitCode.FAILED)
        assert ("staging", 1) in checks(world)

    def test_a_job_that_is_run_again_answers_for_itself(self, world: World) -> None:
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

    def test_more_that_a_repeated_job_found_is_recorded_too(self, world: World) -> None:
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

    def test_whoever_looked_later_is_not_contradicted(self, world: World) -> None:
        by_hand(world, "staging")
        made = begun(world)
        answered(world, made)
        world.terraform.drifted.clear()
        check_drift(world.ports, ["staging"])
        found = looked(world)
        assert conditions(found)["staging"] == "drifted"
        assert [check for check in checks(world) if check[0] == "staging"] == [("staging", 0)]
        assert not journal.load(world.ports).find_environment("staging").drifted

    def test_two_who_collect_at_once_record_once(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        world.store = Racing(world.store.content, lambda: looked(world, made.run))
        found = looked(world, made.run)
        assert conditions(found) == {"dev": "clean", "staging": "clean", "prod": "clean"}
        assert sorted(checks(world)) == [("dev", 0), ("prod", 0), ("staging", 0)]

    @pytest.mark.parametrize("deployed", DEPLOYED.values(), ids=DEPLOYED)
    def test_an_environment_that_is_deployed_to_between_two_shards_is_unknown(
        self, world: World, deployed: Callable[[World], object]
    ) -> None:
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
    def test_what_runs_there_no_longer_is_told_and_not_recorded(
        self, world: World, deployed: Callable[[World], object]
    ) -> None:
        made = begun(world)
        answered(world, made)
        deployed(world)
        assert conditions(looked(world))["staging"] == "clean"
        assert "staging" not in dict(checks(world))

    def test_settings_that_were_edited_between_two_shards_are_noticed(self, world: World) -> None:
        made = begun(world)
        second = shard_of(world, made, "staging", "web")
        answered(world, made, second)
        other_settings(world, "staging")
        check_shard_drift(world.ports, made.run, second)
        assert [codes(each) for each in looked(world).environments] == [[], ["E471"], []]

    def test_what_one_shard_could_not_reach_takes_nothing_from_the_others(self, world: World) -> None:
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

    def test_an_answer_of_another_envctl_is_no_answer(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        key = documents.format_answer_key(made.run, shard_of(world, made, "prod", "web"), 1)
        world.store.content[key] = world.store.content[key].replace(b'"format":1', b'"format":2')
        found = looked(world)
        assert conditions(found)["prod"] == "unknown"
        assert [problem.code for problem in found.problems] == ["E472"]

    def test_a_run_of_another_envctl_can_not_be_collected(self, world: World) -> None:
        made = begun(world)
        world.store.content[documents.format_begun_key(made.run)] = b"{}"
        with pytest.raises(OperationFailedError, match="E472"):
            collect_run(world.ports)

    def test_a_ledger_that_takes_no_entry_does_not_hide_what_was_found(self, world: World) -> None:
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

    def test_how_long_things_took_is_known_the_next_time(self, world: World) -> None:
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

    def test_what_nobody_can_read_of_earlier_runs_is_passed_over(self, world: World) -> None:
        made = begun(world)
        answered(world, made)
        looked(world)
        world.store.content[documents.format_collected_key(made.run)] = b"of a newer envctl"
        assert len(begin_matrix_run(world.ports).jobs) == 1

    def test_each_answer_is_kept(self, world: World) -> None:
        made = begun(world, "dev", jobs=1)
        for _ in range(3):
            answered(world, made)
        assert len(world.store.list_keys(documents.format_answers_folder(made.run))) == 3

    def test_nothing_is_written_but_documents_of_runs_before_it_is_collected(self, world: World) -> None:
        before = set(world.store.content)
        made = begun(world)
        answered(world, made)
        assert {key.split("/")[0] for key in set(world.store.content) - before} == {"runs"}


class TestPlans:
    def test_plans_of_many_jobs_are_one(self, world: World) -> None:
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
        assert known is not None
        assert len(known.flatten_durations()) == 6

    def test_the_entry_is_planned_from_the_working_tree_before_anything_runs(self) -> None:
        world = World()
        made = begin_matrix_run(world.ports, "plan")
        assert units(world, made) == {1: {"dev": ("network", "web")}}
        answered(world, made)
        (dev,) = planned(world).environments
        assert plan_in(dev).stacks[1].waits_for == ("network",)

    def test_code_that_was_edited_meanwhile_is_noticed(self, world: World) -> None:
        made = begun(world, "dev", kind="plan")
        plan_shard(world.ports, made.run, 1)
        world.edit("modules/network/main.tf", NETWORK.decode() + "# edited\n")
        (told,) = plan_shard(world.ports, made.run, 2).environments
        assert [problem.code for problem in told.problems] == ["E471"]
        (dev,) = planned(world).environments
        assert (len(plan_in(dev).stacks), [problem.code for problem in dev.problems]) == (1, ["E471"])

    def test_what_can_not_be_planned_is_told_beside_what_can(self, world: World) -> None:
        made = begun(world, kind="plan")
        silent = shard_of(world, made, "prod", "web")
        world.workspace.held.add("staging")
        answered(world, made, silent)
        told = planned(world)
        assert [[problem.code for problem in each.problems] for each in told.environments] == [[], ["E308"], ["E470"]]
        assert [s.stack for s in plan_in(told.environments[2]).stacks] == ["network"]
        assert told.exit_code() == ExitCode.FAILED

    def test_where_nothing_runs_is_told_only_where_it_is_named(self, world: World) -> None:
        destroy(world.ports, "prod")
        assert [e.environment for e in run_store.load_run(world.ports, begun(world, kind="plan").run).environments] == [
            "dev",
            "staging",
        ]
        made = begun(world, "prod", kind="plan")
        answered(world, made)
        (prod,) = planned(world, made.run).environments
        assert (prod.plan, prod.exit_code) == (None, ExitCode.REFUSED)


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
