"""Planning the stacks of an environment, as far as they can be planned."""

from collections.abc import Collection, Iterable

from envctl.domain.changes import StackPlan
from envctl.usecases.ports import Ports, PreparedStack


def plan_stacks(
    ports: Ports, environment: str, stacks: Iterable[PreparedStack], applied: Collection[str]
) -> tuple[StackPlan, ...]:
    """A stack that reads one which was never applied there can't be planned yet: it waits, and nothing is made up."""
    plans = []
    for stack in stacks:
        waits_for = tuple(upstream for upstream in stack.upstream if upstream not in applied)
        plans.append(
            StackPlan(stack.name, waits_for=waits_for) if waits_for else ports.terraform.plan(environment, stack)
        )
    return tuple(plans)
