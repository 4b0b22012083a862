"""Signatures of entries and checkpoints, made with the key of an environment."""

from collections.abc import Sequence
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.checkpoint import KIND, Checkpoint, encode_signed_part
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.signatures import PublicKey, Signature, to_signature
from envctl.domain.ledger.trust import is_personal_event
from envctl.usecases.ledger.trust import format_key_path
from envctl.usecases.ports.core import Ports


def sign_entry(ports: Ports, entry: Entry) -> Entry:
    """Sign an entry if it needs a signature to count. Raises OperationFailedError if none can be made."""
    signer = ports.trust.find_signer(entry)
    if not signer:
        return entry
    message = ports.trust.encode_signed_message(entry)
    if ports.trust.signs_with_look_key(entry):
        return replace(entry, signature=_sign_look(ports, signer, message))
    return replace(entry, signature=_sign_message(ports, signer, message, personally=is_personal_event(entry.event)))


def _sign_look(ports: Ports, environment: str, message: bytes) -> Signature:
    """Sign found drift, or a look without the lock, with the key for looks: the look role may sign nothing else."""
    keys = ports.trust.pinned[environment].look_keys
    if not keys:
        problem = f"the look_role of {environment} has no key to sign with: this drift check was not recorded"
        own = format_command("drift", environment, locked=True)
        hint = (
            f'set look_signing_key = "alias/envctl-look-{environment}" in [environments.{environment}], or use: {own}'
        )
        raise OperationFailedError(Problem("E137", problem, hint))
    value = ports.signatures.for_looks().sign(environment, keys[-1].algorithm, message, personally=False)
    return _to_pinned_signature(keys, value, environment, message, look=True)


def sign_checkpoint(ports: Ports, unsigned: Checkpoint, *, personally: bool) -> Checkpoint:
    trust = ports.trust
    message = trust.hash_for_signing(KIND, encode_signed_part(unsigned))
    return replace(unsigned, signature=_sign_message(ports, trust.checkpoint_signer, message, personally=personally))


def _sign_message(ports: Ports, environment: str, message: bytes, *, personally: bool) -> Signature:
    keys = ports.trust.pinned[environment].keys
    value = ports.signatures.sign(environment, keys[-1].algorithm, message, personally=personally)
    return _to_pinned_signature(keys, value, environment, message)


def _to_pinned_signature(
    keys: Sequence[PublicKey], value: bytes, environment: str, message: bytes, *, look: bool = False
) -> Signature:
    key = next((key for key in reversed(keys) if key.has_signed(value, message)), None)
    if key is None:
        problem = f"KMS signs for {environment} with a key not pinned in {format_key_path(environment, look=look)}"
        add = format_command("ledger keys", environment, add=True)
        hint = f"if the key was changed on purpose, add it and commit the file: {add}"
        raise OperationFailedError(
            Problem("E463", f"{problem}: the entry would not be trusted, and was not recorded", hint)
        )
    return to_signature(key, value)
