"""The check of the ledger against the last entry seen by this machine."""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.entries import ChainBreak, hash_bytes
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.ledger.store_layout import entry_key
from envctl.usecases.ports.core import Ports

KnownHead = tuple[int, str] | None
"""Number and digest of the last entry seen by this machine; None without one."""


class BrokenLedgerError(OperationFailedError):
    """The ledger is inconsistent, or contradicts the entries seen by this machine."""


def to_ledger_error(broken: ChainBreak) -> BrokenLedgerError:
    message = f"the ledger can't be believed from entry {broken.seq} on: {broken.reason}"
    hint = "somebody or something changed the store by hand: restore it from a backup (nothing was done now)"
    return BrokenLedgerError(Problem("E401", message, hint))


def check_known_head(ports: Ports, now: LedgerState, seen: KnownHead) -> None:
    """Check that the ledger continues the known one. Raises BrokenLedgerError if it is cut short or replaced.

    Load `seen` before reading the ledger: another command of this clone may append meanwhile, and save a later head.
    """
    if seen is not None and seen != (now.seq, now.head):
        seq, head = seen
        if seq > now.seq:
            why = f"this machine has seen {seq} entries, and now there are {now.seq}"
            raise to_ledger_error(ChainBreak(now.seq + 1, why))
        data = ports.store.read(entry_key(seq)) if seq else None
        if seq and (data is None or hash_bytes(data) != head):
            raise to_ledger_error(ChainBreak(seq, "it is not the entry that this machine saw before under that number"))
    if now.seq and seen != (now.seq, now.head):
        ports.head_cache.save_head(now.seq, now.head)
