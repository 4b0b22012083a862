"""A checkpoint is the fold itself, or nothing."""

import gzip
import json
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.checkpoint import FORMAT
from envctl.domain.ledger.entries import GENESIS, Entry
from envctl.domain.ledger.events import (
    Actor,
    ApprovalGiven,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    DriftChecked,
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldSet,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.projection.apply_entries import apply_entries, apply_entry
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested
from envctl.domain.ledger.state import ForeignObject, LedgerState
from envctl.domain.ledger.state_events import ImportStarted, StateMoved
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.ledger.waiver_events import WaiverGiven
from tests.fakes.checkpoints import decode_state, encode_state
from tests.unit.ledger.ledger_strategies import START, ledgers, story


@given(ledgers)
def test_state_survives_encoding(entries: list[Entry]) -> None:
    present = apply_entries(entries)
    read = decode_state(encode_state(present))
    assert read == present
    # Whatever is forgotten first must be the same too.
    assert read is not None
    assert encode_state(read) == encode_state(present)


@given(ledgers, st.data())
def test_reading_from_checkpoint_equals_reading_from_start(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    kept = decode_state(encode_state(apply_entries(entries[:cut])))
    assert apply_entries(entries[cut:], kept) == apply_entries(entries)


# There is something of everything in it.
WAIVED = WaiverGiven(environment="prod", release="r1", settings="s", place="p1ace", guards=("G104",), reason="it burns")
BELIEVED = apply_entries(
    story(
        Actor(
            "ann",
            via="github",
            verified=True,
            run_url="https://example.com/1",
            arn="arn:aws:sts::1:assumed-role/ci/ann",
            teams=("acme/web",),
            environment="",
            also=("a",),
        ),
        ReleaseCreated(
            release="r1",
            commit="c0ffee",
            uncommitted=True,
            author="ann",
            others=("bob",),
            differences=("web/a.json (changed)",),
            different=1,
        ),
        WaiverUsed(environment="dev", release="r1", reason="it burns", guards=("G104",), refusals=("soak: too short",)),
        DeploymentStarted(
            environment="dev",
            release="r1",
            settings="s",
            action="promote",
            source="qa",
            plan="f00d",
            waiver=2,
            clusters=("web 0b1c",),
            program="Terraform 1.11.4",
        ),
        DeploymentSucceeded(
            environment="dev",
            release="r1",
            started=3,
            stacks=("network", "web"),
            changed=4,
            performed=("create aws_vpc", "update aws_eip"),
        ),
        VerificationPassed("dev", "r1", 3, ("http",)),
        timedelta(milliseconds=1234567),
        DeploymentStarted(environment="dev", release="r2", settings="s", action="apply", rules="ru1es"),
        DeploymentSucceeded(
            environment="dev", release="r2", started=6, stacks=("network",), left=("web",), forgot=("edge",)
        ),
        VerificationPassed("dev", "r2", 6, ("http", "command")),
        HoldSet("dev", "r1", "it leaks"),
        ApprovalGiven(
            environment="dev", gate="peer", release="r1", settings="s", plan="f00d", place="p1ace", unseen=("web",)
        ),
        EnvironmentLocked("dev", "we migrate"),
        DriftChecked(
            environment="dev",
            release="r2",
            drifted=0,
            resources=("network: aws_vpc.main",),
            unplanned=("network: aws_vpc.main",),
        ),
        WaiverUsed(
            environment="staging", release="r1", reason="it burns", guards=("G104",), refusals=("soak: too short",)
        ),
        DeploymentStarted(
            environment="staging",
            release="r1",
            settings="s",
            action="apply",
            waiver=13,
            only=("network",),
            unpinned=("hashicorp/aws",),
            creates=("old",),
        ),
        StateMoved(environment="staging", release="r1", started=14, stack="old", to="new", lineage="0b1c", serial=3),
        DeploymentSucceeded(environment="staging", release="r1", started=14, stacks=("network",), lost=("web",)),
        VerificationFailed("staging", "r1", 14, ("http",), "500"),
        WaiverUsed(
            environment="staging", release="r1", reason="it burns", guards=("G104",), refusals=("soak: too short",)
        ),
        TrafficShifted(
            environment="dev", release="r2", started=6, stack="web", color="green", value="image-2", percent=100
        ),
        RolloutStarted(
            environment="dev", release="r2", started=6, stack="jobs", color="green", value="image-2", stable="image-1"
        ),
        RolloutStarted(
            environment="staging",
            release="r1",
            started=14,
            stack="web",
            color="green",
            value="image-2",
            stable="image-1",
        ),
        DeploymentStarted(environment="qa", release="r1", settings="s", action="destroy"),
        DeploymentSucceeded(environment="qa", release="r1", started=21, stacks=(), changed=1, lost=("network",)),
        TrafficShiftStarted(environment="staging", release="r1", started=14, stack="web", percent=10, step=1, steps=3),
        ImportStarted("dev", "r2", "web", "module.web.aws_vpc.main"),
        RulesApproved("dev", "peer", "ru1es", "0thers"),
        RulesResetRequested("dev", "ru1es", "they left"),
        DeploymentStarted(environment="prod", release="r1", settings="s", action="apply", clusters=("web 0b1c",)),
        DeploymentFailed(environment="prod", release="r1", started=28, reason="E367", existing=("web:aws_vpc.main",)),
        WAIVED,
        WaiverUsed(
            environment="prod",
            release="r1",
            reason="it burns",
            guards=("G104",),
            refusals=("too short",),
            given=30,
            giver="ann",
        ),
        DeploymentStarted(environment="prod", release="r1", settings="s", action="apply", waiver=31),
        DeploymentFailed(environment="prod", release="r1", started=32, reason="E367", existing=("web:aws_vpc.main",)),
        WAIVED,
    )
)
FORGED = EnvironmentUnlocked("dev", "trust me")
FULL = apply_entry(
    BELIEVED,
    Entry(seq=BELIEVED.seq + 1, prev=BELIEVED.head, at=START, actor=Actor("mallory"), event=FORGED),
    "it is not signed",
)
FULL = replace(FULL, foreign=(ForeignObject("ledger/a.json", "it is none"),), began={"prod people": 7})
WHOLE = json.loads(gzip.decompress(encode_state(FULL)))
Path = tuple[str | int, ...]


def _places(document: Any, path: Path = ()) -> Iterator[Path]:
    """Every place of a document that holds something, from the outside in."""
    yield path
    keys = list(document) if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        yield from _places(document[key], (*path, key))


PLACES = [path for path in _places(WHOLE) if path]


def _at(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


NAMES = {"dev", "staging", "qa", "prod", "r1", "r2", "web", "network", "jobs", "edge"}


def _kind(path: Path) -> tuple[object, ...]:
    """Return what a decoder sees of a place: in every environment, release and stack, the same one reads it."""
    value = _at(WHOLE, path)
    return (*("*" if key in NAMES or isinstance(key, int) else key for key in path), type(value), bool(value))


# `make check` tries one place of each kind, and `make test` all of them.
TRIED = PLACES
if settings.get_current_profile_name() == "check":
    TRIED = list({_kind(path): path for path in PLACES}.values())


def _copy_to(path: Path) -> tuple[Any, Any]:
    """Return a copy of the whole document, and what holds the place in it. What is not above the place is shared."""
    document = holder = copy(WHOLE)
    for key in path[:-1]:
        holder[key] = copy(holder[key])
        holder = holder[key]
    return document, holder


def _without(path: Path) -> bytes:
    document, holder = _copy_to(path)
    del holder[path[-1]]
    return _written(document)


def _with(path: Path, value: object) -> bytes:
    document, holder = _copy_to(path)
    holder[path[-1]] = value
    return _written(document)


def _written(document: object) -> bytes:
    return _packed(json.dumps(document, separators=(",", ":")).encode())


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=1, mtime=0)


def _same(read: LedgerState, data: bytes) -> bool:
    """Whether a present is what the bytes say, every field of it. Sets have no order; 7 is 7.0, but true is not 1."""
    one, other = (_comparable(json.loads(gzip.decompress(packed))) for packed in (encode_state(read), data))
    return one == other


def _comparable(value: Any, name: str = "") -> object:
    match value:
        case dict():
            return {key: _comparable(item, name if name == "performed" else key) for key, item in value.items()}
        case list():
            items = [_comparable(item) for item in value]
            return set(map(repr, items)) if name in {"performed", "stacks", "begun"} else items
        case bool():
            return str(value)
        case _:
            return value


def test_full_example_has_no_empty_field() -> None:
    assert decode_state(encode_state(FULL)) == FULL
    empty = {path[-1] for path in PLACES if _at(WHOLE, path) in ([], {})}
    # What is empty in one environment is full in the other.
    assert not {name for name in empty if all(_at(WHOLE, path) in ([], {}) for path in PLACES if path[-1] == name)}


WRONG: list[object] = [None, True, 7, -0.5, "x", "", [], [7], ["x"], [None], {}, {"x": 7}, {"x": "x"}]


SOME: tuple[object, ...] = (None,)
BY_DAY: tuple[object, ...] = (*SOME, "x", {}, 7, [7], {"x": 7})


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(each, marks=() if each in SOME else pytest.mark.slow if each in BY_DAY else pytest.mark.night)
        for each in WRONG
    ],
    ids=repr,
)
def test_checkpoint_with_wrong_value_is_refused(value: object) -> None:
    """Something else of the right type is another present, which is for the entries to tell."""
    for path in TRIED:
        data = _with(path, value)
        read = decode_state(data)
        assert read is None or _same(read, data), f"{value!r} at {path}"


