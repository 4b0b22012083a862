"""The stacks with a rollout, and their traffic.

The project file declares rollouts. For a stack no longer declared, the ledger does: its traffic stays until the
environment drops it.
"""

from collections.abc import Mapping

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.artifacts import list_candidate_artifacts, list_rollout_stacks
from envctl.domain.release.wiring import Wiring
from envctl.domain.rollout.traffic import Traffic
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports


def find_rollout_stacks(context: Context, wiring: Wiring, environment: str, moves: Mapping[str, str]) -> dict[str, str]:
    """Return the stacks with a rollout, each with the variable of its artifact. `moves` maps stacks to the old names
    holding their state. Reads the ledger only if needed.

    Raises ConfigurationError (E385) if the ledger knows colors of a stack with an ambiguous artifact.
    """
    project = context.project
    unnamed = [name for name in wiring.stacks if name not in project.stacks and list_candidate_artifacts(wiring, name)]
    if not unnamed:
        return list_rollout_stacks(project, wiring)
    traffic = find_traffic(context.ports, environment, moves)
    if unclear := [name for name in unnamed if name in traffic and len(list_candidate_artifacts(wiring, name)) > 1]:
        raise ConfigurationError(*(_describe_unclear(environment, name, wiring) for name in unclear))
    return list_rollout_stacks(project, wiring, traffic)


def find_traffic(ports: Ports, environment: str, moves: Mapping[str, str]) -> Mapping[str, Traffic]:
    """Return the traffic of the stacks, by their names after the moves."""
    from envctl.usecases.ledger import journal

    return journal.load(ports).find_environment(environment).apply_moves(moves).traffic


def _describe_unclear(environment: str, name: str, wiring: Wiring) -> Problem:
    message = (
        f"the requests of {name} in {environment} go to a color chosen by envctl, but envctl.toml no longer has"
        f" [stacks.{name}]: whether its rollout was of {' or '.join(list_candidate_artifacts(wiring, name))} is unknown"
    )
    hint = f"restore [stacks.{name}] with its rollout until {environment} runs a release without {name}"
    return Problem("E385", message, hint)
