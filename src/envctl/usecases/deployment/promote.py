"""`envctl promote SOURCE TARGET`: deploy the bundle verified in one environment to the next, byte for byte."""

from envctl.domain.config.rules.asked_guards import EVERY_GUARD
from envctl.usecases.deployment.deploy import deploy
from envctl.usecases.deployment.request import DEFAULT, DeployOptions, DeployRequest
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import find_environment, lock_target
from envctl.usecases.release import deploy_request
from envctl.usecases.release.release_names import find_release

ASKS = EVERY_GUARD


def promote(
    ports: Ports, source: str, target: str, options: DeployOptions = DEFAULT, *, release: str | None = None
) -> DeploymentResult:
    everywhere = Context(ports, project_file.load_project(ports))
    source, target = (find_environment(everywhere, name) for name in (source, target))
    context = Context(ports, everywhere.project.view_for(target))
    with lock_target(ports, target, "promote", source):
        if not options.dry_run:
            ports.store.prefetch_time()
        present = journal.load(ports)
        wanted = find_release(present, release) if release is not None else None
        candidate = deploy_request.build_promotion(context, present, source=source, target=target, release=wanted)
        return deploy(DeployRequest(context, "promote", target, options), candidate)
