"""Each entry has a format: what an older envctl can't read, it knows as newer, and not as damage."""

import json
import re
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from envctl.domain.ledger.entries import (
    FORMAT,
    GENESIS,
    ChainBreak,
    Entry,
    MalformedEntryError,
    NewerEntryError,
    decode_entry,
    encode_entry,
    hash_bytes,
    verify_chain,
)
from envctl.domain.ledger.events import EVENTS, Actor, EnvironmentLocked
from envctl.domain.ledger.later_fields import LATER
from envctl.domain.ledger.signatures import Signature
from tests.catching import catch
from tests.unit.ledger.ledger_strategies import START, ledgers, stored

ENTRY = Entry(
    seq=1, prev=GENESIS, at=START, actor=Actor("ann"), event=EnvironmentLocked("dev", ""), format=FORMAT, version="1.2"
)
SHAPE = Path(__file__).with_name(f"format_{FORMAT}.json")


def edit_entry(entry: Entry = ENTRY, **values: object) -> bytes:
    """The canonical bytes of an entry with other values; None takes one away."""
    document = json.loads(encode_entry(entry)) | values
    kept = {name: value for name, value in document.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def test_format_and_version_are_recorded() -> None:
    document = json.loads(encode_entry(ENTRY))
    assert (document["format"], document["version"]) == (FORMAT, "1.2")
    assert decode_entry(encode_entry(ENTRY)) == ENTRY


def test_entry_of_first_format_names_none() -> None:
    first = replace(ENTRY, format=1, version="")
    assert not {"format", "version"} & json.loads(encode_entry(first)).keys()
    assert decode_entry(encode_entry(first)) == first


NEWER: dict[str, dict[str, Any]] = {
    "a new kind of event": {"event": {"kind": "moon landed", "place": ["sea", 1]}},
    "a new field of an event": {"event": {"kind": "environment locked", "environment": "dev", "reason": "", "x": 1}},
    "an event of another type": {"event": [1, 2]},
    "a new field of the entry": {"anchor": {"at": 3}},
    "an actor of another shape": {"actor": "ann"},
}


@pytest.mark.parametrize("values", NEWER.values(), ids=NEWER.keys())
def test_entry_of_newer_format_tells_its_place(values: dict[str, Any]) -> None:
    data = edit_entry(**values, format=FORMAT + 1, version="2.0.1")
    newer = catch(NewerEntryError, decode_entry, data)
    assert (newer.seq, newer.prev, newer.version) == (1, GENESIS, "2.0.1")
    assert verify_chain([(1, data)]) is None


@pytest.mark.parametrize("values", NEWER.values(), ids=NEWER.keys())
def test_unreadable_entry_of_known_format_is_damage(values: dict[str, Any]) -> None:
    with pytest.raises(MalformedEntryError) as caught:
        decode_entry(edit_entry(**values))
    assert not isinstance(caught.value, NewerEntryError)


ODD: dict[str, dict[str, Any]] = {
    "a format as text": {"format": "3"},
    "a format as a fraction": {"format": 2.5},
    "a format of true": {"format": True},
    "the first format by its number": {"format": 1},
    "no version": {"version": None},
    "an empty version": {"version": ""},
    "a version with terminal codes": {"format": FORMAT + 1, "version": "2\x1b[2J"},
    "a version of a page": {"format": FORMAT + 1, "version": "2" * 41},
    "a newer one without a number": {"format": FORMAT + 1, "seq": "1"},
    "a newer one without a hash": {"format": FORMAT + 1, "prev": None},
}


@pytest.mark.parametrize("values", ODD.values(), ids=ODD.keys())
def test_odd_format_is_damage(values: dict[str, Any]) -> None:
    with pytest.raises(MalformedEntryError) as caught:
        decode_entry(edit_entry(**values))
    assert not isinstance(caught.value, NewerEntryError)


def test_newer_entry_has_one_form_of_bytes() -> None:
    data = edit_entry(format=FORMAT + 1).replace(b'"seq":1', b'"seq": 1')
    with pytest.raises(MalformedEntryError) as caught:
        decode_entry(data)
    assert not isinstance(caught.value, NewerEntryError)


@given(ledgers.filter(len))
def test_newer_entry_is_held_by_the_chain(entries: list[Entry]) -> None:
    seq, prev = len(entries) + 1, entries[-1].digest
    fits = edit_entry(seq=seq, prev=prev, format=FORMAT + 1)
    after = encode_entry(replace(ENTRY, seq=seq + 1, prev=hash_bytes(fits)))
    assert verify_chain([*stored(entries), (seq, fits), (seq + 1, after)]) is None
    other = edit_entry(seq=seq, prev=prev, format=FORMAT + 1, version="9")
    broken = verify_chain([*stored(entries), (seq, other), (seq + 1, after)])
    assert broken and broken.seq == seq + 1
    elsewhere = edit_entry(seq=seq, prev=GENESIS, format=FORMAT + 1)
    assert verify_chain([*stored(entries), (seq, elsewhere)]) == ChainBreak(
        seq, f"it does not follow entry {seq - 1}: one of the two was changed or replaced"
    )


def describe_type(field: Field[Any]) -> str:
    """The type without modules: events may move between files. What an event may be is in EVENTS."""
    name = re.sub(r"(?:\w+\.)+", "", str(field.type)).removeprefix("<class '").removesuffix("'>")
    text = "event" if field.name == "event" else name
    return f"{text} later" if field.metadata.get(LATER) else text


def test_change_of_entries_raises_their_format() -> None:
    """A field that another envctl does not know would be damage for it."""
    shapes = {cls.__name__: cls for cls in (Entry, Actor, Signature)} | dict(EVENTS)
    found = {name: {each.name: describe_type(each) for each in fields(cls)} for name, cls in shapes.items()}
    assert SHAPE.exists(), f"write {SHAPE.name}: {json.dumps(found, indent=2)}"
    assert found == json.loads(SHAPE.read_text()), "raise FORMAT in domain/ledger/entries.py"
