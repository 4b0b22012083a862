"""Entries survive their bytes, and whatever is done to a chain by hand is found."""

import json
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger import (
    EVENTS,
    GENESIS,
    Actor,
    Entry,
    Event,
    MalformedEntryError,
    ReleaseCreated,
    decode,
    digest,
    encode,
    verify_chain,
)
from tests.unit.ledger_strategies import START, actors, chain, events, ledgers, moments, stored

Stored = list[tuple[int, bytes]]
ENTRY = Entry(1, GENESIS, START, Actor("ann@example.com"), ReleaseCreated("r1", "c0ffee"))
chains = st.lists(events, min_size=2, max_size=7).map(lambda happened: stored(chain(happened)))


@given(st.integers(1, 10**9), st.text("0123456789abcdef", min_size=64, max_size=64), moments, actors, events)
def test_an_entry_survives_its_bytes(seq: int, prev: str, at: datetime, actor: Actor, event: Event) -> None:
    entry = Entry(seq, prev, at, actor, event)
    assert decode(encode(entry)) == entry
    assert encode(decode(encode(entry))) == encode(entry)


def test_the_bytes_of_an_entry_never_change() -> None:
    assert encode(ENTRY).decode() == (
        '{"actor":{"name":"ann@example.com","run_url":"","verified":false,"via":"local"},"at":"2026-11-25T08:00:00.000Z",'
        '"event":{"author":"","commit":"c0ffee","kind":"release created","release":"r1","uncommitted":false},'
        f'"prev":"{GENESIS}","seq":1}}'
    )


def test_every_kind_of_event_has_a_name_of_its_own() -> None:
    assert len(EVENTS) == 6
    assert all(name == event.kind for name, event in EVENTS.items())


@given(ledgers)
def test_an_untouched_chain_fits(entries: list[Entry]) -> None:
    assert verify_chain(stored(entries)) is None


@given(chains, st.data())
def test_a_changed_byte_is_found_there_or_by_the_next_entry(kept: Stored, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(kept) - 2))
    number, original = kept[at]
    position = data.draw(st.integers(0, len(original) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != original[position]))
    kept[at] = number, original[:position] + bytes([value]) + original[position + 1 :]
    broken = verify_chain(kept)
    assert broken is not None
    assert broken.seq in (number, number + 1)


@given(chains, st.data())
def test_a_removed_entry_is_named(kept: Stored, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(kept) - 2))
    number, _ = kept.pop(at)
    broken = verify_chain(kept)
    assert broken is not None
    assert (broken.seq, broken.reason) == (number, "it is missing")


@given(chains, st.data())
def test_a_removed_entry_is_found_when_the_rest_moves_up(kept: Stored, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(kept) - 2))
    del kept[at]
    broken = verify_chain([(number, content) for number, (_, content) in enumerate(kept, 1)])
    assert broken is not None
    assert broken.seq == at + 1


@given(chains, st.data())
def test_two_swapped_entries_are_found_at_the_first(kept: Stored, data: st.DataObject) -> None:
    one = data.draw(st.integers(0, len(kept) - 2))
    other = data.draw(st.integers(one + 1, len(kept) - 1))
    kept[one], kept[other] = (one + 1, kept[other][1]), (other + 1, kept[one][1])
    broken = verify_chain(kept)
    assert broken is not None
    assert broken.seq == one + 1


@given(chains, events, st.data())
def test_an_inserted_entry_is_found_at_the_one_that_it_pushes_on(
    kept: Stored, event: Event, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(kept) - 1))
    prev = digest(kept[at - 1][1]) if at else GENESIS
    forged = encode(Entry(at + 1, prev, START, Actor("mallory"), event))
    moved = [content for _, content in kept]
    moved.insert(at, forged)
    broken = verify_chain(list(enumerate(moved, 1)))
    assert broken is not None
    assert broken.seq == at + 2


def test_a_rewritten_entry_is_found_by_the_one_after_it() -> None:
    entries = chain([ReleaseCreated("r1"), ReleaseCreated("r2"), ReleaseCreated("r3")])
    entries[1] = replace(entries[1], event=ReleaseCreated("r9"))
    broken = verify_chain(stored(entries))
    assert broken is not None
    assert (broken.seq, broken.reason) == (3, "it does not follow entry 2: one of the two was changed or replaced")


def _edited(**changes: Any) -> bytes:
    document = json.loads(encode(ENTRY)) | changes
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


REFUSED = {
    "an event of a kind that a newer envctl writes": _edited(event={"kind": "moon landed"}),
    "an event without a kind": _edited(event={"release": "r1"}),
    "an event that lacks a field": _edited(event={"kind": "release created"}),
    "an event with one field too many": _edited(event={**json.loads(encode(ENTRY))["event"], "more": 1}),
    "an actor that is only a name": _edited(actor="ann"),
    "an actor with one field too many": _edited(actor={**json.loads(encode(ENTRY))["actor"], "admin": True}),
    "a field too many": _edited(note="hello"),
    "a time that is none": _edited(at="yesterday"),
    "a time without a zone": _edited(at="2026-11-25T08:00:00.000"),
    "a time in another zone": _edited(at="2026-11-25T17:00:00.000+09:00"),
    "a time before all time": _edited(at="0001-01-01T00:00:00.000+09:00"),
    "spaces that envctl does not write": json.dumps(json.loads(encode(ENTRY)), sort_keys=True).encode(),
    "a line break at the end": encode(ENTRY) + b"\n",
    "half a character in a name": encode(ENTRY).replace(b"ann@", rb"\ud800"),
    "an escaped character that envctl writes plainly": encode(ENTRY).replace(b"ann", rb"\u0061nn"),
    "a list": b"[]",
    "a number": b"7",
    "nothing": b"",
    "no text at all": b"\xff\xfe",
    "brackets without an end": b"[" * 100_000,
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_bytes_that_are_no_entry_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedEntryError):
        decode(data)


@given(st.binary(max_size=40))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedEntryError):
        decode(data)


def test_an_unknown_event_says_what_may_have_written_it() -> None:
    with pytest.raises(MalformedEntryError, match="unknown event 'moon landed': it may have been written by a newer"):
        decode(_edited(event={"kind": "moon landed"}))


@given(ledgers)
def test_each_entry_names_the_bytes_before_it(entries: list[Entry]) -> None:
    assert all(later.prev == digest(encode(earlier)) for earlier, later in pairwise(entries))
