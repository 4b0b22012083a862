"""`envctl history [ENV]` and `envctl ledger verify`: ledger entries, and a check of their chain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DeploymentStarted, list_environments
from envctl.domain.ledger.projection.apply_entries import to_unbelieved
from envctl.domain.ledger.state import DistrustedEntry, ForeignObject, NewerEntries
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.text.time_range import TimeRange, parse_time_range
from envctl.usecases.ledger import journal, ledger_store, rules_store
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import find_recorded_environment

DEFAULT_LIMIT = 20
# Machines write entries by their own clocks: reading goes on by this much for an entry out of order.
CLOCK_SLACK = timedelta(days=1)
EARLIEST = datetime(1, 1, 3, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class History:
    """Ledger entries, newest first."""

    environment: str
    entries: tuple[Entry, ...]
    more: bool  # true if older ones were left out
    since: datetime | None = None
    until: datetime | None = None
    unbelieved: tuple[DistrustedEntry, ...] = ()  # the entries without effect
    rules: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # changes of rules by deployment entry
    # what people know the releases of these entries by
    labels: Mapping[str, ReleaseLabel] = field(default_factory=dict)
    newer: NewerEntries | None = None  # later entries, which this envctl can't read


@dataclass(frozen=True)
class LedgerVerification:
    """A verified chain: its length, and its last hash. Entries of environments in `signed` have a pinned signature."""

    entries: int
    head: str
    signed: tuple[str, ...] = ()
    foreign: tuple[ForeignObject, ...] = ()  # objects beside the entries: they change nothing


def read_history(
    ports: Ports, environment: str = "", *, limit: int | None = None, since: str = "", until: str = ""
) -> History:
    """Return the newest entries, of all environments or one. With `since` and no limit, all of the time range."""
    period = parse_filter(ports, environment, since, until)
    begin = period.since - CLOCK_SLACK if period.since and period.since > EARLIEST else EARLIEST
    present = journal.load(ports, to_show=True)
    read = takewhile(lambda entry: entry.at >= begin, journal.read_newest_first(ports, present))
    matching = (
        entry for entry in read if period.contains(entry.at) and environment in ("", *list_environments(entry.event))
    )
    maximum = limit or (None if since else DEFAULT_LIMIT)
    found = tuple(islice(matching, maximum + 1 if maximum else None))
    more = maximum is not None and len(found) > maximum
    shown = found[:maximum]
    trust, changes = ports.trust, _list_rule_changes(ports, shown)
    untrusted = tuple(to_unbelieved(entry, why) for entry in shown if (why := trust.explain_distrust(entry)))
    names = sorted({getattr(entry.event, "release", "") for entry in shown})
    labels = {name: label for name in names if (label := present.find_label(name))}
    return History(
        environment=environment,
        entries=shown,
        more=more,
        since=period.since,
        until=period.until,
        unbelieved=untrusted,
        rules=changes,
        labels=labels,
        newer=present.newer,
    )


def _list_rule_changes(ports: Ports, shown: tuple[Entry, ...]) -> Mapping[int, tuple[str, ...]]:
    pairs = {
        entry.seq: (entry.event.rules_before, entry.event.rules)
        for entry in shown
        if isinstance(entry.event, DeploymentStarted)
    }
    changes = rules_store.list_rule_changes(ports, pairs.values())
    return {seq: changes[pair] for seq, pair in pairs.items() if pair in changes}


def parse_filter(ports: Ports, environment: str, since: str, until: str) -> TimeRange:
    """Return the time range. Raises UsageError for an invalid one, or an environment unknown to project and ledger."""
    project = project_file.load_project(ports)
    if environment:
        find_recorded_environment(Context(ports, project), environment)
    try:
        return parse_time_range(since, until, ports.clock.now())
    except ValueError as error:
        hint = "for example --since 7d, or --since 2026-11-01 --until 2026-11-30"
        raise UsageError(Problem("E449", str(error), hint)) from error


def verify_ledger(ports: Ports) -> LedgerVerification:
    """Verify the chain. Raises OperationFailedError with its first broken entry, or with all unbelieved ones."""
    project_file.load_project(ports)
    present, found = journal.audit_ledger(ports)
    if found:
        hint = "it is ignored; CloudTrail shows who wrote it into the store, and who used the keys"
        raise OperationFailedError(*(Problem("E466", f"{each}: {each.why}", hint) for each in found))
    chained = [each for each in present.foreign if ledger_store.parse_key_number(each.key) in range(1, present.seq + 1)]
    return LedgerVerification(
        present.seq - len(chained), present.head, tuple(ports.trust.pinned), foreign=present.foreign
    )
