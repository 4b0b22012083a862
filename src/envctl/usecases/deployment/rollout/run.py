"""Shift the traffic of a stack to its other color in steps, and restore it on failure.

All changes are saved Terraform plans, so the state is always correct. The ledger records the start of each rollout and
of each step, and each traffic weight once it is applied. The way back does not wait for the ledger.
"""

from collections.abc import Generator
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import Action, Changeover, EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import PlanFingerprint, fingerprint_plan
from envctl.domain.rollout import traffic
from envctl.domain.rollout.step_coverage import find_uncovered_changes, find_unrelated_destroys
from envctl.domain.rollout.traffic import TrafficWeight
from envctl.domain.text.durations import format_duration
from envctl.domain.text.lists import join_first
from envctl.usecases.concurrency.dag_runner import Job, Task
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.progress import Attempt, InitializedRelease, RolloutProgress
from envctl.usecases.deployment.rollout import ledger_entries as entries
from envctl.usecases.deployment.rollout import monitor
from envctl.usecases.deployment.rollout.monitor import StoppedError
from envctl.usecases.deployment.rollout_model import RolledOut, StackRollout
from envctl.usecases.ports.terraform import WorkerPool

MAX_NAMED = 5


def run_rollout(attempt: Attempt, pool: WorkerPool, rollout: StackRollout) -> Task:
    """Run all steps of a rollout. Each step may only do a part of the approved plan to the end position."""
    approved, progress = attempt.plans[rollout.stack], RolloutProgress(rollout)
    if rollout.watched:
        # Do not start with an alarm ringing.
        yield lambda: _check_alarms_first(attempt, rollout)
    # Set before the entry: an interruption can come after the entry is stored.
    attempt.shifting[rollout.stack] = progress
    try:
        entries.record_start(attempt, rollout)
    except InterruptedByUserError:
        raise
    except EnvctlError:
        attempt.shifting.pop(rollout.stack, None)
        raise
    try:
        for step in rollout.steps:
            yield from _shift_traffic(attempt, pool, progress, step, approved)
        yield from _retire_old_color(attempt, progress, approved)
    except InterruptedByUserError:
        # No new jobs start after an interrupt: `restore_traffic` follows once all have ended.
        raise
    except EnvctlError as error:
        if rollout.stack in attempt.shifting:
            yield from _abort_rollout(attempt, progress, error)
        raise


def _check_alarms_first(attempt: Attempt, rollout: StackRollout) -> None:
    try:
        monitor.check_alarms(attempt.request.context.ports, _resolve_target(attempt, rollout), attempt.muted)
    except StoppedError as error:
        problem = error.problems[0]
        message = f"{rollout.stack} of {attempt.request.target} is unchanged: {problem.message}"
        error.problems = (replace(problem, message=message, hint=problem.hint or _retry_hint(attempt)),)
        raise


def _resolve_target(attempt: Attempt, rollout: StackRollout) -> monitor.WatchTarget:
    context, environment = attempt.request.context, attempt.prepared.environment
    stack = environment.find_stack(rollout.stack)
    return monitor.resolve_target(context, environment, stack, rollout.watched)


def _shift_traffic(
    attempt: Attempt, pool: WorkerPool, progress: RolloutProgress, step: TrafficWeight, approved: StackPlan
) -> Task:
    ports, rollout = attempt.request.context.ports, progress.rollout
    plan = yield from _plan_position(attempt, rollout.stack, step)
    if more := find_uncovered_changes(plan, approved):
        what = join_first([f"{each.action} {each.address}" for each in more], MAX_NAMED)
        raise _build_unapproved_error(f"the step to {step.percent} % would make changes not approved: {what}")
    entries.record_shift_start(attempt, progress, step)
    if plan.changes:
        yield lambda: attempt.apply_stack(rollout.stack)
    entries.record_shift(attempt, progress, step)
    targets = list[monitor.WatchTarget]()
    if rollout.watched:
        yield lambda: targets.append(_resolve_target(attempt, rollout))
    ports.observer.on_message(_describe_step(rollout, step, targets))
    if targets:
        yield lambda: monitor.watch_target(ports, pool, targets[0], rollout.wait, attempt.muted)
    elif rollout.wait:
        yield lambda: pool.pause(rollout.wait.total_seconds())


