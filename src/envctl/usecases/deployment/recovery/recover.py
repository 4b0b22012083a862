"""`envctl recover ENV`: close an interrupted deployment, repair locks and states, and show the remaining work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.errors import OperationFailedError, Problem, StateLock, UsageError
from envctl.domain.ledger.events import DeploymentAbandoned, Event
from envctl.domain.ledger.state import Deployment, LedgerState
from envctl.domain.plan.changes import StackPlan
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.leaving.state_move import clear_copies
from envctl.usecases.deployment.prepare import PreparedRelease
from envctl.usecases.deployment.recovery import inspection
from envctl.usecases.deployment.recovery.lock_breaking import break_state_locks
from envctl.usecases.deployment.recovery.state_import import StateImporter
from envctl.usecases.deployment.rollout.abort import WentBack, require_restored
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request, release_store


@dataclass(frozen=True)
class Recovered:
    """The result of a recovery.

    Attributes:
        deployment: the abandoned deployment; None if all had ended.
        broken: the broken Terraform locks.
        rescued: stacks with an unsaved state, now saved.
        left: the plans to complete the deployment.
        unseen: errors of the inspection.
        back: stacks with restored traffic.
        taken_in: addresses of the resources imported now.
        abandoned_imports: addresses of earlier imports without a recorded end.
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
    """Close an interrupted deployment, and import `existing`: addresses like `module.STACK.TYPE.NAME`, with ids.

    Raise LockHeldError if the deployment is still running here or, according to Terraform's lock, elsewhere.
    """
    context, target = load.load_context(ports, environment)
    with ports.workspace.lock_environment(target, f"envctl recover {target} by {ports.identity.identify_actor().name}"):
        present = journal.load(ports)
        last = present.find_environment(target).last
        found = _inspect_environment(context, present, Recovered(target, None, ""), last)
        imports = StateImporter(ports, target, last.release if last else "")
        found = replace(found, abandoned_imports=imports.abandon_open(present))
        found = _import_resources(context, present, found, existing)
        resume = _suggest_resume(last, target) if last else ""
        leaving = {plan.stack: resume for plan in found.left if plan.leaves and resume}
        if last is not None and last.outcome == "unfinished":
            after = _record_abandoned(ports, target, last, found)
            require_restored(after, target, found.unseen, leaving)
            return replace(found, deployment=after.find_environment(target).last, next=resume)
        require_restored(journal.load(ports), target, found.unseen, leaving)
        if found.unseen:
            raise OperationFailedError(*found.unseen)
        proof = present.find_environment(target).current_evidence
        verify = f"envctl verify {target}" if proof and not proof.verified else ""
        return replace(found, left=(), next=resume if found.taken_in and resume else verify)


def _record_abandoned(ports: Ports, target: str, unfinished: Deployment, found: Recovered) -> LedgerState:
    reason = "its end was never recorded"
    if found.broken:
        reason += f"; Terraform's lock of {', '.join(lock.stack for lock in found.broken)} was broken"
    if found.rescued:
        reason += f"; the state of {', '.join(found.rescued)} was saved"
    if found.back:
        reason += f"; the requests of {', '.join(each.stack for each in found.back)} went back"

    def decide_event(now: LedgerState) -> Event | None:
        still = now.find_environment(target).unfinished_deployment
        if still is None or still.seq != unfinished.seq:
            return None
        return DeploymentAbandoned(target, still.release, still.seq, reason)

    return journal.append(ports, decide_event)[0]


def _inspect_environment(
    context: Context, present: LedgerState, found: Recovered, last: Deployment | None
) -> Recovered:
    """Inspect and repair the stacks. Errors are returned, and must not block the environment."""
    here = present.find_environment(found.environment)
    try:
        broken = _clean_up_moves(context, present, found.environment)
        ready = _prepare_last(context, present, found.environment, last)
    except inspection.INSPECTION_ERRORS as error:
        return replace(found, unseen=tuple(error.problems))
    if ready is None:
        return found
    seen = inspection.inspect_stacks(context, here, ready)
    return replace(found, **vars(replace(seen, broken=(*broken, *seen.broken))))


def _clean_up_moves(context: Context, present: LedgerState, target: str) -> tuple[StateLock, ...]:
    """Break the locks and empty the unrecorded copies of a killed state move. Return the broken locks."""
    here = present.find_environment(target)
    release = release_store.load_bundle(context.ports, here.last.release)[1] if here.last else None
    if here.last is None or release is None:
        return ()
    over = deploy_request.find_changeover(context, present, target, release.wiring, release=here.last.release)
    emptied = [old for old in here.renamed.values() if old not in here.held_stacks]
    broken = break_state_locks(context, target, [*over.moves, *emptied], here.last)
    clear_copies(context, target, over.moves)
    return broken


def _import_resources(
    context: Context, present: LedgerState, found: Recovered, existing: Sequence[tuple[str, str]]
) -> Recovered:
    """Import the resources. Raise UsageError for an address outside all stacks, or the error of Terraform."""
    if not existing:
        return found
    target = found.environment
    last = present.find_environment(target).last
    ready = _prepare_last(context, present, target, last)
    if ready is None:
        message = f"nothing was deployed to {target}: no state can take anything in"
        raise OperationFailedError(Problem("E322", message, "envctl status"))
    stacks = {f"module.{stack.name}.": stack for stack in ready.prepared.stacks}
    wanted = [(address, identity, _find_stack(address, stacks)) for address, identity in existing]
    imports = StateImporter(context.ports, target, last.release if last else "")
    for address, identity, stack in wanted:
        imports.import_resource(stack, address, identity)
    left = inspection.inspect_stacks(context, present.find_environment(target), ready).left
    return replace(found, taken_in=tuple(address for address, _, _ in wanted), left=left)


def _find_stack(address: str, stacks: Mapping[str, PreparedStack]) -> PreparedStack:
    for prefix, stack in stacks.items():
        if address.startswith(prefix):
            return stack
    message = f"{address} is the address of nothing in a stack of this release"
    hint = f"begin it with {' or '.join(sorted(stacks))}, and quote it: 'module.STACK.TYPE.NAME[\"KEY\"]'"
    raise UsageError(Problem("E368", message, hint))


def _prepare_last(
    context: Context, present: LedgerState, target: str, last: Deployment | None
) -> PreparedRelease | None:
    """Prepare the last deployment; without one, the working tree in the entry environment, else None."""
    if last is None:
        return prepare.prepare_working_tree(context, target) if target == context.project.entry else None
    action: Literal["apply", "destroy"] = "destroy" if last.action == "destroy" else "apply"
    candidate = deploy_request.build_redeployment(context, present, target=target, release=last.release, action=action)
    if candidate.release is None:
        raise release_store.unusable_bundle_error(last.release, candidate.request.bundle)
    over, wiring = candidate.request.changeover, candidate.release.wiring
    settings = candidate.settings or load.load_settings(context, target, wiring, moves=over.moves)
    prepared = prepare.write_workdirs(context, candidate.release, settings, last.release, changeover=over)
    prepare.init_release(context, prepared, candidate.release)
    prepared = leaving_stacks.add_leaving(context, present, prepared, release=candidate.release, changeover=over)
    return PreparedRelease(prepared, candidate.release, settings, over)


def _suggest_resume(unfinished: Deployment, target: str) -> str:
    """Return the command to resume the deployment."""
    match unfinished.action:
        case "promote":
            return f"envctl promote {unfinished.source} {target}"
        case "rollback":
            return f"envctl rollback {target} --to {shorten_id(unfinished.release)}"
        case _:
            return f"envctl {unfinished.action} {target}"
