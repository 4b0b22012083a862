"""`envctl drift|plan --run RUN --shard N`: one job's part of a run. What it sees it leaves in the store, for whoever
collects the run; nothing is recorded in the ledger here, where many jobs would only wait for each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.ci.run_documents import Kind, Planned, Run
from envctl.domain.ci.shard_planner import Shard, Unit, by_environment
from envctl.domain.errors import EnvctlError, ExitCode, InterruptedByUserError, Problem, UsageError
from envctl.domain.ledger.state import Present
from envctl.usecases.concurrency.stack_selection import Selection
from envctl.usecases.drift import drift
from envctl.usecases.drift.result import Drift, EnvironmentDrift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.matrix import as_seen
from envctl.usecases.fleet.merge import Plans, of_another
from envctl.usecases.inspect import plan
from envctl.usecases.inspect.preview import EnvironmentPreview
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


def drift_units(ports: Ports, units: Sequence[str]) -> Drift:
    """Of some stacks alone, each like `dev/network`. Nothing is recorded: the others may have drifted."""
    return drift.look(ports, {name: frozenset(stacks) for name, stacks in _wanted(ports, units).items()})


def plan_units(ports: Ports, units: Sequence[str]) -> Plans:
    return Plans("", tuple(_planned(ports, name, stacks)[0] for name, stacks in _wanted(ports, units).items()))


def drift_shard(ports: Ports, run: str, number: int) -> Drift:
    part = _Part.of(ports, run, number, "drift")
    wanted = {name: frozenset(stacks) for name, stacks in part.same.items()}
    began = ports.clock.now()
    looked = drift.look(ports, wanted).environments if wanted else ()
    took = (ports.clock.now() - began).total_seconds()
    found = (*looked, *(EnvironmentDrift(name, "", "unknown", problems=(why,)) for name, why in part.others()))
    part.answer(_Told(found, durations=_shares(looked, took)))
    return Drift(found)


def plan_shard(ports: Ports, run: str, number: int) -> Plans:
    part = _Part.of(ports, run, number, "plan")
    told = {name: _planned(ports, name, stacks) for name, stacks in part.same.items()}
    failed = (EnvironmentPreview(name, problems=(why,), exit_code=ExitCode.FAILED) for name, why in part.others())
    plans = (*(each for each, _ in told.values()), *failed)
    part.answer(_Told(plans=plans, durations={name: took for name, (_, took) in told.items()}))
    return Plans(run, plans)


@dataclass(frozen=True)
class _Part:
    """What a shard has to look at, and how that lies before it."""

    ports: Ports
    run: Run
    number: int
    shard: Shard
    present: Present
    seen: Mapping[str, Planned]

    @classmethod
    def of(cls, ports: Ports, name: str, number: int, kind: Kind) -> "_Part":
        run = run_store.begun(ports, name, kind)
        shard = run.shard(number)
        if shard is None:
            message = f"run {name} has no shard {number}: it has {len(run.shards)}"
            raise UsageError(Problem("E027", message, f"envctl {kind} --help"))
        project, present = load.project(ports), journal.present(ports)
        seen = {each: as_seen(ports, project, present, kind, each) for each in shard.units}
        return cls(ports, run, number, shard, present, seen)

    @property
    def same(self) -> dict[str, tuple[str, ...]]:
        """What is as it was when the run began, and so what is looked at."""
        began = {each.environment: each for each in self.run.environments}
        return {name: stacks for name, stacks in self.shard.units.items() if began[name].is_like(self.seen[name])}

    def others(self) -> Iterator[tuple[str, Problem]]:
        return ((name, of_another(name)) for name in self.shard.units if name not in self.same)

    def answer(self, told: "_Told") -> None:
        now, actor, seen = self.ports.clock.now(), self.ports.identity.actor(), tuple(self.seen.values())
        said = run_store.Answer(self.run.id, self.number, now, actor, self.present.seq, seen)
        run_store.answer(self.ports, replace(said, drift=told.drift, plans=told.plans, durations=told.durations))


@dataclass(frozen=True)
class _Told:
    """What came of it, of the one kind or the other."""

    drift: tuple[EnvironmentDrift, ...] = ()
    plans: tuple[EnvironmentPreview, ...] = ()
    durations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def _shares(looked: Sequence[EnvironmentDrift], took: float) -> dict[str, dict[str, float]]:
    """The seconds of the whole job, shared out by how long each stack took: several ran at once, and were prepared."""
    alone = sum(stack.seconds for each in looked for stack in each.stacks)
    share = took / alone if alone else 0.0
    return {each.environment: {s.stack: round(s.seconds * share, 3) for s in each.stacks} for each in looked}


def _planned(ports: Ports, environment: str, stacks: Sequence[str]) -> tuple[EnvironmentPreview, Mapping[str, float]]:
    """With the seconds of each stack, as far as they can be told apart."""
    begun = ports.clock.now()
    try:
        found, error = plan.plan(ports, environment, Selection(tuple(stacks)))
    except InterruptedByUserError:
        raise
    except EnvctlError as failure:
        return EnvironmentPreview(environment, problems=tuple(failure.problems), exit_code=failure.exit_code), {}
    took = (ports.clock.now() - begun).total_seconds() / max(1, len(found.stacks))
    problems, code = (tuple(error.problems), error.exit_code) if error else ((), ExitCode.DONE)
    return EnvironmentPreview(environment, found, problems, code), {each.stack: took for each in found.stacks}


def _wanted(ports: Ports, texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What was typed. Raises UsageError."""
    project, units = load.project(ports), []
    for text in texts:
        name, _, stack = text.partition("/")
        load.known_environment(project, name)
        if not stack:
            raise UsageError(Problem("E026", f"--unit {text} names no stack", f"write it like {name}/network"))
        units.append(Unit(name, stack))
    return by_environment(units)
