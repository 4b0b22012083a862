"""Planning the stacks of an environment, as far as they can be planned."""

from collections.abc import Collection, Iterable

from envctl.domain.changes import StackPlan
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
        else:
            plans.append(ports.terraform.plan(environment, stack, destroy=destroy, wait=wait))
    return tuple(plans)
