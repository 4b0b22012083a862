"""`envctl approval list` and `envctl approval show NUMBER`: the given approvals, and what each approver read."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from envctl.domain.aws.bucket_lifecycle import READING_DAYS
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Actor, ApprovalGiven
from envctl.domain.ledger.people.principals import build_reviewer
from envctl.domain.ledger.rule_events import RulesApproved
from envctl.domain.ledger.state import LedgerState
from envctl.domain.reading.reading import Reading
from envctl.domain.release_label import ReleaseLabel
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.timeline import MAX_ENTRIES_READ
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import find_recorded_environment
from envctl.usecases.release import readings

DEFAULT_LIMIT = 20


@dataclass(frozen=True, kw_only=True)
class ListedApproval:
    """A given approval. It may be withdrawn, or expired, or void by now: `envctl why` says what counts."""

    number: int  # of its ledger entry
    environment: str
    gate: str  # may be empty for rules
    release: str  # empty for an approval of rules
    by: Actor
    at: datetime
    unseen: tuple[str, ...] = ()
    reading: str = ""  # the digest of what was read; empty if an older envctl recorded it
    label: ReleaseLabel | None = None


@dataclass(frozen=True)
class Approvals:
    """The approvals of an environment, or of all for an empty name, newest first. `more`: older ones may exist."""

    environment: str
    approvals: tuple[ListedApproval, ...]
    more: bool = False


@dataclass(frozen=True)
class ApprovalPage:
    """An approval with what was read."""

    approval: ListedApproval
    page: Reading


def list_approvals(ports: Ports, environment: str = "", limit: int | None = None) -> Approvals:
    if environment:
        find_recorded_environment(Context(ports, project_file.load_project(ports)), environment)
    present = journal.load(ports, to_show=True)
    entries = islice(journal.read_newest_first(ports, present), MAX_ENTRIES_READ)
    found = [
        _to_listed(present, entry, entry.event)
        for entry in entries
        if isinstance(entry.event, ApprovalGiven | RulesApproved) and environment in ("", entry.event.environment)
    ]
    kept = tuple(found[: limit or DEFAULT_LIMIT])
    return Approvals(environment, kept, more=len(found) > len(kept) or present.seq > MAX_ENTRIES_READ)


def show_approval(ports: Ports, number: int) -> ApprovalPage:
    """Return the approval of a ledger entry. Raises UsageError if it is none, and OperationFailedError (E439) if what
    was read is not stored.
    """
    present = journal.load(ports, to_show=True)
    listed = format_command("approval list")
    (entry,) = journal.read_entries(ports, [number]) if 0 < number <= present.seq else (None,)
    if entry is None or not isinstance(entry.event, ApprovalGiven | RulesApproved):
        raise UsageError(Problem("E477", f"entry {number} of the ledger is no approval", f"to see all: {listed}"))
    approval = _to_listed(present, entry, entry.event)
    subject = entry.event.plan if isinstance(entry.event, ApprovalGiven) else entry.event.rules
    page = readings.load_reading(ports, subject, approval.reading)
    if page is None:
        gone = f"it is damaged, or older than {READING_DAYS} days: its digest in the ledger stays"
        why = gone if approval.reading else "an older envctl recorded this approval, and kept no page"
        hint = format_command("history", approval.environment)
        raise OperationFailedError(Problem("E439", f"the page of approval {number} can't be shown: {why}", hint))
    ports.observer.on_reading(page)
    return ApprovalPage(approval, page)


def _to_listed(present: LedgerState, entry: Entry, event: ApprovalGiven | RulesApproved) -> ListedApproval:
    if isinstance(event, RulesApproved):
        return ListedApproval(
            number=entry.seq,
            environment=event.environment,
            gate=event.gate,
            release="",
            by=entry.actor,
            at=entry.at,
            reading=event.reading,
        )
    return ListedApproval(
        number=entry.seq,
        environment=event.environment,
        gate=event.gate,
        release=event.release,
        by=build_reviewer(event.reviewer, entry.actor, event.environment) if event.reviewer else entry.actor,
        at=entry.at,
        unseen=event.unseen,
        reading=event.reading,
        label=present.find_label(event.release),
    )
