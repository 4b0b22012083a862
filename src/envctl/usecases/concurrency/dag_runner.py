"""Concurrent work on stacks, all or selected ones: a failure stops only the stacks that need the failed one.

A task is a generator. Each job it yields runs in a thread of the pool. The code in between runs here, one task at a
time: guards, questions and ledger entries.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem, UsageError, combine_errors
from envctl.domain.graph import reverse_graph, transitive_closure
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack, WorkerPool


@dataclass(frozen=True)
class StackSelection:
    """Selected stacks; no names mean all. `upstream` adds all they need, `downstream` all that need them."""

    names: tuple[str, ...] = ()
    upstream: bool = False
    downstream: bool = False


ALL_STACKS = StackSelection()


def select_stacks(selection: StackSelection, needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the selected stacks in the order of `needs`. Raises UsageError for an unknown stack."""
    if not selection.names:
        return tuple(needs)
    problems, listed = [], f"the stacks are {', '.join(needs)}"
    for name in (name for name in selection.names if name not in needs):
        near = find_nearest(name, needs)
        hint = f"did you mean {near}? ({listed})" if near else listed
        problems.append(Problem("E029", f"unknown stack {name!r}", hint))
    if problems:
        raise UsageError(*problems)
    wanted = set(selection.names)
    if selection.upstream:
        wanted |= transitive_closure(needs, selection.names)
    if selection.downstream:
        wanted |= transitive_closure(reverse_graph(needs), selection.names)
    return tuple(name for name in needs if name in wanted)


T = TypeVar("T")
Job = Callable[[], None]
Task = Generator[Job, None, None]


@dataclass(frozen=True)
class RunReport:
    """The result of all tasks."""

    done: tuple[str, ...] = ()  # in the order of their ends
    failed: Mapping[str, EnvctlError] = field(default_factory=dict)  # in the order of their ends
    # not started or cancelled, each with the failed ones it needs
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stopped_by: BaseException | None = None  # the interruption or fault that ended the run
    stopped_late: bool = False  # whether the user stopped the command when no job was left to notice it

    def note_stop(self, pool: WorkerPool) -> "RunReport":
        """Return the report with a stop that came after the last job. Call it once the pool is closed: it has taken
        the signal, and no other code gets it.
        """
        return replace(self, stopped_late=pool.stop_requested and self.stopped_by is None)

    def raise_failure(self) -> None:
        """Raise the error that stopped the run, or else a late stop, or else all failures together."""
        self.raise_stop()
        if self.failed:
            raise combine_errors(tuple(self.failed.values()))

    def raise_stop(self) -> None:
        """Raise the error that stopped the run, or a late stop."""
        if self.stopped_by is not None:
            raise self.stopped_by
        if self.stopped_late:
            raise build_late_stop()


def build_late_stop() -> InterruptedByUserError:
    """Return the error for a stop that came after the last job."""
    return InterruptedByUserError(
        Problem("E311", "interrupted: envctl stopped after the last stack", "run the command again")
    )


@dataclass(kw_only=True)
class _RunState:
    pool: WorkerPool
    needs: Mapping[str, Collection[str]]
    start: Callable[[str], Task]
    unit: Callable[[str], str]
    running: dict[str, Task] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    failed: dict[str, EnvctlError] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    stopped: BaseException | None = None

    def list_ready(self) -> list[str]:
        done = set(self.done)
        begun = {*self.running, *done, *self.failed, *self.cancelled}
        return [name for name, needs in self.needs.items() if name not in begun and done.issuperset(needs)]

    def advance(self, name: str, error: BaseException | None = None) -> None:
        """Resume the task until its next job or its end."""
        task = self.running.setdefault(name, self.start(name))
        try:
            job = next(task) if error is None else task.throw(error)
        except StopIteration:
            self._finish_task(name, self.done)
        except (InterruptedByUserError, KeyboardInterrupt) as stop:
            self.stopped = self.stopped or stop
            self._finish_task(name, self.cancelled)
        except EnvctlError as failure:
            self.failed[name] = failure
            del self.running[name]
        except Exception as fault:  # noqa: BLE001 (it is raised again once all running jobs have ended)
            self.stopped = self.stopped or fault
            self._finish_task(name, self.cancelled)
        else:
            if self.stopped is None:
                self.pool.submit(name, job, self.unit(name))
            else:
                self._finish_task(name, self.cancelled)

    def _finish_task(self, name: str, group: list[str]) -> None:
        group.append(name)
        self.running.pop(name).close()

    def to_report(self) -> RunReport:
        begun = {*self.done, *self.failed, *self.cancelled}
        waiting = [name for name in self.needs if name not in begun]
        skipped = {name: tuple(sorted(transitive_closure(self.needs, [name]) & set(self.failed))) for name in waiting}
        return RunReport(tuple(self.done), self.failed, skipped | dict.fromkeys(self.cancelled, ()), self.stopped)


def run_tasks(
    pool: WorkerPool,
    needs: Mapping[str, Collection[str]],
    start: Callable[[str], Task],
    unit: Callable[[str], str] = str,
) -> RunReport:
    """Run one task for each name in `needs`, after the names it needs; return once no job runs.

    A failure skips the names depending on it; an interruption skips all names not started.
    """
    state = _RunState(pool=pool, needs=needs, start=start, unit=unit)
    while True:
        for name in state.list_ready() if state.stopped is None else ():
            state.advance(name)
        if not state.running:
            if state.stopped is not None or not state.list_ready():
                return state.to_report()
        else:
            state.advance(*pool.wait_for_job())


def run_stack_jobs(
    ports: Ports, environment: str, stacks: Iterable[PreparedStack], job: Callable[[PreparedStack], T]
) -> tuple[dict[str, T], RunReport]:
    """Run one job for each stack of an environment in a new worker pool, all of them independent. Return the results of
    the successful ones by stack, with the report.
    """
    by_name, results = {stack.name: stack for stack in stacks}, dict[str, T]()

    def start_task(name: str) -> Task:
        def save_result() -> None:
            results[name] = job(by_name[name])

        yield save_result

    with ports.terraform.open_worker_pool() as pool:
        report = run_tasks(pool, dict.fromkeys(by_name, ()), start_task, lambda name: f"{environment}/{name}")
    return results, report.note_stop(pool)
