"""Who made a stack: the release that was last deployed with it, and its settings, as the ledger knows them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.ledger.state import Present
from envctl.domain.release.contents import Release
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.release import bundle_store


@dataclass(frozen=True)
class Maker:
    """`settings` is the digest of those that the release was deployed with."""

    release: Release
    identity: str
    settings: str


def find_makers(ports: Ports, present: Present, environment: str, stacks: Collection[str]) -> dict[str, Maker]:
    """The newest release with each stack that was deployed there; without those of which the store has none."""
    found: dict[str, Maker] = {}
    seen: dict[str, Release | None] = {}
    wanted = set(stacks)
    for identity, settings in _deployed(ports, present, environment):
        if identity not in seen:
            seen[identity] = bundle_store.look(ports, identity)[1]
        release = seen[identity]
        for name in [each for each in wanted if release and each in release.wiring.stacks]:
            if release is not None:
                found[name] = Maker(release, identity, settings)
            wanted.discard(name)
        if not wanted:
            break
    return found


def _deployed(ports: Ports, present: Present, environment: str) -> Iterator[tuple[str, str]]:
    """Releases with their settings, the newest first. The ledger is read only where the last two do not do."""
    here = present.of(environment)
    for each in (here.last, here.current):
        if each is not None and each.action != "destroy":
            yield each.release, each.settings
    for entry in journal.newest_first(ports):
        event = entry.event
        if not isinstance(event, DeploymentStarted) or event.environment != environment or ports.trust.doubt(entry):
            continue
        if event.action != "destroy":
            yield event.release, event.settings
