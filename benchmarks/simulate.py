"""`python -m benchmarks.simulate`: a look at 1,000 environments of ten stacks each, shared out among many jobs.

Sharding, use cases, documents and ledger are the real ones, on a store that counts. What Terraform, AWS and the runners
take is worked out from assumptions.py.
"""

import random
import time
from dataclasses import replace
from math import ceil

from tests.fakes.checkpoints import decode_state, encode_state
from tests.fakes.world import World

from benchmarks import assumptions as a
from benchmarks.fleet import Measured, aged, fleet, measured, names, stacks
from envctl.cli.render.words.matrix import format_matrix
from envctl.domain.ci.run_documents import CollectedRun, format_run_id
from envctl.domain.ci.shard_planner import DEFAULT_ESTIMATES, Unit
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import decode_entry
from envctl.domain.ledger.events import DriftChecked, Event
from envctl.domain.ledger.projection.apply_entries import apply_entry
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.drift.result import EnvironmentDrift, StackDrift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.collect import collect_run
from envctl.usecases.fleet.matrix import Matrix, begin_matrix_run, snapshot_environment
from envctl.usecases.fleet.shard import check_shard_drift
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file

SIZE = a.Size()
JOBS = (20, 100, 256)
REMEMBERED = (1, 10, 30, 100)


def drawn() -> dict[Unit, int]:
    """How many resources each stack has."""
    chance = random.Random(SIZE.seed)
    return {
        Unit(name, stack): min(
            a.RESOURCES_MOST, max(1, round(a.RESOURCES_MEDIAN * chance.lognormvariate(0, a.RESOURCES_SPREAD)))
        )
        for name in names(SIZE)
        for stack in stacks(SIZE)
    }


def seconds(resources: int) -> float:
    """Of a job, for a stack: its cores work on some stacks at once, which mostly wait."""
    cpu = a.CPU + a.CPU_A_RESOURCE * resources
    waiting = resources * a.CALLS_A_RESOURCE * a.LATENCY / a.CALLS_AT_ONCE
    return max(cpu / a.CORES, (cpu + waiting) / a.STACKS_AT_ONCE)


def calls(resources: dict[Unit, int]) -> None:
    total = sum(resources.values())
    print(f"API calls of one run: {SIZE.units} stacks, {total} resources")
    states = a.STATE_READS + a.STATE_WRITES + a.STATE_DELETES
    told = (
        ("provider", total * a.CALLS_A_RESOURCE, f"{a.CALLS_A_RESOURCE} a resource"),
        ("states in S3", SIZE.units * states, f"{states} a stack"),
        ("STS AssumeRole", SIZE.units * a.ROLES, f"{a.ROLES} a stack"),
        ("STS GetCallerIdentity", SIZE.units * a.IDENTITIES, f"{a.IDENTITIES} a stack"),
    )
    for name, number, why in told:
        print(f"  {name:<22}{number:>9}   {why}")


def remembered(world: World, took: dict[Unit, float]) -> None:
    """As an earlier run would have left it."""
    durations: dict[str, dict[str, float]] = {}
    for unit, each in took.items():
        durations.setdefault(unit.environment, {})[unit.stack] = round(each, 3)
    at = world.clock.now()
    run_store.save_collected(
        world.ports, CollectedRun(format_run_id("drift", at, "0"), at, world.identity.identify_actor(), durations)
    )


def answered(world: World, made: Matrix) -> int:
    """Every shard answers that all is clean; gives the bytes of that."""
    project, present, before = (
        project_file.load_project(world.ports),
        journal.load(world.ports),
        set(world.store.content),
    )
    for number, shard in enumerate(run_store.load_run(world.ports, made.run).shards, 1):
        seen = tuple(
            snapshot_environment(Context(world.ports, project), present, "drift", name) for name in shard.units
        )
        found = tuple(_clean(present, each.environment, shard.units[each.environment]) for each in seen)
        took = {each.environment: dict.fromkeys(shard.units[each.environment], 1.234) for each in found}
        said = run_store.Answer(
            run=made.run,
            shard=number,
            at=world.clock.now(),
            by=world.identity.identify_actor(),
            seq=present.seq,
            seen=seen,
            drift=found,
        )
        run_store.save_answer(world.ports, replace(said, durations=took))
    return sum(len(data) for key, data in world.store.content.items() if key not in before)


def _clean(present: LedgerState, name: str, looked_at: tuple[str, ...]) -> EnvironmentDrift:
    current = present.find_environment(name).current
    assert current is not None
    seen = tuple(StackDrift(stack=stack, condition="clean", seconds=1.234) for stack in looked_at)
    return EnvironmentDrift(
        environment=name,
        release=current.release,
        condition="clean",
        stacks=seen,
        deployment=current.seq,
        settings="5e" * 32,
    )


