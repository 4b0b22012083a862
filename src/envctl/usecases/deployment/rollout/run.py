"""Sending the requests of a stack over to its other colour, share by share, and back where something says no.

Everything goes through Terraform, as saved plans: the state is true at any moment. The ledger knows before each way
that it begins, and after each share how far it got.
"""

from collections.abc import Generator
from dataclasses import replace

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.plan.changes import Action, EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import meaning_of, uncovered
from envctl.domain.rollout.step_coverage import astray, beyond
from envctl.domain.rollout.traffic import ALL, Live, Position, Traffic, at_rest, destination, other
from envctl.domain.text.lists import first_of
from envctl.usecases.concurrency.dag_runner import Job, Steps
from envctl.usecases.deployment.rollout import ledger_entries as entries
from envctl.usecases.deployment.rollout import monitor
from envctl.usecases.deployment.rollout.monitor import StoppedError
from envctl.usecases.deployment.run import Run, there
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.deployment.traffic.rollout_model import RolledOut, Rolling
from envctl.usecases.ports.terraform import Crew

NAMED = 5


def carry_out(run: Run, crew: Crew, rolling: Rolling) -> Steps:
    """The way to the end. What was shown and approved is the plan of that, and each step is a part of it."""
    approved = run.plans[rolling.stack]
    if rolling.watched:
        # What rings already would stop the first step: then it is better not to take it.
        yield lambda: _look_before(run, rolling)
    entries.begin(run, rolling)
    run.shifting[rolling.stack] = rolling
    try:
        for step in rolling.steps:
            yield from _step(run, crew, rolling, step, approved)
        yield from _end(run, rolling, approved)
    except InterruptedByUserError:
        # Whatever is begun now is stopped at once: `bring_back` does it when all has come to rest.
        raise
    except EnvctlError as error:
        if rolling.stack in run.shifting:
            yield from _stopped(run, rolling, error)
        raise


def _look_before(run: Run, rolling: Rolling) -> None:
    try:
        sight = _sight(run, rolling)
        monitor.look_at_alarms(run.ports, sight, run.mute)
    except StoppedError as error:
        problem = error.problems[0]
        message = f"{rolling.stack} of {run.target} is as it was: {problem.message}"
        error.problems = (replace(problem, message=message, hint=problem.hint or _anew(run)),)
        raise


def _sight(run: Run, rolling: Rolling) -> monitor.Sight:
    stack = run.stack(rolling.stack)
    return monitor.aim(run.ports, run.project, there(run.prepared), stack, rolling.watched)


def _step(run: Run, crew: Crew, rolling: Rolling, step: Position, approved: StackPlan) -> Steps:
    plan = yield from _planned(run, rolling.stack, step)
    if more := beyond(plan, approved):
        what = first_of([f"{each.action} {each.address}" for each in more], NAMED)
        raise _not_approved(f"the step to {step.percent} % would do what was not approved: {what}")
    if plan.changes:
        yield lambda: run.ports.terraform.apply(run.target, run.stack(rolling.stack))
    entries.shifted(run, rolling, step)
    sights = list[monitor.Sight]()
    if rolling.watched:
        yield lambda: sights.append(_sight(run, rolling))
    _tell(run, rolling, step, sights)
    if sights:
        yield lambda: monitor.watch(run.ports, crew, sights[0], rolling.wait, run.mute)
    elif rolling.wait:
        yield lambda: crew.pause(rolling.wait.total_seconds())


def _tell(run: Run, rolling: Rolling, step: Position, sights: list[monitor.Sight]) -> None:
    rest = f", {ALL - step.percent} % stay with {rolling.live.color}" if step.percent < ALL else ""
    wait = ""
    if sights:
        wait = f"; {monitor.lasting(sights[0], rolling.wait)}"
    elif rolling.wait:
        wait = f"; {monitor.waiting(rolling.wait)}"
    run.ports.observer.said(f"{rolling.stack}: {step.percent} % to {step.color}{rest}{wait}")


def _end(run: Run, rolling: Rolling, approved: StackPlan) -> Steps:
    """The old colour goes. The new one has all requests and was watched, so that nothing is a reason any more to go
    back: what is left is recorded as such, and a failure of it is mended by the next deployment.
    """
    plan = yield from _planned(run, rolling.stack, rolling.end)
    if more := uncovered(meaning_of(_alone(run, plan)), meaning_of(_alone(run, approved))):
        what = first_of([change.told for change in more], NAMED)
        raise _not_approved(f"giving {rolling.live.color} up would do what was not approved: {what}")
    entries.arrived(run, rolling.stack, rolling.end)
    rolled = RolledOut(rolling.stack, rolling.live.color, rolling.end.color, tuple(run.shares.pop(rolling.stack, ())))
    run.rolled_out.append(rolled)
    del run.shifting[rolling.stack]
    if plan.changes:
        run.ports.observer.said(f"{rolling.stack}: {rolling.live.color} is given up")
        yield lambda: run.ports.terraform.apply(run.target, run.stack(rolling.stack))


