"""Getting into an environment: nothing of it is touched before its own account has answered."""

from dataclasses import replace

from envctl.domain.aws.access import Caller, lasts, on_aws_there, session_name
from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import RefusedError, Request
from envctl.domain.guards.access import wrong_account
from envctl.domain.ledger.state import Present
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared


def caller(ports: Ports, project: Project, environment: str) -> Caller | None:
    """Who AWS says that one is there. None where the project file does not say that anything of it is on AWS."""
    return ports.access.caller(environment) if on_aws_there(project.environments[environment]) else None


def complete(ports: Ports, project: Project, request: Request) -> Request:
    """With what the target's own account alone can answer."""
    return replace(request, caller=caller(ports, project, request.target))


def demand(ports: Ports, project: Project, environment: str) -> None:
    """Raises RefusedError where another account answers than the environment's, and OperationFailedError where the
    bucket of its state is not in it. Asked once: what was found to be right is remembered for as long as the
    credentials that are at hand stay the same.
    """
    if ports.access.known(environment):
        return
    found = caller(ports, project, environment)
    if refusal := wrong_account(environment, project.environments[environment].account_id or "", found):
        raise RefusedError((refusal,))
    # Late: mostly it is known, and what buckets have to be like is the longest of the lists.
    from envctl.usecases.account import state_bucket

    state_bucket.demand(ports, project, environment)
    ports.access.remember(environment)


def demand_time(ports: Ports, present: Present, environment: str, found: Caller | None) -> None:
    """Raises OperationFailedError where the credentials end before a deployment, as long as those before it, would."""
    now = ports.clock.now()
    if found is None or (short := lasts(found, present.of(environment), now)) is None:
        return
    message = f"the credentials for {environment} end in {short.left}, and a deployment there has taken {short.needed}"
    raise OperationFailedError(Problem("E417", message, f"sign in again, then: envctl doctor {environment}"))


def named(ports: Ports, project: Project, prepared: Prepared) -> Prepared:
    """Root modules whose sessions bear the name of whoever is at work."""
    if not project.environments[prepared.environment].assume_role:
        return prepared
    session = session_name(ports.identity.actor())
    stacks = tuple(replace(stack, session=session) for stack in prepared.stacks)
    return replace(prepared, stacks=stacks, left=tuple(replace(stack, session=session) for stack in prepared.left))
