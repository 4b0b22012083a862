"""The check of the ledger's chain: each entry has the hash of the one before it."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.ledger.entries import (
    GENESIS,
    Entry,
    MalformedEntryError,
    NewerEntryError,
    decode_entry,
    hash_bytes,
)


@dataclass(frozen=True)
class ChainBreak:
    """The first entry out of the chain, and the reason."""

    seq: int
    reason: str


def verify_chain(stored: Iterable[tuple[int, bytes]]) -> ChainBreak | None:
    """Return the first break of the chain, or None. `stored` holds all entries: ascending numbers with their bytes."""
    expected, prev = 1, GENESIS
    for number, data in stored:
        broken = find_chain_break(number, data, expected, prev)
        if broken:
            return broken
        expected, prev = expected + 1, hash_bytes(data)
    return None


def find_chain_break(number: int, data: bytes, expected: int, prev: str) -> ChainBreak | None:
    """Return the reason against these bytes under `number` as entry `expected`, after an entry with hash `prev`.

    An entry of a newer format is in the chain like any other.
    """
    if number != expected:
        return ChainBreak(expected, "it is missing")
    try:
        entry: Entry | NewerEntryError = decode_entry(data)
    except NewerEntryError as newer:
        entry = newer
    except MalformedEntryError as error:
        return ChainBreak(number, str(error))
    if entry.seq != number:
        return ChainBreak(number, f"its own number is {entry.seq}")
    if entry.prev != prev:
        return ChainBreak(number, f"it does not follow entry {number - 1}: one of the two was changed or replaced")
    return None
