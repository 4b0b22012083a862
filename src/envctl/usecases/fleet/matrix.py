"""`envctl matrix [drift|plan] [ENV …]`: begins a run, and says which jobs have to look at what.

It reads the ledger, one bundle for each release that runs anywhere, and how long things took the last time. No job
needs anything but the name of the run and its own number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.run_documents import Kind, Planned, Run
from envctl.domain.ci.shard_planner import JOBS, MOST_JOBS, Shard, Unit, sharded
from envctl.domain.config.project import Project
from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.state import EnvironmentPresent, Present
from envctl.domain.release import bundle as releases
from envctl.usecases.fleet import run_store
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load, working_tree
from envctl.usecases.release import bundle_store, stack_changes

Format = Literal["github", "codebuild"]


@dataclass(frozen=True)
class Job:
    """`shard` is its number, from 1 on; `seconds` is how long it is thought to take once it has begun."""

    shard: int
    run: str
    environments: int
    stacks: int
    seconds: float


@dataclass(frozen=True)
class Matrix:
    run: str
    kind: Kind
    format: Format
    jobs: tuple[Job, ...] = ()


def matrix(
    ports: Ports,
    kind: Kind = "drift",
    environments: Sequence[str] = (),
    *,
    at_most: int = JOBS,
    form: Format = "github",
) -> Matrix:
    """Of those environments, or of all in which something runs. Those in which nothing does are told of all the same,
    and no job looks at them.
    """
    if not 0 < at_most <= MOST_JOBS:
        message = f"--jobs {at_most}: a matrix has between 1 and {MOST_JOBS} jobs"
        raise UsageError(Problem("E026", message, "envctl matrix --help"))
    project = load.project(ports)
    wanted = load.find_environments(ports, project, environments)
    present = journal.present(ports)
    if not environments:
        wanted = tuple(name for name in wanted if _is_about(project, present, kind, name))
    planned = _Planning(ports, project, present, kind).planned(wanted)
    units = [unit for each in planned for unit in _units(each, kind)]
    known = run_store.collected(ports, kind)
    shards = sharded(units, known.measured() if known else {}, at_most)
    now = ports.clock.now()
    name = documents.new_id(kind, now, ports.marks.fresh())
    run_store.begin(ports, Run(name, kind, now, ports.identity.actor(), planned, shards))
    jobs = tuple(_job(name, number, shard) for number, shard in enumerate(shards, 1))
    longest = max((job.seconds for job in jobs), default=0)
    ports.observer.said(f"run {name} (stacks: {len(units)}, jobs: {len(jobs)}, the longest about {longest:.0f} s)")
    return Matrix(name, kind, form, jobs)


def as_seen(ports: Ports, project: Project, present: Present, kind: Kind, environment: str) -> Planned:
    """What runs in an environment, or, of a plan of the working tree, what would be planned there. Whoever sees
    something else than the one who began the run does not look at the same.
    """
    here, seen = present.of(environment), project.seen_from(environment)
    deployment = here.last.seq if here.last else 0
    if kind == "plan" and environment == seen.entry:
        tree = working_tree.release(ports, seen)
        # Without the lock of the providers, to which the first plan of all may add, and with no module fetched.
        name = releases.identity(releases.pack(replace(tree.with_lock(None), missing=())))
        over = stack_changes.find_changeover(ports, seen, present, environment, tree.wiring)
        return Planned(environment, name, deployment, (*tree.wiring.stacks, *over.leaving))
    running = here.current or here.last
    return Planned(environment, running.release if running and _is_there(here) else "", deployment)


def _is_about(project: Project, present: Present, kind: Kind, environment: str) -> bool:
    """Beside the pipeline, what was never deployed is not missed; and nothing can be planned where nothing runs."""
    here = present.of(environment)
    if kind == "plan":
        return environment == project.seen_from(environment).entry or here.current is not None
    return environment not in project.beside or here.last is not None


def _is_there(here: EnvironmentPresent) -> bool:
    """Whether anything should be there, be it that nobody knows what."""
    last = here.last
    return last is not None and not (last.action == "destroy" and last.outcome == "succeeded")


def _units(planned: Planned, kind: Kind) -> Iterator[Unit]:
    """Where nobody can say which stacks there are, whoever looks at the environment says why."""
    if planned.stacks:
        yield from (Unit(planned.environment, stack) for stack in planned.stacks)
    elif planned.release or kind == "plan":
        yield Unit(planned.environment)


class _Planning:
    """Reads the bundle of each release once, however many environments run it."""

    def __init__(self, ports: Ports, project: Project, present: Present, kind: Kind) -> None:
        self._ports, self._project, self._present, self._kind = ports, project, present, kind
        self._stacks: dict[str, tuple[str, ...]] = {}

    def planned(self, environments: Sequence[str]) -> tuple[Planned, ...]:
        return tuple(self._one(name) for name in environments)

    def _one(self, name: str) -> Planned:
        here = self._present.of(name)
        seen = as_seen(self._ports, self._project, self._present, self._kind, name)
        if seen.stacks or here.unfinished or here.current is None:
            return seen
        stacks = self._in(seen.release)
        # Where the bundle can't be read, nobody can say which stacks there are.
        left = sorted(here.held.difference(stacks)) if stacks else ()
        return Planned(name, seen.release, seen.deployment, (*stacks, *left))

    def _in(self, release: str) -> tuple[str, ...]:
        """None where the bundle is missing or damaged."""
        if release not in self._stacks:
            _, found, _ = bundle_store.look(self._ports, release)
            self._stacks[release] = tuple(found.wiring.stacks) if found else ()
        return self._stacks[release]


def _job(run: str, number: int, shard: Shard) -> Job:
    return Job(number, run, len(shard.units), shard.count, shard.seconds)
