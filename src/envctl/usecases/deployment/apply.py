"""`envctl apply ENV`: deploy the working tree to the entry environment; redeploy the current release to any other."""

from envctl.domain.config.rules.asked_guards import EVERY_GUARD
from envctl.usecases.deployment.deploy import deploy, deploy_working_tree
from envctl.usecases.deployment.request import DEFAULT, DeployOptions, DeployRequest
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request

ASKS = EVERY_GUARD


def apply(ports: Ports, environment: str, options: DeployOptions = DEFAULT) -> DeploymentResult:
    context, target = load_context(ports, environment)
    request = DeployRequest(context, "apply", target, options)
    with lock_target(ports, target, "apply"):
        if target == context.project.entry:
            return deploy_working_tree(request)
        return deploy(request, deploy_request.build_redeployment(context, journal.load(ports), target=target))
