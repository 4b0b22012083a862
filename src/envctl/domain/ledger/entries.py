"""The entries of the append-only ledger, and their canonical bytes."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Literal, get_args, get_origin

from envctl.domain.ledger.events import EVENTS, Actor, Event
from envctl.domain.ledger.later_fields import LATER
from envctl.domain.ledger.signatures import Signature

TOLERANCE = timedelta(minutes=5)
"""Maximum clock skew of a machine. AWS refuses requests beyond 15 minutes."""
PRECISION = timedelta(seconds=2)
"""Precision of the clock of a store: HTTP headers have whole seconds."""


def is_future(moment: datetime, now: datetime) -> bool:
    """Check if the moment is in the future beyond the tolerance: then it comes from a wrong clock."""
    return moment > now + TOLERANCE


GENESIS = "0" * 64
FORMAT = 5
"""Format of new entries: a number above that of every envctl that can't read them. Entries of format 1 name none.

Raise it with each new kind of event and each new field of an entry or an event.
"""
READINGS_FORMAT = 3
"""From this format on, approvals have the digest of what was read."""
# Other texts could show something else than a version in a terminal.
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of the ledger."""

    seq: int  # Number, from 1
    prev: str  # SHA-256 of the bytes of the entry before, signature included
    at: datetime  # Time in UTC, never before the entry before it
    actor: Actor
    event: Event
    mark: str = ""  # Idempotency token, unique per entry; empty in old entries
    checkpoint: str = ""  # Name of the checkpoint right before it, computed from the entries; may be empty
    # Time by the clock of the store, if `at` is another because the entry before has a later time
    stored_at: datetime | None = None
    signature: Signature | None = None
    format: int = 1  # Its format; 1 in entries from before formats
    version: str = ""  # Version of the envctl that wrote it; empty in entries of format 1

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its bytes, signature included: `prev` of the next entry."""
        return hash_bytes(encode_entry(self))


class MalformedEntryError(ValueError):
    """The bytes are not an entry of a version known to this envctl."""


class NewerEntryError(MalformedEntryError):
    """The entry has a newer format. Every format has the envelope: number, `prev`, format, version and signature.

    Attributes:
        environment: the environment that it is about, if its event names one.
        signed_part: its canonical bytes without the signature.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        version: str = document["version"]
        super().__init__(f"it was written by envctl {version}, and is of a newer format")
        self.seq: int = document["seq"]
        self.prev: str = document["prev"]
        self.version = version
        event = document.get("event")
        about = event.get("environment") if isinstance(event, dict) else None
        self.environment = about if isinstance(about, str) else ""
        self.signature = _read_signature(document)
        self.signed_part = _encode_document({key: document[key] for key in document if key != "signature"})


def _read_signature(document: Mapping[str, Any]) -> Signature | None:
    try:
        found: Signature = _decode_fields(Signature, document["signature"])
    except (KeyError, TypeError, ValueError):
        return None
    return found


def encode_entry(entry: Entry) -> bytes:
    """Return the canonical bytes of an entry: they are stored, and hashed for `prev` of the next entry."""
    document = {
        "seq": entry.seq,
        "prev": entry.prev,
        "at": _format_time(entry.at),
        "actor": _encode_fields(entry.actor),
        "event": {"kind": entry.event.kind, **_encode_fields(entry.event)},
    }
    if entry.mark:
        document["mark"] = entry.mark
    if entry.checkpoint:
        document["checkpoint"] = entry.checkpoint
    if entry.stored_at is not None:
        document["stored_at"] = _format_time(entry.stored_at)
    if entry.signature is not None:
        document["signature"] = asdict(entry.signature)
    if entry.format > 1:
        document |= {"format": entry.format, "version": entry.version}
    return _encode_document(document)


def _encode_document(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # A reason or a machine name may be invalid Unicode: such characters become question marks.
    return text.encode(errors="replace")


def _format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# A command reads the same entries several times.
@lru_cache(maxsize=2048)
def decode_entry(data: bytes) -> Entry:
    """Parse the canonical bytes of an entry. Raises NewerEntryError for a newer format, else MalformedEntryError."""
    try:
        document = json.loads(data)
        form, version = _read_format(document, data)
        event = dict(document["event"])
        kind = event.pop("kind")
        if kind not in EVENTS:
            raise MalformedEntryError(f"unknown event {kind!r}")
        entry = Entry(
            seq=document["seq"],
            prev=document["prev"],
            at=datetime.fromisoformat(document["at"]),
            actor=_decode_fields(Actor, document["actor"]),
            event=_decode_fields(EVENTS[kind], event),
            mark=document.get("mark", ""),
            checkpoint=document.get("checkpoint", ""),
            stored_at=datetime.fromisoformat(document["stored_at"]) if "stored_at" in document else None,
            signature=_decode_fields(Signature, document["signature"]) if "signature" in document else None,
            format=form,
            version=version,
        )
        if not isinstance(entry.mark, str) or not isinstance(entry.checkpoint, str):
            raise MalformedEntryError("mark or checkpoint: wrong type")
        if encode_entry(entry) != data:
            raise MalformedEntryError("its bytes are not in the canonical form of envctl")
        # These are its bytes: they need not be written once more for its digest.
        vars(entry)["digest"] = hash_bytes(data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, MalformedEntryError):
            raise
        raise MalformedEntryError(f"not a ledger entry: {error}") from error
    return entry


def _read_format(document: dict[str, Any], data: bytes) -> tuple[int, str]:
    """Return format and version of a readable entry. Raises NewerEntryError for one of a newer format."""
    if "format" not in document:
        return 1, ""
    form, version, seq, prev = (document[name] for name in ("format", "version", "seq", "prev"))
    if [type(each) for each in (form, version, seq, prev)] != [int, str, int, str]:
        raise MalformedEntryError("format, version, number or previous hash: wrong type")
    if form <= 1 or not _VERSION.fullmatch(version):
        raise MalformedEntryError("no envctl writes such a format or version")
    if form > FORMAT and _encode_document(document) == data:
        raise NewerEntryError(document)
    return form, version


def hash_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _encode_fields(value: Actor | Event) -> dict[str, Any]:
    """Return the fields as a dict. `dataclasses.asdict` would be too slow for so many entries."""
    pairs = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: item for field, item in pairs if not field.metadata.get(LATER) or item != field.default}


def _has_type(value: object, annotation: object) -> bool:
    if isinstance(annotation, type):
        return type(value) is annotation
    if get_origin(annotation) is Literal:
        return value in get_args(annotation)
    return isinstance(value, tuple) and all(type(item) is str for item in value)


def _decode_fields(cls: type[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401
    given = {}
    for field in fields(cls):
        has_default = field.metadata.get(LATER) and field.default is not MISSING
        value = values.get(field.name, field.default) if has_default else values[field.name]
        given[field.name] = tuple(value) if isinstance(value, list) else value
    wrong = [f.name for f in fields(cls) if not _has_type(given[f.name], f.type)]
    if wrong:
        raise MalformedEntryError(f"{', '.join(wrong)}: wrong type")
    return cls(**given)


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
