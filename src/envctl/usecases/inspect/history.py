"""`envctl history [ENV]` and `envctl ledger verify`: the record, to read and to check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.ledger.state import Unbelieved
from envctl.domain.text.time_range import Span, span
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

USUAL = 20
# Entries are written by the clocks of many machines: so far back is looked on for one that is newer than its place.
SLACK = timedelta(days=1)
EARLIEST = datetime(1, 1, 3, tzinfo=UTC)


@dataclass(frozen=True)
class History:
    """Entries, newest first. `more` says that older ones were left off, and `unbelieved` which of them do not count.
    `since` and `until` are the ends that were asked for. `rules` says for deployments, by the number of their entry,
    what their rules say otherwise than those before them.
    """

    environment: str
    entries: tuple[Entry, ...]
    more: bool
    since: datetime | None = None
    until: datetime | None = None
    unbelieved: tuple[Unbelieved, ...] = ()
    rules: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verified:
    """The whole chain fits: `entries` of them, up to the one with the hash `head`. Every entry of the environments in
    `signed` is signed with a key that is pinned for it.
    """

    entries: int
    head: str
    signed: tuple[str, ...] = ()


def history(
    ports: Ports, environment: str = "", *, limit: int | None = None, since: str = "", until: str = ""
) -> History:
    """With an environment: the entries that speak of it alone. Without a limit they are the newest, or with `since` all
    from then on.
    """
    project = load.project(ports)
    if environment:
        load.find_recorded_environment(ports, project, environment)
    wanted = span_of(ports, since, until)
    begin = wanted.since - SLACK if wanted.since and wanted.since > EARLIEST else EARLIEST
    read = takewhile(lambda entry: entry.at >= begin, journal.newest_first(ports))
    told = (entry for entry in read if wanted.holds(entry.at) and (not environment or _of(entry) == environment))
    most = limit or (None if since else USUAL)
    found = tuple(islice(told, most + 1 if most else None))
    more = most is not None and len(found) > most
    shown = found[:most]
    return History(
        environment, shown, more, wanted.since, wanted.until, journal.unbelieved(ports, shown), _rules(ports, shown)
    )


def _rules(ports: Ports, shown: tuple[Entry, ...]) -> Mapping[int, tuple[str, ...]]:
    pairs = {
        entry.seq: (entry.event.rules_before, entry.event.rules)
        for entry in shown
        if isinstance(entry.event, DeploymentStarted)
    }
    changes = rules_store.list_changes(ports, pairs.values())
    return {seq: changes[pair] for seq, pair in pairs.items() if pair in changes}


def span_of(ports: Ports, since: str, until: str) -> Span:
    try:
        return span(since, until, ports.clock.now())
    except ValueError as error:
        hint = "for example --since 7d, or --since 2026-11-01 --until 2026-11-30"
        raise UsageError(Problem("E449", str(error), hint)) from error


def _of(entry: Entry) -> str | None:
    return getattr(entry.event, "environment", None)


def verify_ledger(ports: Ports) -> Verified:
    """Raises OperationFailedError naming the first entry that does not fit, or all that are not believed."""
    load.project(ports)
    present, found = journal.examine(ports)
    if found:
        raise OperationFailedError(*(_problem(each) for each in found))
    return Verified(present.seq, present.head, tuple(ports.trust.pinned))


def _problem(found: Unbelieved) -> Problem:
    hint = "it does not count anywhere; CloudTrail says who wrote it into the store, and who signed what"
    return Problem("E466", f"{found}: {found.why}", hint)
