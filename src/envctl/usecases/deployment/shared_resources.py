"""Find resources of two stacks. The states are read only where a stack takes over resources.

A deployment is refused (E380). A command that only looks shows a warning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.plan.changes import Action, StackPlan, list_imports
from envctl.domain.terraform.claimed_resources import (
    HeldResource,
    SharedResource,
    find_imported_resources,
    find_shared_resources,
    list_held_resources,
)
from envctl.domain.text.lists import join_first
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack

MAX_NAMED = 3


def require_sole_owners(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    plans: Mapping[str, StackPlan],
    unknown: Sequence[StackPlan],
) -> None:
    """Raise OperationFailedError (E380) for resources in the states of two stacks, or imported from another stack."""
    if shared := _find_shared(ports, environment, stacks, plans, unknown):
        message = f"{_describe_shared(environment, shared)}; no changes were made"
        hint = (
            "keep each resource in one stack: `terraform state rm` in the folder of the other stack below .envctl/work,"
            f" or a `removed` block in its code; then: {format_command('plan', environment)}"
        )
        raise OperationFailedError(Problem("E380", message, hint))


def warn_of_shared_resources(
    ports: Ports, environment: str, stacks: Sequence[PreparedStack], plans: Sequence[StackPlan], state: EnvironmentState
) -> tuple[StackPlan, ...]:
    """Return the plans, with a warning on those of stacks that share resources: a deployment would refuse them."""
    unknown = state.find_unknown(plans)
    shared = _find_shared(ports, environment, stacks, {plan.stack: plan for plan in plans}, unknown)
    if not shared:
        return tuple(plans)
    found = []
    for plan in plans:
        own = [each for each in shared if plan.stack in (each.first[0], each.second[0])]
        warning = f"E380: {_describe_shared(environment, own)}" if own else ""
        found.append(replace(plan, warnings=(*plan.warnings, warning)) if warning else plan)
    return tuple(found)


def _find_shared(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    plans: Mapping[str, StackPlan],
    unknown: Sequence[StackPlan],
) -> tuple[SharedResource, ...]:
    """Return the resources in the states of two stacks, or imported from another stack.

    It reads the states if one is unknown to the ledger, or a plan imports. Resources that a plan forgets are left out:
    after it, one stack holds them.
    """
    imports = list_imports(plans.values())
    if not (unknown or imports) or len(stacks) == 1:
        return ()
    held: dict[str, tuple[HeldResource, ...]] = {}
    for stack in stacks:
        try:
            found = list_held_resources(ports.terraform.pull_state(environment, stack))
        except ValueError:
            # Terraform reports a damaged state.
            continue
        plan = plans.get(stack.name)
        forgotten = {each.address for each in plan.resources if each.action is Action.FORGET} if plan else set()
        held[stack.name] = tuple(r for r in found if r.address.removeprefix(stack.address_prefix) not in forgotten)
    wanted = [(stack, HeldResource(each.type, each.imported, each.address)) for stack, each in imports]
    return (*find_shared_resources(held), *find_imported_resources(held, wanted))


def _describe_shared(environment: str, shared: Sequence[SharedResource]) -> str:
    named = join_first(
        [f"{each.identity} ({each.first[0]}: {each.first[1]}, {each.second[0]}: {each.second[1]})" for each in shared],
        MAX_NAMED,
    )
    count = "a resource is" if len(shared) == 1 else f"{len(shared)} resources are"
    return f"{count} in the states of two stacks of {environment}: {named}"
