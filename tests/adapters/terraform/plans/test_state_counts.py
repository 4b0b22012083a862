"""How many managed resources a state holds, as a plan tells it: from its document, or from what it has refreshed."""

import json
from typing import Any

import pytest

from envctl.adapters.terraform.plans.plan_document import parse_plan
from envctl.adapters.terraform.process.json_events import Transcript, record_line
from envctl.usecases.ports.terraform import PreparedStack


def resource(address: str, mode: str = "managed") -> dict[str, Any]:
    return {"address": address, "mode": mode, "type": "terraform_data", "values": {}, "sensitive_values": {}}


def drifted(address: str, *actions: str) -> dict[str, Any]:
    return {"address": address, "type": "terraform_data", "change": {"actions": list(actions)}}


def imported(address: str) -> dict[str, Any]:
    return {
        "address": address,
        "type": "terraform_data",
        "name": "b",
        "change": {"actions": ["no-op"], "importing": {"id": "x"}, "before": {}, "after": {}},
    }


A, B, DATA = "module.web.terraform_data.a", "module.web.terraform_data.b", "module.web.data.terraform_remote_state.x"
DOCUMENTS: dict[str, tuple[dict[str, Any], int]] = {
    "no state": ({}, 0),
    "an empty state": ({"prior_state": {"values": {"root_module": {}}}}, 0),
    "resources of modules": (
        {"prior_state": {"values": {"root_module": {"child_modules": [{"resources": [resource(A), resource(B)]}]}}}},
        2,
    ),
    "data sources are none": (
        {"prior_state": {"values": {"root_module": {"resources": [resource(A), resource(DATA, "data")]}}}},
        1,
    ),
    "one that is gone in reality": (
        {
            "prior_state": {"values": {"root_module": {"resources": [resource(A)]}}},
            "resource_drift": [drifted(A, "update"), drifted(B, "delete")],
        },
        2,
    ),
    "one that the apply imports": (
        {
            "prior_state": {"values": {"root_module": {"resources": [resource(A), resource(B)]}}},
            "resource_changes": [imported(B)],
        },
        1,
    ),
    "all are gone in reality": ({"resource_drift": [drifted(A, "delete"), drifted(B, "delete")]}, 2),
}


@pytest.mark.parametrize(("document", "count"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_document_tells_how_many_resources_there_are(document: dict[str, Any], count: int) -> None:
    assert parse_plan(PreparedStack("web"), document, ()).in_state == count


def test_refreshed_resources_are_counted_once_each() -> None:
    transcript = Transcript()
    for kind, address in (("refresh_start", A), ("refresh_complete", A), ("refresh_start", B), ("apply_start", DATA)):
        hook = {"resource": {"addr": address}, "action": "read" if kind == "apply_start" else ""}
        record_line(json.dumps({"type": kind, "hook": hook}), PreparedStack("web"), transcript)
    assert transcript.refreshed == {"terraform_data.a", "terraform_data.b"}
