"""The stages that change an environment, and prove it. Stacks follow their upstream ones, others concurrently."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from envctl.domain import errors
from envctl.domain.command_lines import format_command
from envctl.domain.graph import reverse_graph
from envctl.domain.guards import RefusedError
from envctl.domain.guards.drift import is_object_drift
from envctl.domain.guards.plan import list_in_new_clusters
from envctl.domain.ledger.state import COMPLETED
from envctl.domain.plan.changes import NO_CHANGEOVER, Changeover, StackPlan, has_created_or_deleted, has_deleted
from envctl.domain.plan.unseen_stacks import describe_beyond_creation
from envctl.domain.text.lists import join_names
from envctl.usecases.concurrency.dag_runner import RunReport, Task, run_tasks
from envctl.usecases.deployment import drift_undo, shared_resources, verification
from envctl.usecases.deployment.leaving.state_move import move_states
from envctl.usecases.deployment.ledger_entries import record_deployment, set_hold
from envctl.usecases.deployment.planning import plan_stack
from envctl.usecases.deployment.progress import Attempt, PlannedDeployment
from envctl.usecases.deployment.rollout import ledger_entries
from envctl.usecases.deployment.rollout import run as rollout
from envctl.usecases.deployment.stages.fixed_lines import FixedLines
from envctl.usecases.deployment.stages.plan import confirm_plan, describe_stacks
from envctl.usecases.ports.terraform import WorkerPool

Needs = Mapping[str, tuple[str, ...]]
"""Stacks in order of application, each with its upstream stacks."""
SUMMARY_LENGTH = 200


@dataclass(frozen=True)
class SetHold(FixedLines):
    """Put the release abandoned by a rollback on hold."""

    lines = ("put the abandoned release on hold in {environment}",)

    def run(self, planned: PlannedDeployment) -> PlannedDeployment:
        return replace(planned, held=set_hold(planned))


@dataclass(frozen=True)
class ApplyStacks:
    """Record the start, apply each stack after its upstream stacks, refresh the states, and record the end."""

    needs: Needs  # in order of application; reversed for a destruction
    destroys: bool = False
    # Descriptions of the rollouts, by stack; a rollout runs if the artifact of its stack changes.
    rolled: Mapping[str, str] = field(default_factory=dict)
    changeover: Changeover = NO_CHANGEOVER  # leaving and renamed stacks

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        applied = tuple(line for name in self.needs for line in self._describe_stack(name))
        moved = tuple(f"move the state of {old} to {new}" for new, old in self.changeover.moves.items())
        left = tuple(
            f"forget {name}, no longer in the release: its resources and its state stay"
            if fate == "forget"
            else f"destroy all resources of {name}, no longer in the release"
            for name, fate in self.changeover.leaving.items()
        )
        stacks = describe_stacks(tuple(self.needs))
        refresh = f"refresh the state of {stacks} after creates, deletes or drift"
        return (
            "record the start of the deployment in the ledger",
            *((*left, *applied) if self.destroys else (*moved, *applied, *left, refresh)),
            "record its result in the ledger",
        )

    def run(self, planned: PlannedDeployment) -> Attempt:
        with record_deployment(planned) as attempt:
            # A stack may only be destroyed after all stacks reading its outputs.
            if self.destroys:
                _destroy_leaving(attempt, RunReport()).raise_failure()
            elif planned.moves or attempt.leftovers:
                move_states(attempt)
            target = attempt.request.target
            with attempt.request.context.ports.terraform.open_worker_pool() as pool:
                report = run_tasks(
                    pool, self.needs, lambda name: _apply_stack(attempt, pool, name), lambda name: f"{target}/{name}"
                )
            report = report.note_stop(pool)
            if report.stopped_by is not None or report.failed:
                # A failed stack has stopped its downstream stacks only.
                _raise_failure(attempt, report, self.needs)
            if not self.destroys:
                report = _destroy_leaving(attempt, report)
            attempt.is_complete = True
            if report.stopped_late:
                # It is recorded as complete, and nothing comes after it.
                raise _build_stop_after_apply(target, destroys=self.destroys)
            if not self.destroys:
                _refresh_states(attempt, self.needs)
        return attempt

    def _describe_stack(self, name: str) -> tuple[str, ...]:
        needs = self.needs[name]
        after = f", after {' and '.join(needs)}" if needs else ""
        if self.destroys:
            return (f"destroy all resources of {name}{after}",)
        applied = f"apply {name}{after}{' (planned again if its inputs changed)' if needs else ''}"
        if name not in self.rolled:
            return (applied,)
        return (applied, f"{name}, if its image changes: {self.rolled[name]}")


@dataclass(frozen=True)
class Verify(FixedLines):
    """Run the project's checks, and record their results."""

    lines = ("run the checks of {environment}, and record the results",)

    def run(self, attempt: Attempt) -> Attempt:
        context, environment = attempt.request.context, attempt.prepared.environment
        attempt.verification = verification.verify_prepared(context, environment)
        return attempt


