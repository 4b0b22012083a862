"""The state of a stack becomes that of another one, where the stack was renamed.

It is copied, read back and recorded before anything is applied with it, and only then is the old one emptied. A kill on
the way leaves either the old state alone, or both and an entry that says which one counts.
"""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.state import Present
from envctl.domain.ledger.state_events import StateMoved
from envctl.domain.terraform.moved_state import (
    StateClashError,
    empty_state,
    find_version,
    holds_resources,
    is_same,
    is_same_lineage,
    take_over,
)
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.run import Run, there
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.ledger import journal
from envctl.usecases.project.empty_stack import lay_bare


def move_states(run: Run) -> None:
    """Moves the state of each renamed stack. Afterwards all root modules name the states as they lie.

    Raises OperationFailedError where a state lies there already that is none of the old stack (E142), or where what was
    written can't be read back (E143).
    """
    _retire_rest(run)
    if not run.moves:
        return
    before = {new: run.ports.terraform.pull_state(run.target, run.stack(new)) for new in run.moves}
    run.moved = set(run.moves)
    _lay_out_anew(run)
    for new, old in run.moves.items():
        _move(run, new, old, before[new])


def _move(run: Run, new: str, old: str, state: bytes) -> None:
    terraform, stack = run.ports.terraform, run.stack(new)
    terraform.init(run.target, stack, there(run.release).lock())
    try:
        moved = take_over(state, terraform.pull_state(run.target, stack))
    except StateClashError as error:
        message = f"the state of {old} can't become that of {new} in {run.target}: {error}"
        hint = f"look at what {new} holds there, and remove moved_from, or that state: nothing was changed"
        raise OperationFailedError(Problem("E142", message, hint, stack=new)) from error
    if moved:
        terraform.push_state(run.target, stack, moved)
    if moved and not is_same(moved, terraform.pull_state(run.target, stack)):
        message = f"the state of {old} was written to that of {new} in {run.target}, and is read back otherwise"
        hint = f"nothing was changed in {old}: look at the bucket of the states, and run the command again"
        raise OperationFailedError(Problem("E143", message, hint, stack=new))
    _record(run, new, old, find_version(state))
    _retire(run, old, state)
    run.ports.observer.said(f"the state of {old} is now that of {new}")


def _record(run: Run, new: str, old: str, version: tuple[str, int]) -> None:
    def decide(present: Present) -> Event | None:
        unfinished = present.of(run.target).unfinished
        if unfinished is None or unfinished.seq != run.started:
            message = f"the deployment to {run.target} was declared over by somebody else while it ran"
            raise OperationFailedError(Problem("E408", message, "envctl status shows where things stand"))
        return StateMoved(run.target, run.identity, run.started, old, new, *version)

    journal.append(run.ports, decide)


def _retire(run: Run, old: str, state: bytes) -> None:
    """What it held is looked after under the new name: a stack of the old one must not find it again."""
    if not holds_resources(state):
        return
    stack = lay_bare(run.ports, run.project, run.target, old)
    run.ports.terraform.push_state(run.target, stack, empty_state(state))


def _retire_rest(run: Run) -> None:
    """Of a deployment that was stopped between the entry and the end of the old state."""
    here = journal.present(run.ports).of(run.target)
    for new, old in here.renamed.items():
        if old in here.held or new not in run.plans:
            continue
        stack = lay_bare(run.ports, run.project, run.target, old)
        left = run.ports.terraform.pull_state(run.target, stack)
        if not holds_resources(left):
            continue
        if _was_copied(run, new, old, left):
            run.ports.terraform.push_state(run.target, stack, empty_state(left))
        else:
            run.ports.observer.said(f"the state of {old} is not what {new} took over: it is left as it is")


def _was_copied(run: Run, new: str, old: str, left: bytes) -> bool:
    """Whether a state is the very one that was copied, and is not emptied yet. Entries of before do not say which one
    that was: some backends keep the lineage of what is written to them, and others do not.
    """
    for entry in journal.newest_first(run.ports):
        event = entry.event
        if isinstance(event, StateMoved) and (event.environment, event.stack, event.to) == (run.target, old, new):
            if event.lineage:
                return find_version(left) == (event.lineage, event.serial)
            break
    now = run.ports.terraform.pull_state(run.target, run.stack(new))
    return is_same_lineage(left, now) or is_same(left, now)


def _lay_out_anew(run: Run) -> None:
    """With the states under their new names."""
    over = there(run.request).changeover
    release, settings = there(run.release), there(run.settings)
    live = rendering.known(run.ports, run.project, release, run.target, over)
    left = {stack.name for stack in there(run.prepared).left}
    for root in rendering.root_modules(run.project, release, settings, live, run.changeover):
        if root.stack in left:
            continue
        prepare.check_secrets(root)
        run.ports.workspace.lay_stack(run.target, root.stack, root.encode())
