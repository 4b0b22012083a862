"""Planning the stacks of an environment, as far as they can be planned."""

from collections.abc import Collection, Iterable

from envctl.domain.changes import StackPlan
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports import Ports, PreparedStack


def plan_stacks(
    ports: Ports,
    environment: str,
    stacks: Iterable[PreparedStack],
    applied: Collection[str],
    *,
    destroy: bool = False,
    wait: bool = True,
) -> tuple[StackPlan, ...]:
    """A stack that reads one which was never applied there can't be planned yet: it waits, and nothing is made up.

    Of such a stack nothing can be there either, so that there is nothing to destroy.
    """
    plans = []
    for stack in stacks:
        waits_for = tuple(upstream for upstream in stack.upstream if upstream not in applied)
        if waits_for:
            plans.append(StackPlan(stack.name, waits_for=() if destroy else waits_for))
            continue
        plan = ports.terraform.plan(environment, stack, destroy=destroy, wait=wait)
        if stack.name in applied and plan.stateless and not destroy:
            demand_state(ports, environment, stack)
        plans.append(plan)
    return tuple(plans)


def demand_state(ports: Ports, environment: str, stack: PreparedStack) -> None:
    """Of a stack that was applied, and of which Terraform now knows nothing: to it, no state is an empty one. One that
    got lost must not pass for an environment in which nothing is there yet: all would be made twice.
    """
    if ports.terraform.has_state(environment, stack):
        return
    message = f"the Terraform state of {stack.name} in {environment} is gone, and it was applied there"
    hint = (
        "put it back from a version of its bucket or a backup; if what it held is gone too: "
        f"envctl destroy {environment}"
    )
    raise OperationFailedError(Problem("E321", message, hint))
