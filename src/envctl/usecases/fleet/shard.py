"""`envctl drift|plan --run RUN --shard N`: one job's part of a run. It saves an answer for `envctl collect`, and leaves
the ledger alone: jobs would only wait for each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from envctl.domain.ci.run_documents import MatrixRun, PlannedEnvironment, RunKind
from envctl.domain.ci.shard_planner import Unit, group_by_environment
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem, UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.drift import drift
from envctl.usecases.drift.result import Drift, EnvironmentDrift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.matrix import snapshot_environment
from envctl.usecases.fleet.merge import Plans, describe_changed_deployment
from envctl.usecases.inspect import plan
from envctl.usecases.inspect.preview import EnvironmentPreview
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import require_environment

ASKS = RECORDS_ONLY


def check_unit_drift(ports: Ports, units: Sequence[str]) -> Drift:
    """Check the drift of units like `dev/network`, without a ledger entry: other stacks may have drifted."""
    wanted = _parse_units(ports, units)
    return drift.find_unit_drift(ports, {name: frozenset(stacks) for name, stacks in wanted.items()})


def plan_units(ports: Ports, units: Sequence[str]) -> Plans:
    return Plans("", tuple(_plan_timed(ports, name, stacks)[0] for name, stacks in _parse_units(ports, units).items()))


def check_shard_drift(ports: Ports, run: str, number: int) -> Drift:
    task = _ShardTask.load_task(ports, run, number, "drift")
    units = {name: frozenset(stacks) for name, stacks in task.units.items()}
    began = ports.clock.now()
    checked = drift.find_unit_drift(ports, units).environments if units else ()
    seconds = (ports.clock.now() - began).total_seconds()
    found = (
        *checked,
        *(
            EnvironmentDrift(environment=name, release="", condition="unknown", problems=(why,))
            for name, why in task.changed.items()
        ),
    )
    task.save_answer(drift=found, durations=_share_duration(checked, seconds))
    return Drift(found)


def plan_shard(ports: Ports, run: str, number: int) -> Plans:
    task = _ShardTask.load_task(ports, run, number, "plan")
    plans_by_environment = {name: _plan_timed(ports, name, stacks) for name, stacks in task.units.items()}
    failed = (
        EnvironmentPreview(name, problems=(why,), exit_code=ExitCode.FAILED) for name, why in task.changed.items()
    )
    plans = (*(each for each, _ in plans_by_environment.values()), *failed)
    task.save_answer(plans=plans, durations={name: took for name, (_, took) in plans_by_environment.items()})
    return Plans(run, plans)


@dataclass(frozen=True, kw_only=True)
class _ShardTask:
    """The work of a shard, with the present deployments of its environments."""

    ports: Ports
    run: MatrixRun
    number: int
    present: LedgerState
    snapshots: Mapping[str, PlannedEnvironment]
    units: Mapping[str, tuple[str, ...]]  # the stacks to check: those of environments unchanged since the run began
    changed: Mapping[str, Problem]  # for the other environments

    @classmethod
    def load_task(cls, ports: Ports, name: str, number: int, kind: RunKind) -> Self:
        run = run_store.load_run(ports, name, kind)
        if not 0 < number <= len(run.shards):
            message = f"run {name} has no shard {number}: it has {len(run.shards)} shards"
            raise UsageError(Problem("E027", message, format_command(kind, help=True)))
        shard, project, present = run.shards[number - 1], project_file.load_project(ports), journal.load(ports)
        named = [require_environment(project, each) for each in shard.units]
        seen = {each: snapshot_environment(Context(ports, project), present, kind, each) for each in named}
        began = {each.environment: each for each in run.environments}
        same = {each for each, snapshot in seen.items() if began[each].has_same_state(snapshot)}
        units = {each: stacks for each, stacks in shard.units.items() if each in same}
        changed = {each: describe_changed_deployment(each) for each in shard.units if each not in same}
        return cls(ports=ports, run=run, number=number, present=present, snapshots=seen, units=units, changed=changed)

    def save_answer(
        self,
        *,
        drift: tuple[EnvironmentDrift, ...] = (),
        plans: tuple[EnvironmentPreview, ...] = (),
        durations: Mapping[str, Mapping[str, float]],
    ) -> None:
        now, actor, seen = self.ports.clock.now(), self.ports.identity.identify_actor(), tuple(self.snapshots.values())
        answer = run_store.Answer(
            run=self.run.id,
            shard=self.number,
            at=now,
            by=actor,
            seq=self.present.seq,
            seen=seen,
            drift=drift,
            plans=plans,
            durations=durations,
        )
        run_store.save_answer(self.ports, answer)


def _share_duration(checked: Sequence[EnvironmentDrift], seconds: float) -> dict[str, dict[str, float]]:
    """Share the seconds of the job among its stacks by their own durations: several ran at once."""
    total = sum(stack.seconds for each in checked for stack in each.stacks)
    share = seconds / total if total else 0.0
    return {each.environment: {s.stack: round(s.seconds * share, 3) for s in each.stacks} for each in checked}


def _plan_timed(
    ports: Ports, environment: str, stacks: Sequence[str]
) -> tuple[EnvironmentPreview, Mapping[str, float]]:
    """Plan the stacks, and return the seconds of each, taken as equal."""
    began = ports.clock.now()
    try:
        found, error = plan.plan_environment(ports, environment, StackSelection(tuple(stacks)))
    except InterruptedByUserError:
        raise
    except EnvctlError as failure:
        return EnvironmentPreview(environment, problems=tuple(failure.problems), exit_code=failure.exit_code), {}
    seconds = (ports.clock.now() - began).total_seconds() / max(1, len(found.stacks))
    problems, code = (tuple(error.problems), error.exit_code) if error else ((), ExitCode.DONE)
    return EnvironmentPreview(environment, found, problems, code), {each.stack: seconds for each in found.stacks}


def _parse_units(ports: Ports, texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Parse units like `dev/network` into stacks by environment. Raises UsageError."""
    project, units = project_file.load_project(ports), []
    for text in texts:
        name, _, stack = text.partition("/")
        require_environment(project, name)
        if not stack:
            raise UsageError(Problem("E026", f"--unit {text} is not a stack", f"write it as {name}/network"))
        units.append(Unit(name, stack))
    return group_by_environment(units)
