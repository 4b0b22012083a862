"""Signing what is recorded, and the keys that it is signed with."""

from dataclasses import replace

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.checkpoint import KIND, Checkpoint, to_sign
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.signatures import Signature, written
from envctl.domain.ledger.trust import said_by_a_person
from envctl.usecases.ledger.trust import pinned_in
from envctl.usecases.ports.core import Ports


def signed(ports: Ports, entry: Entry) -> Entry:
    """The entry with the signature that it needs to count. Raises OperationFailedError where there is none to be had:
    what nobody would believe is not recorded.
    """
    signer = ports.trust.signer(entry)
    if not signer:
        return entry
    message = ports.trust.message(entry)
    return replace(entry, signature=_sign(ports, signer, message, personally=said_by_a_person(entry.event)))


def signed_checkpoint(ports: Ports, kept: Checkpoint, *, personally: bool) -> Checkpoint:
    message = ports.trust.digest(KIND, to_sign(kept))
    return replace(kept, signature=_sign(ports, ports.trust.keeper, message, personally=personally))


def _sign(ports: Ports, environment: str, message: bytes, *, personally: bool) -> Signature:
    keys = ports.trust.pinned[environment].keys
    value = ports.signatures.sign(environment, keys[-1].algorithm, message, personally=personally)
    key = next((key for key in reversed(keys) if key.signed(value, message)), None)
    if key is None:
        message_ = f"KMS signs for {environment} with a key that {pinned_in(environment)} does not pin"
        hint = f"if it was changed on purpose: envctl ledger keys {environment} --add, and commit the file"
        raise OperationFailedError(Problem("E463", f"{message_}: nobody would believe it; nothing was recorded", hint))
    return written(key, value)
