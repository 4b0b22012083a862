"""Shift the traffic of a stack to its other color in steps, and restore it on failure.

All changes are saved Terraform plans, so the state is always correct. The ledger records the start of each rollout, and
each traffic weight once it is applied.
"""

from collections.abc import Generator
from dataclasses import replace

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.plan.changes import Action, EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import PlanFingerprint, find_unapproved_changes, fingerprint_plan
from envctl.domain.rollout import traffic
from envctl.domain.rollout.step_coverage import find_uncovered_changes, find_unrelated_destroys
from envctl.domain.rollout.traffic import TrafficWeight
from envctl.domain.text.durations import format_duration
from envctl.domain.text.lists import join_first
from envctl.usecases.concurrency.dag_runner import Job, Task
from envctl.usecases.deployment.rollout import ledger_entries as entries
from envctl.usecases.deployment.rollout import monitor
from envctl.usecases.deployment.rollout.monitor import StoppedError
from envctl.usecases.deployment.run import Run, require
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.deployment.traffic.rollout_model import RolledOut, StackRollout
from envctl.usecases.ports.terraform import WorkerPool

MAX_NAMED = 5


def run_rollout(run: Run, pool: WorkerPool, rolling: StackRollout) -> Task:
    """Run all steps of a rollout. Each step may only do a part of the approved plan to the end position."""
    approved = run.plans[rolling.stack]
    if rolling.watched:
        # Do not start with an alarm ringing.
        yield lambda: _check_alarms_first(run, rolling)
    entries.record_start(run, rolling)
    run.shifting[rolling.stack] = rolling
    try:
        for step in rolling.steps:
            yield from _shift_traffic(run, pool, rolling, step, approved)
        yield from _retire_old_color(run, rolling, approved)
    except InterruptedByUserError:
        # No new jobs start after an interrupt: `restore_traffic` follows once all have ended.
        raise
    except EnvctlError as error:
        if rolling.stack in run.shifting:
            yield from _abort_rollout(run, rolling, error)
        raise


def _check_alarms_first(run: Run, rolling: StackRollout) -> None:
    try:
        monitor.check_alarms(run.ports, _resolve_target(run, rolling), run.mute)
    except StoppedError as error:
        problem = error.problems[0]
        message = f"{rolling.stack} of {run.target} is as it was: {problem.message}"
        error.problems = (replace(problem, message=message, hint=problem.hint or _retry_hint(run)),)
        raise


def _resolve_target(run: Run, rolling: StackRollout) -> monitor.WatchTarget:
    stack = run.find_stack(rolling.stack)
    return monitor.resolve_target(run.ports, run.project, require(run.prepared), stack, rolling.watched)


def _shift_traffic(run: Run, pool: WorkerPool, rolling: StackRollout, step: TrafficWeight, approved: StackPlan) -> Task:
    plan = yield from _plan_position(run, rolling.stack, step)
    if more := find_uncovered_changes(plan, approved):
        what = join_first([f"{each.action} {each.address}" for each in more], MAX_NAMED)
        raise _build_unapproved_error(f"the step to {step.percent} % would do what was not approved: {what}")
    if plan.changes:
        yield lambda: run.ports.terraform.apply(run.target, run.find_stack(rolling.stack))
    entries.record_shift(run, rolling, step)
    targets = list[monitor.WatchTarget]()
    if rolling.watched:
        yield lambda: targets.append(_resolve_target(run, rolling))
    _report_step(run, rolling, step, targets)
    if targets:
        yield lambda: monitor.watch_target(run.ports, pool, targets[0], rolling.wait, run.mute)
    elif rolling.wait:
        yield lambda: pool.pause(rolling.wait.total_seconds())


def _report_step(run: Run, rolling: StackRollout, step: TrafficWeight, targets: list[monitor.WatchTarget]) -> None:
    stays = traffic.FULL_PERCENT - step.percent
    rest = f", {stays} % stay with {rolling.live.color}" if stays else ""
    wait, watched = "", targets[0].description if targets else ""
    if watched:
        wait = f"; watching for {format_duration(rolling.wait)}: {watched}"
    elif targets or rolling.wait:
        wait = f"; waiting for {format_duration(rolling.wait)}"
    run.ports.observer.on_message(f"{rolling.stack}: {step.percent} % to {step.color}{rest}{wait}")


def _retire_old_color(run: Run, rolling: StackRollout, approved: StackPlan) -> Task:
    """Record the rollout as complete, and destroy the old color.

    All traffic is on the watched new color, so a failure here aborts no rollout; the next deployment fixes it.
    """
    plan = yield from _plan_position(run, rolling.stack, rolling.end)
    if more := find_unapproved_changes(_fingerprint_changes(run, plan), _fingerprint_changes(run, approved)):
        what = join_first([change.description for change in more], MAX_NAMED)
        raise _build_unapproved_error(f"giving {rolling.live.color} up would do what was not approved: {what}")
    entries.record_at_rest(run, rolling.stack, rolling.end)
    rolled = RolledOut(rolling.stack, rolling.live.color, rolling.end.color, tuple(run.shares.pop(rolling.stack, ())))
    run.rolled_out.append(rolled)
    del run.shifting[rolling.stack]
    if plan.changes:
        run.ports.observer.on_message(f"{rolling.stack}: {rolling.live.color} is given up")
        yield lambda: run.ports.terraform.apply(run.target, run.find_stack(rolling.stack))