def _describe_step(rollout: StackRollout, step: TrafficWeight, targets: list[monitor.WatchTarget]) -> str:
    stays = traffic.FULL_PERCENT - step.percent
    rest = f", {stays} % stay with {rollout.live.color}" if stays else ""
    wait, watched = "", targets[0].description if targets else ""
    if watched:
        wait = f"; watching for {format_duration(rollout.wait)}: {watched}"
    elif targets or rollout.wait:
        wait = f"; waiting for {format_duration(rollout.wait)}"
    return f"{rollout.stack}: {step.percent} % to {step.color}{rest}{wait}"


def _retire_old_color(attempt: Attempt, progress: RolloutProgress, approved: StackPlan) -> Task:
    """Record the rollout as complete, and destroy the old color.

    All traffic is on the watched new color, so a failure here aborts no rollout; the next deployment fixes it.
    """
    rollout = progress.rollout
    plan = yield from _plan_position(attempt, rollout.stack, rollout.end)
    if more := find_unapproved_changes(_fingerprint_changes(attempt, plan), _fingerprint_changes(attempt, approved)):
        what = join_first([change.description for change in more], MAX_NAMED)
        raise _build_unapproved_error(f"retiring {rollout.live.color} would make changes not approved: {what}")
    entries.record_at_rest(attempt, rollout.stack, rollout.end)
    attempt.rolled_out.append(RolledOut(rollout.stack, rollout.live.color, rollout.end.color, tuple(progress.shares)))
    del attempt.shifting[rollout.stack]
    if plan.changes:
        attempt.request.context.ports.observer.on_message(f"{rollout.stack}: retiring {rollout.live.color}")
        yield lambda: attempt.apply_stack(rollout.stack)


def _abort_rollout(attempt: Attempt, progress: RolloutProgress, error: EnvctlError) -> Task:
    """Restore the traffic, then record the failure. On an error, `restore_traffic` retries and reports it later."""
    try:
        yield from _restore_stack(attempt, progress)
    except EnvctlError as failed:
        message = f"{progress.rollout.stack}: the requests could not be sent back: {failed.problems[0].message}"
        attempt.request.context.ports.observer.on_message(message)
        if isinstance(failed, InterruptedByUserError):
            failed.problems = (*error.problems, *failed.problems)
            entries.record_verification_failure(attempt, error)
            raise
    else:
        error.problems = _explain_abort(attempt, progress, error)
    entries.record_verification_failure(attempt, error)


def restore_traffic(attempt: Attempt) -> tuple[Problem, ...]:
    """Restore the traffic of all rollouts in progress after all jobs have ended. Return a problem for each."""
    problems: list[Problem] = []
    for progress in tuple(attempt.shifting.values()):
        try:
            for job in _restore_stack(attempt, progress):
                job()
        except (EnvctlError, KeyboardInterrupt) as error:
            why = error.problems if isinstance(error, EnvctlError) else ()
            problems = [_describe_unrestored(attempt, progress), *problems, *why]
        else:
            problems.append(Problem("E333", _format_stop(attempt, progress), _retry_hint(attempt)))
    return tuple(problems)


def _restore_stack(attempt: Attempt, progress: RolloutProgress) -> Task:
    rollout = progress.rollout
    rest = traffic.to_resting_weight(rollout.live)
    message = f"{rollout.stack}: sending all requests back to {rollout.live.color}"
    attempt.request.context.ports.observer.on_message(message)
    plan = yield from _plan_position(attempt, rollout.stack, rest)
    if lost := find_unrelated_destroys(plan, attempt.plans[rollout.stack]):
        what = join_first([f"{each.action} {each.address}" for each in lost], MAX_NAMED)
        raise _build_unapproved_error(f"going back would make unrelated changes: {what}")
    if plan.changes:
        yield lambda: attempt.apply_stack(rollout.stack)
    progress.is_restored = True
    entries.record_at_rest(attempt, rollout.stack, rest)
    del attempt.shifting[rollout.stack]


