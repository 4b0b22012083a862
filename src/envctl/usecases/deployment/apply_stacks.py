"""Apply the plans of a deployment: each stack after its upstream stacks, independent ones concurrently."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from envctl.domain import errors
from envctl.domain.graph import reverse_graph
from envctl.domain.guards import RefusedError
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.usecases.concurrency.dag_runner import RunReport, Task, run_tasks
from envctl.usecases.deployment import guard_runner
from envctl.usecases.deployment.rollout import ledger_entries
from envctl.usecases.deployment.rollout import run as rollout
from envctl.usecases.deployment.run import Run, require
from envctl.usecases.ports.terraform import WorkerPool


def confirm_plan(run: Run, plan: EnvironmentPlan, *, before: str = "") -> None:
    """Ask the operator to confirm the plan. `before` names a stack replanned during the deployment.

    Raise OperationFailedError if files in the working directories changed meanwhile: an apply reads scripts and
    archives named by the plan. This is not checked for a replanned stack, since running stacks may write files.
    """
    if not plan.changes:
        return
    workspace, prepared = run.ports.workspace, require(run.prepared)
    laid_out = workspace.hash_layout(prepared)
    if not run.ports.prompter.confirm_plan(plan, again=bool(before)):
        where = f"before stack {before}" if before else "nothing was changed"
        raise errors.InterruptedByUserError(errors.Problem("E310", f"stopped on your answer: {where}", run.command))
    if not before and workspace.hash_layout(prepared) != laid_out:
        message = f"files of {run.target} in .envctl/work changed while you were asked: nothing was changed"
        hint = f"find out what writes there; the same command lays them out anew: {run.command}"
        raise errors.OperationFailedError(errors.Problem("E353", message, hint))


def apply_all(run: Run, needs: Mapping[str, Sequence[str]]) -> None:
    """Apply all stacks. A failed stack stops its downstream stacks only. The raised error lists the end of each."""
    with run.ports.terraform.open_worker_pool() as pool:
        report = run_tasks(pool, needs, lambda name: _apply_stack(run, pool, name), lambda name: f"{run.target}/{name}")
    if report.stopped_by is not None or report.failed:
        _raise_failure(run, report, needs)


def destroy_leaving(run: Run) -> None:
    """Destroy the leaving stacks, downstream stacks first, but for forgotten ones. Raise errors like `apply_all`."""
    left = {stack.name: stack.needs for stack in require(run.prepared).leaving if stack.leaves == "destroy"}
    if not left:
        return

    def yield_jobs(name: str) -> Task:
        if run.plans[name].changes:
            run.begun.add(name)
            yield lambda: run.ports.terraform.apply(run.target, run.find_stack(name))
        run.gone.append(name)

    needs = reverse_graph(left)
    with run.ports.terraform.open_worker_pool() as pool:
        report = run_tasks(pool, needs, yield_jobs, lambda name: f"{run.target}/{name}")
    if report.stopped_by is not None or report.failed:
        _raise_failure(run, report, needs)


def _raise_failure(run: Run, report: RunReport, needs: Mapping[str, Sequence[str]]) -> NoReturn:
    back = rollout.restore_traffic(run) if run.shifting else ()
    error = _join_errors(report, [report.failed[name] for name in needs if name in report.failed])
    if isinstance(error, errors.EnvctlError) and len(needs) > 1:
        error.stacks = tuple(_describe_stack_end(run, report, name) for name in needs)
    if isinstance(error, errors.EnvctlError):
        # Traffic left between two colors comes first.
        shared = [problem for problem in back if problem.code == "E336"]
        error.problems = (*shared, *error.problems, *(problem for problem in back if problem not in shared))
    for problem in back if not isinstance(error, errors.EnvctlError) else ():
        run.ports.observer.on_message(f"{problem.code} {problem.message}")
    raise error


def _join_errors(report: RunReport, failed: Sequence[errors.EnvctlError]) -> BaseException:
    """Return one error: the interruption first, then all failures."""
    error = report.stopped_by
    if error is None:
        return errors.combine_errors(failed)
    if isinstance(error, KeyboardInterrupt):
        problem = errors.Problem("E312", "interrupted", "envctl status shows where things stand")
        error = errors.InterruptedByUserError(problem)
    if isinstance(error, errors.EnvctlError):
        error.problems = (*error.problems, *(problem for each in failed for problem in each.problems))
    return error


def _apply_stack(run: Run, pool: WorkerPool, name: str) -> Task:
    stack = run.find_stack(name)
    stale = [needed for needed in stack.needs if needed in run.plans and run.plans[needed].changes]
    # These were planned with a state moved since.
    stale += [each for each in (name, *stack.needs) if each in run.moved]
    if run.action != "destroy" and (stale or run.plans[name].waits_for):
        # The inputs of the plan were missing, or have changed.
        shown, anew = run.plans[name], list[StackPlan]()
        yield lambda: anew.append(run.ports.terraform.plan(run.target, stack))
        run.plans[name] = anew[0]
        if anew[0] != shown and anew[0].changes:
            _confirm_changed_plan(run, pool, name)
        elif anew[0] != shown:
            # Nothing left to apply, but the guards need the new plan.
            guard_runner.recheck_plan_guards(run)

    if name in run.rolling and run.plans[name].changes:
        run.begun.add(name)
        yield from rollout.run_rollout(run, pool, run.rolling[name])
    else:
        yield from _apply_without_rollout(run, name)
    run.applied.append(name)


def _apply_without_rollout(run: Run, name: str) -> Task:
    rolls = run.action != "destroy" and name in require(run.prepared).traffic

    def apply_plan() -> None:
        run.begun.add(name)
        run.ports.terraform.apply(run.target, run.find_stack(name))

    if run.plans[name].changes:
        if name in run.traffic and not rolls:
            ledger_entries.record_unknown_traffic(run, name)
        yield apply_plan
    if rolls:
        rollout.record_applied_traffic(run, name)


def _confirm_changed_plan(run: Run, pool: WorkerPool, name: str) -> None:
    alone = replace(require(run.plan), stacks=(run.plans[name],))
    run.ports.observer.on_plan(alone)
    guard_runner.recheck_plan_guards(run)
    with pool.interruptible_prompt():
        confirm_plan(run, alone, before=name)


def _describe_stack_end(run: Run, report: RunReport, name: str) -> errors.StackOutcome:
    if name in report.skipped and name not in run.begun:
        return errors.StackOutcome(name, "left", report.skipped[name])
    end: errors.StackEnd = "stopped"
    if name in report.failed:
        end = "refused" if isinstance(report.failed[name], RefusedError) else "failed"
    elif name in report.done:
        end = "applied" if run.plans[name].changes else "unchanged"
    return errors.StackOutcome(name, end)


def refresh_states(run: Run, stacks: Sequence[str]) -> Mapping[str, errors.EnvctlError]:
    """Refresh the states after a deployment. Return the errors by stack."""
    failed: dict[str, errors.EnvctlError] = {}

    def yield_jobs(name: str) -> Task:
        try:
            yield lambda: run.ports.terraform.refresh_state(run.target, run.find_stack(name))
        except (errors.OperationFailedError, errors.LockHeldError) as error:
            failed[name] = error

    with run.ports.terraform.open_worker_pool() as pool:
        report = run_tasks(pool, dict.fromkeys(stacks, ()), yield_jobs, lambda name: f"{run.target}/{name}")
    report.raise_failure()
    return failed
