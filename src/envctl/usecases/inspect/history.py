"""`envctl history [ENV]` and `envctl ledger verify`: ledger entries, and a check of their chain."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.ledger.entries import TOLERANCE, Entry
from envctl.domain.ledger.events import DeploymentStarted, list_environments
from envctl.domain.ledger.projection.apply_entries import to_unbelieved
from envctl.domain.ledger.signers import Signer, UnsignedEntries, count_unsigned, describe_signer
from envctl.domain.ledger.state import DistrustedEntry, ForeignObject, NewerEntries
from envctl.domain.ledger.vouching import explain_doubt, find_vouched
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.text.durations import format_duration
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
    signers: Mapping[int, Signer] = field(default_factory=dict)  # who signed each of these entries


@dataclass(frozen=True, kw_only=True)
class LedgerVerification:
    """A verified chain: its length, and its last hash. Entries of environments in `signed` have a pinned signature.

    Attributes:
        unsigned: the entries whose authors are not verified.
        vouched: the number of entries that people vouched for, because they are of before there were keys.
        remarks: differences of times that prove nothing.
    """

    entries: int
    head: str
    signed: tuple[str, ...] = ()
    unsigned: tuple[UnsignedEntries, ...] = ()
    vouched: int = 0
    remarks: tuple[str, ...] = ()
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
    doubts = {entry.seq: explain_doubt(trust, present, entry) for entry in shown}
    untrusted = tuple(to_unbelieved(entry, doubts[entry.seq]) for entry in shown if doubts[entry.seq])
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
        signers={entry.seq: describe_signer(trust, entry, doubts[entry.seq]) for entry in shown},
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


def verify_ledger(ports: Ports, *, require_signatures: bool = False, store_times: bool = False) -> LedgerVerification:
    """Verify the chain, and the order of times. With `store_times`, compare them with those of the store.

    Raises OperationFailedError with the first broken entry, or with all unbelieved entries (E466), false times (E053)
    and, with `require_signatures`, environments with unsigned entries or without a key (E052).
    """
    project = project_file.load_project(ports)
    present, found = journal.audit_ledger(ports)
    trust, untrusted = ports.trust, {each.seq for each in found}
    # What is not trusted is named, and no other entry is measured by its time.
    entries = [entry for entry in journal.read_newest_first(ports, present) if entry.seq not in untrusted][::-1]
    unsigned, before = count_unsigned(trust, entries), find_vouched(trust, present)
    vouched = sum(bool(trust.explain_distrust(entry)) for entry in entries if entry.seq <= before)
    hint = "it is ignored; CloudTrail shows who wrote it into the store, and who used the keys"
    problems = [Problem("E466", f"{each}: {each.why}", hint) for each in found]
    if require_signatures:
        problems += _list_unsigned(project.pipeline.order, trust.pinned, unsigned)
    differences = [*_compare_order(entries), *(_compare_with_store(ports, entries) if store_times else ())]
    hint = f"its time proves nothing: {format_command('explain', 'E053')}"
    problems += [Problem("E053", text, hint) for text, off in differences if off > TOLERANCE]
    if problems:
        raise OperationFailedError(*problems)
    remarks = tuple(text for text, _ in differences)
    chained = [each for each in present.foreign if ledger_store.parse_key_number(each.key) in range(1, present.seq + 1)]
    return LedgerVerification(
        entries=present.seq - len(chained),
        head=present.head,
        signed=tuple(trust.pinned),
        unsigned=unsigned,
        vouched=vouched,
        remarks=remarks,
        foreign=present.foreign,
    )


def _list_unsigned(
    order: Iterable[str], keys: Container[str], unsigned: tuple[UnsignedEntries, ...]
) -> Iterator[Problem]:
    entries = {each.environment: each for each in unsigned}
    for name in dict.fromkeys([*order, *entries]):
        hint = f"see who may write into the store, and name keys: {format_command('explain', 'E052')}"
        if each := entries.get(name):
            about = f"{each.count} entries about {name} are not signed, the last is entry {each.last}"
            yield Problem("E052", f"{about}: who wrote them is not verified", hint)
        elif name not in keys:
            yield Problem("E052", f"{name} has no signing_key: its entries need no signature", hint)


def _compare_order(entries: Sequence[Entry]) -> Iterator[tuple[str, timedelta]]:
    """Yield each entry that is dated before its predecessor, with the difference."""
    for before, entry in pairwise(entries):
        if (off := before.at - entry.at) > timedelta():
            yield f"entry {entry.seq} is dated {_format_off(entry, off)} before entry {before.seq}", off


def _compare_with_store(ports: Ports, entries: Sequence[Entry]) -> Iterator[tuple[str, timedelta]]:
    """Yield each entry that the store has from another time, with the difference; one remark if the store has none."""
    written = ports.store.list_times(ledger_store.ENTRY_FOLDER)
    if entries and not written:
        yield "times are not compared: this store does not say when it was written", timedelta()
    for entry in entries:
        at, stored = entry.stored_at or entry.at, written.get(ledger_store.entry_key(entry.seq))
        if stored and (off := abs(stored - at)) > TOLERANCE:
            which = "before" if at < stored else "after"
            yield f"entry {entry.seq} is dated {_format_off(entry, off)} {which} the store got it", off


def _format_off(entry: Entry, off: timedelta) -> str:
    at = (entry.stored_at or entry.at).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    return f"{at} UTC, {format_duration(off)}"
