"""Documents of runs: their names sort by time, and their bytes are theirs or nobody's."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ci import run_documents
from envctl.domain.ci.run_documents import (
    Collected,
    Planned,
    Run,
    UnreadableError,
    is_id,
    kind_of,
    last_answers,
    new_id,
    since,
)
from envctl.domain.ci.shard_planner import Unit
from envctl.domain.ledger.events import Actor
from envctl.usecases.fleet.run_store import Answer
from tests.cli.render.schema.values import moments, values

NOW = datetime.fromisoformat("2026-11-25T08:00:01+00:00")
DOCUMENTS = (Run, Answer, Collected)


@given(st.data(), st.sampled_from(DOCUMENTS))
def test_a_document_survives_its_bytes(data: st.DataObject, kind: type[Any]) -> None:
    # NaN equals nothing.
    document = data.draw(values(kind).filter(lambda value: "nan" not in repr(value)))
    assert run_documents.read(kind, run_documents.write(document)) == document


@given(st.sampled_from(["drift", "plan"]), moments, st.text())
def test_a_name_is_a_name_whatever_the_mark_is(kind: run_documents.Kind, at: datetime, mark: str) -> None:
    name = new_id(kind, at.astimezone(NOW.tzinfo), mark)
    assert is_id(name)
    assert kind_of(name) == kind
    assert (
        run_documents.run_of(run_documents.begun_key(name))
        == name
        == run_documents.run_of(run_documents.collected_key(name))
    )


NO_NAMES = ["", "../ledger/0000000001", "20261125T080001Z-drift-", "20261125T080001Z-apply-1", "latest", "x" * 99]


@pytest.mark.parametrize("text", NO_NAMES)
def test_whatever_else_is_typed_is_no_name(text: str) -> None:
    assert not is_id(text)


def test_names_sort_by_time_and_old_ones_are_passed_over() -> None:
    names = [new_id("drift", NOW - timedelta(days=days), "f00d") for days in (40, 31, 29, 0)]
    assert names == sorted(names)
    assert [run_documents.begun_key(name) > since(NOW, run_documents.BEGUN) for name in names] == [
        False,
        False,
        True,
        True,
    ]


def test_the_last_answer_of_a_shard_counts() -> None:
    keys = [run_documents.answer_key("r", shard, attempt) for shard, attempt in ((2, 1), (1, 2), (1, 11), (1, 1))]
    assert last_answers(keys) == {1: run_documents.answer_key("r", 1, 11), 2: run_documents.answer_key("r", 2, 1)}


SPOILT: dict[str, Any] = {
    "no JSON": b"{",
    "another format": {"format": 2},
    "a document of another kind": {"kind": "Answer"},
    "a field that nobody knows": {"document": {"run": "r", "more": 1}},
    "no document": {"document": None},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_what_can_not_be_read_is_said_to_be_so(spoilt: Any) -> None:
    whole = run_documents.write(Collected("r", NOW, Actor("ann@example.com"), {"dev": {"web": 1.0}}))
    assert run_documents.read(Collected, whole).measured() == {Unit("dev", "web"): 1.0}
    data = spoilt if isinstance(spoilt, bytes) else json.dumps({**json.loads(whole), **spoilt}).encode()
    with pytest.raises(UnreadableError):
        run_documents.read(Collected, data)


def test_an_environment_is_like_another_by_what_runs_there() -> None:
    seen = Planned("dev", "r1", 3, ("web",))
    assert seen.is_like(Planned("dev", "r1", 3))
    assert not seen.is_like(Planned("dev", "r1", 4))
    assert not seen.is_like(Planned("dev", "r2", 3))