def record_applied_traffic(attempt: Attempt, stack: str) -> None:
    """Record the traffic of a stack applied without steps."""
    prepared, known = attempt.prepared, attempt.planned.traffic.get(stack)
    value = prepare.resolve_artifact(prepared.request.context.project, prepared.release, prepared.settings, stack)
    end = traffic.find_final_weight(known.live if known else None, value)
    if known != traffic.Traffic(traffic.Live(end.color, end.value)):
        entries.record_at_rest(attempt, stack, end)


def _plan_position(attempt: Attempt, stack: str, position: TrafficWeight) -> Generator[Job, None, StackPlan]:
    write_traffic_weight(attempt.prepared, stack, position, attempt.changeover)
    terraform, found = attempt.request.context.ports.terraform, list[StackPlan]()
    prepared_stack = attempt.prepared.environment.find_stack(stack)
    yield lambda: found.append(terraform.plan(attempt.request.target, prepared_stack))
    return found[0]


def write_traffic_weight(
    prepared: InitializedRelease, stack: str, position: TrafficWeight, changeover: Changeover
) -> None:
    """Write the root module of a stack again, with its traffic at `position`."""
    context, release, settings = prepared.request.context, prepared.release, prepared.settings
    root = prepare.render_stack(context.project, release, settings, stack, position, changeover=changeover)
    prepare.rewrite_root_module(context.ports, prepared.request.target, root)


def _explain_abort(attempt: Attempt, progress: RolloutProgress, error: EnvctlError) -> tuple[Problem, ...]:
    """Return the problems with the step, the restored traffic and the next command added."""
    first, *rest = error.problems
    if isinstance(error, StoppedError):
        message = _format_stop(attempt, progress, f"{first.message}; ")
        return (replace(first, message=message, hint=first.hint or _retry_hint(attempt)), *rest)
    return (*error.problems, Problem("E333", _format_stop(attempt, progress, "a step failed; "), _retry_hint(attempt)))


def _format_stop(attempt: Attempt, progress: RolloutProgress, why: str = "") -> str:
    rollout = progress.rollout
    stopped = f"the rollout of {rollout.stack} in {attempt.request.target} was stopped at {progress.percent} %"
    return f"{stopped}: {why}all requests go to {rollout.live.color} again"


def _describe_unrestored(attempt: Attempt, progress: RolloutProgress) -> Problem:
    target, live = attempt.request.target, progress.rollout.live
    if progress.is_restored:
        message = (
            f"the requests of {progress.rollout.stack} in {target} went back to {live.color}, but this is not recorded"
        )
        return Problem("E336", message, format_command("recover", target))
    message = (
        f"THE REQUESTS OF {progress.rollout.stack} in {target} COULD NOT BE SENT BACK to {live.color}:"
        f" up to {progress.highest_percent} % of them may still go to {traffic.other_color(live.color)}"
    )
    return Problem("E336", message, format_command("recover", target))


def _retry_hint(attempt: Attempt) -> str:
    return f"fix the cause, then: {attempt.guard_request.command}"


def _build_unapproved_error(message: str) -> OperationFailedError:
    hint = "something else changed meanwhile: plan again, and have the new plan approved"
    return OperationFailedError(Problem("E335", message, hint))


def _fingerprint_changes(attempt: Attempt, plan: StackPlan) -> PlanFingerprint:
    """Return the fingerprint without data sources read during the apply, as these are no changes."""
    changed = tuple(each for each in plan.resources if each.action is not Action.READ)
    whole = EnvironmentPlan(
        environment=attempt.request.target,
        release=attempt.guard_request.identity,
        stacks=(replace(plan, resources=changed),),
    )
    return fingerprint_plan(whole)
