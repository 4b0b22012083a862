"""Break state locks of the last deployment left by a killed Terraform, after a confirmation."""

import shlex
from collections.abc import Iterable
from dataclasses import replace

from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem, StateLock, StateLockedError
from envctl.domain.ledger.state import Deployment
from envctl.domain.release.place.environment_place import resolve_place
from envctl.usecases.deployment.prepare import prepare_empty_stack
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


def break_lock(
    ports: Ports, environment: str, stack: PreparedStack, held: StateLockedError, last: Deployment | None
) -> StateLock:
    """Break a lock of the last deployment. Raise StateLockedError for a foreign lock, or on failure."""
    created = held.lock.created
    if not held.lock.id or (created is not None and last is not None and created < last.started_at):
        raise StateLockedError(held.lock, replace(held.problems[0], hint=_suggest_unlock(held.lock, stack))) from held
    if not ports.prompter.confirm_unlock(held.lock):
        message = f"cancelled: the state of {stack.name} stays locked"
        raise InterruptedByUserError(Problem("E310", message, held.problems[0].hint)) from held
    try:
        ports.terraform.force_unlock(environment, stack, held.lock.id)
    except OperationFailedError as kept:
        # A local lock ends with its process: if it stays, the process is alive.
        raise held from kept
    return held.lock


def break_state_locks(
    context: Context, environment: str, names: Iterable[str], last: Deployment | None
) -> tuple[StateLock, ...]:
    """Break the locks of states left by a killed state move and read by no plan. Local locks end with their process."""
    ports = context.ports
    if resolve_place(context.project, environment).backend.kind == "local":
        return ()
    broken = []
    for name in names:
        ports.terraform.require_idle(environment, PreparedStack(name))
        stack = prepare_empty_stack(context, environment, name)
        try:
            ports.terraform.check_lock(environment, stack)
        except StateLockedError as held:
            broken.append(break_lock(ports, environment, stack, held, last))
    return tuple(broken)


def _suggest_unlock(lock: StateLock, stack: PreparedStack) -> str:
    """Return a hint for a lock this command cannot break; it must not suggest `recover` again."""
    if not lock.id:
        return "its holder is unknown: try again in a minute"
    # The folder is initialized: Terraform has just tried to take the lock there.
    there = f"cd {shlex.quote(lock.folder)} && " if lock.folder else ""
    program = shlex.quote(stack.binary or "terraform")
    return (
        f"it is older than the last deployment, so envctl keeps it; ask {lock.who}. If their run has ended:"
        f" {there}{program} force-unlock {lock.id}"
    )
