"""The time that decisions and entries count with: the store's own, since each machine could have another one."""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.clocks import PRECISION, TOLERANCE, is_future
from envctl.domain.ledger.events import ApprovalGiven, DeploymentStarted, Event
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested
from envctl.domain.ledger.state import Present
from envctl.domain.text.durations import spelt
from envctl.usecases.ledger.store_layout import entry_key
from envctl.usecases.ports.core import Ports

_DECISIONS = (DeploymentStarted, ApprovalGiven, RulesApproved, RulesResetRequested)
_NTP = "set this machine's clock, and let NTP keep it right (timedatectl set-ntp true)"


@dataclass(frozen=True)
class Moment:
    """When an entry is recorded: `at` is never before the entry before it. `stored_at` is the store's time where `at`
    had to be a later one, because the entry before it comes from a clock that was ahead; None elsewhere.
    """

    at: datetime
    stored_at: datetime | None = None


def current_time(ports: Ports) -> datetime:
    """The time by the store's clock; this machine's where the store tells none, or the same within its precision."""
    here, there = ports.clock.now(), ports.store.now()
    return here if there is None or abs(here - there) <= PRECISION else there


def check_clock(ports: Ports) -> None:
    """Raises OperationFailedError (E479) where this machine's clock and that of the store differ too much."""
    there = ports.store.now()
    off = ports.clock.now() - there if there else None
    if off is not None and abs(off) > TOLERANCE:
        message = f"this machine's clock is {spelt(abs(off))} {'ahead of' if off > -off else 'behind'} the store's"
        raise OperationFailedError(
            Problem("E479", f"{message}: soak, expiry and windows can't be judged; nothing was recorded", _NTP)
        )


def choose_moment(ports: Ports, now: Present, event: Event) -> Moment:
    """When the entry after `now` is recorded. Raises OperationFailedError (E479) for a decision that depends on time,
    where this machine's clock is wrong. What has happened already is always recorded.
    """
    decides = isinstance(event, _DECISIONS)
    if decides:
        check_clock(ports)
    here, last = current_time(ports), now.at
    if last is None or not is_future(last, here):
        return Moment(here if last is None else max(here, last))
    written = ports.store.written_at(entry_key(now.seq))
    if written is not None and not is_future(written, here):
        # The entry before was written earlier than it says: its clock was ahead.
        return Moment(last, here)
    if decides:
        behind = f"this machine's clock is {spelt(last - here)} behind the last entry of the ledger (entry {now.seq})"
        raise OperationFailedError(Problem("E479", f"{behind}; nothing was recorded", _NTP))
    return Moment(last)
