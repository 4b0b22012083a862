"""`envctl rollback ENV`: return to an earlier verified release, and put the abandoned release on hold."""

from envctl.domain.config.rules.asked_guards import EVERY_GUARD
from envctl.usecases.deployment.deploy import deploy
from envctl.usecases.deployment.request import DEFAULT, DeployOptions, DeployRequest
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request
from envctl.usecases.release.release_names import find_release

ASKS = EVERY_GUARD


def rollback(
    ports: Ports, environment: str, options: DeployOptions = DEFAULT, *, to: str | None = None
) -> DeploymentResult:
    """Deploy release `to`, by default the latest earlier release with a valid verification there.

    Running it twice goes back only once.
    """
    context, target = load_context(ports, environment)
    with lock_target(ports, target, "rollback"):
        if not options.dry_run:
            ports.store.prefetch_time()
        present = journal.load(ports)
        wanted = find_release(present, to) if to is not None else None
        candidate = deploy_request.build_rollback(context, present, target=target, release=wanted)
        return deploy(DeployRequest(context, "rollback", target, options), candidate)
