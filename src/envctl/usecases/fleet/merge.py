"""Pure functions to merge the answers of several jobs for one environment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from envctl.domain.ci.run_documents import MatrixRun, PlannedEnvironment
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem
from envctl.domain.exit_codes import ExitCode, worst_exit_code
from envctl.domain.plan.changes import StackPlan
from envctl.usecases.drift.drift import suggest_fix
from envctl.usecases.drift.ledger_entries import DriftObservation
from envctl.usecases.drift.result import EnvironmentDrift, StackDrift, merge_conditions
from envctl.usecases.fleet.run_store import Answer, ShardAnswer
from envctl.usecases.inspect.preview import EnvironmentPreview, EnvironmentPreviews

T = TypeVar("T")


@dataclass(frozen=True)
class Plans(EnvironmentPreviews):
    """Plans of many environments, each with the problems of its unplanned stacks.

    `run` is empty outside a run. `environment`, `release` and `stacks` are always empty, for readers of a single plan.
    """

    run: str
    environments: tuple[EnvironmentPreview, ...]
    environment: str = ""
    release: str = ""
    stacks: tuple[StackPlan, ...] = ()


def describe_changed_deployment(environment: str) -> Problem:
    """Return the problem of a deployment or code changed since the run began."""
    message = f"since the run began, {environment} was deployed or the code changed"
    return Problem("E471", message, f"start a new run: {format_command('matrix')}")


def merge_drift(run: MatrixRun, parts: Mapping[int, ShardAnswer], planned: PlannedEnvironment) -> DriftObservation:
    """Merge the drift of an environment, with the last ledger entry at the beginning of each shard."""
    answers = [parts[number] for number, _ in _list_shards(run, planned.environment)]
    seqs = tuple(each.seq for each in answers if isinstance(each, Answer))
    return DriftObservation(_merge_answers(run, parts, planned), planned.deployment, seqs)


def merge_plans(run: MatrixRun, parts: Mapping[int, ShardAnswer], planned: PlannedEnvironment) -> EnvironmentPreview:
    name = planned.environment
    previews = [_extract_plan(planned, parts[number]) for number, _ in _list_shards(run, name)]
    problems = tuple(dict.fromkeys(problem for each in previews for problem in each.problems))
    plans = [each.plan for each in previews if each.plan]
    stacks = _sort_stacks(planned, {stack.stack: stack for plan in plans for stack in plan.stacks})
    known = {stack.stack for stack in stacks}
    unplanned = tuple(dict.fromkeys(each for plan in plans for each in plan.unplanned if each not in known))
    whole = replace(plans[0], stacks=stacks, cost=None, unplanned=unplanned) if plans else None
    return EnvironmentPreview(name, whole, problems, worst_exit_code(each.exit_code for each in previews))


def _list_shards(run: MatrixRun, environment: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the shards of an environment with their stacks; without stacks, the shard checks all of it."""
    for number, shard in enumerate(run.shards, 1):
        if environment in shard.units:
            yield number, shard.units[environment]


def _merge_answers(run: MatrixRun, parts: Mapping[int, ShardAnswer], planned: PlannedEnvironment) -> EnvironmentDrift:
    name = planned.environment
    findings = [_extract_drift(planned, parts[number], stacks) for number, stacks in _list_shards(run, name)]
    if not findings:
        return EnvironmentDrift(environment=name, release=planned.release, condition="empty")
    if len({(finding.deployment, finding.settings) for finding in findings if finding.deployment}) > 1:
        return EnvironmentDrift(
            environment=name,
            release=planned.release,
            condition="unknown",
            problems=(describe_changed_deployment(name),),
        )
    if whole := next((finding for finding in findings if finding.problems or not planned.stacks), None):
        return whole
    stacks = _sort_stacks(planned, {stack.stack: stack for finding in findings for stack in finding.stacks})
    seen = next((finding for finding in findings if finding.deployment), findings[0])
    found = replace(seen, condition=merge_conditions(stacks), stacks=stacks, whole=True)
    found = replace(found, locked=all(stack.locked for stack in stacks))
    return replace(found, next=suggest_fix(found))


def _extract_drift(planned: PlannedEnvironment, part: ShardAnswer, asked: Sequence[str]) -> EnvironmentDrift:
    """Return the drift found by one shard. `problems` of one stack stand with it, to keep findings of other shards."""
    name = planned.environment
    if isinstance(part, Problem):
        return _report_unknown(planned, asked, (part,))
    found = next((each for each in part.drift if each.environment == name), None)
    if found is None:
        return _report_unknown(planned, asked, (_describe_missing_answer(part, name),))
    if not _is_same_deployment(planned, part) or (found.deployment and found.release != planned.release):
        return _report_unknown(planned, (), (describe_changed_deployment(name),))
    seen = {stack.stack for stack in found.stacks}
    missing = [stack for stack in asked if stack not in seen]
    if not missing:
        return found
    unanswered = _report_unknown(planned, missing, found.problems or (_describe_missing_answer(part, name),))
    return replace(found, stacks=(*found.stacks, *unanswered.stacks), problems=())


def _is_same_deployment(planned: PlannedEnvironment, answer: Answer) -> bool:
    """Tell whether the answer is about the deployment at the beginning of the run."""
    seen = next((each for each in answer.seen if each.environment == planned.environment), None)
    return seen is not None and seen.has_same_state(planned)


def _report_unknown(planned: PlannedEnvironment, stacks: Sequence[str], why: tuple[Problem, ...]) -> EnvironmentDrift:
    """Report the stacks as unknown, with the reason at the first one only."""
    if not stacks:
        return EnvironmentDrift(
            environment=planned.environment, release=planned.release, condition="unknown", problems=why
        )
    drifts = tuple(
        StackDrift(stack=stack, condition="unknown", problems=() if number else why)
        for number, stack in enumerate(stacks)
    )
    return EnvironmentDrift(
        environment=planned.environment, release=planned.release, condition="unknown", stacks=drifts
    )


def _describe_missing_answer(answer: Answer, environment: str) -> Problem:
    message = f"shard {answer.shard} of run {answer.run} has no result for {environment}"
    return Problem("E470", message, f"run that job again, then: {format_command('collect', answer.run)}")


def _extract_plan(planned: PlannedEnvironment, part: ShardAnswer) -> EnvironmentPreview:
    name = planned.environment
    if isinstance(part, Problem):
        return EnvironmentPreview(name, problems=(part,), exit_code=ExitCode.FAILED)
    found = next((each for each in part.plans if each.environment == name), None)
    if found is not None and _is_same_deployment(planned, part):
        return found
    problem = describe_changed_deployment(name) if found else _describe_missing_answer(part, name)
    return EnvironmentPreview(name, problems=(problem,), exit_code=ExitCode.FAILED)


def _sort_stacks(planned: PlannedEnvironment, stacks: Mapping[str, T]) -> tuple[T, ...]:
    """Return the stacks in apply order."""
    named = [stacks[name] for name in planned.stacks if name in stacks]
    return tuple(named) or tuple(stacks.values())
