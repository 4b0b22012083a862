"""Which stacks of a release envctl gives their colours, and where their requests are.

The project file says which stacks have a rollout. Of a stack that it no longer names, the ledger says it: as long as an
environment runs it, its requests stay where they are.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.contents import Wiring
from envctl.domain.release.rollout_stacks import list_artifacts, rolled
from envctl.usecases.ports.core import Ports

if TYPE_CHECKING:
    from envctl.domain.rollout.traffic import Traffic


def find_rolled(
    ports: Ports, project: Project, wiring: Wiring, environment: str, moves: Mapping[str, str]
) -> dict[str, str]:
    """Return the stacks with a rollout, each with the variable of its artifact. `moves` names stacks, each with the one
    whose state becomes theirs. The ledger is read only where it counts.

    Raises ConfigurationError (E385) where the ledger knows colours of a stack, and its artifact can't be known.
    """
    unnamed = [name for name in wiring.stacks if name not in project.stacks and list_artifacts(wiring, name)]
    if not unnamed:
        return rolled(project, wiring)
    traffic = find_traffic(ports, environment, moves)
    if unclear := [name for name in unnamed if name in traffic and len(list_artifacts(wiring, name)) > 1]:
        raise ConfigurationError(*(_describe_unclear(environment, name, wiring) for name in unclear))
    return rolled(project, wiring, traffic)


def find_traffic(ports: Ports, environment: str, moves: Mapping[str, str]) -> "Mapping[str, Traffic]":
    """Return where the requests of the stacks are, by the names that they have after the moves."""
    from envctl.domain.ledger.projection.stacks import with_moves
    from envctl.usecases.ledger import journal

    return with_moves(journal.present(ports).of(environment), moves).traffic


def _describe_unclear(environment: str, name: str, wiring: Wiring) -> Problem:
    message = (
        f"the requests of {name} in {environment} go to a colour that envctl chose, and envctl.toml no longer has"
        f" [stacks.{name}]: whether its rollout was of {' or '.join(list_artifacts(wiring, name))} is unknown"
    )
    hint = f"put [stacks.{name}] with its rollout back until {environment} runs a release without {name}"
    return Problem("E385", message, hint)
