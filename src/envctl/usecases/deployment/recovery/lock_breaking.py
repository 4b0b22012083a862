"""Breaking locks of states that a killed Terraform left: those of the last deployment, and only after a question."""

from collections.abc import Iterable
from dataclasses import replace

from envctl.domain.config.project import Project
from envctl.domain.errors import (
    InterruptedByUserError,
    OperationFailedError,
    Problem,
    StateLock,
    StateLockedError,
)
from envctl.domain.ledger.state import Deployment
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.empty_stack import lay_bare
from envctl.usecases.project.state_location import place


def break_lock(
    ports: Ports, environment: str, stack: PreparedStack, held: StateLockedError, last: Deployment | None
) -> StateLock:
    """Raises StateLockedError where that is not for this command, or does not work."""
    if not _left_behind(held.lock, last):
        raise StateLockedError(held.lock, replace(held.problems[0], hint=_whose(held.lock))) from held
    if not ports.consent.breaks(held.lock):
        message = f"stopped on your answer: the state of {stack.name} stays locked"
        raise InterruptedByUserError(Problem("E310", message, held.problems[0].hint)) from held
    try:
        ports.terraform.unlock(environment, stack, held.lock.id)
    except OperationFailedError as kept:
        # On a local disk a lock goes with the process that holds it: where it stays, that process lives.
        raise held from kept
    return held.lock


def break_bare_locks(
    ports: Ports, project: Project, environment: str, names: Iterable[str], last: Deployment | None
) -> tuple[StateLock, ...]:
    """Break the locks of states that no plan of a stack looks at: a move of states was killed while it wrote them.

    A lock of a local state goes with the process that holds it.
    """
    if place(project, environment).backend.kind == "local":
        return ()
    broken = []
    for name in names:
        ports.terraform.at_rest(environment, PreparedStack(name))
        stack = lay_bare(ports, project, environment, name)
        try:
            ports.terraform.check_lock(environment, stack)
        except StateLockedError as held:
            broken.append(break_lock(ports, environment, stack, held, last))
    return tuple(broken)


def _whose(lock: StateLock) -> str:
    """What helps where this command does not: its own name would be a circle."""
    if not lock.id:
        return "try again in a minute: it could not be seen whose it is"
    there = f"cd {lock.folder} && " if lock.folder else ""
    return f"no deployment took it: ask {lock.who}, or break it: {there}terraform force-unlock {lock.id}"


def _left_behind(lock: StateLock, last: Deployment | None) -> bool:
    """Returns whether the last deployment took the lock. An older one is not for this command to break."""
    return bool(lock.id) and (lock.created is None or last is None or lock.created >= last.started_at)