def test_checkpoint_with_missing_field_is_refused() -> None:
    """But for what is one of many: that much less is another present."""
    for path in TRIED:
        data = _without(path)
        read = decode_state(data)
        assert read is None or _same(read, data), f"nothing at {path}"


def test_checkpoint_with_extra_field_is_refused() -> None:
    for path in TRIED:
        if isinstance(_at(WHOLE, path), dict) and path[-1] not in {"performed", "renamed", "clusters"}:
            assert decode_state(_with((*path, "more"), "x")) is None, f"more in {path}"


def _times() -> list[Path]:
    return [path for path in PLACES if path[-1] in {"at", "started_at", "ended_at", "verified_at", "since"}]


@pytest.mark.parametrize("text", ["yesterday", "2026-11-25", "2026-11-25T08:00:00", "2026-11-25T25:00:00+00:00"])
def test_checkpoint_with_invalid_time_is_refused(text: str) -> None:
    places = [path for path in _times() if _at(WHOLE, path) is not None]
    assert len(places) > 10
    for path in places:
        assert decode_state(_with(path, text)) is None, f"{text} at {path}"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300, 10**400, "1", None, True, [1]])
def test_checkpoint_with_invalid_duration_is_refused(number: object) -> None:
    path = ("present", "environments", "dev", "evidence", "r1", "longest")
    assert _at(WHOLE, path) == 1235.567
    assert decode_state(_with(path, number)) is None


