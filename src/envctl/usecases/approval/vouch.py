"""`envctl ledger sign`: people vouch for entries from before there were keys."""

from dataclasses import dataclass

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.projection.apply_entries import to_unbelieved
from envctl.domain.ledger.state import DistrustedEntry
from envctl.domain.rules.document import find_rules
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import select_environments

ASKS = RECORDS_ONLY


@dataclass(frozen=True, kw_only=True)
class VouchedHistory:
    """Who vouched for the entries up to `number`. They count once the people of all environments did."""

    number: int
    head: str  # hash of the chain there
    signed: tuple[str, ...]  # environments whose key signed it now
    signed_before: tuple[str, ...]
    missing: tuple[str, ...]  # environments whose people did not yet
    entries: tuple[DistrustedEntry, ...]  # what did not count without it, newest first


def vouch_for_history(ports: Ports, through: int, environments: tuple[str, ...] = ()) -> VouchedHistory:
    """Record that people of environments vouch for the entries up to the number `through`.

    Raises UsageError (E065) without keys of people, and for a number outside of the ledger.
    """
    project = project_file.load_project(ports)
    vouching = _require_people_keys(ports, project)
    wanted = select_environments(project, environments) if environments else vouching
    if other := next((name for name in wanted if name not in vouching), ""):
        raise _to_missing_key(other)
    head, entries = _read_entries(ports, through)
    signed: list[str] = []
    before: list[str] = []
    for name in wanted:
        (signed if _record(ports, HistoryVouched(environment=name, number=through, head=head)) else before).append(name)
    present = journal.load(ports)
    missing = tuple(name for name in vouching if present.find_environment(name).vouched < through)
    doubted = [to_unbelieved(each, why) for each in entries if (why := ports.trust.explain_distrust(each))]
    return VouchedHistory(
        number=through,
        head=head,
        signed=tuple(signed),
        signed_before=tuple(before),
        missing=missing,
        entries=tuple(reversed(doubted)),
    )


def _record(ports: Ports, event: HistoryVouched) -> Entry | None:
    """Record the event; return None if its people vouched for these entries before."""
    _, entry = journal.append(
        ports, lambda now: None if now.find_environment(event.environment).vouched >= event.number else event
    )
    return entry


def _require_people_keys(ports: Ports, project: Project) -> tuple[str, ...]:
    gated = [name for name in project.order.order if find_rules(project, name).approvals]
    lacking = next((name for name in gated if name not in ports.trust.vouching), "")
    if lacking or not ports.trust.vouching:
        raise _to_missing_key(lacking or project.order.order[-1])
    return ports.trust.vouching


def _to_missing_key(environment: str) -> UsageError:
    message = f"{environment} has no approval_signing_key: its people can't vouch for the history"
    make = format_command("ledger keys", environment, create=True)
    return UsageError(Problem("E065", message, f"set one in [environments.{environment}], and make it: {make}"))


def _read_entries(ports: Ports, through: int) -> tuple[str, list[Entry]]:
    """Return the hash of the chain at a number, and the entries up to it."""
    found: list[Entry] = []
    for entry, _ in journal.read_oldest_first(ports):
        if entry.seq > through:
            break
        found.append(entry)
    if not found or found[-1].seq != through:
        last = f"its last entry is {found[-1].seq}" if found else "it is empty"
        message = f"there is no entry {through} in the ledger: {last}"
        raise UsageError(Problem("E065", message, f"find the entry: {format_command('history')}"))
    return found[-1].digest, found
