"""The time for decisions and entries: that of the store, because clocks of machines differ."""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.clocks import PRECISION, TOLERANCE, is_future
from envctl.domain.ledger.events import ApprovalGiven, DeploymentStarted, Event
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested
from envctl.domain.ledger.state import LedgerState
from envctl.domain.text.durations import format_duration
from envctl.usecases.ledger.store_layout import entry_key
from envctl.usecases.ports.core import Ports

_TIMED_DECISIONS = (DeploymentStarted, ApprovalGiven, RulesApproved, RulesResetRequested)
_NTP_HINT = "set this machine's clock, and let NTP keep it right (timedatectl set-ntp true)"


@dataclass(frozen=True)
class EntryTime:
    """The time of an entry; `at` is never earlier than the entry before."""

    at: datetime
    stored_at: datetime | None = None  # time of the store if `at` had to be later, after an entry from a fast clock


def read_store_time(ports: Ports) -> datetime:
    """Return the time of the store; the local one if the store has none, or both agree within the precision."""
    local, stored = ports.clock.now(), ports.store.now()
    return local if stored is None or abs(local - stored) <= PRECISION else stored


def check_clock(ports: Ports) -> None:
    """Check the local clock against the store. Raises OperationFailedError (E479) for too large a difference."""
    stored = ports.store.now()
    off = ports.clock.now() - stored if stored else None
    if off is not None and abs(off) > TOLERANCE:
        wrong = f"{format_duration(abs(off))} {'ahead of' if off > -off else 'behind'} the store's"
        message = f"this machine's clock is {wrong}: soak, expiry and windows can't be judged; nothing was recorded"
        raise OperationFailedError(Problem("E479", message, _NTP_HINT))


def choose_entry_time(ports: Ports, now: LedgerState, event: Event) -> EntryTime:
    """Choose the time of the entry after `now`; past events are recorded with any clock.

    Raises OperationFailedError (E479) for a time-dependent decision on a machine with a wrong clock.
    """
    decides = isinstance(event, _TIMED_DECISIONS)
    if decides:
        check_clock(ports)
    current, last = read_store_time(ports), now.at
    if last is None or not is_future(last, current):
        return EntryTime(current if last is None else max(current, last))
    written = ports.store.last_modified(entry_key(now.seq))
    if written is not None and not is_future(written, current):
        # The entry before was written with a fast clock.
        return EntryTime(last, current)
    if decides:
        off = format_duration(last - current)
        behind = f"this machine's clock is {off} behind the last entry of the ledger (entry {now.seq})"
        raise OperationFailedError(Problem("E479", f"{behind}; nothing was recorded", _NTP_HINT))
    return EntryTime(last)
