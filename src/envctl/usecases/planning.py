"""Planning the stacks of an environment, as far as they can be planned: side by side."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from envctl.domain.changes import StackPlan
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UpstreamBehindError, together
from envctl.usecases.ports import Ports
from envctl.usecases.side_by_side import Steps, side_by_side
from envctl.usecases.terraform_ports import PreparedStack


@dataclass(frozen=True)
class Planned:
    """`plans` are in the order of the stacks, without those that `failed`."""

    plans: tuple[StackPlan, ...]
    failed: Mapping[str, EnvctlError] = field(default_factory=dict)


def plan_stacks(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    applied: Collection[str],
    *,
    destroy: bool = False,
    wait: bool = True,
) -> tuple[StackPlan, ...]:
    """As `plan_each`, of all or none: raises what went wrong with any."""
    planned = plan_each(ports, environment, stacks, applied, destroy=destroy, wait=wait)
    if planned.failed:
        raise together(tuple(planned.failed.values()))
    return planned.plans


def plan_each(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    applied: Collection[str],
    *,
    destroy: bool = False,
    wait: bool = True,
) -> Planned:
    """A stack that needs one which was never applied there can't be planned yet: it waits, and nothing is made up. So
    does one that reads what another one is only about to put out.

    Of such a stack nothing can be there either, so that there is nothing to destroy. None keeps another one from being
    planned: what a plan reads of others is what they were applied with.
    """
    found: dict[str, StackPlan] = {}

    def steps(name: str) -> Steps:
        stack = next(stack for stack in stacks if stack.name == name)

        def plan() -> None:
            found[name] = _plan(ports, environment, stack, applied, destroy=destroy, wait=wait)

        yield plan

    for stack in stacks:
        if waits_for := tuple(needed for needed in stack.needs if needed not in applied):
            found[stack.name] = StackPlan(stack.name, waits_for=() if destroy else waits_for)
    needs: dict[str, tuple[str, ...]] = {stack.name: () for stack in stacks if stack.name not in found}
    failed: Mapping[str, EnvctlError] = {}
    if needs:
        with ports.terraform.at_once() as crew:
            course = side_by_side(crew, needs, steps, lambda name: f"{environment}/{name}")
        if course.stopped is not None:
            raise course.stopped
        failed = course.failed
    for stack in stacks if not destroy else ():
        if stack.name in failed and (waits_for := _waits_for(failed[stack.name], found)):
            found[stack.name] = StackPlan(stack.name, waits_for=waits_for, behind=True)
    failed = {name: error for name, error in failed.items() if name not in found}
    return Planned(tuple(found[stack.name] for stack in stacks if stack.name in found), failed)


def _waits_for(error: EnvctlError, found: Mapping[str, StackPlan]) -> tuple[str, ...]:
    """The stacks whose outputs are not yet what it reads, where all of them are about to be changed."""
    if not isinstance(error, UpstreamBehindError):
        return ()
    plans = [found.get(name) for name in error.upstream]
    return error.upstream if all(plan and (plan.changes or plan.waits_for) for plan in plans) else ()


def _plan(
    ports: Ports, environment: str, stack: PreparedStack, applied: Collection[str], *, destroy: bool, wait: bool
) -> StackPlan:
    plan = ports.terraform.plan(environment, stack, destroy=destroy, wait=wait)
    if stack.name in applied and plan.stateless and not destroy:
        demand_state(ports, environment, stack)
    return plan


def demand_state(ports: Ports, environment: str, stack: PreparedStack) -> None:
    """Of a stack that was applied, and of which Terraform now knows nothing: to it, no state is an empty one. One that
    got lost must not pass for an environment in which nothing is there yet: all would be made twice.
    """
    if ports.terraform.has_state(environment, stack):
        return
    message = f"the Terraform state of {stack.name} in {environment} is gone, and it was applied there"
    # Not `destroy`, which helps too where nothing is left: whoever follows a hint at night would lose the other stacks.
    hint = f"put it back from a version of its bucket or a backup, and look again: envctl plan {environment}"
    raise OperationFailedError(Problem("E321", message, hint))
