"""The append-only, hash-chained record: its entries, their bytes, and the check of the chain."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import MISSING, Field, asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args, get_origin

from envctl.domain.ledger.events import EVENTS, Actor, Event
from envctl.domain.ledger.later_fields import LATER
from envctl.domain.ledger.signatures import Signature

GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """`seq` counts from 1; `prev` is the SHA-256 of the bytes of the entry before, with its signature; `at` is UTC. By
    its `mark` whoever appended it knows it again: no two entries have the same. Entries of before there were marks have
    none. `checkpoint` is the name of the checkpoint right before it, computed from the entries; empty where there is
    none. `stored_at` is the time by the store's clock, where `at` is not that: no entry is recorded as earlier than the
    one before it, and that one may come from a clock that was ahead.
    """

    seq: int
    prev: str
    at: datetime
    actor: Actor
    event: Event
    mark: str = ""
    checkpoint: str = ""
    stored_at: datetime | None = None
    signature: Signature | None = None


class MalformedEntryError(ValueError):
    """The bytes are not an entry that this version of envctl can believe."""


def encode(entry: Entry) -> bytes:
    """The canonical bytes of an entry: the ones that are stored and that the next entry's `prev` is taken of."""
    document = {
        "seq": entry.seq,
        "prev": entry.prev,
        "at": _told(entry.at),
        "actor": _written(entry.actor),
        "event": {"kind": entry.event.kind, **_written(entry.event)},
    }
    if entry.mark:
        document["mark"] = entry.mark
    if entry.checkpoint:
        document["checkpoint"] = entry.checkpoint
    if entry.stored_at is not None:
        document["stored_at"] = _told(entry.stored_at)
    if entry.signature is not None:
        document["signature"] = asdict(entry.signature)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # A reason or a name that the machine gives may be no UTF-8: what can't be written of it is a question mark.
    return text.encode(errors="replace")


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decode(data: bytes) -> Entry:
    try:
        document = json.loads(data)
        event = dict(document["event"])
        kind = event.pop("kind")
        if kind not in EVENTS:
            raise MalformedEntryError(f"unknown event {kind!r}: it may have been written by a newer envctl")
        entry = Entry(
            seq=document["seq"],
            prev=document["prev"],
            at=datetime.fromisoformat(document["at"]),
            actor=_build(Actor, document["actor"]),
            event=_build(EVENTS[kind], event),
            mark=document.get("mark", ""),
            checkpoint=document.get("checkpoint", ""),
            stored_at=datetime.fromisoformat(document["stored_at"]) if "stored_at" in document else None,
            signature=_build(Signature, document["signature"]) if "signature" in document else None,
        )
        if not isinstance(entry.mark, str) or not isinstance(entry.checkpoint, str):
            raise MalformedEntryError("mark or checkpoint: not of the type that envctl writes")
        if encode(entry) != data:
            raise MalformedEntryError("its bytes are not in the form in which envctl writes them")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, MalformedEntryError):
            raise
        raise MalformedEntryError(f"not a ledger entry: {error}") from error
    return entry


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class ChainBreak:
    """The first entry that does not fit, and why."""

    seq: int
    reason: str


def verify_chain(stored: Iterable[tuple[int, bytes]]) -> ChainBreak | None:
    """`stored` are the numbers under which entries are kept, rising, with their bytes, from the first one on."""
    expected, prev = 1, GENESIS
    for number, data in stored:
        broken = misfit(number, data, expected, prev)
        if broken:
            return broken
        expected, prev = expected + 1, digest(data)
    return None


def misfit(number: int, data: bytes, expected: int, prev: str) -> ChainBreak | None:
    """Why what is kept under `number` is not the entry `expected` that follows the bytes with the hash `prev`."""
    if number != expected:
        return ChainBreak(expected, "it is missing")
    try:
        entry = decode(data)
    except MalformedEntryError as error:
        return ChainBreak(number, str(error))
    if entry.seq != number:
        return ChainBreak(number, f"it says that it is number {entry.seq}")
    if entry.prev != prev:
        return ChainBreak(number, f"it does not follow entry {number - 1}: one of the two was changed or replaced")
    return None


def _written(value: Actor | Event) -> dict[str, Any]:
    """Their fields hold nothing that has fields of its own: so much is read that `asdict` would be felt."""
    told = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: said for field, said in told if not field.metadata.get(LATER) or said != field.default}


def _fits(value: object, annotation: object) -> bool:
    if isinstance(annotation, type):
        return type(value) is annotation
    if get_origin(annotation) is Literal:
        return value in get_args(annotation)
    return isinstance(value, tuple) and all(type(item) is str for item in value)


def _build(cls: type[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401
    given = {f.name: tuple(v) if isinstance(v := _given(f, values), list) else v for f in fields(cls)}
    wrong = [f.name for f in fields(cls) if not _fits(given[f.name], f.type)]
    if wrong:
        raise MalformedEntryError(f"{', '.join(wrong)}: not of the type that envctl writes")
    return cls(**given)


def _given(field: Field[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401
    if field.metadata.get(LATER) and field.default is not MISSING:
        return values.get(field.name, field.default)
    return values[field.name]
