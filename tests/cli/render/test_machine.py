"""The contract of `--json`: one envelope for everything, and nothing sensitive in it."""

import json
from contextvars import copy_context
from datetime import timedelta
from decimal import Decimal
from typing import get_args

import pytest

from envctl.cli.render.json.document import COMPUTED_FIELDS, build_envelope, to_json
from envctl.cli.render.text.next_commands import IN_SANDBOX
from envctl.domain.aws import secret_status as seen
from envctl.domain.errors import EnvctlError, Problem
from envctl.domain.guards import gate_approvals
from envctl.domain.ledger import state
from envctl.domain.ledger.events import Event
from envctl.domain.plan import changes
from envctl.domain.plan.changes import Marker
from envctl.usecases.account import secret_check
from envctl.usecases.approval import explain_refusal
from envctl.usecases.drift import drift
from envctl.usecases.fleet import merge
from envctl.usecases.inspect import diff, explain_plan, preview, status
from envctl.usecases.ports import bucket_report
from tests.cli.render.samples import ERRORS, FIRST_PLAN, RESULTS, SECRET, SETTINGS, STATUS

PROBLEM_KEYS = [
    "code",
    "message",
    "hint",
    "advice",
    "command",
    "file",
    "line",
    "stack",
    "address",
    "for_now",
    "opens",
    "since",
    "who",
]
KEYS = ["envctl", "command", "ok", "exit_code", "result", "problems", "stacks", "usage", "sandbox"]


@pytest.mark.parametrize("name", RESULTS)
def test_result_survives_json_unchanged(name: str) -> None:
    document = build_envelope("status", RESULTS[name], None, 0)
    assert list(document) == KEYS
    assert document["ok"] is True
    assert isinstance(document["result"], dict)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_the_same_keys(name: str) -> None:
    error = ERRORS[name]
    document = build_envelope("apply", None, error, int(error.exit_code))
    assert list(document) == KEYS
    assert document["ok"] is False
    assert document["result"] is None
    assert document["exit_code"] == int(error.exit_code)
    assert len(document["problems"]) == len(error.problems)
    assert all(list(problem) == PROBLEM_KEYS for problem in document["problems"])
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("name", RESULTS)
def test_secret_is_in_no_document(name: str) -> None:
    assert SECRET not in json.dumps(build_envelope("x", RESULTS[name], None, 0))


def test_sensitive_settings_are_redacted_and_arguments_omitted() -> None:
    document = to_json(SETTINGS)
    assert "arguments" not in document
    assert [s["value"] for s in document["settings"] if s["sensitive"]] == [Marker.SENSITIVE.value]


def test_times_are_utc_and_enumerations_are_their_values() -> None:
    assert to_json(STATUS)["now"] == "2026-11-25T01:40:00.000Z"
    plan = to_json(FIRST_PLAN)
    assert plan["changes"] is True
    assert plan["stacks"][0]["resources"][0]["action"] == "create"
    assert plan["stacks"][0]["outputs"][0]["after"] == "(known after apply)"


def test_every_kind_of_event_is_named() -> None:
    shown = (to_json(RESULTS[name])["entries"] for name in ("a history", "a history of guards", "a history of rules"))
    kinds = {entry["event"]["kind"] for entries in shown for entry in entries}
    assert kinds == {event.kind for event in get_args(Event)}


def test_refusal_has_retry_time_and_who_can_unblock() -> None:
    soak, window = build_envelope("promote", None, ERRORS["a refusal that opens by itself"], 4)["problems"]
    assert (soak["for_now"], soak["since"], soak["who"]) == (True, "2026-11-24T22:40:00.000Z", None)
    assert soak["opens"] == "2026-11-25T22:40:20.000Z"
    assert (window["since"], window["opens"]) == (None, "2027-01-03T06:40:00.000Z")
    (approvals,) = build_envelope("promote", None, ERRORS["a refusal for now"], 4)["problems"]
    assert approvals["who"].startswith("any person except")


def test_causes_follow_their_refusal_with_lines() -> None:
    problems = build_envelope("promote", None, ERRORS["a refusal because of settings"], 3)["problems"]
    assert [problem["code"] for problem in problems] == ["G108", "G204", "E203", "E205"]
    assert [problem["line"] for problem in problems] == [None, None, 7, None]
    assert [problem["for_now"] for problem in problems] == [True, False, False, False]


@pytest.mark.parametrize("name", ["a stop", "wrong settings"])
def test_other_problems_have_no_retry_time(name: str) -> None:
    for problem in build_envelope("x", None, ERRORS[name], 1)["problems"]:
        assert [problem[key] for key in ("for_now", "opens", "since", "who")] == [False, None, None, None]


def test_computed_fields_are_included() -> None:
    shown = to_json(RESULTS["drift"])
    assert shown["found"] is True
    assert [each["drifted"] for each in shown["environments"]] == [1, 4, 0]
    prod = to_json(RESULTS["a status with trouble"])["environments"][2]["present"]
    assert (prod["whole"], prod["drifted"]) == (True, False)
    assert [proof["verified"] for proof in prod["evidence"].values()] == [False]


def test_every_type_with_computed_fields_exists() -> None:
    known = (
        vars(seen)
        | vars(bucket_report)
        | vars(secret_check)
        | vars(changes)
        | vars(diff)
        | vars(drift)
        | vars(explain_plan)
        | vars(merge)
        | vars(state)
        | vars(preview)
        | vars(explain_refusal)
        | vars(gate_approvals)
        | vars(status)
    )
    assert all(hasattr(known[name], attribute) for name, more in COMPUTED_FIELDS.items() for attribute in more)


def test_duration_is_in_seconds() -> None:
    assert to_json(timedelta(hours=1, milliseconds=500)) == 3600.5


def test_sets_are_sorted_and_decimals_keep_digits() -> None:
    assert to_json(frozenset({"web", "network"})) == ["network", "web"]
    assert to_json(Decimal("0.1234567890123456789")) == "0.1234567890123456789"
    assert to_json([1e300, float("inf")]) == [1e300, "inf"]


def test_type_without_json_form_is_an_error() -> None:
    with pytest.raises(TypeError, match="object"):
        to_json(object())


HINTS: dict[str, tuple[str, str | None, str | None]] = {
    "a command": ("envctl verify dev", None, "envctl verify dev"),
    "words": ("set it in envctl.toml", "set it in envctl.toml", None),
    "nothing": ("", None, None),
    "words and a command": ("wait, then: envctl promote dev prod", "wait, then:", "envctl promote dev prod"),
    "words that begin like a command": ("envctl history dev shows it", "envctl history dev shows it", None),
    "an example": ("name another file: envctl report --output FILE", "name another file:", None),
    "an example with a gap": ("envctl approve dev --release …", None, None),
    "a command with words after it": ("envctl apply dev, or wait", None, None),
}


@pytest.mark.parametrize(("hint", "advice", "command"), HINTS.values(), ids=HINTS)
def test_hint_is_split_into_advice_and_command(hint: str, advice: str | None, command: str | None) -> None:
    (problem,) = build_envelope("x", None, EnvctlError(Problem("E001", "wrong", hint)), 1)["problems"]
    assert (problem["hint"], problem["advice"], problem["command"]) == (hint, advice, command)


def test_commands_of_hints_have_the_sandbox_flag() -> None:
    error = EnvctlError(Problem("E001", "wrong", "wait, then: envctl apply dev"))

    def build() -> object:
        IN_SANDBOX.set(True)
        return build_envelope("x", None, error, 1)["problems"][0]["command"]

    assert copy_context().run(build) == "envctl --sandbox apply dev"
