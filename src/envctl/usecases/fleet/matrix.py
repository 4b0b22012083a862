"""`envctl matrix [drift|plan] [ENV …]`: the beginning of a matrix run, split into jobs.

It reads the ledger, one bundle for each running release, and the durations of the last run. A job needs only the name
of the run and its own number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.run_documents import MatrixRun, PlannedEnvironment, RunKind
from envctl.domain.ci.shard_planner import DEFAULT_JOBS, MAX_JOBS, Unit, plan_shards
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release import bundle as releases
from envctl.usecases.fleet import run_store
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.environment_selection import find_environments
from envctl.usecases.release import deploy_request, release_store

ASKS = RECORDS_ONLY

Format = Literal["github", "codebuild"]


@dataclass(frozen=True)
class Job:
    """A CI job. `shard` is its number, counted from 1, and `seconds` its estimated duration."""

    shard: int
    run: str
    environments: int
    stacks: int
    seconds: float


@dataclass(frozen=True)
class Matrix:
    run: str
    kind: RunKind
    format: Format
    jobs: tuple[Job, ...] = ()


def begin_matrix_run(
    ports: Ports,
    kind: RunKind = "drift",
    environments: Sequence[str] = (),
    *,
    at_most: int = DEFAULT_JOBS,
    form: Format = "github",
) -> Matrix:
    """Begin a run for the environments, by default for all in scope. No job checks an empty environment of it."""
    if not 0 < at_most <= MAX_JOBS:
        message = f"--jobs {at_most}: a matrix has between 1 and {MAX_JOBS} jobs"
        raise UsageError(Problem("E026", message, format_command("matrix", help=True)))
    if ports.results and form == "codebuild":
        message = "--results can't be combined with --format codebuild: the builds of a batch share no folder"
        raise UsageError(Problem("E026", message, "leave one of them out"))
    store = run_store.find_store(ports, kind)
    project = project_file.load_project(ports)
    wanted = find_environments(Context(ports, project), environments)
    present = journal.load(ports)
    if not environments:
        wanted = tuple(name for name in wanted if _is_in_scope(project, present, kind, name))
    reader = _SnapshotReader(ports, project, present, kind)
    planned = tuple(reader.read_environment(name) for name in wanted)
    units = [unit for each in planned for unit in _list_units(each, kind)]
    known = run_store.load_last_collected(ports, kind)
    shards = plan_shards(units, known.flatten_durations() if known else {}, at_most)
    now = ports.clock.now()
    name = documents.format_run_id(kind, now, ports.nonces.new())
    run = MatrixRun(name, kind, now, ports.identity.identify_actor(), planned, shards)
    store.create(documents.format_run_key(documents.BEGUN_FOLDER, name), documents.encode_document(run))
    jobs = tuple(
        Job(number, name, len(shard.units), shard.unit_count, shard.seconds) for number, shard in enumerate(shards, 1)
    )
    extent = f"stacks: {len(units)}, jobs: {len(jobs)}"
    longest = max((job.seconds for job in jobs), default=0)
    ports.observer.on_message(f"run {name} ({extent}, the longest about {longest:.0f} s)")
    return Matrix(name, kind, form, jobs)


def snapshot_environment(context: Context, present: LedgerState, kind: RunKind, environment: str) -> PlannedEnvironment:
    """Return the deployment to check, or the working tree to plan. Jobs compare theirs with that of the run's start."""
    here, view = present.find_environment(environment), context.project.view_for(environment)
    seen = Context(context.ports, view)
    deployment = here.last.seq if here.last else 0
    if kind == "plan" and environment == view.entry:
        tree = working_tree.build_release(seen)
        # Without the provider lock, since the very first plan may extend it, and without fetched modules.
        name = releases.compute_identity(releases.pack(replace(tree.with_lock(None), missing=())))
        over = deploy_request.find_changeover(seen, present, environment, tree.wiring)
        return PlannedEnvironment(environment, name, deployment, (*tree.wiring.stacks, *over.leaving))
    running, last = here.current or here.last, here.last
    # Resources should exist even after an incomplete deployment.
    is_empty = last is None or (last.action == "destroy" and last.outcome == "succeeded")
    return PlannedEnvironment(environment, running.release if running and not is_empty else "", deployment)


def _is_in_scope(project: Project, present: LedgerState, kind: RunKind, environment: str) -> bool:
    """Tell whether to include an environment: a plan needs a release, and drift skips empty standalone ones."""
    here = present.find_environment(environment)
    if kind == "plan":
        return environment == project.view_for(environment).entry or here.current is not None
    return environment not in project.standalone or here.last is not None


def _list_units(planned: PlannedEnvironment, kind: RunKind) -> Iterator[Unit]:
    """Return the stacks as units, or the whole environment if its stacks are unknown: its job reports the reason."""
    if planned.stacks:
        yield from (Unit(planned.environment, stack) for stack in planned.stacks)
    elif planned.release or kind == "plan":
        yield Unit(planned.environment)


class _SnapshotReader:
    """A reader of snapshots with their stacks. It reads the bundle of each release once."""

    def __init__(self, ports: Ports, project: Project, present: LedgerState, kind: RunKind) -> None:
        self._ports, self._project, self._present, self._kind = ports, project, present, kind
        self._stacks: dict[str, tuple[str, ...]] = {}

    def read_environment(self, name: str) -> PlannedEnvironment:
        here = self._present.find_environment(name)
        snapshot = snapshot_environment(Context(self._ports, self._project), self._present, self._kind, name)
        if snapshot.stacks or here.unfinished_deployment or here.current is None:
            return snapshot
        if snapshot.release not in self._stacks:
            _, found, _ = release_store.load_bundle(self._ports, snapshot.release)
            self._stacks[snapshot.release] = tuple(found.wiring.stacks) if found else ()
        stacks = self._stacks[snapshot.release]
        # The stacks are unknown if the bundle is missing or damaged.
        leaving = sorted(here.held_stacks.difference(stacks)) if stacks else ()
        return PlannedEnvironment(name, snapshot.release, snapshot.deployment, (*stacks, *leaving))
