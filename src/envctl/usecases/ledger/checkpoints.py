"""Checkpoints of the ledger: which are left, and which are believed.

An unsigned checkpoint is believed where the entry after it names it: who appended that entry computed the name from the
entries themselves, and the entry stands in the chain. A signed one is believed for its signature.
"""

from contextlib import suppress

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import ChainBreak, Entry, MalformedEntryError, decode, digest
from envctl.domain.ledger.state import Present
from envctl.domain.ledger.trust import said_by_a_person
from envctl.usecases.ledger import signing
from envctl.usecases.ledger.head_cache import disbelieve
from envctl.usecases.ledger.store_layout import CHECKPOINTS, checkpoint_key, entry_key, number_of
from envctl.usecases.ports.core import AlreadyExistsError, Ports

LOOKED_AT = 8


def load_checkpoint(ports: Ports) -> Present:
    """The last checkpoint that is believed; the empty present where there is none."""
    numbers = [number_of(key) for key in ports.store.keys(CHECKPOINTS)]
    if not ports.trust:
        numbers = [number for number in numbers if number and number % checkpoint.EVERY == 0]
    # Whoever may write into the store can leave any number of them that are not believed.
    for number in reversed(numbers[-LOOKED_AT:]):
        kept = _load_signed(ports, number) if ports.trust else _load_named(ports, number)
        if kept is not None and kept.seq == number and _follows(ports, kept):
            return kept
    return Present()


def name_checkpoint(ports: Ports, now: Present) -> str:
    """What the next entry says of the checkpoint after `now`; empty where there is none to be named."""
    return "" if ports.trust or not _is_numbered(now) else checkpoint.name_of(now)


def leave_checkpoint(ports: Ports, now: Present, last: Entry) -> None:
    # It keeps reading short, and no more. The entry is recorded, and whoever appended it has to be told so.
    with suppress(AlreadyExistsError, EnvctlError):
        if _is_due(ports, now, last):
            kept = checkpoint.Checkpoint(now, ports.trust.name)
            if ports.trust:
                kept = signing.signed_checkpoint(ports, kept, personally=said_by_a_person(last.event))
            ports.store.create(checkpoint_key(now.seq), checkpoint.written(kept))


def check_checkpoint(ports: Ports, now: Present) -> None:
    """Raises UnbelievableLedgerError for a checkpoint that tells another story than the entries before it."""
    data = ports.store.read(checkpoint_key(now.seq))
    kept = checkpoint.read(data) if data else None
    if kept is not None and _counts(ports, kept) and kept.present != now:
        raise disbelieve(ChainBreak(now.seq, "the checkpoint that was left there does not follow from the entries"))


def _load_named(ports: Ports, number: int) -> Present | None:
    following = ports.store.read(entry_key(number + 1))
    name = _named_by(following) if following else ""
    data = ports.store.read(checkpoint_key(number)) if name else None
    if not data or checkpoint.name_in(data) != name:
        return None
    kept = checkpoint.read(data)
    return kept.present if kept and _counts(ports, kept) else None


def _named_by(entry: bytes) -> str:
    try:
        return decode(entry).checkpoint
    except MalformedEntryError:
        return ""


def _load_signed(ports: Ports, number: int) -> Present | None:
    kept = checkpoint.read(ports.store.read(checkpoint_key(number)) or b"")
    return kept.present if kept and _counts(ports, kept) else None


def _counts(ports: Ports, kept: checkpoint.Checkpoint) -> bool:
    """It is believed by who believes what it was made of; and where entries are signed, only if it is signed too."""
    return kept.trust == ports.trust.name and not _doubt(ports, kept)


def _doubt(ports: Ports, kept: checkpoint.Checkpoint) -> str:
    trust = ports.trust
    if not trust:
        return ""
    message = trust.digest(checkpoint.KIND, checkpoint.to_sign(kept))
    return trust.mistrust(trust.keeper, kept.signature, message)


def _follows(ports: Ports, kept: Present) -> bool:
    """A checkpoint counts only while the entry that it was made after is still the same."""
    data = ports.store.read(entry_key(kept.seq))
    return data is not None and digest(data) == kept.head


def _is_numbered(now: Present) -> bool:
    return now.seq > 0 and now.seq % checkpoint.EVERY == 0


def _is_due(ports: Ports, now: Present, last: Entry) -> bool:
    """Where it has to be signed: as soon as somebody comes by who can."""
    if not ports.trust:
        return _is_numbered(now)
    if ports.trust.signer(last) != ports.trust.keeper or now.seq < checkpoint.EVERY:
        return False
    return now.seq - load_checkpoint(ports).seq >= checkpoint.EVERY
