"""`envctl recover ENV`: looks at what a deployment left whose end nobody recorded, says that it is over, and what is
still to be done, so that the next one may begin. Locks and states that something else left are put in order as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem, StateLock, UsageError
from envctl.domain.ledger.events import DeploymentAbandoned, Event
from envctl.domain.ledger.state import Deployment, Present
from envctl.domain.plan.changes import StackPlan
from envctl.domain.text.short_ids import short
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.prepare import Made
from envctl.usecases.deployment.recovery import inspection
from envctl.usecases.deployment.recovery.lock_breaking import break_bare_locks
from envctl.usecases.deployment.recovery.state_import import Imports
from envctl.usecases.deployment.recovery.unfinished_moves import clear_copies
from envctl.usecases.deployment.rollout.abort import WentBack, demand_back
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import load
from envctl.usecases.release import bundle_store, deploy_request, stack_changes


@dataclass(frozen=True)
class Recovered:
    """`deployment` is the one that was abandoned; None where nothing was unfinished.

    `broken` are the locks of Terraform's that it left, `rescued` the stacks whose state it could not save, `left` what
    is still to be done to complete it, and `unseen` why that could not be found out. `back` are the stacks whose
    requests it had begun to send to another colour, and that have gone back. `taken_in` are the addresses of what was
    taken into the states, and `abandoned_imports` those of earlier imports whose end was never recorded.
    """

    environment: str
    deployment: Deployment | None
    next: str
    broken: tuple[StateLock, ...] = ()
    rescued: tuple[str, ...] = ()
    left: tuple[StackPlan, ...] = ()
    unseen: tuple[Problem, ...] = ()
    back: tuple[WentBack, ...] = ()
    taken_in: tuple[str, ...] = ()
    abandoned_imports: tuple[str, ...] = ()


def recover(ports: Ports, environment: str, existing: Sequence[tuple[str, str]] = ()) -> Recovered:
    """`existing` is to be taken into the states: addresses like `module.STACK.TYPE.NAME`, and ids.

    Raises LockHeldError while the deployment still runs, here or, as far as Terraform's lock tells, elsewhere.
    """
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl recover {target} by {ports.identity.actor().name}"):
        present = journal.present(ports)
        last = present.of(target).last
        found = _look(ports, project, present, Recovered(target, None, ""), last)
        imports = Imports(ports, target, last.release if last else "")
        found = replace(found, abandoned_imports=imports.abandon_open(present))
        found = _take_in(ports, project, present, found, existing)
        if last is not None and last.outcome == "unfinished":
            after = _abandon(ports, target, last, found)
            demand_back(after, target, found.unseen, _leaving(found, last))
            return replace(found, deployment=after.of(target).last, next=_again(last, target))
        demand_back(journal.present(ports), target, found.unseen, _leaving(found, last))
        if found.unseen:
            raise OperationFailedError(*found.unseen)
        following = _again(last, target) if found.taken_in and last else _unproven(present, target)
        return replace(found, left=(), next=following)


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

    after, _ = journal.append(ports, decide)
    return after


def _look(ports: Ports, project: Project, present: Present, found: Recovered, last: Deployment | None) -> Recovered:
    """What is there. Whatever can't be seen must not block the environment."""
    here = present.of(found.environment)
    try:
        broken = _tidy_moves(ports, project, present, found.environment)
        ready = _prepare(ports, project, present, found.environment, last)
    except inspection.NOT_SEEN as error:
        return replace(found, unseen=tuple(error.problems))
    if ready is None:
        return found
    seen = inspection.look(ports, project, here, ready)
    return replace(found, **vars(replace(seen, broken=(*broken, *seen.broken))))


def _tidy_moves(ports: Ports, project: Project, present: Present, target: str) -> tuple[StateLock, ...]:
    """What a killed move left: copies that do not count, and locks of states that were to be written or emptied. Gives
    the locks that were broken.
    """
    here = present.of(target)
    release = bundle_store.look(ports, here.last.release)[1] if here.last else None
    if here.last is None or release is None:
        return ()
    over = stack_changes.find_changeover(ports, project, present, target, release.wiring, release=here.last.release)
    emptied = [old for old in here.renamed.values() if old not in here.held]
    broken = break_bare_locks(ports, project, target, [*over.moves, *emptied], here.last)
    clear_copies(ports, project, target, over.moves)
    return broken


def _take_in(
    ports: Ports, project: Project, present: Present, found: Recovered, existing: Sequence[tuple[str, str]]
) -> Recovered:
    """After locks and states were put in order. Raises UsageError for an address of no stack, and what Terraform says
    where it does not take something in.
    """
    if not existing:
        return found
    target = found.environment
    last = present.of(target).last
    ready = _prepare(ports, project, present, target, last)
    if ready is None:
        message = f"nothing was deployed to {target}: no state can take anything in"
        raise OperationFailedError(Problem("E322", message, "envctl status"))
    stacks = {f"module.{stack.name}.": stack for stack in ready.prepared.stacks}
    wanted = [(address, identity, _stack_of(address, stacks)) for address, identity in existing]
    imports = Imports(ports, target, last.release if last else "")
    for address, identity, stack in wanted:
        imports.take_in(stack, address, identity)
    left = inspection.look(ports, project, present.of(target), ready).left
    return replace(found, taken_in=tuple(address for address, _, _ in wanted), left=left)


def _stack_of(address: str, stacks: Mapping[str, PreparedStack]) -> PreparedStack:
    for prefix, stack in stacks.items():
        if address.startswith(prefix):
            return stack
    message = f"{address} is the address of nothing in a stack of this release"
    hint = f"begin it with {' or '.join(sorted(stacks))}, and quote it: 'module.STACK.TYPE.NAME[\"KEY\"]'"
    raise UsageError(Problem("E368", message, hint))


def _prepare(ports: Ports, project: Project, present: Present, target: str, last: Deployment | None) -> Made | None:
    """What was deployed last. Where nothing was, a plan of the entry may have left something; elsewhere nothing can."""
    if last is None:
        return prepare.from_working_tree(ports, project, target) if target == project.entry else None
    action: Literal["apply", "destroy"] = "destroy" if last.action == "destroy" else "apply"
    candidate = deploy_request.redeployment(ports, project, present, target=target, release=last.release, action=action)
    if candidate.release is None:
        raise bundle_store.unusable(last.release, candidate.request.bundle)
    over, wiring = candidate.request.changeover, candidate.release.wiring
    settings = candidate.settings or load.settings(ports, project, target, wiring, moves=over.moves)
    prepared = prepare.lay_out(ports, project, candidate.release, settings, last.release, changeover=over)
    prepare.initialise_from(ports, project, prepared, candidate.release)
    prepared = leaving_stacks.add_leaving(ports, project, present, prepared, release=candidate.release, changeover=over)
    return Made(prepared, candidate.release, settings, over)


def _again(unfinished: Deployment, target: str) -> str:
    """The command that goes on where the deployment stopped."""
    match unfinished.action:
        case "promote":
            return f"envctl promote {unfinished.source} {target}"
        case "rollback":
            return f"envctl rollback {target} --to {short(unfinished.release)}"
        case _:
            return f"envctl {unfinished.action} {target}"


def _leaving(found: Recovered, last: Deployment | None) -> dict[str, str]:
    """The stacks that leave with the last deployment, each with the command that goes on with it."""
    return {plan.stack: _again(last, found.environment) for plan in found.left if plan.leaves and last is not None}


def _unproven(present: Present, target: str) -> str:
    proof = present.of(target).proof
    return f"envctl verify {target}" if proof and not proof.verified else ""
