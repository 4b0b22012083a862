"""The present, folded up to one entry, as JSON in gzip: it keeps reading short and is believed no further than entries
bear it out: the one after it names it.

What many environments have in common is repeated in it for each: of a large project it packs sixty to one.
"""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

from envctl.domain.ledger.codec import MISFITS, instance, plain, reader
from envctl.domain.ledger.gzip import packed, unpacked
from envctl.domain.ledger.signatures import Signature
from envctl.domain.ledger.state import Present

EVERY = 64
"""Entries between two. So many can be read from a store that is far away in the time of two or three answers."""
FORMAT = 14
KIND = "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """`trust` is the name of what was believed when it was made: who believes other keys reads the entries."""

    present: Present
    trust: str = ""
    signature: Signature | None = None


def encode(present: Present) -> bytes:
    return written(Checkpoint(present))


def written(kept: Checkpoint) -> bytes:
    """The same bytes for the same checkpoint."""
    return packed(_document(kept))


def _document(kept: Checkpoint) -> bytes:
    document = {"format": FORMAT, "present": plain(kept.present)}
    if kept.trust:
        document["trust"] = kept.trust
    if kept.signature:
        document["signature"] = plain(kept.signature)
    return json.dumps(document, separators=(",", ":")).encode()


def to_sign(kept: Checkpoint) -> bytes:
    """The bytes that a signature of it is made of."""
    return _document(replace(kept, signature=None))


def name_of(present: Present) -> str:
    """The name of an unsigned checkpoint after `present`, as the next entry says it: the SHA-256 of its JSON."""
    return sha256(_document(Checkpoint(present))).hexdigest()


def name_in(data: bytes) -> str:
    """The name of the checkpoint in these bytes; empty where they hold none."""
    try:
        return sha256(unpacked(data)).hexdigest()
    except ValueError:
        return ""


def decode(data: bytes) -> Present | None:
    """As `read`, of one that nobody had to sign."""
    kept = read(data)
    return kept.present if kept else None


@lru_cache(maxsize=1)
def read(data: bytes) -> Checkpoint | None:
    """None for anything that this version can't read: the entries themselves are read instead.

    The last one is kept. Of a large project it takes a second, and a command reads the ledger many times.
    """
    try:
        document = json.loads(unpacked(data))
        if document["format"] != FORMAT:
            return None
        present = reader(Present)(document["present"])
        trust = instance(str, document.get("trust", ""))
        signature = reader(Signature)(document["signature"]) if "signature" in document else None
    except MISFITS:
        return None
    return Checkpoint(present, trust, signature)
