"""The contract of `--json`: one envelope for everything, and nothing sensitive in it."""

import json
from decimal import Decimal
from typing import get_args

import pytest

from envctl.cli.render.human import RENDERERS
from envctl.cli.render.machine import as_json, envelope
from envctl.domain.changes import Marker
from envctl.domain.ledger import Event
from tests.cli.render.samples import ERRORS, FIRST_PLAN, HISTORY, RESULTS, SECRET, SETTINGS, STATUS

KEYS = ["envctl", "command", "ok", "exit_code", "result", "problems"]


def test_there_is_a_sample_of_every_result() -> None:
    assert {type(result).__name__ for result in RESULTS.values()} == set(RENDERERS)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_goes_into_json_and_comes_back_the_same(name: str) -> None:
    document = envelope("status", RESULTS[name], None, 0)
    assert list(document) == KEYS
    assert document["ok"] is True
    assert isinstance(document["result"], dict)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_the_same_keys(name: str) -> None:
    error = ERRORS[name]
    document = envelope("apply", None, error, int(error.exit_code))
    assert list(document) == KEYS
    assert document["ok"] is False
    assert document["result"] is None
    assert document["exit_code"] == int(error.exit_code)
    assert len(document["problems"]) == len(error.problems)
    assert all(list(problem) == ["code", "message", "hint", "file", "line"] for problem in document["problems"])
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("name", RESULTS)
def test_a_secret_is_in_no_document(name: str) -> None:
    assert SECRET not in json.dumps(envelope("x", RESULTS[name], None, 0))


def test_sensitive_settings_are_masked_and_arguments_are_left_out() -> None:
    document = as_json(SETTINGS)
    assert "arguments" not in document
    assert [s["value"] for s in document["settings"] if s["sensitive"]] == [Marker.SENSITIVE.value]


def test_times_are_utc_and_enumerations_are_their_values() -> None:
    assert as_json(STATUS)["now"] == "2026-11-25T01:40:00.000Z"
    plan = as_json(FIRST_PLAN)
    assert plan["changes"] is True
    assert plan["stacks"][0]["resources"][0]["action"] == "create"
    assert plan["stacks"][0]["outputs"][0]["after"] == "(known after apply)"


def test_an_entry_says_what_kind_of_event_it_is() -> None:
    kinds = {entry["event"]["kind"] for entry in as_json(HISTORY)["entries"]}
    assert kinds == {event.kind for event in get_args(Event)}


def test_sets_are_sorted_and_long_numbers_keep_every_digit() -> None:
    assert as_json(frozenset({"web", "network"})) == ["network", "web"]
    assert as_json(Decimal("0.1234567890123456789")) == "0.1234567890123456789"


def test_what_has_no_place_in_json_is_an_error_and_not_its_looks() -> None:
    with pytest.raises(TypeError, match="object"):
        as_json(object())
