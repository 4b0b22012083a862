"""The stacks that stay and those that leave, in the order in which none reads what is gone already."""

from envctl.usecases import applying, moving
from envctl.usecases.run import Run
from envctl.usecases.stages import Needs


def apply_in_order(run: Run, needs: Needs) -> None:
    """What leaves goes once nothing reads it any more: after the stacks that stay were applied, and before those that
    it reads are destroyed.
    """
    if run.action == "destroy":
        applying.destroy_left(run)
    else:
        moving.move_states(run)
    applying.apply_all(run, needs)
    if run.action != "destroy":
        applying.destroy_left(run)
    run.through = True
