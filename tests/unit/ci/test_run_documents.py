"""Documents of runs: their names sort by time, and their bytes are theirs or nobody's."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ci import run_documents
from envctl.domain.ci.run_documents import (
    CollectedRun,
    MatrixRun,
    PlannedEnvironment,
    UnreadableDocumentError,
    find_run_kind,
    format_expiry_key,
    format_run_id,
    select_last_answers,
)
from envctl.domain.ci.shard_planner import Unit
from envctl.domain.ledger.events import Actor
from envctl.usecases.fleet.run_store import Answer
from tests.cli.render.schema.values import moments, values

NOW = datetime.fromisoformat("2026-11-25T08:00:01+00:00")
DOCUMENTS = (MatrixRun, Answer, CollectedRun)


@pytest.mark.slow
@given(st.data(), st.sampled_from(DOCUMENTS))
def test_run_document_survives_encoding(data: st.DataObject, kind: type[Any]) -> None:
    # NaN equals nothing.
    document = data.draw(values(kind).filter(lambda value: "nan" not in repr(value)))
    assert run_documents.decode_document(kind, run_documents.encode_document(document)) == document


@given(st.sampled_from(["drift", "plan"]), moments, st.text())
def test_formatted_run_id_parses_for_any_mark(kind: run_documents.RunKind, at: datetime, mark: str) -> None:
    name = format_run_id(kind, at.astimezone(NOW.tzinfo), mark)
    assert find_run_kind(name) == kind
    assert (
        run_documents.parse_run_id(run_documents.format_run_key(run_documents.BEGUN_FOLDER, name))
        == name
        == run_documents.parse_run_id(run_documents.format_run_key(run_documents.COLLECTED_FOLDER, name))
    )


NO_NAMES = ["", "../ledger/0000000001", "20261125T080001Z-drift-", "20261125T080001Z-apply-1", "latest", "x" * 99]


@pytest.mark.parametrize("text", NO_NAMES)
def test_other_text_is_no_run_id(text: str) -> None:
    assert find_run_kind(text) == ""


def test_run_ids_sort_by_time_and_expire() -> None:
    names = [format_run_id("drift", NOW - timedelta(days=days), "f00d") for days in (40, 31, 29, 0)]
    assert names == sorted(names)
    assert [
        run_documents.format_run_key(run_documents.BEGUN_FOLDER, name)
        > format_expiry_key(NOW, run_documents.BEGUN_FOLDER)
        for name in names
    ] == [
        False,
        False,
        True,
        True,
    ]


def test_last_result_of_a_shard_counts() -> None:
    keys = [
        run_documents.format_answer_key("r", shard, attempt) for shard, attempt in ((2, 1), (1, 2), (1, 11), (1, 1))
    ]
    assert select_last_answers(keys) == {
        1: run_documents.format_answer_key("r", 1, 11),
        2: run_documents.format_answer_key("r", 2, 1),
    }


def test_other_keys_are_no_results() -> None:
    real = "runs/answers/20260101T000000Z-drift-a/0001.001.json"
    hostile = (
        "0001.999Z-plan-.json",
        "Z-plan-a.json",
        "0001.Z-plan-",
        "0001.001.json/Z-plan-a.json",
        "\u0661.001.json",
    )
    folder = real.rpartition("/")[0]
    assert select_last_answers([real, *(f"{folder}/{name}" for name in hostile)]) == {1: real}


SPOILT: dict[str, Any] = {
    "no JSON": b"{",
    "another format": {"format": 2},
    "a document of another kind": {"kind": "Answer"},
    "a field that nobody knows": {"document": {"run": "r", "more": 1}},
    "no document": {"document": None},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_unreadable_document_is_reported(spoilt: Any) -> None:
    whole = run_documents.encode_document(CollectedRun("r", NOW, Actor("ann@example.com"), {"dev": {"web": 1.0}}))
    assert run_documents.decode_document(CollectedRun, whole).flatten_durations() == {Unit("dev", "web"): 1.0}
    data = spoilt if isinstance(spoilt, bytes) else json.dumps({**json.loads(whole), **spoilt}).encode()
    with pytest.raises(UnreadableDocumentError):
        run_documents.decode_document(CollectedRun, data)


def test_impossible_durations_do_not_count() -> None:
    """The job of a pull request may write them: NaN and infinity would end the planning of jobs."""
    took = {"nan": float("nan"), "inf": float("inf"), "less": -1.0, "huge": 1e300, "web": 2.0, "none": 0.0}
    run = CollectedRun("r", NOW, Actor("ann"), {"dev": took})
    data = run_documents.encode_document(run)
    found = run_documents.decode_document(CollectedRun, data).flatten_durations()
    assert found == {Unit("dev", "web"): 2.0, Unit("dev", "none"): 0.0}


def test_environments_with_same_release_and_sequence_are_equal() -> None:
    seen = PlannedEnvironment("dev", "r1", 3, ("web",))
    assert seen.has_same_state(PlannedEnvironment("dev", "r1", 3))
    assert not seen.has_same_state(PlannedEnvironment("dev", "r1", 4))
    assert not seen.has_same_state(PlannedEnvironment("dev", "r2", 3))
