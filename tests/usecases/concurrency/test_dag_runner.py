"""Stacks side by side: each after what it needs, and none for another's failure."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.graph import transitive_closure
from envctl.usecases.concurrency.dag_runner import Task, run_tasks

NAMES = [f"s{number}" for number in range(7)]


@dataclass
class AnyOrder:
    """Has all that was begun at work at once, and ends whichever `picks` says."""

    picks: Callable[[int], int] = lambda _: 0
    at_work: dict[str, Callable[[], None]] = field(default_factory=dict)
    at_most: int = 0
    stop_requested: bool = False

    def pause(self, seconds: float) -> None: ...

    def submit(self, name: str, job: Callable[[], None], unit: str = "") -> None:
        assert name not in self.at_work
        self.at_work[name] = job
        self.at_most = max(self.at_most, len(self.at_work))

    def has_ended_job(self) -> bool:
        return False

    def wait_for_job(self) -> tuple[str, BaseException | None]:
        assert self.at_work, "nothing is at work, and somebody waits"
        name = list(self.at_work)[self.picks(len(self.at_work))]
        job = self.at_work.pop(name)
        try:
            job()
        except Exception as error:  # noqa: BLE001 (handed on, as a crew does)
            return name, error
        return name, None

    @contextmanager
    def interruptible_prompt(self) -> Iterator[None]:
        yield


@dataclass
class Doing:
    """Two jobs for each name. `fails` says how those fail that do."""

    fails: dict[str, BaseException] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def steps(self, name: str) -> Task:
        self.begun.append(name)
        yield lambda: None
        yield lambda: self._second(name)
        self.ended.append(name)

    def _second(self, name: str) -> None:
        if name in self.fails:
            raise self.fails[name]


def failure(name: str) -> OperationFailedError:
    return OperationFailedError(Problem("E305", f"{name} said no"))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(sorted(draw(st.sets(st.sampled_from(NAMES[:at]))) if at else ())) for at, name in enumerate(NAMES)
    }


@given(graphs(), st.sets(st.sampled_from(NAMES)), st.data())
def test_tasks_run_after_needs_except_behind_failures(
    needs: dict[str, tuple[str, ...]], failing: set[str], data: st.DataObject
) -> None:
    doing = Doing({name: failure(name) for name in failing})
    crew = AnyOrder(lambda count: data.draw(st.integers(0, count - 1)))
    course = run_tasks(crew, needs, doing.steps)
    kept_back = {name for name in NAMES if transitive_closure(needs, needs[name]) & failing}
    assert (set(course.skipped), set(course.failed)) == (kept_back, failing - kept_back)
    assert set(course.done) == set(NAMES) - failing - kept_back
    assert sorted(doing.begun) == sorted({*course.done, *course.failed})
    assert all(doing.ended.index(need) < doing.ended.index(name) for name in course.done for need in needs[name])
    assert all(set(because) <= set(course.failed) and because for because in course.skipped.values())


def test_independent_tasks_run_concurrently() -> None:
    crew = AnyOrder()
    run_tasks(crew, {"a": (), "b": (), "c": ("a", "b")}, Doing().steps)
    assert crew.at_most == 2


@pytest.mark.parametrize(
    "stop",
    [InterruptedByUserError(Problem("E311", "interrupted")), ZeroDivisionError()],
    ids=["Ctrl-C begins nothing more", "a bug begins nothing more"],
)
def test_running_tasks_end_and_no_more_are_started(stop: BaseException) -> None:
    doing = Doing({"a": stop})
    # Of a and b, which run at the same time, a ends while b is in its first job.
    turns = iter([0, 1, 0])
    course = run_tasks(AnyOrder(lambda _: next(turns)), {"a": (), "b": (), "c": ("b",)}, doing.steps)
    assert course.stopped_by is stop
    assert course.skipped == {"a": (), "b": (), "c": ()}
    assert doing.ended == []
    with pytest.raises(type(stop)):
        course.raise_failure()


def test_task_ending_its_last_job_is_done() -> None:
    doing = Doing({"a": InterruptedByUserError(Problem("E311", "interrupted"))})
    # b is two jobs ahead of a.
    turns = iter([1, 1, 0, 0])
    course = run_tasks(AnyOrder(lambda _: next(turns, 0)), {"a": (), "b": ()}, doing.steps)
    assert (course.done, set(course.skipped)) == (("b",), {"a"})


def test_task_may_handle_the_failure_of_its_job() -> None:
    told: list[str] = []

    def steps(name: str) -> Task:
        try:
            yield lambda: _raise(failure(name))
        except EnvctlError as error:
            told.append(error.problems[0].message)

    course = run_tasks(AnyOrder(), {"a": ()}, steps)
    assert (course.done, told) == (("a",), ["a said no"])


def test_task_may_fail_between_jobs() -> None:
    def steps(name: str) -> Task:
        yield lambda: None
        if name == "a":
            raise failure(name)

    course = run_tasks(AnyOrder(), {"a": (), "b": ("a",), "c": ()}, steps)
    assert (course.done, set(course.failed), course.skipped) == (("c",), {"a"}, {"b": ("a",)})


def _raise(error: BaseException) -> None:
    raise error
