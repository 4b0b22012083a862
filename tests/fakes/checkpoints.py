"""Unsigned checkpoints of a state, without its name for trusted keys."""

from envctl.domain.ledger.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from envctl.domain.ledger.state import LedgerState


def encode_state(present: LedgerState) -> bytes:
    return encode_checkpoint(Checkpoint(present))


def decode_state(data: bytes) -> LedgerState | None:
    """The state of a checkpoint, or None. Its signature is not checked."""
    checkpoint = decode_checkpoint(data)
    return checkpoint.present if checkpoint else None