def _abort_rollout(run: Run, rolling: StackRollout, error: EnvctlError) -> Task:
    """Restore the traffic, then record the failure. On an error, `restore_traffic` retries and reports it later."""
    try:
        yield from _restore_stack(run, rolling)
    except EnvctlError as failed:
        run.ports.observer.on_message(f"{rolling.stack}: they could not go back: {failed.problems[0].message}")
        if isinstance(failed, InterruptedByUserError):
            failed.problems = (*error.problems, *failed.problems)
            entries.record_verification_failure(run, error)
            raise
    else:
        error.problems = _explain_abort(run, rolling, error)
    entries.record_verification_failure(run, error)


def restore_traffic(run: Run) -> tuple[Problem, ...]:
    """Restore the traffic of all rollouts in progress after all jobs have ended. Return a problem for each."""
    problems: list[Problem] = []
    for rolling in tuple(run.shifting.values()):
        try:
            for job in _restore_stack(run, rolling):
                job()
        except (EnvctlError, KeyboardInterrupt) as error:
            why = error.problems if isinstance(error, EnvctlError) else ()
            problems = [_describe_unrestored(run, rolling), *problems, *why]
        else:
            problems.append(Problem("E333", _format_stop(run, rolling), _retry_hint(run)))
    return tuple(problems)


def _restore_stack(run: Run, rolling: StackRollout) -> Task:
    run.ports.observer.on_message(f"{rolling.stack}: all requests go back to {rolling.live.color}")
    plan = yield from _plan_position(run, rolling.stack, traffic.to_resting_weight(rolling.live))
    if lost := find_unrelated_destroys(plan, run.plans[rolling.stack]):
        what = join_first([f"{each.action} {each.address}" for each in lost], MAX_NAMED)
        raise _build_unapproved_error(f"going back would do what no step has to do with: {what}")
    if plan.changes:
        yield lambda: run.ports.terraform.apply(run.target, run.find_stack(rolling.stack))
    run.returned.add(rolling.stack)
    entries.record_at_rest(run, rolling.stack, traffic.to_resting_weight(rolling.live))
    del run.shifting[rolling.stack]


def record_applied_traffic(run: Run, stack: str) -> None:
    """Record the traffic of a stack applied without steps."""
    value = rendering.resolve_artifact(run.project, require(run.release), require(run.settings), stack)
    known = run.traffic.get(stack)
    end = traffic.find_final_weight(known.live if known else None, value)
    if known != traffic.Traffic(traffic.Live(end.color, end.value)):
        entries.record_at_rest(run, stack, end)


def _plan_position(run: Run, stack: str, position: TrafficWeight) -> Generator[Job, None, StackPlan]:
    set_traffic_weight(run, stack, position)
    found = list[StackPlan]()
    yield lambda: found.append(run.ports.terraform.plan(run.target, run.find_stack(stack)))
    return found[0]


def set_traffic_weight(run: Run, stack: str, position: TrafficWeight) -> None:
    release, settings = require(run.release), require(run.settings)
    root = rendering.render_stack(run.project, release, settings, stack, position, changeover=run.changeover)
    run.ports.workspace.write_stack(run.target, stack, root.encode())


def _explain_abort(run: Run, rolling: StackRollout, error: EnvctlError) -> tuple[Problem, ...]:
    """Return the problems with the step, the restored traffic and the next command added."""
    first, *rest = error.problems
    if isinstance(error, StoppedError):
        message = _format_stop(run, rolling, f"{first.message}; ")
        return (replace(first, message=message, hint=first.hint or _retry_hint(run)), *rest)
    return (*error.problems, Problem("E333", _format_stop(run, rolling, "a step failed; "), _retry_hint(run)))


def _format_stop(run: Run, rolling: StackRollout, why: str = "") -> str:
    shares = run.shares.get(rolling.stack, [])
    percent = shares[-1].percent if shares else 0
    stopped = f"the rollout of {rolling.stack} in {run.target} was stopped at {percent} %"
    return f"{stopped}: {why}all requests go to {rolling.live.color} again, as before"


def _describe_unrestored(run: Run, rolling: StackRollout) -> Problem:
    live, shares = rolling.live, run.shares.get(rolling.stack, [])
    percent = shares[-1].percent if shares else 0
    if rolling.stack in run.returned:
        message = f"the requests of {rolling.stack} in {run.target} went back to {live.color}, unrecorded"
        return Problem("E336", message, f"envctl recover {run.target}")
    message = (
        f"THE REQUESTS OF {rolling.stack} in {run.target} COULD NOT BE SENT BACK to {live.color}:"
        f" about {percent} % of them may still go to {traffic.other_color(live.color)}"
    )
    return Problem("E336", message, f"envctl recover {run.target}")


def _retry_hint(run: Run) -> str:
    return f"mend it, and begin anew: {run.command}"


def _build_unapproved_error(message: str) -> OperationFailedError:
    hint = "something else has changed meanwhile: look at the plan anew, and have that approved"
    return OperationFailedError(Problem("E335", message, hint))


def _fingerprint_changes(run: Run, plan: StackPlan) -> PlanFingerprint:
    """Return the fingerprint without data sources read during the apply, as these are no changes."""
    changed = tuple(each for each in plan.resources if each.action is not Action.READ)
    whole = EnvironmentPlan(run.target, run.identity, (replace(plan, resources=changed),))
    return fingerprint_plan(whole)
