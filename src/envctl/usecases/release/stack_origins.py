"""The last release and settings deployed with a stack, by the ledger."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.ledger.state import LedgerState
from envctl.domain.ledger.vouching import explain_doubt
from envctl.domain.release.bundle import Release
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.release import release_store


@dataclass(frozen=True)
class StackOrigin:
    """A deployed release. `settings` is the digest of its settings."""

    release: Release
    identity: str
    settings: str


def find_stack_origins(
    ports: Ports, present: LedgerState, environment: str, stacks: Collection[str]
) -> dict[str, StackOrigin]:
    """Return the newest deployed release of each stack, without stacks missing from the store."""
    found: dict[str, StackOrigin] = {}
    seen: dict[str, Release | None] = {}
    wanted = set(stacks)
    for identity, settings in _list_deployed_releases(ports, present, environment):
        if identity not in seen:
            seen[identity] = release_store.load_bundle(ports, identity)[1]
        if (release := seen[identity]) is not None:
            made = wanted & release.wiring.stacks.keys()
            found |= dict.fromkeys(made, StackOrigin(release, identity, settings))
            wanted -= made
        if not wanted:
            break
    return found


def _list_deployed_releases(ports: Ports, present: LedgerState, environment: str) -> Iterator[tuple[str, str]]:
    """Yield deployed releases with settings, newest first. Reads the ledger only beyond the last two."""
    here = present.find_environment(environment)
    for each in (here.last, here.current):
        if each is not None and each.action != "destroy":
            yield each.release, each.settings
    for entry in journal.read_newest_first(ports):
        event = entry.event
        if not isinstance(event, DeploymentStarted) or event.environment != environment or event.action == "destroy":
            continue
        if not explain_doubt(ports.trust, present, entry):
            yield event.release, event.settings
