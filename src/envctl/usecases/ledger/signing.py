"""Signatures of entries and checkpoints, made with the key of an environment."""

from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.checkpoint import KIND, Checkpoint, encode_signed_part
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.key_roles import KeyRole, is_personal_event
from envctl.domain.ledger.signatures import Signature, to_signature
from envctl.usecases.ledger.trust import format_key_path
from envctl.usecases.ports.core import Ports


def sign_entry(ports: Ports, entry: Entry) -> Entry:
    """Sign an entry if it needs a signature to count. Raises OperationFailedError if none can be made."""
    signer = ports.trust.find_signer(entry)
    if not signer:
        return entry
    role = ports.trust.choose_key(entry)
    if role == "look" and not ports.trust.pinned[signer].look_keys:
        raise _to_missing_look_key(signer)
    message = ports.trust.encode_signed_message(entry)
    personally = is_personal_event(entry.event)
    return replace(entry, signature=_sign_message(ports, signer, message, role, personally=personally))


def _to_missing_look_key(environment: str) -> OperationFailedError:
    problem = f"the look_role of {environment} has no key to sign with: this drift check was not recorded"
    own = format_command("drift", environment, locked=True)
    hint = f'set look_signing_key = "alias/envctl-look-{environment}" in [environments.{environment}], or use: {own}'
    return OperationFailedError(Problem("E137", problem, hint))


def sign_checkpoint(ports: Ports, unsigned: Checkpoint, *, personally: bool) -> Checkpoint:
    trust = ports.trust
    message = trust.hash_for_signing(KIND, encode_signed_part(unsigned))
    signature = _sign_message(ports, trust.checkpoint_signer, message, trust.checkpoint_role, personally=personally)
    return replace(unsigned, signature=signature)


def _sign_message(ports: Ports, environment: str, message: bytes, role: KeyRole, *, personally: bool) -> Signature:
    keys = ports.trust.pinned[environment].list_keys(role)
    signatures = ports.signatures.for_role(role)
    value = signatures.sign(environment, keys[-1].algorithm, message, personally=personally)
    key = next((key for key in reversed(keys) if key.has_signed(value, message)), None)
    if key is None:
        problem = f"KMS signs for {environment} with a key not pinned in {format_key_path(environment, role=role)}"
        add = format_command("ledger keys", environment, add=True)
        hint = f"if the key was changed on purpose, add it and commit the file: {add}"
        raise OperationFailedError(
            Problem("E463", f"{problem}: the entry would not be trusted, and was not recorded", hint)
        )
    return to_signature(key, value)
