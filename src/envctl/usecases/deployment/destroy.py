"""`envctl destroy ENV`: destroy all resources of an environment, unless it is protected or needs approvals."""

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import EVERY_GUARD
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.deployment.deploy import deploy
from envctl.usecases.deployment.request import DEFAULT, DeployOptions, DeployRequest
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request

ASKS = EVERY_GUARD


def destroy(ports: Ports, environment: str, options: DeployOptions = DEFAULT) -> DeploymentResult:
    """Destroy with the code of the last deployment, finished or not: the state holds the resources it created."""
    context, target = load_context(ports, environment)
    with lock_target(ports, target, "destroy"):
        present = journal.load(ports)
        last = present.find_environment(target).last
        if last is None:
            message = f"{target} has no deployments"
            raise OperationFailedError(Problem("E409", message, format_command("status", target)))
        candidate = deploy_request.build_redeployment(
            context, present, target=target, release=last.release, action="destroy"
        )
        return deploy(DeployRequest(context, "destroy", target, options), candidate)
