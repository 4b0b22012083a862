"""`envctl recover ENV`: looks at what a deployment left whose end nobody recorded, says that it is over, and what is
still to be done, so that the next one may begin. Locks and states that something else left are put in order as well.
"""

from dataclasses import dataclass, replace

from envctl.domain.changes import StackPlan
from envctl.domain.errors import (
    ConfigurationError,
    InterruptedByUserError,
    OperationFailedError,
    Problem,
    StateLock,
    StateLockedError,
    UpstreamBehindError,
)
from envctl.domain.events import DeploymentAbandoned, Event
from envctl.domain.naming import short
from envctl.domain.present import Deployment, Present
from envctl.domain.project import Project
from envctl.usecases import bundles, candidates, load, prepare, record
from envctl.usecases.planning import plan_stacks
from envctl.usecases.ports import Ports
from envctl.usecases.prepare import Made
from envctl.usecases.terraform_ports import PreparedStack
from envctl.usecases.way_back import WayBack, WentBack, demand_back

# A lock that is held, and a question that nobody answers, are no reason to go on.
_NOT_SEEN = (ConfigurationError, OperationFailedError)


@dataclass(frozen=True)
class Recovered:
    """`deployment` is the one that was abandoned; None where nothing was unfinished.

    `broken` are the locks of Terraform's that it left, `rescued` the stacks whose state it could not save, `left` what
    is still to be done to complete it, and `unseen` why that could not be found out. `back` are the stacks whose
    requests it had begun to send to another colour, and that have gone back.
    """

    environment: str
    deployment: Deployment | None
    next: str
    broken: tuple[StateLock, ...] = ()
    rescued: tuple[str, ...] = ()
    left: tuple[StackPlan, ...] = ()
    unseen: tuple[Problem, ...] = ()
    back: tuple[WentBack, ...] = ()


def recover(ports: Ports, environment: str) -> Recovered:
    """Raises LockHeldError while the deployment still runs, here or, as far as Terraform's lock tells, elsewhere."""
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl recover {target} by {ports.identity.actor().name}"):
        present = record.present(ports)
        last = present.of(target).last
        found = _look(ports, project, present, Recovered(target, None, ""), last)
        if last is not None and last.outcome == "unfinished":
            after = _abandon(ports, target, last, found)
            demand_back(after, target, found.unseen)
            return replace(found, deployment=after.of(target).last, next=_again(last, target))
        demand_back(record.present(ports), target, found.unseen)
        if found.unseen:
            raise OperationFailedError(*found.unseen)
        return replace(found, left=(), next=_unproven(present, target))


def _abandon(ports: Ports, target: str, unfinished: Deployment, found: Recovered) -> Present:
    reason = "its end was never recorded"
    if found.broken:
        reason += f"; Terraform's lock of {', '.join(lock.stack for lock in found.broken)} was broken"
    if found.rescued:
        reason += f"; the state of {', '.join(found.rescued)} was saved"
    if found.back:
        reason += f"; the requests of {', '.join(each.stack for each in found.back)} went back"

    def decide(now: Present) -> Event | None:
        still = now.of(target).unfinished
        if still is None or still.seq != unfinished.seq:
            return None
        return DeploymentAbandoned(target, still.release, still.seq, reason)

    after, _ = record.append(ports, decide)
    return after


def _look(ports: Ports, project: Project, present: Present, found: Recovered, last: Deployment | None) -> Recovered:
    """What is there. Only a lock that stays stops it: whatever else is wrong must not block the environment."""
    try:
        ready = _prepare(ports, project, present, found.environment, last)
    except _NOT_SEEN as error:
        return replace(found, unseen=tuple(error.problems))
    return _look_at_stacks(ports, project, present, ready, found) if ready else found


