"""Check the owner of a state bucket before a deployment."""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.account.bucket_inventory import find_state_bucket
from envctl.usecases.ports.context import Context


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
