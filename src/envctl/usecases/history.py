"""`envctl history [ENV]` and `envctl ledger verify`: the record, to read and to check."""

from dataclasses import dataclass
from itertools import islice

from envctl.domain.ledger import Entry
from envctl.usecases import load, record
from envctl.usecases.ports import Ports


@dataclass(frozen=True)
class History:
    """Entries, newest first. `more` says that older ones were left off."""

    environment: str
    entries: tuple[Entry, ...]
    more: bool


@dataclass(frozen=True)
class Verified:
    """The whole chain fits: `entries` of them, up to the one with the hash `head`."""

    entries: int
    head: str


def history(ports: Ports, environment: str = "", *, limit: int = 20) -> History:
    """With an environment: the entries that speak of it alone."""
    project = load.project(ports)
    if environment:
        load.known_environment(project, environment)
    told = (entry for entry in record.newest_first(ports) if not environment or _of(entry) == environment)
    found = tuple(islice(told, limit + 1))
    return History(environment, found[:limit], more=len(found) > limit)


def _of(entry: Entry) -> str | None:
    return getattr(entry.event, "environment", None)


def verify_ledger(ports: Ports) -> Verified:
    load.project(ports)
    present = record.verify(ports)
    return Verified(present.seq, present.head)
