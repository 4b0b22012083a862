"""Move the state of a renamed stack to its new name.

The state is copied, read back and recorded before any apply; only then the old state is emptied. A kill in between
leaves the old state alone, or both states and an entry naming the valid one.
"""

from collections.abc import Mapping

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state_events import StateMoved
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.terraform import moved_state
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.ledger_entries import append_if_unfinished
from envctl.usecases.deployment.prepare import prepare_empty_stack
from envctl.usecases.deployment.progress import Attempt
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import PreparedStack


def move_states(attempt: Attempt) -> None:
    """Move the state of each renamed stack, and rewrite all root modules for the new locations.

    Raise OperationFailedError if the new name has a foreign state already (E142), or if the copy reads back different
    (E143).
    """
    terraform, target, moves = attempt.request.context.ports.terraform, attempt.request.target, attempt.planned.moves
    _empty_leftover_states(attempt)
    if not moves:
        return
    before = {new: terraform.pull_state(target, attempt.prepared.environment.find_stack(new)) for new in moves}
    attempt.moved = set(moves)
    _rewrite_root_modules(attempt)
    for new, old in moves.items():
        _move_state(attempt, new, old, before[new])


def _move_state(attempt: Attempt, new: str, old: str, state: bytes) -> None:
    context, target = attempt.request.context, attempt.request.target
    terraform, stack = context.ports.terraform, attempt.prepared.environment.find_stack(new)
    terraform.init(target, stack, attempt.prepared.release.lock_bytes())
    try:
        moved = moved_state.build_moved_state(state, terraform.pull_state(target, stack))
    except moved_state.StateConflictError as error:
        message = f"the state of {old} can't move to {new} in {target}: {error}"
        hint = f"check the resources of {new} there, then remove moved_from or that state; no changes were made"
        raise OperationFailedError(Problem("E142", message, hint, stack=new)) from error
    stays = _is_same_state(context, target, new, old)
    if moved and not stays:
        terraform.push_state(target, stack, moved)
    if moved and not moved_state.has_same_content(moved, terraform.pull_state(target, stack)):
        message = f"the state of {old} was copied to {new} in {target}, but reads back differently"
        hint = f"{old} is unchanged: check the state bucket, and run the command again"
        raise OperationFailedError(Problem("E143", message, hint, stack=new))
    lineage, serial = moved_state.read_lineage_and_serial(state)
    event = StateMoved(
        environment=target,
        release=attempt.guard_request.identity,
        started=attempt.started,
        stack=old,
        to=new,
        lineage=lineage,
        serial=serial,
    )
    append_if_unfinished(attempt, lambda _: event)
    if moved_state.has_resources(state) and not stays:
        # A later stack of the old name must not find the moved resources.
        left = prepare_empty_stack(context, target, old)
        terraform.push_state(target, left, moved_state.clear_state(state))
    context.ports.observer.on_message(f"the state of {old} moved to {new}")


def clear_copies(context: Context, environment: str, moves: Mapping[str, str]) -> None:
    """Empty each new state identical to its old one after a killed move: no other stack must get it.

    `moves` are unrecorded, new name to old name: the old states are valid.
    """
    ports = context.ports
    for new, old in moves.items():
        if _is_same_state(context, environment, new, old):
            continue
        for name in (new, old):
            ports.terraform.require_idle(environment, PreparedStack(name))
        stack = prepare_empty_stack(context, environment, new)
        copy = ports.terraform.pull_state(environment, stack)
        if not moved_state.has_resources(copy):
            continue
        original = prepare_empty_stack(context, environment, old)
        if moved_state.has_same_content(copy, ports.terraform.pull_state(environment, original)):
            ports.terraform.push_state(environment, stack, moved_state.clear_state(copy))


def _is_same_state(context: Context, environment: str, new: str, old: str) -> bool:
    """Check if the project file gives both names one state: then it stays, and must not be emptied."""
    return resolve_place(context.project, environment).backend.is_same_state(new, old)


def _empty_leftover_states(attempt: Attempt) -> None:
    """Empty old states left by a deployment interrupted after recording a move."""
    context, target = attempt.request.context, attempt.request.target
    for new, old in attempt.leftovers.items():
        if _is_same_state(context, target, new, old):
            continue
        stack = prepare_empty_stack(context, target, old)
        left = context.ports.terraform.pull_state(target, stack)
        if not moved_state.has_resources(left):
            continue
        if _is_copied_state(attempt, new, old, left):
            context.ports.terraform.push_state(target, stack, moved_state.clear_state(left))
        else:
            context.ports.observer.on_message(
                f"the state of {old} differs from the copy in {new}; it is left unchanged"
            )


def _is_copied_state(attempt: Attempt, new: str, old: str, left: bytes) -> bool:
    """Return true if `left` is the copied state. Older entries lack its version, and not all backends keep lineages."""
    ports, target = attempt.request.context.ports, attempt.request.target
    for entry in journal.read_newest_first(ports):
        event = entry.event
        if isinstance(event, StateMoved) and (event.environment, event.stack, event.to) == (target, old, new):
            if event.lineage:
                return moved_state.read_lineage_and_serial(left) == (event.lineage, event.serial)
            break
    now = ports.terraform.pull_state(target, attempt.prepared.environment.find_stack(new))
    return moved_state.has_same_lineage(left, now) or moved_state.has_same_content(left, now)


def _rewrite_root_modules(attempt: Attempt) -> None:
    """Write the root modules with the states under their new names."""
    context, target, prepared = attempt.request.context, attempt.request.target, attempt.prepared
    over = attempt.guard_request.changeover
    live = prepare.load_traffic(context, prepared.release, target, over)
    left = {stack.name for stack in prepared.environment.leaving}
    roots = prepare.render_stacks(context.project, prepared.release, prepared.settings, live, attempt.changeover)
    for root in roots:
        if root.stack in left:
            continue
        prepare.check_secrets(root)
        prepare.rewrite_root_module(context.ports, target, root)
