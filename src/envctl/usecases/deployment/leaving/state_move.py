"""Move the state of a renamed stack to its new name.

The state is copied, read back and recorded before any apply; only then the old state is emptied. A kill in between
leaves the old state alone, or both states and an entry naming the valid one.
"""

from collections.abc import Mapping

from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state_events import StateMoved
from envctl.domain.terraform import moved_state
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.ledger_entries import append_if_unfinished
from envctl.usecases.deployment.run import Run, require
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.empty_stack import prepare_empty_stack


def move_states(run: Run) -> None:
    """Move the state of each renamed stack, and rewrite all root modules for the new locations.

    Raise OperationFailedError if the new name has a foreign state already (E142), or if the copy reads back different
    (E143).
    """
    _empty_leftover_states(run)
    if not run.moves:
        return
    before = {new: run.ports.terraform.pull_state(run.target, run.find_stack(new)) for new in run.moves}
    run.moved = set(run.moves)
    _rewrite_root_modules(run)
    for new, old in run.moves.items():
        _move_state(run, new, old, before[new])


def _move_state(run: Run, new: str, old: str, state: bytes) -> None:
    terraform, stack = run.ports.terraform, run.find_stack(new)
    terraform.init(run.target, stack, require(run.release).lock_bytes())
    try:
        moved = moved_state.build_moved_state(state, terraform.pull_state(run.target, stack))
    except moved_state.StateConflictError as error:
        message = f"the state of {old} can't become that of {new} in {run.target}: {error}"
        hint = f"look at what {new} holds there, and remove moved_from, or that state: nothing was changed"
        raise OperationFailedError(Problem("E142", message, hint, stack=new)) from error
    if moved:
        terraform.push_state(run.target, stack, moved)
    if moved and not moved_state.has_same_content(moved, terraform.pull_state(run.target, stack)):
        message = f"the state of {old} was written to that of {new} in {run.target}, and is read back otherwise"
        hint = f"nothing was changed in {old}: look at the bucket of the states, and run the command again"
        raise OperationFailedError(Problem("E143", message, hint, stack=new))
    version = moved_state.read_lineage_and_serial(state)
    append_if_unfinished(run, lambda _: StateMoved(run.target, run.identity, run.started, old, new, *version))
    if moved_state.has_resources(state):
        # A later stack of the old name must not find the moved resources.
        left = prepare_empty_stack(run.ports, run.project, run.target, old)
        terraform.push_state(run.target, left, moved_state.clear_state(state))
    run.ports.observer.on_message(f"the state of {old} is now that of {new}")


def clear_copies(ports: Ports, project: Project, environment: str, moves: Mapping[str, str]) -> None:
    """Empty each new state identical to its old one after a killed move: no other stack must get it.

    `moves` are unrecorded, new name to old name: the old states are valid.
    """
    for new, old in moves.items():
        for name in (new, old):
            ports.terraform.require_idle(environment, PreparedStack(name))
        stack = prepare_empty_stack(ports, project, environment, new)
        copy = ports.terraform.pull_state(environment, stack)
        if not moved_state.has_resources(copy):
            continue
        original = prepare_empty_stack(ports, project, environment, old)
        if moved_state.has_same_content(copy, ports.terraform.pull_state(environment, original)):
            ports.terraform.push_state(environment, stack, moved_state.clear_state(copy))


def _empty_leftover_states(run: Run) -> None:
    """Empty old states left by a deployment interrupted after recording a move."""
    here = journal.load(run.ports).find_environment(run.target)
    for new, old in here.renamed.items():
        if old in here.held_stacks or new not in run.plans:
            continue
        stack = prepare_empty_stack(run.ports, run.project, run.target, old)
        left = run.ports.terraform.pull_state(run.target, stack)
        if not moved_state.has_resources(left):
            continue
        if _is_copied_state(run, new, old, left):
            run.ports.terraform.push_state(run.target, stack, moved_state.clear_state(left))
        else:
            run.ports.observer.on_message(f"the state of {old} is not what {new} took over: it is left as it is")


def _is_copied_state(run: Run, new: str, old: str, left: bytes) -> bool:
    """Return true if `left` is the copied state. Older entries lack its version, and not all backends keep lineages."""
    for entry in journal.read_newest_first(run.ports):
        event = entry.event
        if isinstance(event, StateMoved) and (event.environment, event.stack, event.to) == (run.target, old, new):
            if event.lineage:
                return moved_state.read_lineage_and_serial(left) == (event.lineage, event.serial)
            break
    now = run.ports.terraform.pull_state(run.target, run.find_stack(new))
    return moved_state.has_same_lineage(left, now) or moved_state.has_same_content(left, now)


def _rewrite_root_modules(run: Run) -> None:
    """Write the root modules with the states under their new names."""
    over = require(run.request).changeover
    release, settings = require(run.release), require(run.settings)
    live = rendering.load_traffic(run.ports, run.project, release, run.target, over)
    left = {stack.name for stack in require(run.prepared).leaving}
    for root in rendering.render_stacks(run.project, release, settings, live, run.changeover):
        if root.stack in left:
            continue
        prepare.check_secrets(root)
        run.ports.workspace.write_stack(run.target, root.stack, root.encode())