def _look_at_stacks(ports: Ports, project: Project, present: Present, ready: Made, found: Recovered) -> Recovered:
    prepared, here = ready.prepared, present.of(ready.prepared.environment)
    applied, last = here.stacks, here.last
    for stack in prepared.stacks:
        try:
            if ports.terraform.rescue(prepared.environment, stack):
                found = replace(found, rescued=(*found.rescued, stack.name))
            if stack.name in here.shifts and stack.name in prepared.live and last is not None:
                way = WayBack(ports, project, ready, here.traffic[stack.name], last)
                way.begin(stack)
                plans, broken = _plan(ports, prepared.environment, stack, applied, last)
                found = replace(found, broken=(*found.broken, *broken), back=(*found.back, way.go(plans, stack)))
            plans, broken = _plan(ports, prepared.environment, stack, applied, last)
        except _NOT_SEEN as error:
            found = replace(found, unseen=(*found.unseen, *error.problems))
            continue
        finally:
            ports.terraform.discard(prepared.environment, stack)
        found = replace(found, left=(*found.left, *plans), broken=(*found.broken, *broken))
        # Whatever reads this stack can be looked at if it is there at all.
        applied = applied if any(plan.changes or plan.waits_for for plan in plans) else applied | {stack.name}
    return found


def _plan(
    ports: Ports, environment: str, stack: PreparedStack, applied: frozenset[str], last: Deployment | None
) -> tuple[tuple[StackPlan, ...], tuple[StateLock, ...]]:
    destroy = last is not None and last.action == "destroy"
    try:
        return _planned(ports, environment, stack, applied, destroy=destroy, wait=False), ()
    except StateLockedError as held:
        if not _left_behind(held.lock, last):
            raise StateLockedError(held.lock, replace(held.problems[0], hint=_whose(held.lock))) from held
        if not ports.consent.breaks(held.lock):
            stopped = Problem(
                "E310", f"stopped on your answer: the state of {stack.name} stays locked", held.problems[0].hint
            )
            raise InterruptedByUserError(stopped) from held
        try:
            ports.terraform.unlock(environment, stack, held.lock.id)
        except OperationFailedError as kept:
            # On a local disk a lock goes with the process that holds it: where it stays, that process lives.
            raise held from kept
        return _planned(ports, environment, stack, applied, destroy=destroy), (held.lock,)


def _planned(
    ports: Ports, environment: str, stack: PreparedStack, applied: frozenset[str], *, destroy: bool, wait: bool = True
) -> tuple[StackPlan, ...]:
    """One that reads what another stack did not get to put out waits for it: that is no reason to see nothing."""
    try:
        return plan_stacks(ports, environment, [stack], applied, destroy=destroy, wait=wait)
    except UpstreamBehindError as behind:
        return (StackPlan(stack.name, waits_for=behind.upstream, behind=True),)


def _whose(lock: StateLock) -> str:
    """What helps where this command does not: its own name would be a circle."""
    if not lock.id:
        return "try again in a minute: it could not be seen whose it is"
    return f"no deployment took it: ask {lock.who}, or break it in the stack's folder: terraform force-unlock {lock.id}"


def _left_behind(lock: StateLock, last: Deployment | None) -> bool:
    """A lock that is older than the last deployment is somebody else's, and not for this command to break."""
    return bool(lock.id) and (lock.created is None or last is None or lock.created >= last.started_at)


def _prepare(ports: Ports, project: Project, present: Present, target: str, last: Deployment | None) -> Made | None:
    """What was deployed last. Where nothing was, a plan of the entry may have left something; elsewhere nothing can."""
    if last is None:
        return prepare.from_working_tree(ports, project, target) if target == project.entry else None
    candidate = candidates.redeployment(ports, project, present, target=target, release=last.release)
    if candidate.release is None:
        raise bundles.unusable(last.release, candidate.request.bundle)
    settings = candidate.settings or load.settings(ports, project, target, candidate.release.wiring)
    prepared = prepare.lay_out(ports, project, candidate.release, settings, last.release)
    prepare.initialise_from(ports, project, prepared, candidate.release)
    return Made(prepared, candidate.release, settings)


def _again(unfinished: Deployment, target: str) -> str:
    """The command that goes on where the deployment stopped."""
    match unfinished.action:
        case "promote":
            return f"envctl promote {unfinished.source} {target}"
        case "rollback":
            return f"envctl rollback {target} --to {short(unfinished.release)}"
        case _:
            return f"envctl {unfinished.action} {target}"


def _unproven(present: Present, target: str) -> str:
    proof = present.of(target).proof
    return f"envctl verify {target}" if proof and not proof.verified else ""
