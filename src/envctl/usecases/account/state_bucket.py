"""Where the state of an environment lies: nothing is deployed before it is certain whose bucket that is."""

from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.account.bucket_inventory import of_state
from envctl.usecases.ports.core import Ports


def demand(ports: Ports, project: Project, environment: str) -> None:
    """Raises OperationFailedError where the bucket is not there, is in another region, or is somebody else's: the name
    of one that was deleted is free for all of AWS, and a state holds secrets.
    """
    if project.state.backend != "s3" or ports.sandbox:
        # The sandbox makes its own buckets, and nobody else is in it.
        return
    place = of_state(ports, project, environment, environment)
    if place.problems:
        raise OperationFailedError(*place.problems)
    if not ports.buckets.is_there(place.wanted, place.credentials):
        message = f"there is no bucket {place.wanted.name} for the state of {environment}"
        raise OperationFailedError(Problem("E429", message, f"envctl bootstrap {environment}"))
