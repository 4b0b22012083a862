"""A reading as bytes, what is read first, and what views fold."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.reading.folds import fold_changes, fold_values
from envctl.domain.reading.importance import DESTROYED, OPEN, OTHER, rank_change, rank_value
from envctl.domain.reading.reading import (
    MalformedReadingError,
    ReadChange,
    Reading,
    ReadStack,
    ReadValue,
    decode,
    parse,
)
from tests.catching import catch


def value(path: str, after: object, before: object = None) -> ReadValue:
    return ReadValue(path, json.dumps(before) if before is not None else "", json.dumps(after))


TEXT = st.text(max_size=6)
VALUES = st.lists(st.builds(ReadValue, TEXT, TEXT, TEXT, st.sampled_from(["", "*", "?", "-"])), max_size=3).map(tuple)
CHANGES = st.builds(ReadChange, TEXT, TEXT, st.just("create"), VALUES, st.lists(TEXT, max_size=2).map(tuple))
READINGS = st.builds(
    Reading,
    environment=TEXT,
    release=TEXT,
    label=TEXT,
    written=TEXT,
    bound=st.dictionaries(TEXT, TEXT, max_size=2),
    stacks=st.lists(
        st.builds(ReadStack, TEXT, *(st.lists(each, max_size=2).map(tuple) for each in (CHANGES, TEXT, CHANGES))),
        max_size=2,
    ).map(tuple),
    settings=VALUES,
    place=VALUES,
    rules=VALUES,
)


@given(READINGS)
def test_reading_survives_its_bytes(reading: Reading) -> None:
    assert decode(reading.encoded) == reading
    assert parse(json.dumps(json.loads(reading.encoded), indent=1)) == reading


@given(READINGS, READINGS)
def test_other_readings_have_other_digests(one: Reading, other: Reading) -> None:
    assert (one == other) == (one.digest == other.digest)


WHOLE = Reading(environment="prod", release="r", stacks=(ReadStack("web", (ReadChange("a", "t", "create"),)),))
DAMAGED = {
    "nothing": b"",
    "half of it": WHOLE.encoded[:40],
    "another format": WHOLE.encoded.replace(b'"format":1', b'"format":2'),
    "a space more": WHOLE.encoded.replace(b":", b": ", 1),
    "a number as an address": WHOLE.encoded.replace(b'"address":"a"', b'"address":7'),
    "no stacks": WHOLE.encoded.replace(b'"stacks"', b'"stack5"'),
    "a list": b"[]",
    "deep nesting": b"[" * 100_000,
}


def test_reading_without_authors_keeps_its_bytes() -> None:
    """As before authors were named: the digests of old readings are in ledgers."""
    assert b"written" not in WHOLE.encoded
    assert b'"written":"written by ann"' in replace(WHOLE, written="written by ann").encoded


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damaged_reading_is_refused(data: bytes) -> None:
    catch(MalformedReadingError, decode, data)


FIRST = {
    "an open network": (value('["cidr_blocks",0]', "0.0.0.0/0"), OPEN),
    "an open network of IPv6": (value('["ipv6_cidr_blocks",0]', "::/0"), OPEN),
    "a policy for everything": (value('["policy"]', '{"Statement": [{"Action": "*"}]}'), OPEN),
    "a policy for all of a service": (value('["policy"]', '{"Action": "s3:*"}'), OPEN),
    "a star as such": (value('["principals",0]', "*"), OPEN),
    "a public database": (value('["publicly_accessible"]', True), OPEN),
    "a public list of access": (value('["acl"]', "public-read"), OPEN),
    "a privileged container": (value('["securityContext","privileged"]', True), OPEN),
    "a private database": (value('["publicly_accessible"]', False), OTHER),
    "a policy": (value('["policy"]', "{}"), 2),
    "an image": (value('["image"]', "nginx@sha256:1"), 3),
    "a count of replicas": (value('["spec","replicas"]', 3), 4),
    "a port": (value('["from_port"]', 443), 5),
    "storage": (value('["allocated_storage"]', 20), 6),
    "a tag": (value('["tags","Owner"]', "ann"), OTHER),
    "a star within a text": (value('["description"]', "5 * 3"), OTHER),
}


@pytest.mark.parametrize(("read", "rank"), FIRST.values(), ids=FIRST)
def test_values_are_ranked_by_what_they_open(read: ReadValue, rank: int) -> None:
    assert rank_value(read) == rank


def test_changes_that_lose_something_come_first() -> None:
    ranks = {action: rank_change(ReadChange("a", "t", action)) for action in ("delete", "replace", "create", "read")}
    assert ranks == {"delete": DESTROYED, "replace": DESTROYED, "create": OTHER, "read": OTHER}


FOLDED = {
    "labels of helm": ([value('["metadata","labels","helm.sh/chart"]', "a-1")], 1, 0),
    "labels of pods": ([value('["spec","template","metadata","labels","app.kubernetes.io/name"]', "a")], 1, 0),
    "labels of envctl": ([value('["metadata","labels","envctl.dev/stack"]', "a")], 1, 0),
    "own labels stay": ([value('["metadata","labels","team"]', "a")], 0, 0),
    "annotations stay": ([value('["metadata","annotations","helm.sh/hook"]', "a")], 0, 0),
    "tags that repeat": ([value('["tags","a"]', "1"), value('["tags_all","a"]', "1")], 0, 1),
    "tags that differ stay": ([value('["tags","a"]', "1"), value('["tags_all","a"]', "2")], 0, 0),
    "tags with another past stay": ([value('["tags","a"]', "1"), value('["tags_all","a"]', "1", "0")], 0, 0),
    "tags that only providers set stay": ([value('["tags_all","a"]', "1")], 0, 0),
}


@pytest.mark.parametrize(("values", "labels", "tags"), FOLDED.values(), ids=FOLDED)
def test_only_paths_of_the_table_are_folded(values: list[ReadValue], labels: int, tags: int) -> None:
    found = fold_values(values)
    assert (found.labels, found.tags, len(found.values)) == (labels, tags, len(values) - labels - tags)


@given(st.lists(CHANGES, max_size=5))
def test_folds_lose_no_change(changes: list[ReadChange]) -> None:
    groups = list(fold_changes(changes))
    assert sorted(map(repr, changes)) == sorted(repr(each) for group in groups for each in group.changes)
    for group in groups:
        assert len({(each.type, each.action, each.remarks) for each in group.changes}) == 1