def run(jobs: int, took: dict[Unit, float], releases: int) -> None:
    world = fleet(SIZE, releases)
    remembered(world, took)
    made, beginning = measured(world, lambda: begin_matrix_run(world.ports, at_most=jobs))
    alone, one = measured(world, lambda: check_shard_drift(world.ports, made.run, 1))
    size = answered(world, made)
    _, ending = measured(world, lambda: collect_run(world.ports, made.run))
    print(f"\n{jobs} jobs, where each environment remembers {releases} releases")
    print(f"  matrix    {beginning}   its output: {len(format_matrix(made).encode('utf-16')) / 1000:.0f} kB")
    print(f"  a shard   {one}   its environments: {len(alone.environments)}")
    print(f"  collect   {ending}   answers: {size / 1e6:.1f} MB")
    longest = max(job.seconds for job in made.jobs)
    three = (
        beginning.wall + DEFAULT_ESTIMATES.job,
        longest + one.wall + DEFAULT_ESTIMATES.job,
        ending.wall + DEFAULT_ESTIMATES.job,
    )
    told = " + ".join(
        f"{what} {minutes(each)}" for what, each in zip(("matrix", "jobs", "collect"), three, strict=True)
    )
    print(f"  wall      {minutes(sum(three))} = {told}")
    shards = [DEFAULT_ESTIMATES.job + job.seconds + one.wall for job in made.jobs]
    cost([three[0], *shards, three[2]], [beginning, *[one] * jobs, ending])
    rate = len(took) / longest
    print(f"  STS       {rate * a.ROLES:.0f} AssumeRole a second of {a.STS_A_SECOND}")


def cost(jobs: list[float], commands: list[Measured]) -> None:
    billed = sum(ceil(each / 60) for each in jobs)
    store = sum((each.creates + each.lists) * a.S3_WRITE + each.reads * a.S3_READ for each in commands)
    states = SIZE.units * (a.STATE_WRITES * a.S3_WRITE + a.STATE_READS * a.S3_READ)
    minute = f"{billed} minutes: GitHub ${billed * a.GITHUB_MINUTE:.2f}, CodeBuild ${billed * a.CODEBUILD_MINUTE:.2f}"
    print(f"  cost      {minute}; requests to S3 ${store:.2f} (store), ${states:.2f} (states)")


def entries() -> None:
    """What an entry costs where the ledger is read before each, and where it is not."""
    world, some = fleet(SIZE), 25
    made = begin_matrix_run(world.ports, at_most=20)
    answered(world, made)
    before = {key for key in world.store.content if key.startswith("ledger/")}
    _, together = measured(world, lambda: collect_run(world.ports, made.run))
    size = sum(len(d) for key, d in world.store.content.items() if key.startswith("ledger/") and key not in before)

    def alone() -> None:
        for name in names(SIZE)[:some]:
            event: Event = DriftChecked(environment=name, release="f" * 64, drifted=0)
            journal.append(world.ports, lambda _, event=event: event)  # type: ignore[misc]

    _, each = measured(world, alone)
    anew = each.wall / some * SIZE.environments
    print(f"\n{SIZE.environments} entries of the ledger: {size / 1e6:.2f} MB")
    print(f"  read anew before each {minutes(anew)}, as collect does {minutes(together.wall)}")


def folding() -> None:
    world = fleet(SIZE)
    entries = [decode_entry(data) for key, data in sorted(world.store.content.items()) if key.startswith("ledger/")]
    began, now = time.process_time(), LedgerState()
    for entry in entries:
        now = apply_entry(now, entry)
    took = time.process_time() - began
    print(f"\nthe fold: {took / len(entries) * 1e6:.0f} us an entry")
    print(f"a checkpoint of {SIZE.environments} environments, by how many releases each remembers")
    for releases in REMEMBERED:
        present = aged(now, releases)
        began = time.process_time()
        data = encode_state(present)
        written = time.process_time() - began
        checkpoint.decode_checkpoint.cache_clear()
        found = decode_state(data)
        read = time.process_time() - began - written
        assert found == present
        a_year = 365 * SIZE.environments / checkpoint.INTERVAL * len(data)
        print(f"  {releases:>4} {len(data) / 1e6:7.1f} MB, written in {written:4.1f} s, read in {read:4.1f} s;", end="")
        print(f" by nightly looks {a_year / 1e9:6.1f} GB a year, ${a_year * a.S3_MONTH:.2f} a month more each year")


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


def main() -> None:
    resources = drawn()
    took = {unit: seconds(number) for unit, number in resources.items()}
    calls(resources)
    print(f"  a stack takes {sum(took.values()) / len(took):.2f} s of a job, the longest {max(took.values()):.1f} s")
    for jobs in JOBS:
        run(jobs, took, 1)
    run(JOBS[0], took, 30)
    entries()
    folding()


if __name__ == "__main__":
    main()
