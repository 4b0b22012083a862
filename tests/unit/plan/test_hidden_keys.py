"""No key of a plan that holds a secret is shown, kept or compared: of maps, and of instances in addresses."""

import json
from copy import deepcopy
from typing import Any

import pytest

from envctl.adapters.terraform.plans.attributes import collect_secrets
from envctl.adapters.terraform.plans.drift import parse_drift
from envctl.adapters.terraform.plans.hidden_keys import redact_keys
from envctl.adapters.terraform.plans.plan_document import parse_plan
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import PlanFingerprint, encode, fingerprint_plan
from envctl.domain.redaction.plan_secrets import PlanSecrets
from envctl.domain.redaction.redactor import redact_address
from envctl.usecases.ports.terraform import PreparedStack

ONE, TWO = 'PL4nted-"one"-${x}', "PL4nted-two"
SPELLED = ONE.replace("$", "$$").replace('"', '\\"')


def resource(key: str, values: dict[str, Any], *actions: str, index: str = "") -> dict[str, Any]:
    sides = {"before": values if actions == ("delete",) else None, "after": values if actions == ("create",) else None}
    change = {"actions": list(actions), **sides, "before_sensitive": False, "after_sensitive": False}
    address = f'module.web.terraform_data.x["{key}"]'
    return {"address": address, "type": "terraform_data", "name": "x", "index": index or key, "change": change}


def document(*secrets: str, **more: Any) -> dict[str, Any]:
    return {"variables": {f"v{number}": {"value": secret} for number, secret in enumerate(secrets)}, **more}


def hidden(plan: dict[str, Any]) -> dict[str, Any]:
    return redact_keys(plan, collect_secrets("web", plan))


def read(plan: dict[str, Any]) -> StackPlan:
    return parse_plan(PreparedStack("web"), hidden(plan), ())


def meant(plan: dict[str, Any]) -> PlanFingerprint:
    return fingerprint_plan(EnvironmentPlan(environment="dev", release="r1", stacks=(read(plan),)))


def changed(action: str = "create", **more: object) -> dict[str, Any]:
    return {"resource_changes": [{**resource("a", {}, action), **more}]}


PLACES: dict[str, dict[str, Any]] = {
    "an instance": {"resource_changes": [resource(SPELLED, {"input": "a"}, "create", index=ONE)]},
    "a module": changed(address=f'module.web.module.z["{SPELLED}"].terraform_data.x'),
    "where it is moved from": changed("no-op", previous_address=f'module.web.terraform_data.x["{SPELLED}"]'),
    "a map": {"resource_changes": [resource("a", {"tags": {ONE: "x", "other": "y"}}, "create")]},
    "a map in a list in a map": {"resource_changes": [resource("a", {"input": {"b": [{ONE: {TWO: 1}}]}}, "delete")]},
    "what is unknown": changed(
        change={"actions": ["create"], "before": None, "after": {}, "after_unknown": {"tags": {ONE: True}}}
    ),
    "what is sensitive": changed(
        change={
            "actions": ["create"],
            "before": None,
            "after": {"tags": {ONE: "x"}},
            "after_sensitive": {"tags": {ONE: True}},
        }
    ),
    "an output": {"output_changes": {"o": {"actions": ["create"], "before": None, "after": {ONE: 1}}}},
    "a list in an output": {"output_changes": {"o": {"actions": ["create"], "before": None, "after": [{ONE: 1}]}}},
    "an action": {
        "action_invocations": [
            {
                "address": f'module.web.action.a.b["{SPELLED}"]',
                "type": "a",
                "name": "b",
                "config_values": {"with": {ONE: 1}},
                "lifecycle_action_trigger": {
                    "triggering_resource_address": f'module.web.terraform_data.x["{SPELLED}"]',
                    "action_trigger_event": "AfterCreate",
                },
            }
        ]
    },
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_secret_map_key_is_redacted_everywhere(place: dict[str, Any]) -> None:
    plan = document(ONE, TWO, **deepcopy(place))
    assert "PL4nted" in json.dumps(place)
    kept, shown = encode(meant(plan)).decode(), repr(read(plan))
    assert read(plan).changes
    assert "PL4nted" not in kept + shown
    assert "(sensitive)" in kept + shown
    # The same plan has the same fingerprint.
    assert meant(deepcopy(plan)).digest == meant(plan).digest


def test_redacted_keys_stay_distinct() -> None:
    plan = document(
        ONE,
        TWO,
        resource_changes=[
            resource(TWO, {"tags": {ONE: "x", TWO: "y"}}, "create"),
            resource(SPELLED, {"tags": {}}, "create", index=ONE),
        ],
    )
    addresses = [each.address for each in read(plan).resources]
    assert sorted(addresses) == ['terraform_data.x["(sensitive 2)"]', 'terraform_data.x["(sensitive)"]']
    tags = [each for each in meant(plan).changes[0].values if "tags" in each]
    assert len(tags) == 2


def test_redacted_key_is_stable_during_partial_apply() -> None:
    both = [resource(SPELLED, {"input": 1}, "create", index=ONE), resource(TWO, {"input": 2}, "create")]
    there = [resource(SPELLED, {"input": 1}, "no-op", index=ONE), both[1]]
    approved, rest = meant(document(ONE, TWO, resource_changes=both)), meant(document(ONE, TWO, resource_changes=there))
    (left,) = rest.changes
    assert left in approved.changes


def test_drift_names_no_secret_key() -> None:
    raw = resource(SPELLED, {"tags": {ONE: "x"}}, "delete", index=ONE)
    found = parse_drift(PreparedStack("web"), hidden(document(ONE, resource_drift=[raw])), ())
    assert [each.address for each in found.resources] == ['terraform_data.x["(sensitive)"]']
    assert "PL4nted" not in repr(found)


def test_names_of_attributes_and_resources_stay() -> None:
    plan = document(
        "terraform_data", "input", "module", "tags", resource_changes=[resource("a", {"input": 1}, "create")]
    )
    assert hidden(plan) is plan


def test_plan_without_secret_keys_is_unchanged() -> None:
    plan = document(ONE, resource_changes=[resource("a", {"tags": {"b": ONE}}, "create")])
    assert hidden(plan) is plan
    assert redact_keys(plan, PlanSecrets()) is plan


def test_secret_key_that_forces_replacement_is_recognized() -> None:
    raw = resource("a", {}, "create")
    raw["change"] = {
        "actions": ["delete", "create"],
        "before": {"tags": {ONE: 1}},
        "after": {"tags": {ONE: 2}},
        "replace_paths": [["tags", ONE]],
    }
    (change,) = read(document(ONE, resource_changes=[raw])).resources
    assert [each.forces_replacement for each in change.attributes] == [True]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("module.web.aws_x.y", "module.web.aws_x.y"),
        (f'module.web.aws_x.y["{TWO}"]', 'module.web.aws_x.y["(sensitive)"]'),
        (f'module.web.module.z["a"].aws_x.{TWO}["is {TWO}"]', f'module.web.module.z["a"].aws_x.{TWO}["(sensitive)"]'),
        (f'module.web.aws_x.y["{SPELLED}"]', 'module.web.aws_x.y["(sensitive)"]'),
    ],
)
def test_address_is_redacted_by_its_keys(address: str, expected: str) -> None:
    assert redact_address(address, [TWO, ONE]) == expected
