"""What this machine saw of the ledger before, against what is there now."""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.entries import ChainBreak, digest
from envctl.domain.ledger.state import Present
from envctl.usecases.ledger.store_layout import entry_key
from envctl.usecases.ports.core import Ports

Seen = tuple[int, str] | None
"""The number and the head of the last entry that this machine saw; None where it saw none."""


class UnbelievableLedgerError(OperationFailedError):
    """The ledger does not fit together, or not with what this machine saw of it."""


def disbelieve(broken: ChainBreak) -> UnbelievableLedgerError:
    return UnbelievableLedgerError(
        Problem(
            "E401",
            f"the ledger can't be believed from entry {broken.seq} on: {broken.reason}",
            "somebody or something changed the store by hand: restore it from a backup (nothing was done now)",
        )
    )


def check_witness(ports: Ports, now: Present, seen: Seen) -> None:
    """Raises UnbelievableLedgerError where the ledger `now` is not the one that was `seen`, or that one cut short.

    `seen` has to be recalled before the ledger is read: another command of the same clone may append meanwhile, and
    what it saw is then more than what was read here.
    """
    if seen is not None and seen != (now.seq, now.head):
        seq, head = seen
        if seq > now.seq:
            raise disbelieve(
                ChainBreak(now.seq + 1, f"this machine has seen {seq} entries, and now there are {now.seq}")
            )
        data = ports.store.read(entry_key(seq)) if seq else None
        if seq and (data is None or digest(data) != head):
            raise disbelieve(ChainBreak(seq, "it is not the entry that this machine saw before under that number"))
    if now.seq and seen != (now.seq, now.head):
        ports.witness.remember(now.seq, now.head)
