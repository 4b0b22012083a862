"""The order of applying staying and leaving stacks."""

from envctl.usecases.deployment import apply_stacks
from envctl.usecases.deployment.leaving import state_move
from envctl.usecases.deployment.run import Run
from envctl.usecases.deployment.stages import Needs


def apply_in_order(run: Run, needs: Needs) -> None:
    """Apply the staying stacks, then destroy the leaving ones; the other way round at a destruction.

    A stack may only be destroyed after all stacks reading its outputs.
    """
    if run.action == "destroy":
        apply_stacks.destroy_leaving(run)
    else:
        state_move.move_states(run)
    apply_stacks.apply_all(run, needs)
    if run.action != "destroy":
        apply_stacks.destroy_leaving(run)
    run.all_applied = True
