"""What the lines of a run say: whether there is anything to read in a plan, and what runs."""

import json
from typing import Any

import pytest

from envctl.adapters.terraform.process import json_events
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.domain.plan.changes import Action
from envctl.usecases.ports.terraform import PreparedStack, ProgressEvent

NOTHING = {"add": 0, "change": 0, "import": 0, "remove": 0, "action_invocation": 0, "operation": "plan"}
ADDRESS = {"addr": "module.web.terraform_data.t"}
ANYTHING: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({"type": "change_summary", "changes": NOTHING}, False),
    "what stays": ({"type": "planned_change", "change": {"resource": ADDRESS, "action": "noop"}}, False),
    "what is read": ({"type": "planned_change", "change": {"resource": ADDRESS, "action": "read"}}, False),
    "an import": ({"type": "planned_change", "change": {"resource": ADDRESS, "action": "import"}}, True),
    "a move": ({"type": "planned_change", "change": {"resource": ADDRESS, "action": "move"}}, True),
    "what is forgotten": ({"type": "planned_change", "change": {"resource": ADDRESS, "action": "remove"}}, True),
    "an action": ({"type": "planned_action_invocation", "invocation": {"action_addr": ADDRESS}}, True),
    "what comes with a later Terraform": ({"type": "planned_transmogrification"}, True),
    "an action that is only counted": (
        {"type": "change_summary", "changes": {**NOTHING, "action_invocation": 1}},
        True,
    ),
    "what only a later Terraform counts": ({"type": "change_summary", "changes": {**NOTHING, "fancy": 1}}, True),
    "what an apply has done": (
        {"type": "change_summary", "changes": {**NOTHING, "add": 1, "operation": "apply"}},
        False,
    ),
    "an output": ({"type": "outputs", "outputs": {"o": {"sensitive": False, "action": "update"}}}, True),
    "an output that stays": ({"type": "outputs", "outputs": {"o": {"sensitive": False, "action": "noop"}}}, False),
    "a part that may be the whole": (
        {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "Resource targeting is in effect"}},
        True,
    ),
    "another warning": ({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "Deprecated"}}, False),
}


@pytest.mark.parametrize(("message", "anything"), ANYTHING.values(), ids=ANYTHING.keys())
def test_plan_content_is_recognized(message: dict[str, Any], anything: bool) -> None:
    transcript = Transcript()
    json_events.record_line(json.dumps(message), PreparedStack("web"), transcript)
    assert transcript.has_content is anything


APPLIED = {"sensitive": False, "type": "string", "value": "a"}
OUTPUTS: dict[str, tuple[dict[str, Any], dict[str, object] | None]] = {
    "all with a value": ({"one": APPLIED, "two": {**APPLIED, "value": [1]}}, {"one": "a", "two": [1]}),
    "a sensitive one": ({"one": APPLIED, "two": {"sensitive": True, "type": "string"}}, None),
    "one without a value": ({"one": APPLIED, "two": {**APPLIED, "value": None}}, None),
    "those of a plan": ({"one": {"sensitive": False, "action": "create"}}, None),
    "none": ({}, None),
}


@pytest.mark.parametrize(("outputs", "values"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_outputs_of_an_apply_are_known_together(outputs: dict[str, Any], values: dict[str, object] | None) -> None:
    transcript = Transcript(output_values={"one": "of the plan before"})
    json_events.record_line(json.dumps({"type": "outputs", "outputs": outputs}), PreparedStack("web"), transcript)
    assert transcript.output_values == values


NO_CHANGES = {"type": "change_summary", "changes": NOTHING}
DRIFT = {"type": "resource_drift", "change": {"resource": ADDRESS, "action": "update"}}
# The messages of a plan before its end, and whether its providers have nothing more to do.
ENDS: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "no changes": ([NO_CHANGES], True),
    "no summary yet": ([ANYTHING["what stays"][0]], False),
    "a change": ([ANYTHING["a move"][0], NO_CHANGES], False),
    "drift": ([DRIFT, NO_CHANGES], False),
    "a part": ([ANYTHING["a part that may be the whole"][0], NO_CHANGES], False),
    "a change that is only counted": ([ANYTHING["an action that is only counted"][0]], False),
    "an apply": ([ANYTHING["what an apply has done"][0]], False),
}


@pytest.mark.parametrize(("messages", "settled"), ENDS.values(), ids=ENDS.keys())
def test_plan_without_changes_is_settled(messages: list[dict[str, Any]], settled: bool) -> None:
    transcript = Transcript()
    for each in messages:
        json_events.record_line(json.dumps(each), PreparedStack("web"), transcript)
    assert transcript.is_settled is settled


ACTION = {"addr": "module.web.action.demo_note.n", "action_type": "demo_note"}
TRIGGERED = {"resource": ADDRESS, "trigger_index": 0, "actions_index": 0, "trigger_event": "BeforeUpdate"}
TOLD = "action.demo_note.n (before update of terraform_data.t)"


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        ("action_start", "started"),
        ("action_progress", "still"),
        ("action_complete", "done"),
        ("action_errored", "failed"),
    ],
)
def test_running_action_is_reported(kind: str, phase: str) -> None:
    transcript = Transcript()
    line = json.dumps({"type": kind, "hook": {"action": ACTION, "lifecycle": TRIGGERED, "message": "x"}})
    told = json_events.record_line(line, PreparedStack("web"), transcript)
    assert told == ProgressEvent("web", phase, TOLD, Action.INVOKE)  # type: ignore[arg-type]
    assert transcript.unfinished == ({TOLD} if kind == "action_start" else set())
    asked = json_events.record_line(
        json.dumps({"type": kind, "hook": {"action": ACTION, "invoke": {}}}), PreparedStack("web"), transcript
    )
    assert asked is not None
    assert asked.address == "action.demo_note.n"


@pytest.mark.parametrize(
    "hook", [None, [], "x", {}, {"action": None, "lifecycle": None}, {"lifecycle": {"resource": None}}]
)
def test_malformed_event_never_fails_an_apply(hook: object) -> None:
    for kind in ("action_start", "action_progress", "action_complete", "action_errored"):
        json_events.record_line(json.dumps({"type": kind, "hook": hook}), PreparedStack("web"), Transcript())
