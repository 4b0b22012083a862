"""What a deployment does, as a noun: for sentences about it. Those of the command that does it are in deployment.py."""

from envctl.domain.ledger.state import Deployment
from envctl.domain.text.short_ids import short

NOUNS = {"apply": "deployment of", "promote": "promotion of", "rollback": "rollback to"}


def deed(deployment: Deployment) -> str:
    """What a deployment does, without the environment that it does it in."""
    if deployment.action == "destroy":
        return "destruction"
    return f"{NOUNS[deployment.action]} release {short(deployment.release)}"
