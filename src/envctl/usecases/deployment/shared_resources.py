"""Find resources of two stacks. The states are read only where a stack takes over or deletes resources.

A deployment is refused (E380, E382). A command that only looks shows a warning.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import Request
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.plan.changes import Action, StackPlan, list_imports
from envctl.domain.plan.wanted_deletions import WantedDeletion, find_wanted_deletions, list_deletions
from envctl.domain.terraform.claimed_resources import (
    HeldResource,
    Instance,
    SharedResource,
    find_imported_resources,
    find_shared_resources,
    list_held_resources,
    list_instances,
)
from envctl.domain.text.lists import join_first
from envctl.usecases.concurrency.dag_runner import RunReport, run_stack_jobs
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack

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


def require_no_loss(
    ports: Ports,
    request: Request,
    environment: PreparedEnvironment,
    plans: Mapping[str, StackPlan],
    done: Collection[str] | None = None,
) -> None:
    """Raise OperationFailedError (E382) if a stack deletes what another one creates, imports or holds.

    In the middle of a deployment, the `done` stacks have deleted already, and no states are read.
    """
    others = _select_others(environment.all_stacks, plans.values()) if done is None else ()
    held = _read_states(ports, request.target, others)
    if wanted := find_wanted_deletions(plans.values(), held, plans.keys() - (done or ())):
        hint = _suggest_keeping(request, environment, wanted[0])
        raise OperationFailedError(Problem("E382", _describe_wanted(request.target, wanted), hint))


def warn_of_shared_resources(
    ports: Ports, environment: str, stacks: Sequence[PreparedStack], plans: Sequence[StackPlan], state: EnvironmentState
) -> tuple[StackPlan, ...]:
    """Return the plans, with a warning on those of stacks that share resources: a deployment would refuse them."""
    unknown = state.find_unknown(plans)
    shared = _find_shared(ports, environment, stacks, {plan.stack: plan for plan in plans}, unknown)
    held = _read_states(ports, environment, _select_others(stacks, plans))
    wanted = find_wanted_deletions(plans, held, [plan.stack for plan in plans])
    found = []
    for plan in plans:
        own = [each for each in shared if plan.stack in (each.first[0], each.second[0])]
        lost = [each for each in wanted if plan.stack in (each.gone.stack, each.wanted.stack)]
        warnings = [f"E380: {_describe_shared(environment, own)}"] if own else []
        warnings += [f"E382: {_describe_wanted(environment, lost)}"] if lost else []
        found.append(replace(plan, warnings=(*plan.warnings, *warnings)) if warnings else plan)
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
    for name, instances in _read_states(ports, environment, stacks).items():
        plan = plans.get(name)
        forgotten = {each.address for each in plan.resources if each.action is Action.FORGET} if plan else set()
        held[name] = tuple(each for each in list_held_resources(instances) if each.address not in forgotten)
    wanted = [(stack, HeldResource(each.type, each.imported, each.address)) for stack, each in imports]
    return (*find_shared_resources(held), *find_imported_resources(held, wanted))


def _select_others(stacks: Iterable[PreparedStack], plans: Iterable[StackPlan]) -> list[PreparedStack]:
    """Return the stacks that can hold what the plan of another one deletes."""
    deleting = {each.stack for each in list_deletions(plans)}
    return [stack for stack in stacks if deleting - {stack.name}]


def _read_states(ports: Ports, environment: str, stacks: Sequence[PreparedStack]) -> dict[str, tuple[Instance, ...]]:
    """Return the resources in the states, by stack. Terraform itself reports a damaged state."""

    def read_state(stack: PreparedStack) -> tuple[Instance, ...]:
        try:
            found = list_instances(ports.terraform.pull_state(environment, stack))
        except ValueError:
            return ()
        return tuple((address.removeprefix(stack.address_prefix), type_, values) for address, type_, values in found)

    readable = [stack for stack in stacks if not (stack.unready or stack.workload)]
    found, report = run_stack_jobs(ports, environment, readable, read_state) if readable else ({}, RunReport())
    report.raise_failure()
    return found


def _describe_shared(environment: str, shared: Sequence[SharedResource]) -> str:
    named = join_first(
        [f"{each.identity} ({each.first[0]}: {each.first[1]}, {each.second[0]}: {each.second[1]})" for each in shared],
        MAX_NAMED,
    )
    count = "a resource is" if len(shared) == 1 else f"{len(shared)} resources are"
    return f"{count} in the states of two stacks of {environment}: {named}"


def _describe_wanted(environment: str, wanted: Sequence[WantedDeletion]) -> str:
    named = [
        f"{each.gone.address} ({each.gone.stack} deletes it, and {each.wanted.stack} {each.verb} the same resource as"
        f" {each.wanted.address}: {each.gone.arn or each.gone.id or each.gone.type})"
        for each in wanted
    ]
    return f"the plan of {environment} would lose {join_first(named, MAX_NAMED)}"


def _suggest_keeping(request: Request, environment: PreparedEnvironment, wanted: WantedDeletion) -> str:
    """Return the lines that let one stack forget the resource, and the other one import it."""
    gone, other, is_old = wanted.gone, wanted.wanted, request.action == "rollback"
    lines, forget = [], f'in envctl.toml:\n  [removed.{gone.stack}]\n  then = "forget"'
    if not environment.find_stack(gone.stack).leaves:
        address = re.sub(r"\[[^]]*]", "", gone.address)
        forget = (
            f"in its code:\n  removed {{\n    from = {address}\n    lifecycle {{\n      destroy = false\n    }}\n  }}"
        )
        lines, is_old = ["a rollback takes the code as it was: make a new release"] if is_old else [], False
    lines.append(f"to keep it, let {gone.stack} forget it, {forget}")
    if wanted.verb == "creates" and not is_old and not environment.find_stack(other.stack).address_prefix:
        block = f'  import {{\n    to = {other.address}\n    id = "{gone.id}"\n  }}'
        lines.append(f"and let {other.stack} import it, in its code:\n{block}")
    elif wanted.verb == "creates":
        command = format_command("recover", request.target, import_=f"{other.stack}:{other.address}={gone.id}")
        lines.append(f"if its creation then fails because it exists: {command}")
    again = request.command if is_old else format_command("apply", request.pipeline.entry)
    return "\n".join((*lines, f"then: {again}"))
