"""States that are lost at a destruction: nothing would go away, and the ledger would forget what is still there.

Every other plan of such a stack would make all of it a second time, and is refused: `planning.demand_state`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.plan.changes import StackPlan
from envctl.domain.text.lists import listed
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


def find_lost(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    plans: Mapping[str, StackPlan],
    applied: Collection[str],
) -> tuple[str, ...]:
    """The stacks that were applied, and of which Terraform has no state. `plans` are those of the destruction.

    A state from which all was destroyed is still there: a destruction that was interrupted goes on. A stack that never
    held anything has no state either: the code that was deployed last would create nothing.
    """
    doubtful = [stack for stack in stacks if stack.name in applied and _is_doubtful(plans.get(stack.name))]
    return tuple(stack.name for stack in doubtful if is_lost(ports, environment, stack))


def check_lost(environment: str, lost: Iterable[str]) -> None:
    """Raises OperationFailedError where there are any."""
    if names := tuple(lost):
        raise OperationFailedError(lost_problem(environment, names))


def lost_problem(environment: str, lost: Sequence[str]) -> Problem:
    states, held = ("state", "it") if len(lost) == 1 else ("states", "they")
    message = (
        f"the Terraform {states} of {listed(lost)} in {environment} cannot be found: destroy would leave what {held}"
        " held, and forget it. Nothing was changed"
    )
    hint = (
        "put it back from a version of its bucket or a backup. If that is impossible, remove by hand what is there,"
        f" and then: envctl destroy {environment} --state-lost"
    )
    return Problem("E371", message, hint)


def _is_doubtful(plan: StackPlan | None) -> bool:
    return plan is not None and plan.stateless and not plan.changes


def is_lost(ports: Ports, environment: str, stack: PreparedStack) -> bool:
    """Whether it has no state, although its code would create something."""
    if ports.terraform.has_state(environment, stack):
        return False
    try:
        return ports.terraform.plan(environment, stack).changes
    except OperationFailedError:
        # It reads what is lost too, or nobody can say: what it held may be there.
        return True
    finally:
        ports.terraform.discard(environment, stack)