def _refresh_states(attempt: Attempt, needs: Needs) -> None:
    """Refresh the states after creates, deletes, unplanned drift, a deployment that did not end well, or the first
    deployment of an existing state. Write the state of a stack that created nothing.

    Other stacks carry created and deleted resources in their attributes. The deployment before may have created some
    that this one only completes. The refresh accepts unplanned drift; with `--fix`, find the remaining drift before
    it. An adopted state may be older than reality: without a refresh, the first drift check would report that.
    """
    request, drifted, plans = attempt.request, attempt.planned.drifted, attempt.plans.values()
    unplanned = drift_undo.list_unplanned(drifted, plans) if drifted else ""
    # The plans of first deployments: an adopted state had resources before.
    first = [attempt.plans[name] for name in attempt.applied if name in attempt.creates]
    adopted = [plan.stack for plan in first if plan.in_state]
    if request.options.undo:
        attempt.remaining = drift_undo.find_foreign(attempt)
    refreshed: Collection[str] = needs
    before = attempt.planned.seen
    was_stopped = before is not None and before.outcome not in COMPLETED
    if not (unplanned or adopted or was_stopped or has_created_or_deleted(attempt.list_finished_plans())):
        # Terraform has written no state for a stack that created nothing: the first resources of a later release would
        # look like those of a lost state.
        refreshed = [plan.stack for plan in first if not plan.changes and not plan.in_state]
    if not refreshed:
        return
    observer = request.context.ports.observer
    if adopted:
        observer.on_message(f"taking over the state of {join_names(adopted)}: it is refreshed from {request.target}")
    if unplanned and request.options.undo:
        left = drift_undo.find_remaining(attempt, drift_undo.find_unplanned(drifted, plans))
        attempt.remaining = tuple(dict.fromkeys((*attempt.remaining, *left)))
    elif unplanned:
        where = f"drift not covered by the plan is accepted into the state of {request.target}"
        if is_object_drift(drift_undo.find_unplanned(drifted, plans)):
            where = f"drift not covered by the plan stays in {request.target}"
        observer.on_message(f"{where}: {unplanned}")
    for name, error in refresh_states(attempt, tuple(refreshed)).items():
        # Harmless after a complete apply: at worst, the next drift check reports its side effects.
        why = error.problems[0].message.partition("\n")[0][:SUMMARY_LENGTH]
        observer.on_message(f"the state of {name} could not be refreshed: {why}")


def _build_stop_after_apply(target: str, *, destroys: bool) -> errors.InterruptedByUserError:
    done = "is destroyed completely" if destroys else "is applied completely, and not verified"
    return errors.InterruptedByUserError(
        errors.Problem("E311", f"interrupted: {target} {done}", format_command("status"))
    )


def _destroy_leaving(attempt: Attempt, before: RunReport) -> RunReport:
    """Destroy leaving stacks but forgotten ones, downstream first. Return the report, or the one before without any."""
    environment, target = attempt.prepared.environment, attempt.request.target
    left = {stack.name: stack.needs for stack in environment.leaving if stack.leaves == "destroy"}
    if not left:
        return before
    before.raise_failure()
    terraform = attempt.request.context.ports.terraform

    def yield_jobs(name: str) -> Task:
        if attempt.plans[name].changes:
            yield lambda: attempt.apply_stack(name)
        attempt.gone.append(name)

    needs = reverse_graph(left)
    with terraform.open_worker_pool() as pool:
        report = run_tasks(pool, needs, yield_jobs, lambda name: f"{target}/{name}")
    report = report.note_stop(pool)
    if report.stopped_by is not None or report.failed:
        _raise_failure(attempt, report, needs)
    return report


def _raise_failure(attempt: Attempt, report: RunReport, needs: Mapping[str, Sequence[str]]) -> NoReturn:
    """Restore the traffic, and raise one error with the end of each stack."""
    back = rollout.restore_traffic(attempt) if attempt.shifting else ()
    error = _join_errors(report, [report.failed[name] for name in needs if name in report.failed])
    if isinstance(error, errors.EnvctlError) and len(needs) > 1:
        error.stacks = tuple(_describe_stack_end(attempt, report, name) for name in needs)
    if isinstance(error, errors.EnvctlError):
        # Traffic left between two colors comes first.
        shared = [problem for problem in back if problem.code == "E336"]
        error.problems = (*shared, *error.problems, *(problem for problem in back if problem not in shared))
    for problem in back if not isinstance(error, errors.EnvctlError) else ():
        attempt.request.context.ports.observer.on_message(f"{problem.code} {problem.message}")
    raise error


