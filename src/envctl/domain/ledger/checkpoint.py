"""The ledger state up to one entry, as JSON in gzip, to shorten reading.

The next entry names it, and the entries remain the source of truth. Repetition compresses it about 60 to 1.
"""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

from envctl.domain.ledger import entries
from envctl.domain.ledger.codec import DECODE_ERRORS, build_decoder, encode_value, require_type
from envctl.domain.ledger.gzip import compress_bytes, decompress_bytes
from envctl.domain.ledger.signatures import Signature
from envctl.domain.ledger.state import LedgerState

INTERVAL = 64
"""Entries between two checkpoints: a distant store returns as many in two or three round trips."""
FORMAT = 27
KIND = "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """A stored ledger state. `trust` names the trusted keys at its creation; under other keys the entries are read."""

    present: LedgerState
    trust: str = ""
    signature: Signature | None = None


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the canonical bytes of a checkpoint."""
    return compress_bytes(_encode_document(checkpoint))


def _encode_document(checkpoint: Checkpoint) -> bytes:
    document = {"format": FORMAT, "entries": entries.FORMAT, "present": encode_value(checkpoint.present)}
    if checkpoint.trust:
        document["trust"] = checkpoint.trust
    if checkpoint.signature:
        document["signature"] = encode_value(checkpoint.signature)
    return json.dumps(document, separators=(",", ":")).encode()


def encode_signed_part(checkpoint: Checkpoint) -> bytes:
    """Return the bytes covered by the signature."""
    return _encode_document(replace(checkpoint, signature=None))


def compute_name(present: LedgerState) -> str:
    """Return the name of an unsigned checkpoint after `present`, as in the next entry: the SHA-256 of its JSON."""
    return sha256(_encode_document(Checkpoint(present))).hexdigest()


def read_name(data: bytes) -> str:
    """Return the name of the checkpoint in these bytes; empty for invalid gzip."""
    try:
        return sha256(decompress_bytes(data)).hexdigest()
    except ValueError:
        return ""


@lru_cache(maxsize=1)
def decode_checkpoint(data: bytes) -> Checkpoint | None:
    """Parse a checkpoint; None for anything unreadable by this version. Then the entries are read instead. Cached,
    because it takes a second for a large project, and a command reads the ledger many times.
    """
    try:
        document = json.loads(decompress_bytes(data))
        # A newer envctl may have entries in it that this one can't read.
        if (document["format"], document["entries"]) != (FORMAT, entries.FORMAT):
            return None
        present = build_decoder(LedgerState)(document["present"])
        trust = require_type(str, document.get("trust", ""))
        signature = build_decoder(Signature)(document["signature"]) if "signature" in document else None
    except DECODE_ERRORS:
        return None
    return Checkpoint(present, trust, signature)
