"""A checkpoint is the fold itself, or nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.checkpoint import decode, encode
from envctl.domain.ledger import Entry
from envctl.domain.present import Present, fold
from tests.unit.ledger_strategies import ledgers


@given(ledgers)
def test_a_present_survives_its_bytes(entries: list[Entry]) -> None:
    present = fold(entries)
    assert decode(encode(present)) == present


@given(ledgers, st.data())
def test_reading_goes_on_from_a_checkpoint_as_from_the_start(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    kept = decode(encode(fold(entries[:cut])))
    assert fold(entries[cut:], kept) == fold(entries)


WHOLE = json.loads(encode(Present()))
GARBAGE = {
    "nothing": b"",
    "half a checkpoint": encode(Present())[:20],
    "no text": b"\xff\x00",
    "a list": b"[]",
    "a number": b"1",
    "another format": json.dumps(WHOLE | {"format": 2}).encode(),
    "a field that is missing": json.dumps({"format": 1, "seq": 1}).encode(),
    "releases that are a number": json.dumps(WHOLE | {"releases": 1}).encode(),
    "releases without fields": json.dumps(WHOLE | {"releases": [{}]}).encode(),
    "environments that are a list": json.dumps(WHOLE | {"environments": []}).encode(),
    "an environment that is text": json.dumps(WHOLE | {"environments": {"dev": "x"}}).encode(),
    "a deployment that is text": json.dumps(
        WHOLE | {"environments": {"dev": {"current": "x", "last": None, "proven": [], "approvals": [], "stacks": []}}}
    ).encode(),
    "brackets without an end": b"[" * 100_000,
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_can_not_be_read_is_no_checkpoint(data: bytes) -> None:
    assert decode(data) is None


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2)))
def test_fields_of_any_form_are_read_or_passed_over(value: object) -> None:
    for name in ("releases", "environments"):
        kept = decode(json.dumps(WHOLE | {name: value}).encode())
        assert kept is None or kept == Present()
