"""A deployment: one release, applied to one environment with its settings. `apply` and `promote` both end here."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, assert_never

from envctl.domain import release as releases
from envctl.domain.changes import EnvironmentPlan, StackPlan, touched
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.guards import RefusedError, Request, ask
from envctl.domain.ledger import DeploymentFailed, DeploymentStarted, DeploymentSucceeded, Event
from envctl.domain.present import Deployment, EnvironmentPresent, Present
from envctl.domain.project import Project
from envctl.domain.release import Release
from envctl.domain.settings import EnvironmentSettings
from envctl.usecases import bundles, candidates, prepare, record, stages
from envctl.usecases.planning import plan_stacks
from envctl.usecases.ports import Ports, Prepared, PreparedStack

T = TypeVar("T")
SUMMARY = 200


@dataclass(frozen=True)
class Deployed:
    """`stages` alone is filled for a dry run. `up_to_date` means that there was nothing to do and nothing to record."""

    environment: str
    release: str
    stages: tuple[str, ...] = ()
    plan: EnvironmentPlan | None = None
    deployment: Deployment | None = None
    up_to_date: bool = False
    dry_run: bool = False
    next: str = ""


@dataclass
class Run:
    """One deployment on its way: what the stages have found out so far."""

    ports: Ports
    project: Project
    action: Literal["apply", "promote"]
    target: str
    source: str = ""
    request: Request | None = None
    release: Release | None = None
    settings: EnvironmentSettings | None = None
    identity: str = ""
    bundle: bytes = b""
    prepared: Prepared | None = None
    plans: dict[str, StackPlan] = field(default_factory=dict)
    started: int = 0
    applied: list[str] = field(default_factory=list)
    up_to_date: bool = False


def carry_out(run: Run, steps: tuple[stages.Stage, ...]) -> Deployed:
    """Does the stages one after the other. Once the start is recorded, an end is recorded too, whatever happens."""
    try:
        for step in steps:
            _do(run, step)
            if run.up_to_date:
                break
    except (Exception, KeyboardInterrupt) as error:
        if run.started:
            _record_failure(run, error)
        raise
    finally:
        _discard_plans(run)
    present = record.present(run.ports)
    return Deployed(
        run.target,
        run.identity,
        plan=_plan(run),
        deployment=present.of(run.target).last,
        up_to_date=run.up_to_date,
        next=_next(run),
    )


def _do(run: Run, step: stages.Stage) -> None:
    match step:
        case stages.Bundle():
            _bundle(run)
        case stages.AskGuards():
            _ask_guards(run)
        case stages.Prepare():
            _prepare(run)
        case stages.PlanAll():
            _plan_all(run)
        case stages.AskConsent():
            _ask_consent(run, again=False)
        case stages.RecordStart():
            _record_start(run)
        case stages.ApplyStack(stack):
            _apply(run, stack)
        case stages.RecordEnd():
            _record_success(run)
        case _:
            assert_never(step)


def _bundle(run: Run) -> None:
    run.bundle = releases.pack(_there(run.release))
    run.identity = releases.identity(run.bundle)
    if run.project.environments[run.target].gates.approvals:
        # It has to be known before anybody can approve it.
        bundles.keep(run.ports, run.identity, run.bundle, _there(run.release))
    present = record.present(run.ports)
    settings = _there(run.prepared).settings
    run.request = candidates.entering(run.ports, run.project, present, identity=run.identity, settings=settings)


def _prepare(run: Run) -> None:
    if run.release is None:
        run.prepared, run.release = prepare.from_working_tree(run.ports, run.project, run.target)
        return
    run.prepared = prepare.lay_out(run.ports, run.project, run.release, _there(run.settings), run.identity)
    prepare.initialise_from(run.ports, run.prepared, run.release)


def _ask_guards(run: Run) -> None:
    _refuse(run, record.present(run.ports))


def _refuse(run: Run, present: Present) -> None:
    refusals = ask(replace(_there(run.request), present=present))
    if refusals:
        raise RefusedError(refusals)


def _plan_all(run: Run) -> None:
    there = record.present(run.ports).of(run.target)
    plans = plan_stacks(run.ports, run.target, _there(run.prepared).stacks, there.stacks)
    run.plans = {plan.stack: plan for plan in plans}
    run.ports.observer.planned(_there(_plan(run)))
    run.up_to_date = not _there(_plan(run)).changes and _runs_already(run, there)


def _runs_already(run: Run, there: EnvironmentPresent) -> bool:
    current = there.current
    return (
        there.whole
        and current is not None
        and current.release == run.identity
        and current.settings == _there(run.prepared).settings
    )


def _ask_consent(run: Run, *, again: bool, stack: str = "") -> None:
    plan = _there(_plan(run))
    if stack:
        plan = replace(plan, stacks=(run.plans[stack],))
    if plan.changes and not run.ports.consent.given(plan, again=again):
        where = f"before stack {stack}" if again else "nothing was changed"
        raise InterruptedByUserError(Problem("E310", f"stopped on your answer: {where}", _again(run)))


def _record_start(run: Run) -> None:
    bundles.keep(run.ports, run.identity, run.bundle, _there(run.release))

    def decide(present: Present) -> Event:
        _refuse(run, present)
        settings = _there(run.prepared).settings
        return DeploymentStarted(run.target, run.identity, settings, run.action, run.source)

    _, entry = record.append(run.ports, decide)
    run.started = _there(entry).seq


def _apply(run: Run, name: str) -> None:
    stack = _stack(run, name)
    stale = [upstream for upstream in stack.upstream if run.plans[upstream].changes]
    if stale or run.plans[name].waits_for:
        shown = run.plans[name]
        run.plans[name] = run.ports.terraform.plan(run.target, stack)
        if run.plans[name] != shown and run.plans[name].changes:
            run.ports.observer.planned(replace(_there(_plan(run)), stacks=(run.plans[name],)))
            _ask_consent(run, again=True, stack=name)
    if run.plans[name].changes:
        run.ports.terraform.apply(run.target, stack)
    run.applied.append(name)


def _record_success(run: Run) -> None:
    names, changed = tuple(run.applied), touched(run.plans.values())
    event = DeploymentSucceeded(run.target, run.identity, run.started, names, changed)
    _, entry = record.append(run.ports, _while_open(run, event))
    if entry is None:
        message = f"the deployment to {run.target} was declared over by somebody else while it ran: it is not proven"
        raise OperationFailedError(Problem("E408", message, _again(run)))


def _record_failure(run: Run, error: BaseException) -> None:
    interrupted = isinstance(error, KeyboardInterrupt | InterruptedByUserError)
    reason = "interrupted" if interrupted else _reason(error)
    event = DeploymentFailed(run.target, run.identity, run.started, reason, tuple(run.applied), interrupted)
    try:
        record.append(run.ports, _while_open(run, event))
    except EnvctlError as unrecorded:
        # What failed first is what has to be mended first; that nothing could be recorded is said with it.
        if not isinstance(error, EnvctlError):
            raise
        error.problems = (*error.problems, *unrecorded.problems)


def _while_open(run: Run, event: Event) -> Callable[[Present], Event | None]:
    """An end is recorded for one's own open deployment only: somebody may have recovered it in the meantime."""

    def decide(present: Present) -> Event | None:
        unfinished = present.of(run.target).unfinished
        return event if unfinished and unfinished.seq == run.started else None

    return decide


def _reason(error: BaseException) -> str:
    """What is kept for ever, and so no more than a summary: details of an error may quote values."""
    if isinstance(error, EnvctlError) and error.problems:
        return error.problems[0].message.partition("\n")[0][:SUMMARY]
    return type(error).__name__


def _discard_plans(run: Run) -> None:
    for stack in run.prepared.stacks if run.prepared else ():
        run.ports.terraform.discard(run.target, stack)


def _plan(run: Run) -> EnvironmentPlan | None:
    return EnvironmentPlan(run.target, run.identity, tuple(run.plans.values())) if run.plans else None


def _again(run: Run) -> str:
    return f"envctl promote {run.source} {run.target}" if run.action == "promote" else f"envctl apply {run.target}"


def _next(run: Run) -> str:
    after = run.project.pipeline.after(run.target)
    return run.project.pipeline.way_into(after) if after else ""


def _stack(run: Run, name: str) -> PreparedStack:
    return next(stack for stack in _there(run.prepared).stacks if stack.name == name)


def _there(value: T | None) -> T:
    """The stages are built so that what a stage needs was found by one before it."""
    if value is None:
        raise AssertionError("a stage ran before the one that it stands on")
    return value
