"""Entries survive their bytes."""

import json
import time
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger.entries import (
    GENESIS,
    ChainBreak,
    Entry,
    MalformedEntryError,
    decode_entry,
    encode_entry,
    verify_chain,
)
from envctl.domain.ledger.events import (
    EVENTS,
    Actor,
    ApprovalGiven,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    EnvironmentLocked,
    Event,
    WaiverUsed,
)
from envctl.domain.ledger.later_fields import LATER
from envctl.domain.ledger.release_events import ReleaseCreated
from tests.catching import catch
from tests.unit.ledger.ledger_strategies import EVENTS_BY_KIND, START, actors, events, moments

ENTRY = Entry(
    seq=1, prev=GENESIS, at=START, actor=Actor("ann@example.com"), event=ReleaseCreated(release="r1", commit="c0ffee")
)


@given(st.integers(1, 10**9), st.text("0123456789abcdef", min_size=64, max_size=64), moments, actors, events)
def test_entry_survives_encoding(seq: int, prev: str, at: datetime, actor: Actor, event: Event) -> None:
    entry = Entry(seq=seq, prev=prev, at=at, actor=actor, event=event)
    assert decode_entry(encode_entry(entry)) == entry
    assert encode_entry(decode_entry(encode_entry(entry))) == encode_entry(entry)


def test_invalid_unicode_is_recorded_as_question_marks() -> None:
    # As Python reads bytes of the command line and of the environment that are not UTF-8.
    entry = Entry(
        seq=1,
        prev=GENESIS,
        at=START,
        actor=Actor("caf\udce9", verified=False, via="local"),
        event=EnvironmentLocked("dev", "caf\udce9 \udcff"),
    )
    data = encode_entry(entry)
    read = decode_entry(data)
    assert (read.actor.name, read.event) == ("caf?", EnvironmentLocked("dev", "caf? ?"))
    assert encode_entry(read) == data


def test_encoding_of_an_entry_is_stable() -> None:
    assert encode_entry(ENTRY).decode() == (
        '{"actor":{"name":"ann@example.com","run_url":"","verified":false,"via":"local"},"at":"2026-11-25T08:00:00.000Z",'
        '"event":{"author":"","commit":"c0ffee","kind":"release created","release":"r1","uncommitted":false},'
        f'"prev":"{GENESIS}","seq":1}}'
    )


def test_every_event_has_a_unique_kind() -> None:
    assert len(EVENTS) == 27
    assert all(name == event.kind for name, event in EVENTS.items())
    assert set(EVENTS_BY_KIND) == set(EVENTS.values())


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS.keys())
@given(st.data())
def test_every_kind_of_event_survives_encoding(kind: type[Event], data: st.DataObject) -> None:
    entry = replace(ENTRY, event=data.draw(EVENTS_BY_KIND[kind]))
    assert decode_entry(encode_entry(entry)) == entry


def _before_there_were_guards(seq: int, event: str) -> bytes:
    actor = '{"name":"ann@example.com","run_url":"","verified":false,"via":"local"}'
    return (
        f'{{"actor":{actor},"at":"2026-11-25T08:00:00.000Z","event":{event},"prev":"{GENESIS}","seq":{seq}}}'.encode()
    )


# Written by the first version, character by character. They are in people's stores: never change them.
OLD: dict[str, tuple[bytes, Event]] = {
    "a release that was created": (
        _before_there_were_guards(
            1, '{"author":"ann","commit":"c0ffee","kind":"release created","release":"r1","uncommitted":true}'
        ),
        ReleaseCreated(release="r1", commit="c0ffee", uncommitted=True, author="ann"),
    ),
    "a deployment that was started": (
        _before_there_were_guards(
            2,
            '{"action":"promote","environment":"staging","kind":"deployment started","release":"r1","settings":"5e77",'
            '"source":"dev"}',
        ),
        DeploymentStarted(environment="staging", release="r1", settings="5e77", action="promote", source="dev"),
    ),
    "a deployment that succeeded": (
        _before_there_were_guards(
            3,
            '{"changed":3,"environment":"staging","kind":"deployment succeeded","release":"r1",'
            '"stacks":["network","web"],"started":2}',
        ),
        DeploymentSucceeded(environment="staging", release="r1", started=2, stacks=("network", "web"), changed=3),
    ),
    "a deployment that failed": (
        _before_there_were_guards(
            4,
            '{"environment":"staging","interrupted":true,"kind":"deployment failed","reason":"it broke",'
            '"release":"r1","stacks":["network"],"started":2}',
        ),
        DeploymentFailed(
            environment="staging", release="r1", started=2, reason="it broke", stacks=("network",), interrupted=True
        ),
    ),
    "a deployment that was abandoned": (
        _before_there_were_guards(
            5, '{"environment":"staging","kind":"deployment abandoned","reason":"gone","release":"r1","started":2}'
        ),
        DeploymentAbandoned("staging", "r1", 2, "gone"),
    ),
    "an approval that was given": (
        _before_there_were_guards(
            6, '{"environment":"prod","gate":"peer","kind":"approval given","release":"r1","settings":"5e77"}'
        ),
        ApprovalGiven(environment="prod", gate="peer", release="r1", settings="5e77"),
    ),
}


@pytest.mark.parametrize(("written", "event"), OLD.values(), ids=OLD.keys())
def test_entries_of_first_version_are_still_read(written: bytes, event: Event) -> None:
    entry = decode_entry(written)
    assert entry.event == event
    assert encode_entry(entry) == written


