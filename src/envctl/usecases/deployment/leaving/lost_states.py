"""Find lost states before a destruction: the resources would remain, and the ledger would forget them.

Outside of a destruction, `planning.require_state` refuses to create the resources a second time.
"""

from collections.abc import Collection, Mapping, Sequence

from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.plan.changes import StackPlan
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PlanLocking, PreparedStack


def find_lost_states(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    plans: Mapping[str, StackPlan],
    applied: Collection[str],
) -> tuple[str, ...]:
    """Return the applied stacks without a Terraform state. `plans` are the destroy plans.

    An emptied state still exists, so an interrupted destruction can continue. A stack of code without resources
    never had a state.
    """
    doubtful = {name for name, plan in plans.items() if name in applied and plan.stateless and not plan.changes}
    return tuple(stack.name for stack in stacks if stack.name in doubtful and is_lost(ports, environment, stack))


def describe_lost(environment: str, lost: Sequence[str], stacks: Sequence[PreparedStack]) -> Problem:
    states, held = ("state", "its") if len(lost) == 1 else ("states", "their")
    kind, reach = f"Terraform {states}", ""
    if any(each.workload and each.name in lost for each in stacks):
        kind, reach = f"{states} or clusters", "reach the cluster with the objects; for a state, "
    message = (
        f"{kind} of {join_names(lost)} in {environment} not found:"
        f" destroy would leave {held} resources behind. No changes were made"
    )
    hint = (
        f"{reach}restore it from a version in its bucket or from a backup. If there is none, delete the resources by"
        f" hand, then: {format_command('destroy', environment, state_lost=True)}"
    )
    return Problem("E371", message, hint)


def is_lost(ports: Ports, environment: str, stack: PreparedStack, locking: PlanLocking = "wait") -> bool:
    """Return true if the stack has no state although its code creates resources."""
    if ports.terraform.has_state(environment, stack):
        return False
    try:
        return ports.terraform.plan(environment, stack, locking=locking).changes
    except OperationFailedError:
        # Unknown, for example after losing an upstream state too: its resources may exist.
        return True
    finally:
        ports.terraform.delete_plan(environment, stack)