def _stopped(run: Run, rolling: Rolling, error: EnvctlError) -> Steps:
    """The requests go back first; what happened is recorded after that. What can't go back now is tried once more by
    `bring_back`, which tells of it then.
    """
    percent = _percent(run, rolling)
    try:
        yield from _back(run, rolling)
    except EnvctlError as failed:
        run.ports.observer.said(f"{rolling.stack}: they could not go back: {failed.problems[0].message}")
        if isinstance(failed, InterruptedByUserError):
            failed.problems = (*error.problems, *failed.problems)
            _record_unverified(run, error)
            raise
    else:
        error.problems = _told(run, rolling, percent, error)
    _record_unverified(run, error)


def _record_unverified(run: Run, error: EnvctlError) -> None:
    """Of what was looked at. A step that failed, or was stopped by a person, says nothing about the release."""
    if isinstance(error, StoppedError):
        entries.unverified(run, error)


def bring_back(run: Run) -> tuple[Problem, ...]:
    """What was left half-way when all was stopped, once nothing runs any more. Gives what came of it."""
    told: list[Problem] = []
    for rolling in tuple(run.shifting.values()):
        percent = _percent(run, rolling)
        try:
            for job in _back(run, rolling):
                job()
        except (EnvctlError, KeyboardInterrupt) as error:
            why = error.problems if isinstance(error, EnvctlError) else ()
            told = [_left_there(run, rolling, percent), *told, *why]
        else:
            told.append(Problem("E333", f"{_where(run, rolling, percent)}: {_gone_back(rolling)}", _anew(run)))
    return tuple(told)


def _back(run: Run, rolling: Rolling) -> Steps:
    run.ports.observer.said(f"{rolling.stack}: all requests go back to {rolling.live.color}")
    plan = yield from _planned(run, rolling.stack, at_rest(rolling.live))
    if lost := astray(plan, run.plans[rolling.stack]):
        what = first_of([f"{each.action} {each.address}" for each in lost], NAMED)
        raise _not_approved(f"going back would do what no step has to do with: {what}")
    if plan.changes:
        yield lambda: run.ports.terraform.apply(run.target, run.stack(rolling.stack))
    run.returned.add(rolling.stack)
    entries.arrived(run, rolling.stack, at_rest(rolling.live))
    del run.shifting[rolling.stack]


def arrived(run: Run, stack: str) -> None:
    """What was applied at once is at rest where it was rendered."""
    value = rendering.artifact(run.project, there(run.release), there(run.settings), stack)
    known = run.traffic.get(stack)
    end = destination(known.live if known else None, value)
    if known != Traffic(Live(end.color, end.value)):
        entries.arrived(run, stack, end)


def _planned(run: Run, stack: str, position: Position) -> Generator[Job, None, StackPlan]:
    lay(run, stack, position)
    found = list[StackPlan]()
    yield lambda: found.append(run.ports.terraform.plan(run.target, run.stack(stack)))
    return found[0]


def lay(run: Run, stack: str, position: Position) -> None:
    release, settings = there(run.release), there(run.settings)
    root = rendering.root_module(run.project, release, settings, stack, position, changeover=run.changeover)
    run.ports.workspace.lay_stack(run.target, stack, root.encode())


def _told(run: Run, rolling: Rolling, percent: int, error: EnvctlError) -> tuple[Problem, ...]:
    """What happened, at which step, what was done about it, and what to type next."""
    where = _where(run, rolling, percent)
    first, *rest = error.problems
    if isinstance(error, StoppedError):
        message = f"{where}: {first.message}; {_gone_back(rolling)}"
        return (replace(first, message=message, hint=first.hint or _anew(run)), *rest)
    return (*error.problems, Problem("E333", f"{where}: a step failed; {_gone_back(rolling)}", _anew(run)))


def _where(run: Run, rolling: Rolling, percent: int) -> str:
    return f"the rollout of {rolling.stack} in {run.target} was stopped at {percent} %"


def _gone_back(rolling: Rolling) -> str:
    return f"all requests go to {rolling.live.color} again, as before"


def _left_there(run: Run, rolling: Rolling, percent: int) -> Problem:
    live = rolling.live
    if rolling.stack in run.returned:
        message = f"the requests of {rolling.stack} in {run.target} went back to {live.color}, unrecorded"
        return Problem("E336", message, f"envctl recover {run.target}")
    message = (
        f"THE REQUESTS OF {rolling.stack} in {run.target} COULD NOT BE SENT BACK to {live.color}:"
        f" about {percent} % of them may still go to {other(live.color)}"
    )
    return Problem("E336", message, f"envctl recover {run.target}")


def _anew(run: Run) -> str:
    return f"mend it, and begin anew: {run.command}"


def _percent(run: Run, rolling: Rolling) -> int:
    shares = run.shares.get(rolling.stack, [])
    return shares[-1].percent if shares else 0


def _not_approved(message: str) -> OperationFailedError:
    hint = "something else has changed meanwhile: look at the plan anew, and have that approved"
    return OperationFailedError(Problem("E335", message, hint))


def _alone(run: Run, plan: StackPlan) -> EnvironmentPlan:
    """Without what is read again: that changes nothing."""
    changed = tuple(each for each in plan.resources if each.action is not Action.READ)
    return EnvironmentPlan(run.target, run.identity, (replace(plan, resources=changed),))
