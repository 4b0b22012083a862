"""`envctl destroy ENV`: takes away all that an environment holds. Never where it is protected or asks for approvals."""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases import candidates, load, record
from envctl.usecases.deploy import deploy
from envctl.usecases.ports import Ports
from envctl.usecases.run import PLAINLY, Deployed, Run, Wishes


def destroy(ports: Ports, environment: str, wishes: Wishes = PLAINLY) -> Deployed:
    """With the code of what was deployed there last, be it unfinished: whatever that made is in the state."""
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl destroy {target} by {ports.identity.actor().name}"):
        present = record.present(ports)
        last = present.of(target).last
        if last is None:
            message = f"nothing was ever deployed to {target}"
            raise OperationFailedError(Problem("E409", message, f"envctl status shows what {target} holds"))
        candidate = candidates.redeployment(
            ports, project, present, target=target, release=last.release, action="destroy"
        )
        return deploy(candidate, Run(ports, project, "destroy", target, wishes))
