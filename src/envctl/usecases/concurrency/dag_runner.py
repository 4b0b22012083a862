"""Working on the stacks of an environment side by side: each after all that it needs, and none for another's failure.

What is done to one stack is a generator. What it yields is done in a thread of its own, while the others go on; all
between is done here, one thing at a time: guards, questions, and whatever is recorded.
"""

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field

from envctl.domain.errors import EnvctlError, InterruptedByUserError, together
from envctl.domain.graph import reached
from envctl.usecases.ports.terraform import Crew

Job = Callable[[], None]
Steps = Generator[Job, None, None]


@dataclass(frozen=True)
class Course:
    """How it went. `done` and `failed` are in the order in which they ended; `left` are those that were not begun, with
    the failed ones that they need.
    """

    done: tuple[str, ...] = ()
    failed: Mapping[str, EnvctlError] = field(default_factory=dict)
    left: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stopped: BaseException | None = None

    def demand_whole(self) -> None:
        """Raises what stopped it, or else what went wrong with any."""
        if self.stopped is not None:
            raise self.stopped
        if self.failed:
            raise together(tuple(self.failed.values()))


@dataclass
class _Going:
    crew: Crew
    needs: Mapping[str, Collection[str]]
    steps: Callable[[str], Steps]
    unit: Callable[[str], str]
    at_work: dict[str, Steps] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    failed: dict[str, EnvctlError] = field(default_factory=dict)
    halted: list[str] = field(default_factory=list)
    stopped: BaseException | None = None

    def ready(self) -> list[str]:
        begun = {*self.at_work, *self.done, *self.failed, *self.halted}
        return [name for name, needs in self.needs.items() if name not in begun and set(needs) <= set(self.done)]

    def advance(self, name: str, error: BaseException | None = None) -> None:
        """To the next thing that is done in a thread, or to the end."""
        steps = self.at_work.setdefault(name, self.steps(name))
        try:
            job = next(steps) if error is None else steps.throw(error)
        except StopIteration:
            self._ended(name, self.done)
        except (InterruptedByUserError, KeyboardInterrupt) as stop:
            self.stop(stop)
            self._ended(name, self.halted)
        except EnvctlError as failure:
            self.failed[name] = failure
            del self.at_work[name]
        except Exception as fault:  # noqa: BLE001 (it is raised again once all that runs has ended)
            self.stop(fault)
            self._ended(name, self.halted)
        else:
            self._begin(name, job)

    def stop(self, why: BaseException) -> None:
        self.stopped = self.stopped or why

    def _begin(self, name: str, job: Job) -> None:
        if self.stopped is None:
            self.crew.begin(name, job, self.unit(name))
        else:
            self._ended(name, self.halted)

    def _ended(self, name: str, where: list[str]) -> None:
        where.append(name)
        self.at_work.pop(name).close()

    def course(self) -> Course:
        begun = {*self.done, *self.failed, *self.halted}
        left = {
            name: tuple(sorted(reached(self.needs, [name]) & set(self.failed)))
            for name in self.needs
            if name not in begun
        }
        return Course(tuple(self.done), self.failed, left | dict.fromkeys(self.halted, ()), self.stopped)


def side_by_side(
    crew: Crew, needs: Mapping[str, Collection[str]], steps: Callable[[str], Steps], unit: Callable[[str], str] = str
) -> Course:
    """`needs` names all that is to be worked on, and what of it has to be done before each. It ends when nothing runs
    any more: a failure keeps back what needs the failed one, and a stop whatever was not begun.
    """
    going = _Going(crew, needs, steps, unit)
    while True:
        for name in going.ready() if going.stopped is None else ():
            going.advance(name)
        if not going.at_work:
            if going.stopped is not None or not going.ready():
                return going.course()
        else:
            going.advance(*crew.ended())
