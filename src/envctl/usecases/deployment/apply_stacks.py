"""Carrying a deployment's plans out: each stack after those that it needs, and otherwise side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from envctl.domain.errors import (
    EnvctlError,
    InterruptedByUserError,
    LockHeldError,
    OperationFailedError,
    Problem,
    StackAccount,
    StackEnd,
    together,
)
from envctl.domain.graph import turned
from envctl.domain.guards import RefusedError
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.usecases.concurrency.dag_runner import Course, Steps, side_by_side
from envctl.usecases.deployment import guard_runner
from envctl.usecases.deployment.rollout import ledger_entries
from envctl.usecases.deployment.rollout import run as rollout
from envctl.usecases.deployment.run import Run, there
from envctl.usecases.ports.terraform import Crew


def ask_consent(run: Run, plan: EnvironmentPlan, *, before: str = "") -> None:
    """`before` names the stack that is planned anew while a deployment runs.

    Raises OperationFailedError where what was laid out changed meanwhile. A plan names files, such as scripts and
    archives, that are read only by the apply. Other stacks that are at work may write files of their own.
    """
    if not plan.changes:
        return
    workspace, prepared = run.ports.workspace, there(run.prepared)
    laid_out = workspace.mark_laid_out(prepared)
    if not run.ports.consent.given(plan, again=bool(before)):
        where = f"before stack {before}" if before else "nothing was changed"
        raise InterruptedByUserError(Problem("E310", f"stopped on your answer: {where}", run.command))
    if not before and workspace.mark_laid_out(prepared) != laid_out:
        message = f"files of {run.target} in .envctl/work changed while you were asked: nothing was changed"
        hint = f"find out what writes there; the same command lays them out anew: {run.command}"
        raise OperationFailedError(Problem("E353", message, hint))


def apply_all(run: Run, needs: Mapping[str, Sequence[str]]) -> None:
    """What fails keeps back what needs it, and nothing else. Raises what went wrong, with how far each stack got."""
    begun = run.begun
    with run.ports.terraform.at_once() as crew:
        course = side_by_side(
            crew, needs, lambda name: _apply(run, crew, name, begun), lambda name: f"{run.target}/{name}"
        )
    if course.stopped is None and not course.failed:
        return
    _fail(run, course, needs)


def destroy_left(run: Run) -> None:
    """Destroys the stacks that leave, each after those that read it. Raises what went wrong, with how far each got.
    Those that are forgotten stay as they are.
    """
    left = {stack.name: stack.needs for stack in there(run.prepared).left if stack.leaves == "destroy"}
    if not left:
        return

    def steps(name: str) -> Steps:
        if run.plans[name].changes:
            run.begun.add(name)
            yield lambda: run.ports.terraform.apply(run.target, run.stack(name))
        run.gone.append(name)

    needs = turned(left)
    with run.ports.terraform.at_once() as crew:
        course = side_by_side(crew, needs, steps, lambda name: f"{run.target}/{name}")
    if course.stopped is not None or course.failed:
        _fail(run, course, needs)


def _fail(run: Run, course: Course, needs: Mapping[str, Sequence[str]]) -> NoReturn:
    begun = run.begun
    back = rollout.bring_back(run) if run.shifting else ()
    error = _went_wrong(course, [course.failed[name] for name in needs if name in course.failed])
    if isinstance(error, EnvctlError) and len(needs) > 1:
        error.stacks = tuple(_account(run, course, name, begun) for name in needs)
    if isinstance(error, EnvctlError):
        # Requests that are still shared come before all else.
        shared = [problem for problem in back if problem.code == "E336"]
        error.problems = (*shared, *error.problems, *(problem for problem in back if problem not in shared))
    for problem in back if not isinstance(error, EnvctlError) else ():
        run.ports.observer.said(f"{problem.code} {problem.message}")
    raise error


def _went_wrong(course: Course, failed: Sequence[EnvctlError]) -> BaseException:
    """What stopped it comes first; what had failed besides has to be mended all the same."""
    error = course.stopped
    if error is None:
        return together(failed)
    if isinstance(error, KeyboardInterrupt):
        error = InterruptedByUserError(Problem("E312", "interrupted", "envctl status shows where things stand"))
    if isinstance(error, EnvctlError):
        error.problems = (*error.problems, *(problem for each in failed for problem in each.problems))
    return error


def _apply(run: Run, crew: Crew, name: str, begun: set[str]) -> Steps:
    stack = run.stack(name)
    stale = [needed for needed in stack.needs if needed in run.plans and run.plans[needed].changes]
    # The state of these was read where it lies no more.
    stale += [each for each in (name, *stack.needs) if each in run.moved]
    if run.action != "destroy" and (stale or run.plans[name].waits_for):
        # What it was planned with is about to be otherwise, or was not there.
        shown, anew = run.plans[name], list[StackPlan]()
        yield lambda: anew.append(run.ports.terraform.plan(run.target, stack))
        run.plans[name] = anew[0]
        if anew[0] != shown and anew[0].changes:
            _ask_again(run, crew, name)
        elif anew[0] != shown:
            # Nothing is to be done there. Whose that is, is known only now.
            guard_runner.ask_again(run)

    if name in run.rolling and run.plans[name].changes:
        begun.add(name)
        yield from rollout.carry_out(run, crew, run.rolling[name])
    else:
        yield from _at_once(run, name, begun)
    run.applied.append(name)


def _at_once(run: Run, name: str, begun: set[str]) -> Steps:
    stack = run.stack(name)
    rolls = run.action != "destroy" and name in there(run.prepared).live

    def apply() -> None:
        begun.add(name)
        run.ports.terraform.apply(run.target, stack)

    if run.plans[name].changes:
        if name in run.traffic and not rolls:
            ledger_entries.forget(run, name)
        yield apply
    if rolls:
        rollout.arrived(run, name)


def _ask_again(run: Run, crew: Crew, name: str) -> None:
    alone = replace(there(run.plan), stacks=(run.plans[name],))
    run.ports.observer.planned(alone)
    guard_runner.ask_again(run)
    with crew.asking():
        ask_consent(run, alone, before=name)


def _account(run: Run, course: Course, name: str, begun: set[str]) -> StackAccount:
    if name in course.left and name not in begun:
        return StackAccount(name, "left", course.left[name])
    end: StackEnd = "stopped"
    if name in course.failed:
        end = "refused" if isinstance(course.failed[name], RefusedError) else "failed"
    elif name in course.done:
        end = "applied" if run.plans[name].changes else "unchanged"
    return StackAccount(name, end)


def settle_all(run: Run, stacks: Sequence[str]) -> Mapping[str, EnvctlError]:
    """Lets the states take in what came of the deployment; gives what went wrong with which."""
    failed: dict[str, EnvctlError] = {}

    def steps(name: str) -> Steps:
        try:
            yield lambda: run.ports.terraform.settle(run.target, run.stack(name))
        except (OperationFailedError, LockHeldError) as error:
            failed[name] = error

    with run.ports.terraform.at_once() as crew:
        course = side_by_side(crew, dict.fromkeys(stacks, ()), steps, lambda name: f"{run.target}/{name}")
    course.demand_whole()
    return failed
