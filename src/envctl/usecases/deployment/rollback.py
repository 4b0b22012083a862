"""`envctl rollback ENV`: back to an earlier release that was verified there; the one that is left is put on hold."""

from envctl.usecases.deployment.deploy import deploy
from envctl.usecases.deployment.run import PLAINLY, Deployed, Run, Wishes
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request


def rollback(ports: Ports, environment: str, wishes: Wishes = PLAINLY, *, to: str | None = None) -> Deployed:
    """By default to the latest release before the last one whose verification there still holds; given twice, it goes
    back once.
    """
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl rollback {target} by {ports.identity.actor().name}"):
        if not wishes.dry_run:
            ports.store.foresee_time()
        present = journal.present(ports)
        wanted = deploy_request.named(present, to) if to is not None else None
        candidate = deploy_request.going_back(ports, project, present, target=target, release=wanted)
        return deploy(candidate, Run(ports, project, "rollback", target, wishes))
