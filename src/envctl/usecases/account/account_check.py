"""Check the account of an environment, and the owner of its state bucket, before any access to its resources."""

from dataclasses import replace

from envctl.domain.aws.access import CallerIdentity, check_remaining_time, format_session_name, is_environment_on_aws
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.domain.guards.identity import check_caller_account
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.account.bucket_inventory import find_state_bucket
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import PreparedEnvironment


def find_caller(context: Context, environment: str) -> CallerIdentity | None:
    """Return the AWS caller there, or None if the project file has the environment outside AWS."""
    return (
        context.ports.access.fetch_caller(environment)
        if is_environment_on_aws(context.project.environments[environment])
        else None
    )


def require_account(context: Context, environment: str) -> None:
    """Raise RefusedError for credentials of another account, and OperationFailedError for a misplaced state bucket.

    A positive result is cached while the credentials stay the same.
    """
    if context.ports.access.is_confirmed(environment):
        return
    found = find_caller(context, environment)
    if refusal := check_caller_account(environment, context.project.environments[environment].account_id or "", found):
        raise RefusedError((refusal,))
    # Late import: usually cached, and the bucket rules are slow to load.
    # MERGED

    require_state_bucket(context, environment)
    context.ports.access.save_confirmed(environment)


def require_time_left(ports: Ports, present: LedgerState, environment: str, found: CallerIdentity | None) -> None:
    """Raise OperationFailedError if the credentials expire before a deployment of the usual duration would end."""
    now = ports.clock.now()
    if found is None or (short := check_remaining_time(found, present.find_environment(environment), now)) is None:
        return
    message = f"the credentials for {environment} end in {short.left}, and a deployment there has taken {short.needed}"
    raise OperationFailedError(Problem("E417", message, f"sign in again, then: envctl doctor {environment}"))


def name_sessions(context: Context, prepared: PreparedEnvironment) -> PreparedEnvironment:
    """Return the root modules with role sessions named after the actor."""
    if not context.project.environments[prepared.environment].assume_role:
        return prepared
    session = format_session_name(context.ports.identity.identify_actor())
    stacks = tuple(replace(stack, session=session) for stack in prepared.stacks)
    leaving = tuple(replace(stack, session=session) for stack in prepared.leaving)
    return replace(prepared, stacks=stacks, leaving=leaving)


def require_state_bucket(context: Context, environment: str) -> None:
    """Raise OperationFailedError if the bucket is missing, in another region, or in a foreign account.

    A foreign account could take over the name of a deleted bucket, and states hold secrets.
    """
    if context.project.state.backend != "s3" or context.ports.sandbox:
        # The sandbox creates its own buckets.
        return
    place = find_state_bucket(context, environment, environment)
    if place.problems:
        raise OperationFailedError(*place.problems)
    if not context.ports.buckets.has_bucket(place.wanted, place.credentials):
        message = f"there is no bucket {place.wanted.name} for the state of {environment}"
        raise OperationFailedError(Problem("E429", message, f"envctl bootstrap {environment}"))
