"""Integrity of the ledger: signatures of entries, checkpoints, and the last entry seen by this machine.

An unsigned checkpoint is trusted if the next entry names it: the author of this entry computed the name from the
entries. A signed one is trusted for its signature.
"""

from contextlib import suppress
from dataclasses import replace

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.checkpoint import KIND, Checkpoint, encode_signed_part
from envctl.domain.ledger.entries import ChainBreak, Entry, MalformedEntryError, decode_entry, hash_bytes
from envctl.domain.ledger.signatures import Signature, to_signature
from envctl.domain.ledger.state import LedgerState
from envctl.domain.ledger.trust import is_personal_event
from envctl.usecases.ledger.ledger_store import CHECKPOINT_FOLDER, checkpoint_key, entry_key, parse_key_number
from envctl.usecases.ledger.trust import format_key_path
from envctl.usecases.ports.core import AlreadyExistsError, Ports

KnownHead = tuple[int, str] | None
"""Number and digest of the last entry seen by this machine; None without one."""
MAX_CHECKPOINTS_READ = 8


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


def sign_entry(ports: Ports, entry: Entry) -> Entry:
    """Sign an entry if it needs a signature to count. Raises OperationFailedError if none can be made."""
    signer = ports.trust.find_signer(entry) if ports.trust.pinned else ""
    if not signer:
        return entry
    message = ports.trust.encode_signed_message(entry)
    return replace(entry, signature=_sign_message(ports, signer, message, personally=is_personal_event(entry.event)))


def sign_checkpoint(ports: Ports, unsigned: Checkpoint, *, personally: bool) -> Checkpoint:
    trust = ports.trust
    message = trust.hash_for_signing(KIND, encode_signed_part(unsigned))
    return replace(unsigned, signature=_sign_message(ports, trust.checkpoint_signer, message, personally=personally))


def _sign_message(ports: Ports, environment: str, message: bytes, *, personally: bool) -> Signature:
    keys = ports.trust.pinned[environment].keys
    value = ports.signatures.sign(environment, keys[-1].algorithm, message, personally=personally)
    key = next((key for key in reversed(keys) if key.has_signed(value, message)), None)
    if key is None:
        problem = f"KMS signs for {environment} with a key that {format_key_path(environment)} does not pin"
        hint = f"if it was changed on purpose: envctl ledger keys {environment} --add, and commit the file"
        raise OperationFailedError(Problem("E463", f"{problem}: nobody would believe it; nothing was recorded", hint))
    return to_signature(key, value)


def load_checkpoint(ports: Ports) -> LedgerState:
    """Return the state of the last trusted checkpoint; the empty state without one."""
    numbers = [parse_key_number(key) for key in ports.store.list_keys(CHECKPOINT_FOLDER)]
    if not ports.trust.pinned:
        numbers = [number for number in numbers if number and number % checkpoint.INTERVAL == 0]
    # Limited, because a writer of the store can add any number of untrusted ones.
    for number in reversed(numbers[-MAX_CHECKPOINTS_READ:]):
        state = _load_trusted(ports, number)
        if state is None or state.seq != number:
            continue
        last = ports.store.read(entry_key(number))
        if last is not None and hash_bytes(last) == state.head:
            return state
    return LedgerState()


def name_checkpoint(ports: Ports, now: LedgerState) -> str:
    """Return the name of the checkpoint after `now`, for the next entry; empty without one."""
    is_at_interval = now.seq > 0 and now.seq % checkpoint.INTERVAL == 0
    return checkpoint.compute_name(now) if is_at_interval and not ports.trust.pinned else ""


def save_checkpoint(ports: Ports, now: LedgerState, last: Entry) -> None:
    # A failure is ignored: the entry is recorded, and a checkpoint only speeds up reading.
    with suppress(AlreadyExistsError, EnvctlError):
        if _is_due(ports, now, last):
            new = checkpoint.Checkpoint(now, ports.trust.name)
            if ports.trust.pinned:
                new = sign_checkpoint(ports, new, personally=is_personal_event(last.event))
            ports.store.create(checkpoint_key(now.seq), checkpoint.encode_checkpoint(new))


def check_checkpoint(ports: Ports, now: LedgerState) -> None:
    """Check a checkpoint against the entries before it. Raises BrokenLedgerError for a difference."""
    data = ports.store.read(checkpoint_key(now.seq))
    found = checkpoint.decode_checkpoint(data) if data else None
    if found is not None and _is_trusted(ports, found) and found.present != now:
        why = "the checkpoint that was left there does not follow from the entries"
        raise to_ledger_error(ChainBreak(now.seq, why))


def _load_trusted(ports: Ports, number: int) -> LedgerState | None:
    """Return the state of a signed checkpoint or, without signatures, of one named by the next entry."""
    name = ""
    if not ports.trust.pinned:
        with suppress(MalformedEntryError):
            name = decode_entry(ports.store.read(entry_key(number + 1)) or b"").checkpoint
        if not name:
            return None
    data = ports.store.read(checkpoint_key(number))
    if not data or (name and checkpoint.read_name(data) != name):
        return None
    found = checkpoint.decode_checkpoint(data)
    return found.present if found and _is_trusted(ports, found) else None


def _is_trusted(ports: Ports, found: checkpoint.Checkpoint) -> bool:
    """Check that the checkpoint was made with the same trust and, if entries are signed, is signed too."""
    trust = ports.trust
    if found.trust != trust.name:
        return False
    if not trust.pinned:
        return True
    message = trust.hash_for_signing(checkpoint.KIND, checkpoint.encode_signed_part(found))
    return not trust.explain_bad_signature(trust.checkpoint_signer, found.signature, message)


def _is_due(ports: Ports, now: LedgerState, last: Entry) -> bool:
    """Tell if a checkpoint is due: at each interval or, if it must be signed, once its signer appends an entry."""
    if not ports.trust.pinned:
        return now.seq > 0 and now.seq % checkpoint.INTERVAL == 0
    if ports.trust.find_signer(last) != ports.trust.checkpoint_signer or now.seq < checkpoint.INTERVAL:
        return False
    return now.seq - load_checkpoint(ports).seq >= checkpoint.INTERVAL
