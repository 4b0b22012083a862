"""`envctl history [ENV]` and `envctl ledger verify`: the record, to read and to check."""

from dataclasses import dataclass
from itertools import islice

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger import Entry
from envctl.domain.present import Unbelieved
from envctl.usecases import load, record
from envctl.usecases.ports import Ports


@dataclass(frozen=True)
class History:
    """Entries, newest first. `more` says that older ones were left off, and `unbelieved` which of them do not count."""

    environment: str
    entries: tuple[Entry, ...]
    more: bool
    unbelieved: tuple[Unbelieved, ...] = ()


@dataclass(frozen=True)
class Verified:
    """The whole chain fits: `entries` of them, up to the one with the hash `head`. Every entry of the environments in
    `signed` is signed with a key that is pinned for it.
    """

    entries: int
    head: str
    signed: tuple[str, ...] = ()


def history(ports: Ports, environment: str = "", *, limit: int = 20) -> History:
    """With an environment: the entries that speak of it alone."""
    project = load.project(ports)
    if environment:
        load.known_environment(project, environment)
    told = (entry for entry in record.newest_first(ports) if not environment or _of(entry) == environment)
    found = tuple(islice(told, limit + 1))
    shown = found[:limit]
    return History(environment, shown, len(found) > limit, record.unbelieved(ports, shown))


def _of(entry: Entry) -> str | None:
    return getattr(entry.event, "environment", None)


def verify_ledger(ports: Ports) -> Verified:
    """Raises OperationFailedError naming the first entry that does not fit, or all that are not believed."""
    load.project(ports)
    present, found = record.examine(ports)
    if found:
        raise OperationFailedError(*(_problem(each) for each in found))
    return Verified(present.seq, present.head, tuple(ports.trust.pinned))


def _problem(found: Unbelieved) -> Problem:
    hint = "it does not count anywhere; CloudTrail says who wrote it into the store, and who signed what"
    return Problem("E466", f"{found}: {found.why}", hint)
