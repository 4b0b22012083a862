"""`envctl rollback ENV`: back to an earlier release that was verified there; the one that is left is put on hold."""

from envctl.usecases import candidates, load, record
from envctl.usecases.deploy import deploy
from envctl.usecases.ports import Ports
from envctl.usecases.run import PLAINLY, Deployed, Run, Wishes


def rollback(ports: Ports, environment: str, wishes: Wishes = PLAINLY, *, to: str | None = None) -> Deployed:
    """By default to the latest release before the last one whose verification there still holds; given twice, it goes
    back once.
    """
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl rollback {target} by {ports.identity.actor().name}"):
        if not wishes.dry_run:
            ports.store.foresee_time()
        present = record.present(ports)
        wanted = candidates.named(present, to) if to is not None else None
        candidate = candidates.going_back(ports, project, present, target=target, release=wanted)
        return deploy(candidate, Run(ports, project, "rollback", target, wishes))
