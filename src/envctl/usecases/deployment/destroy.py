"""`envctl destroy ENV`: takes away all that an environment holds. Never where it is protected or asks for approvals."""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.deployment.deploy import deploy
from envctl.usecases.deployment.run import PLAINLY, Deployed, Run, Wishes
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request


def destroy(ports: Ports, environment: str, wishes: Wishes = PLAINLY) -> Deployed:
    """With the code of what was deployed there last, be it unfinished: whatever that made is in the state."""
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl destroy {target} by {ports.identity.actor().name}"):
        present = journal.present(ports)
        last = present.of(target).last
        if last is None:
            message = f"nothing was ever deployed to {target}"
            raise OperationFailedError(Problem("E409", message, f"envctl status shows what {target} holds"))
        candidate = deploy_request.redeployment(
            ports, project, present, target=target, release=last.release, action="destroy"
        )
        return deploy(candidate, Run(ports, project, "destroy", target, wishes))
