"""The chain of entries as it is read: what counts, what is foreign, and what was tampered with.

A *foreign* object stands in the folder of the entries and is none, and no trusted entry says otherwise. It keeps its
place and changes nothing: the next entry takes the number after it, and its `prev` covers the foreign bytes too.
*Tampered* is what a trusted entry contradicts. Without signatures each entry that names its own number is trusted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from envctl.domain.ledger.entries import (
    ChainBreak,
    Entry,
    MalformedEntryError,
    NewerEntryError,
    decode_entry,
    find_chain_break,
    hash_bytes,
)
from envctl.domain.ledger.state import ForeignObject
from envctl.domain.ledger.trust import Trust


class TamperedError(Exception):
    """A trusted entry contradicts the objects before it."""

    def __init__(self, broken: ChainBreak) -> None:
        super().__init__(broken.reason)
        self.broken = broken


@dataclass(frozen=True)
class Link:
    """One object of the chain: an entry, one of a newer format, or a foreign object with the reason."""

    number: int
    head: str  # hash of the chain up to it: `prev` of the next entry
    entry: Entry | NewerEntryError | None
    foreign: str = ""


@dataclass
class ChainReading:
    """The objects of the chain after a known entry, in order, and those beside it."""

    number: int  # of the last object of the chain
    head: str
    links: list[Link] = field(default_factory=list)
    beside: list[ForeignObject] = field(default_factory=list)

    def list_trailing(self, trust: Trust) -> Sequence[Link]:
        """Return the objects at the end that are no trusted entries: none follows them yet."""
        return list(takewhile(lambda each: not each.entry or trust.explain_distrust(each.entry), self.links[::-1]))[
            ::-1
        ]

    @property
    def foreign(self) -> tuple[ForeignObject, ...]:
        """All foreign objects, those of the chain first."""
        chained = (ForeignObject(name_entry(each.number), each.foreign) for each in self.links if each.foreign)
        return (*chained, *self.beside)

    def add_object(self, number: int, data: bytes, trust: Trust) -> None:
        """Add the object with the next listed number. Raises TamperedError."""
        if number != self.number + 1:
            if _is_proven(number, data, trust):
                raise TamperedError(ChainBreak(self.number + 1, "it is missing"))
            self.beside.append(ForeignObject(name_entry(number), f"there is no entry {self.number + 1} before it"))
            return
        broken = find_chain_break(number, data, number, self.head)
        if broken is None:
            link = Link(number, hash_bytes(data), _decode(data))
        elif _is_proven(number, data, trust):
            raise TamperedError(broken)
        else:
            link = Link(number, hash_foreign(self.head, data), None, broken.reason)
        self.links.append(link)
        self.number, self.head = number, link.head


def name_entry(number: int) -> str:
    """Return the key of an entry in the store."""
    return f"ledger/{number:010d}.json"


def hash_foreign(head: str, data: bytes) -> str:
    """Return the hash of the chain with a foreign object: it covers the chain before it too."""
    return hash_bytes(head.encode() + b"\n" + data)


def read_chain(stored: Iterable[tuple[int, bytes]], after: tuple[int, str], trust: Trust) -> ChainReading:
    """Read objects by ascending number, after the entry with this number and hash. Raises TamperedError."""
    reading = ChainReading(*after)
    for number, data in stored:
        reading.add_object(number, data, trust)
    return reading


def find_older_entry(versions: Mapping[int, Sequence[bytes]], trust: Trust) -> ChainBreak | None:
    """Return the first foreign object with an older version that is an entry: it was replaced."""
    for number, older in sorted(versions.items()):
        if any(_is_proven(number, data, trust) for data in older):
            return ChainBreak(number, "an older version of this object is another entry")
    return None


def split_newest(head: str, before: Sequence[tuple[int, bytes]]) -> tuple[Entry | NewerEntryError, int] | None:
    """Return the last entry of a chain with this hash, and the number of foreign objects after it.

    `before` are its objects, newest first. None if no entry is found there: more of them are needed, or it is broken.
    """
    foreign: list[bytes] = []
    for _, data in before:
        found = hash_bytes(data)
        for each in reversed(foreign):
            found = hash_foreign(found, each)
        if found == head:
            try:
                return _decode(data), len(foreign)
            except MalformedEntryError:
                return None
        foreign.append(data)
    return None


def _decode(data: bytes) -> Entry | NewerEntryError:
    try:
        return decode_entry(data)
    except NewerEntryError as newer:
        return newer


def _is_proven(number: int, data: bytes, trust: Trust) -> bool:
    """Check if the bytes are a trusted entry with this number, wherever it belongs."""
    try:
        entry = _decode(data)
    except MalformedEntryError:
        return False
    return entry.seq == number and trust.is_proof(entry)
