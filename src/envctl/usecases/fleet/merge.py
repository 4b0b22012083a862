"""What several jobs saw of one environment, as if one had. Nothing here reads or records anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from envctl.domain.ci.run_documents import Planned, Run
from envctl.domain.errors import ExitCode, Problem, worst
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.usecases.drift.drift import next_step
from envctl.usecases.drift.ledger_entries import Look
from envctl.usecases.drift.result import EnvironmentDrift, StackDrift, together
from envctl.usecases.fleet.run_store import Answer, Part
from envctl.usecases.inspect.preview import EnvironmentPreview, OfEach

T = TypeVar("T")


@dataclass(frozen=True)
class Plans(OfEach):
    """Of many environments, each as far as it could be planned, and what kept the rest from it. `run` is empty where
    they are of no run. `environment`, `release` and `stacks` are what the plan of one environment has there, and empty.
    """

    run: str
    environments: tuple[EnvironmentPreview, ...]
    environment: str = ""
    release: str = ""
    stacks: tuple[StackPlan, ...] = ()


def of_another(environment: str) -> Problem:
    """It is not what ran there when the run began, or not the code that lay there."""
    message = f"{environment} was deployed to, or the code is another one, since the run began"
    return Problem("E471", message, "begin a new run: envctl matrix")


def look_at(run: Run, parts: Mapping[int, Part], planned: Planned) -> Look:
    """What was found there, with how far the ledger had got when each of its shards began to look."""
    said = [parts[number] for number, _ in _asked(run, planned.environment)]
    seqs = tuple(each.seq for each in said if isinstance(each, Answer))
    return Look(_merged(run, parts, planned), planned.deployment, seqs)


def plan_of(run: Run, parts: Mapping[int, Part], planned: Planned) -> EnvironmentPreview:
    name = planned.environment
    told = [_plan_in(planned, parts[number]) for number, _ in _asked(run, name)]
    problems = tuple(dict.fromkeys(problem for each in told for problem in each.problems))
    plans = [each.plan for each in told if each.plan]
    stacks = _in_order(planned, {stack.stack: stack for plan in plans for stack in plan.stacks})
    whole = EnvironmentPlan(name, plans[0].release, stacks) if plans else None
    return EnvironmentPreview(name, whole, problems, worst(each.exit_code for each in told))


def _asked(run: Run, environment: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The shards that were to look at an environment, each with the stacks, or with none where it is the whole."""
    for number, shard in enumerate(run.shards, 1):
        if environment in shard.units:
            yield number, shard.units[environment]


def _merged(run: Run, parts: Mapping[int, Part], planned: Planned) -> EnvironmentDrift:
    name = planned.environment
    looks = [_look(planned, parts[number], stacks) for number, stacks in _asked(run, name)]
    if not looks:
        return EnvironmentDrift(name, planned.release, "empty")
    if len({(look.deployment, look.settings) for look in looks if look.deployment}) > 1:
        return EnvironmentDrift(name, planned.release, "unknown", problems=(of_another(name),))
    if whole := next((look for look in looks if look.problems or not planned.stacks), None):
        return whole
    stacks = _in_order(planned, {stack.stack: stack for look in looks for stack in look.stacks})
    seen = next((look for look in looks if look.deployment), looks[0])
    found = replace(seen, condition=together(stacks), stacks=stacks, whole=True)
    return replace(found, next=next_step(found))


def _look(planned: Planned, part: Part, asked: Sequence[str]) -> EnvironmentDrift:
    """What one shard saw. `problems` are there only where they are of the environment as a whole: what one job could
    not look at takes nothing from what the others have seen.
    """
    name = planned.environment
    if isinstance(part, Problem):
        return _unseen(planned, asked, (part,))
    found = next((each for each in part.drift if each.environment == name), None)
    if found is None:
        return _unseen(planned, asked, (_silent(part, name),))
    if not _fits(planned, part) or (found.deployment and found.release != planned.release):
        return _unseen(planned, (), (of_another(name),))
    seen = {stack.stack for stack in found.stacks}
    left = [stack for stack in asked if stack not in seen]
    if not left:
        return found
    unseen = _unseen(planned, left, found.problems or (_silent(part, name),))
    return replace(found, stacks=(*found.stacks, *unseen.stacks), problems=())


def _fits(planned: Planned, answer: Answer) -> bool:
    """Whether what it says is of what ran there when the run began. Where it is not, it has said so itself."""
    seen = next((each for each in answer.seen if each.environment == planned.environment), None)
    return seen is not None and seen.is_like(planned)


def _unseen(planned: Planned, stacks: Sequence[str], why: tuple[Problem, ...]) -> EnvironmentDrift:
    """Said once, at the first of them: a job has many."""
    if not stacks:
        return EnvironmentDrift(planned.environment, planned.release, "unknown", problems=why)
    told = tuple(StackDrift(stack, "unknown", problems=() if number else why) for number, stack in enumerate(stacks))
    return EnvironmentDrift(planned.environment, planned.release, "unknown", told)


def _silent(answer: Answer, environment: str) -> Problem:
    message = f"shard {answer.shard} of run {answer.run} said nothing of {environment}"
    return Problem("E470", message, f"run that job again, and then: envctl collect {answer.run}")


def _plan_in(planned: Planned, part: Part) -> EnvironmentPreview:
    name = planned.environment
    if isinstance(part, Problem):
        return EnvironmentPreview(name, problems=(part,), exit_code=ExitCode.FAILED)
    found = next((each for each in part.plans if each.environment == name), None)
    if found is None:
        return EnvironmentPreview(name, problems=(_silent(part, name),), exit_code=ExitCode.FAILED)
    if not _fits(planned, part):
        return EnvironmentPreview(name, problems=(of_another(name),), exit_code=ExitCode.FAILED)
    return found


def _in_order(planned: Planned, stacks: Mapping[str, T]) -> tuple[T, ...]:
    """In the order in which they are applied."""
    named = [stacks[name] for name in planned.stacks if name in stacks]
    return tuple(named) or tuple(stacks.values())
