"""`envctl recover ENV`: says that a deployment whose end nobody recorded is over, so that the next one may begin."""

from dataclasses import dataclass

from envctl.domain.ledger import DeploymentAbandoned, Event
from envctl.domain.present import Deployment, Present
from envctl.usecases import load, record
from envctl.usecases.ports import Ports


@dataclass(frozen=True)
class Recovered:
    """`deployment` is the one that was abandoned; None where nothing was unfinished."""

    environment: str
    deployment: Deployment | None
    next: str


def recover(ports: Ports, environment: str) -> Recovered:
    """Raises LockHeldError while the deployment still runs on this machine."""
    project = load.project(ports)
    target = load.known_environment(project, environment)
    with ports.workspace.lock(target, f"envctl recover {target}"):
        unfinished = record.present(ports).of(target).unfinished
        if unfinished is None:
            return Recovered(target, None, "")

        def decide(present: Present) -> Event | None:
            still = present.of(target).unfinished
            if still is None or still.seq != unfinished.seq:
                return None
            return DeploymentAbandoned(target, still.release, still.seq, "its end was never recorded")

        after, _ = record.append(ports, decide)
    command = f"envctl {unfinished.action} "
    command += target if unfinished.action == "apply" else f"{unfinished.source} {target}"
    return Recovered(target, after.of(target).last, command)
