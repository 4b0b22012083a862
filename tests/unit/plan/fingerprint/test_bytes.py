"""The meaning of a plan as it is kept, and what becomes of damaged bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, ResourceChange
from envctl.domain.plan.fingerprint import MalformedFingerprintError, PlanFingerprint, decode, encode, fingerprint_plan
from tests.unit.plan.fingerprint.plans import ONE, change, plan, plans


@given(plans())
def test_fingerprint_survives_encoding(of: EnvironmentPlan) -> None:
    meaning = fingerprint_plan(of)
    assert (decode(encode(meaning)), decode(encode(meaning)).digest) == (meaning, meaning.digest)


def test_encoding_of_a_fingerprint_is_stable() -> None:
    """Fingerprints are in ledgers, for ever."""
    tags = {"b": ["é", 1], "a": None}
    of = plan(
        change(Action.UPDATE, size=3, arn=Marker.UNKNOWN, token=Marker.SENSITIVE, role=None, tags=tags),
        ResourceChange(address="aws_eip.é", type="aws_eip", action=Action.DELETE),
    )
    assert encode(fingerprint_plan(of)).decode() == (
        '{"changes":[{"action":"delete","address":"aws_eip.é","stack":"network","type":"aws_eip","values":{}},'
        '{"action":"update","address":"aws_vpc.main","stack":"network","type":"aws_vpc","values":'
        r'{"[\"arn\"]":"?","[\"role\"]":"-","[\"size\"]":"4e07408562bedb8b60ce05c1decfe3ad",'
        r'"[\"tags\"]":"a0d6be731024019163745cb386243f39","[\"token\"]":"*"}}],"format":2}'
    )
    assert fingerprint_plan(of).digest == "79d509816abc1a2e8fa33a48ca2469f36619d76c1333d2ce5e09a637f0b1ae38"
    assert fingerprint_plan(plan()).digest == "6f233fa5877056a12943fd511ae23ef0382e8b5f66c9e699b967c35504b87583"


def test_earlier_fingerprint_format_is_still_read() -> None:
    kept = (
        b'{"changes":[{"action":"update","address":"aws_vpc.main","stack":"network","type":"aws_vpc","values":'
        b'{"arn":"?","tags.Name":"4e07408562bedb8b60ce05c1decfe3ad"}}],"format":1}'
    )
    read = decode(kept)
    assert (read.format, read.changes[0].description) == (1, "update network: aws_vpc.main")
    assert encode(read) == kept


KEPT = encode(fingerprint_plan(plan(ONE)))


def _edited(**changes: object) -> bytes:
    """The only change of the document is otherwise."""
    document = json.loads(KEPT)
    document["changes"][0] |= changes
    return _written(document)


def _written(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


DAMAGED = {
    "nothing": b"",
    "no text": b"\xff",
    "a list": b"[]",
    "a number": b"7",
    "half of it": KEPT[:-20],
    "one byte too many": KEPT + b"\n",
    "spaces": json.dumps(json.loads(KEPT), sort_keys=True).encode(),
    "another order": json.dumps(dict(reversed(json.loads(KEPT).items())), separators=(",", ":")).encode(),
    "another format": _written(json.loads(KEPT) | {"format": 3}),
    "a format as true": _written(json.loads(KEPT) | {"format": True}),
    "no format": _written({"changes": []}),
    "no changes": _written({"format": 2}),
    "changes that are nothing": _written({"format": 2, "changes": None}),
    "changes that are a number": _written({"format": 2, "changes": 7}),
    "a change that is text": _written({"format": 2, "changes": ["x"]}),
    "something more": _written(json.loads(KEPT) | {"more": 1}),
    "a change that holds something more": _edited(more=1),
    "a change without a field": KEPT.replace(b'"type":"aws_vpc",', b""),
    "values that are nothing": _edited(values=None),
    "values that are a list": _edited(values=[]),
    "values that are pairs": _edited(values=[["size", "x"]]),
    "a value that is a number": _edited(values={"size": 7}),
    "an address that is a number": _edited(address=7),
    "a stack that is nothing": _edited(stack=None),
    "an action that there is none of": _edited(action="moon"),
    "an action that is a list": _edited(action=["update"]),
    "a type that is true": _edited(type=True),
    "brackets without an end": b"[" * 100_000,
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_fingerprint_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedFingerprintError):
        decode(data)


def test_reason_for_malformed_fingerprint_is_given() -> None:
    with pytest.raises(MalformedFingerprintError) as caught:
        decode(KEPT + b" ")
    assert str(caught.value) == "its bytes are not in the canonical form of envctl"
    with pytest.raises(MalformedFingerprintError) as caught:
        decode(_edited(address=7))
    assert str(caught.value) == "one of its values is not a string"


@given(plans(), st.data())
def test_changed_byte_never_reads_as_same_fingerprint(of: EnvironmentPlan, data: st.DataObject) -> None:
    kept = encode(fingerprint_plan(of))
    at = data.draw(st.integers(0, len(kept) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != kept[at]))
    damaged = kept[:at] + bytes([byte]) + kept[at + 1 :]
    try:
        read = decode(damaged)
    except MalformedFingerprintError:
        return
    assert read != fingerprint_plan(of)
    assert read.digest != fingerprint_plan(of).digest


@given(st.binary(max_size=40))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedFingerprintError):
        decode(data)


def test_fingerprint_of_empty_plan_is_empty() -> None:
    assert fingerprint_plan(plan()) == PlanFingerprint()
