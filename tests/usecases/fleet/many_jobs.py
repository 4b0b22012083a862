"""No tests: runs of many jobs over three environments with one release, and what happens to these meanwhile."""

import dataclasses
from typing import Any

from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.run_documents import CollectedRun
from envctl.domain.ledger.events import DriftChecked
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.drift.result import Drift, EnvironmentDrift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.collect import collect_run
from envctl.usecases.fleet.matrix import Matrix, begin_matrix_run
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.fleet.shard import check_shard_drift, plan_shard
from tests.fakes.project_files import NETWORK
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.drift.test_drift import other_settings, toml
from tests.usecases.steps import deploy_everywhere, failing_at


@make_once
def one_release_everywhere() -> World:
    world = World()
    toml(world)
    deploy_everywhere(world)
    return world


def begun(world: World, *environments: str, kind: documents.RunKind = "drift", jobs: int = 6) -> Matrix:
    """A run with a job for each stack: each took so long, the last time, that it gets one of its own."""
    took = {name: {"network": 60.0, "web": 60.0} for name in ("dev", "staging", "prod")}
    before = documents.format_run_id(kind, world.clock.now(), world.nonces.new())
    run_store.save_collected(
        world.ports, CollectedRun(before, world.clock.now(), world.identity.identify_actor(), took)
    )
    return begin_matrix_run(world.ports, kind, environments, at_most=jobs)


def answered(world: World, made: Matrix, *but: int) -> None:
    use = check_shard_drift if made.kind == "drift" else plan_shard
    for job in made.jobs:
        if job.shard not in but:
            use(world.ports, made.run, job.shard)


def units(world: World, made: Matrix) -> dict[int, dict[str, tuple[str, ...]]]:
    run = run_store.load_run(world.ports, made.run)
    return {number: dict(shard.units) for number, shard in enumerate(run.shards, 1)}


def shard_of(world: World, made: Matrix, environment: str, stack: str) -> int:
    return next(n for n, shard in units(world, made).items() if stack in shard.get(environment, ()))


def looked(world: World, name: str = "") -> Drift:
    found = collect_run(world.ports, name)
    assert isinstance(found, Drift)
    return found


def planned(world: World, name: str = "") -> Plans:
    found = collect_run(world.ports, name)
    assert isinstance(found, Plans)
    return found


def checks(world: World) -> list[tuple[str, int]]:
    events = [entry.event for entry in list_entries(world)]
    return [(event.environment, event.drifted) for event in events if isinstance(event, DriftChecked)]


def conditions(found: Drift) -> dict[str, str]:
    return {each.environment: each.condition for each in found.environments}


def codes(each: EnvironmentDrift) -> list[str]:
    told = (*each.problems, *(problem for stack in each.stacks for problem in stack.problems))
    return [problem.code for problem in told]


def plan_in(each: Any) -> Any:
    assert each.plan is not None
    return each.plan


def without_seconds(found: Drift) -> Drift:
    return Drift(
        tuple(
            dataclasses.replace(each, stacks=tuple(dataclasses.replace(stack, seconds=0.0) for stack in each.stacks))
            for each in found.environments
        )
    )


def redeployed(world: World, environment: str) -> None:
    other_settings(world, environment)
    apply(world.ports, environment)


def new_release(world: World, environment: str) -> None:
    world.edit("modules/network/main.tf", NETWORK.decode() + "# edited\n")
    apply(world.ports, "dev")
    promote(world.ports, "dev", environment)


def unfinished_in(world: World, environment: str) -> None:
    other_settings(world, environment)
    with failing_at(world, environment, "network"):
        apply(world.ports, environment)
