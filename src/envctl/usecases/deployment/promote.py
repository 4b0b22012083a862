"""`envctl promote SOURCE TARGET`: the very bundle that is proven in one environment, into the next."""

from envctl.usecases.deployment.deploy import deploy
from envctl.usecases.deployment.run import PLAINLY, Deployed, Run, Wishes
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request


def promote(
    ports: Ports, source: str, target: str, wishes: Wishes = PLAINLY, *, release: str | None = None
) -> Deployed:
    project = load.project(ports)
    source, target = (load.find_environment(ports, project, name) for name in (source, target))
    project = project.seen_from(target)
    with ports.workspace.lock(target, f"envctl promote {source} {target} by {ports.identity.actor().name}"):
        if not wishes.dry_run:
            ports.store.foresee_time()
        present = journal.present(ports)
        wanted = deploy_request.named(present, release) if release is not None else None
        candidate = deploy_request.promotion(ports, project, present, source=source, target=target, release=wanted)
        return deploy(candidate, Run(ports, project, "promote", target, wishes))
