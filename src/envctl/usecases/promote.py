"""`envctl promote SOURCE TARGET`: the very bundle that is proven in one environment, into the next."""

from envctl.usecases import candidates, load, record
from envctl.usecases.deploy import deploy
from envctl.usecases.ports import Ports
from envctl.usecases.run import PLAINLY, Deployed, Run, Wishes


def promote(
    ports: Ports, source: str, target: str, wishes: Wishes = PLAINLY, *, release: str | None = None
) -> Deployed:
    project = load.project(ports)
    source, target = (load.find_environment(ports, project, name) for name in (source, target))
    project = project.seen_from(target)
    with ports.workspace.lock(target, f"envctl promote {source} {target} by {ports.identity.actor().name}"):
        if not wishes.dry_run:
            ports.store.foresee_time()
        present = record.present(ports)
        wanted = candidates.named(present, release) if release is not None else None
        candidate = candidates.promotion(ports, project, present, source=source, target=target, release=wanted)
        return deploy(candidate, Run(ports, project, "promote", target, wishes))
