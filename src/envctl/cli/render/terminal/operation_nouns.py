"""Deployment operations as nouns, for sentences about a deployment."""

from envctl.domain.ledger.state import Deployment
from envctl.domain.text.identifiers import shorten_id

NOUNS = {"apply": "deployment of", "promote": "promotion of", "rollback": "rollback to"}


def describe_operation(deployment: Deployment) -> str:
    """Return the operation and release of a deployment, without its environment."""
    if deployment.action == "destroy":
        return "destruction"
    return f"{NOUNS[deployment.action]} release {shorten_id(deployment.release)}"