def _join_errors(report: RunReport, failed: Sequence[errors.EnvctlError]) -> BaseException:
    """Return one error: the interruption first, then all failures."""
    error = report.stopped_by
    if error is None:
        return errors.combine_errors(failed)
    if isinstance(error, KeyboardInterrupt):
        problem = errors.Problem("E312", "interrupted", format_command("status"))
        error = errors.InterruptedByUserError(problem)
    if isinstance(error, errors.EnvctlError):
        error.problems = (*error.problems, *(problem for each in failed for problem in each.problems))
    return error


def _apply_stack(attempt: Attempt, pool: WorkerPool, name: str) -> Task:
    request, plans = attempt.request, attempt.plans
    stack = attempt.prepared.environment.find_stack(name)
    stale = [needed for needed in stack.needs if needed in plans and plans[needed].changes]
    # These were planned with a state moved since.
    stale += [each for each in (name, *stack.needs) if each in attempt.moved]
    if request.action != "destroy" and (stale or plans[name].waits_for):
        # The inputs of the plan were missing, or have changed.
        shown, anew = plans[name], list[StackPlan]()
        applied = () if name in attempt.creates else (name,)
        yield lambda: anew.append(plan_stack(request.context.ports, request.target, stack, applied))
        plans[name] = anew[0]
        if anew[0] != shown:
            # Without changes nothing is left to confirm.
            alone = replace(attempt.plan, stacks=(anew[0],))
            if alone.changes:
                request.context.ports.observer.on_plan(alone)
            attempt.prepared.guards.recheck_plan_guards(attempt.guard_request, attempt.plan, attempt.started)
            if has_deleted(plans.values()):
                ports, environment = request.context.ports, attempt.prepared.environment
                shared_resources.require_no_loss(ports, attempt.guard_request, environment, plans, attempt.applied)
            if not _check_coverage(attempt, shown, anew[0]):
                with pool.interruptible_prompt():
                    confirm_plan(attempt.prepared, alone, before=name)

    if name in attempt.planned.rollouts and plans[name].changes:
        attempt.begun.add(name)
        yield from rollout.run_rollout(attempt, pool, attempt.planned.rollouts[name])
    else:
        yield from _apply_without_rollout(attempt, name)
    attempt.applied.append(name)


def _check_coverage(attempt: Attempt, shown: StackPlan, plan: StackPlan) -> bool:
    """Report whether the answer to the first plan covers the plan of a stack that could not be planned then."""
    if not (attempt.planned.creates_confirmed and shown.waits_for and plan.changes):
        return False
    # With a lost state, Terraform would create all resources a second time.
    is_new = plan.stack in list_in_new_clusters(attempt.guard_request, attempt.plan)
    beyond = "it was applied before"
    if plan.stack in attempt.creates:
        beyond = describe_beyond_creation(plan, in_new_cluster=is_new)
    uncovered = f'{plan.stack} is not covered by the answer "all": {beyond}'
    does = "only creates, and changes what its new cluster brings" if is_new else "only creates"
    message = uncovered if beyond else f"{plan.stack}: {does}, as answered"
    attempt.request.context.ports.observer.on_message(message)
    return not beyond


def _apply_without_rollout(attempt: Attempt, name: str) -> Task:
    request, environment = attempt.request, attempt.prepared.environment
    rolls = request.action != "destroy" and name in environment.traffic

    def apply_plan() -> None:
        if request.action != "destroy" and has_created_or_deleted([attempt.plans[name]]):
            request.context.ports.terraform.expect_refresh(request.target, environment.find_stack(name))
        attempt.apply_stack(name)

    if attempt.plans[name].changes:
        if name in attempt.planned.traffic and not rolls:
            ledger_entries.record_unknown_traffic(attempt, name)
        yield apply_plan
    if rolls:
        rollout.record_applied_traffic(attempt, name)


def _describe_stack_end(attempt: Attempt, report: RunReport, name: str) -> errors.StackOutcome:
    if name in report.skipped and name not in attempt.begun:
        return errors.StackOutcome(name, "left", report.skipped[name])
    end: errors.StackEnd = "stopped"
    if name in report.failed:
        end = "refused" if isinstance(report.failed[name], RefusedError) else "failed"
    elif name in report.done:
        end = "applied" if attempt.plans[name].changes else "unchanged"
    return errors.StackOutcome(name, end)


def refresh_states(attempt: Attempt, stacks: Sequence[str]) -> Mapping[str, errors.EnvctlError]:
    """Refresh the states after a deployment. Return the errors by stack."""
    failed: dict[str, errors.EnvctlError] = {}
    terraform, target = attempt.request.context.ports.terraform, attempt.request.target
    find_stack = attempt.prepared.environment.find_stack

    def yield_jobs(name: str) -> Task:
        try:
            yield lambda: terraform.refresh_state(target, find_stack(name))
        except (errors.OperationFailedError, errors.LockHeldError) as error:
            failed[name] = error

    with terraform.open_worker_pool() as pool:
        report = run_tasks(pool, dict.fromkeys(stacks, ()), yield_jobs, lambda name: f"{target}/{name}")
    report.note_stop(pool).raise_failure()
    return failed