@pytest.mark.parametrize("word", ["moon", "Succeeded", "", 7, None, ["succeeded"], {"succeeded": 1}])
def test_checkpoint_with_unknown_word_is_refused(word: object) -> None:
    there = ("present", "environments", "dev")
    assert decode_state(_with((*there, "current", "outcome"), word)) is None
    assert decode_state(_with((*there, "last", "action"), word)) is None
    assert decode_state(_with((*there, "lock", "by", "via"), word)) is None


GARBAGE = {
    "nothing": b"",
    "half a checkpoint": encode_state(FULL)[:200],
    "all but its last byte": encode_state(FULL)[:-1],
    "one with something behind it": encode_state(FULL) + b"x",
    "two": encode_state(FULL) * 2,
    "one that is not packed": gzip.decompress(encode_state(FULL)),
    "one that is packed twice": _packed(encode_state(FULL)),
    "no text": _packed(b"\xff\x00"),
    "a list": _packed(b"[]"),
    "a number": _packed(b"1"),
    "text": _packed(b'"format"'),
    "the format before this one": _written(WHOLE | {"format": FORMAT - 1}),
    "a newer format": _written(WHOLE | {"format": FORMAT + 1}),
    "a format as text": _written(WHOLE | {"format": str(FORMAT)}),
    "a format as true": _written(WHOLE | {"format": True}),
    "no format": _written({"present": WHOLE["present"]}),
    "no present": _written({"format": FORMAT}),
    "a present that is nothing": _written(WHOLE | {"present": None}),
    "a present that is a list": _written(WHOLE | {"present": [WHOLE["present"]]}),
    "brackets without an end": _packed(b"[" * 100_000),
    "a present of brackets": _packed(b'{"format":%d,"present":' % FORMAT + b"[" * 100_000),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_unreadable_checkpoint_is_refused(data: bytes) -> None:
    assert decode_state(data) is None


def test_first_checkpoint_format_is_still_read() -> None:
    written = (
        f'{{"format":{FORMAT},"entries":5,"present":{{"seq":0,"head":"{GENESIS}","releases":{{}},"environments":{{}},'
        '"unbelieved":[],"at":null,"came":{},"newer":null,"has_readings":false,"began":{},"foreign":[]}}'
    )
    assert gzip.decompress(encode_state(LedgerState())).decode() == written
    assert decode_state(_packed(written.encode())) == LedgerState()


def test_checkpoint_above_maximum_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    much = _packed(b" " * 100_000 + gzip.decompress(encode_state(FULL)))
    assert decode_state(much) == FULL
    monkeypatch.setattr("envctl.domain.ledger.gzip.MAX_BYTES", 100_000)
    checkpoint.decode_checkpoint.cache_clear()
    assert decode_state(much) is None
    assert decode_state(encode_state(FULL)) == FULL


@given(
    st.sampled_from(PLACES),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from([0.5, float("inf")]) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_corrupted_checkpoint_is_read_exactly_or_refused(path: Path, value: object) -> None:
    data = _with(path, value)
    read = decode_state(data)
    assert read is None or _same(read, data)
