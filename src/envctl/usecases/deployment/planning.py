"""Planning the stacks of an environment, as far as they can be planned: side by side."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UpstreamBehindError, together
from envctl.domain.plan.changes import Action, StackPlan
from envctl.usecases.concurrency.dag_runner import Steps, side_by_side
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


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
        if known := _known_before(stack, applied, destroy=destroy):
            found[stack.name] = known
    needs: dict[str, tuple[str, ...]] = {stack.name: () for stack in stacks if stack.name not in found}
    failed: Mapping[str, EnvctlError] = {}
    if needs:
        with ports.terraform.at_once() as crew:
            course = side_by_side(crew, needs, steps, lambda name: f"{environment}/{name}")
        if course.stopped is not None:
            raise course.stopped
        failed = course.failed
    for stack in stacks:
        if stack.name in failed and stack.leaves:
            _hint_at_ways(failed[stack.name], environment, stack.name)
        if stack.name in failed and (plan := _instead(stack, failed[stack.name], found, destroy=destroy)):
            found[stack.name] = plan
    failed = {name: error for name, error in failed.items() if name not in found}
    return Planned(tuple(found[stack.name] for stack in stacks if stack.name in found), failed)


def _known_before(stack: PreparedStack, applied: Collection[str], *, destroy: bool) -> StackPlan | None:
    """What is known of a stack without asking Terraform."""
    if stack.unready:
        return StackPlan(stack.name, warnings=(stack.unready,), leaves="forget")
    waits_for = tuple(needed for needed in stack.needs if needed not in applied)
    if stack.leaves or not waits_for:
        return None
    return StackPlan(stack.name, waits_for=() if destroy else waits_for)


def _instead(
    stack: PreparedStack, error: EnvctlError, found: Mapping[str, StackPlan], *, destroy: bool
) -> StackPlan | None:
    """What stands for a plan that failed, where something can."""
    if stack.leaves:
        listable = stack.leaves != "forget" or not isinstance(error, OperationFailedError)
        return None if listable else _unlisted(stack, error)
    waits_for = () if destroy else _waits_for(error, found)
    return StackPlan(stack.name, waits_for=waits_for, behind=True) if waits_for else None


def _hint_at_ways(error: EnvctlError, environment: str, stack: str) -> None:
    """Its code is that of an earlier release, and can't be corrected."""
    hint = (
        f"if a setting is missing, write it into environments/{environment}/removed.tfvars;"
        f' to leave it as it is, add [removed.{stack}] with then = "forget" to envctl.toml'
    )
    error.problems = tuple(replace(each, hint=hint) if each.code == "E305" else each for each in error.problems)


def _waits_for(error: EnvctlError, found: Mapping[str, StackPlan]) -> tuple[str, ...]:
    """The stacks whose outputs are not yet what it reads, where all of them are about to be changed."""
    if not isinstance(error, UpstreamBehindError):
        return ()
    plans = [found.get(name) for name in error.upstream]
    return error.upstream if all(plan and (plan.changes or plan.waits_for) for plan in plans) else ()


def _plan(
    ports: Ports, environment: str, stack: PreparedStack, applied: Collection[str], *, destroy: bool, wait: bool
) -> StackPlan:
    plan = ports.terraform.plan(environment, stack, destroy=destroy or bool(stack.leaves), wait=wait)
    if stack.leaves:
        # At a destruction of all, lost states are looked for in `lost_states`.
        if stack.name in applied and stack.leaves == "destroy" and plan.stateless and not destroy:
            _check_leaving_state(ports, environment, stack)
        return _plan_leaving(plan, stack)
    if stack.name in applied and plan.stateless and not destroy:
        demand_state(ports, environment, stack)
    return plan


def _plan_leaving(plan: StackPlan, stack: PreparedStack) -> StackPlan:
    """What becomes of all that it holds. Of one that is forgotten, everything stays as it is."""
    if stack.leaves == "destroy":
        return replace(plan, leaves="destroy")
    resources = tuple(replace(each, action=Action.FORGET) for each in plan.resources if each.action is Action.DELETE)
    return StackPlan(plan.stack, resources, warnings=plan.warnings, stateless=plan.stateless, leaves="forget")


def _unlisted(stack: PreparedStack, error: EnvctlError) -> StackPlan:
    """Who forgets a stack need not be able to look at it."""
    why = error.problems[0].message.partition("\n")[0]
    return StackPlan(stack.name, warnings=(f"what it holds could not be listed: {why}",), leaves="forget")


def _check_leaving_state(ports: Ports, environment: str, stack: PreparedStack) -> None:
    """Raises OperationFailedError where the state of a stack is lost that leaves: what it held would stay, unknown."""
    from envctl.usecases.deployment.leaving import lost_states

    if lost_states.is_lost(ports, environment, stack):
        message = f"the Terraform state of {stack.name} in {environment} is gone, and {stack.name} leaves"
        hint = (
            "put it back from a version of its bucket or a backup; or remove by hand what is there, and add"
            f' [removed.{stack.name}] with then = "forget" to envctl.toml'
        )
        raise OperationFailedError(Problem("E321", message, hint))


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