NEWER: dict[str, tuple[Event, dict[str, Any]]] = {
    "a start with a plan": (
        DeploymentStarted(
            environment="prod", release="r1", settings="s", action="promote", source="staging", plan="f00d"
        ),
        {"plan": "f00d"},
    ),
    "a start with a waiver": (
        DeploymentStarted(environment="prod", release="r1", settings="s", action="promote", source="staging", waiver=7),
        {"waiver": 7},
    ),
    "a success that says what was done": (
        DeploymentSucceeded(environment="prod", release="r1", started=2, stacks=(), performed=("create aws_vpc",)),
        {"performed": ["create aws_vpc"]},
    ),
    "a failure that says what was done": (
        DeploymentFailed(environment="prod", release="r1", started=2, reason="it broke", performed=("create aws_vpc",)),
        {"performed": ["create aws_vpc"]},
    ),
    "an end by recovery that says what was done": (
        DeploymentAbandoned("prod", "r1", 2, "gone", ("create aws_vpc",)),
        {"performed": ["create aws_vpc"]},
    ),
    "an approval of a plan": (
        ApprovalGiven(environment="prod", gate="peer", release="r1", settings="s", plan="f00d"),
        {"plan": "f00d"},
    ),
}


@pytest.mark.parametrize(("event", "told"), NEWER.values(), ids=NEWER.keys())
def test_later_field_is_written_only_when_set(event: Event, told: dict[str, Any]) -> None:
    later: dict[str, Any] = {each.name: each.default for each in fields(event) if each.metadata.get(LATER)}
    with_it = replace(ENTRY, event=event)
    without = replace(ENTRY, event=replace(event, **later))
    written, plain = json.loads(encode_entry(with_it))["event"], json.loads(encode_entry(without))["event"]
    assert later.keys() >= told.keys()
    assert written == plain | told
    assert not later.keys() & plain.keys()
    assert decode_entry(encode_entry(with_it)) == with_it


def test_original_fields_are_always_written() -> None:
    event = json.loads(
        encode_entry(
            replace(ENTRY, event=WaiverUsed(environment="prod", release="r1", reason="", guards=(), refusals=()))
        )
    )["event"]
    words = {"kind": "waiver used", "environment": "prod", "release": "r1", "reason": ""}
    assert event == {**words, "guards": [], "refusals": [], "started": 0}


def _edited(**changes: Any) -> bytes:
    document = json.loads(encode_entry(ENTRY)) | changes
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _old(name: str) -> Any:
    return json.loads(OLD[name][0])["event"]


REFUSED = {
    "an event of a kind that a newer envctl writes": _edited(event={"kind": "moon landed"}),
    "an event without a kind": _edited(event={"release": "r1"}),
    "an event that lacks a field": _edited(event={"kind": "release created"}),
    "an event with one field too many": _edited(event={**json.loads(encode_entry(ENTRY))["event"], "more": 1}),
    "an actor that is only a name": _edited(actor="ann"),
    "an actor with one field too many": _edited(actor={**json.loads(encode_entry(ENTRY))["actor"], "admin": True}),
    "a field too many": _edited(note="hello"),
    "a later field that is written though it says nothing": _edited(
        event=_old("an approval that was given") | {"plan": ""}
    ),
    "a later field of the wrong type": _edited(event=_old("a deployment that was started") | {"waiver": "7"}),
    "a later field that is true instead of a number": _edited(
        event=_old("a deployment that was started") | {"waiver": True}
    ),
    "a list that holds something else than text": _edited(
        event=_old("a deployment that succeeded") | {"performed": [1]}
    ),
    "an unknown move": _edited(event=_old("a deployment that was started") | {"action": "jump"}),
    "a time that is none": _edited(at="yesterday"),
    "a time without a zone": _edited(at="2026-11-25T08:00:00.000"),
    "a time in another zone": _edited(at="2026-11-25T17:00:00.000+09:00"),
    "a time before all time": _edited(at="0001-01-01T00:00:00.000+09:00"),
    "spaces that envctl does not write": json.dumps(json.loads(encode_entry(ENTRY)), sort_keys=True).encode(),
    "a line break at the end": encode_entry(ENTRY) + b"\n",
    "half a character in a name": encode_entry(ENTRY).replace(b"ann@", rb"\ud800"),
    "an escaped character that envctl writes plainly": encode_entry(ENTRY).replace(b"ann", rb"\u0061nn"),
    "a list": b"[]",
    "a number": b"7",
    "nothing": b"",
    "no text at all": b"\xff\xfe",
    "brackets without an end": b"[" * 100_000,
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_malformed_entry_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedEntryError):
        decode_entry(data)


@given(st.binary(max_size=40))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedEntryError):
        decode_entry(data)


REASONS: dict[str, tuple[bytes, str]] = {
    "another form": (encode_entry(ENTRY) + b" ", "its bytes are not in the canonical form of envctl"),
    "no entry": (b"[]", "not a ledger entry: list indices must be integers or slices, not str"),
    "wrong types": (
        _edited(event=json.loads(encode_entry(ENTRY))["event"] | {"release": 7, "uncommitted": 0}),
        "release, uncommitted: wrong type",
    ),
}


@pytest.mark.parametrize(("data", "reason"), REASONS.values(), ids=REASONS.keys())
def test_reason_for_refused_entry_is_given(data: bytes, reason: str) -> None:
    assert str(catch(MalformedEntryError, decode_entry, data)) == reason
    assert verify_chain([(1, data)]) == ChainBreak(1, reason)


def test_entry_bytes_are_independent_of_local_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        written = encode_entry(ENTRY)
    time.tzset()
    assert written == encode_entry(ENTRY)


def test_unknown_event_of_known_format_is_refused() -> None:
    with pytest.raises(MalformedEntryError, match="unknown event 'moon landed'"):
        decode_entry(_edited(event={"kind": "moon landed"}))
