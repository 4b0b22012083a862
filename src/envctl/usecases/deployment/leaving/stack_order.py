"""The stacks that stay and those that leave, in the order in which none reads what is gone already."""

from envctl.usecases.deployment import apply_stacks
from envctl.usecases.deployment.leaving import state_move
from envctl.usecases.deployment.run import Run
from envctl.usecases.deployment.stages import Needs


def apply_in_order(run: Run, needs: Needs) -> None:
    """What leaves goes once nothing reads it any more: after the stacks that stay were applied, and before those that
    it reads are destroyed.
    """
    if run.action == "destroy":
        apply_stacks.destroy_left(run)
    else:
        state_move.move_states(run)
    apply_stacks.apply_all(run, needs)
    if run.action != "destroy":
        apply_stacks.destroy_left(run)
    run.through = True
