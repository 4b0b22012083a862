"""Which secrets a plan tells of, and how its values are shown without them."""

from decimal import Decimal

import pytest

from envctl.adapters.terraform.plans.attributes import collect_secrets, diff_attributes
from envctl.adapters.terraform.plans.planned_values import list_planned_values
from envctl.adapters.terraform.plans.redaction import redact_plan
from envctl.domain.plan.changes import Action, AttributeChange, Marker, OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import SENSITIVE, UNKNOWN

SECRET = "hunter2-hunter2"
CHANGE = {"actions": ["update"], "before": None, "after": {"a": [SECRET]}, "after_sensitive": {"a": [True]}}
OUTPUT = {"actions": ["update"], "before": SECRET, "after": "x", "before_sensitive": True, "after_sensitive": False}
RESOURCE = {"mode": "managed", "values": {"a": SECRET}, "sensitive_values": {"a": True}}


@pytest.mark.parametrize(
    "document",
    [
        {"variables": {"password": {"value": SECRET}}},
        {"resource_changes": [{"change": CHANGE}]},
        {"resource_drift": [{"change": CHANGE}]},
        {"output_changes": {"x": OUTPUT}},
        {"prior_state": {"values": {"outputs": {"x": {"value": [SECRET], "sensitive": True}}}}},
        {"prior_state": {"values": {"root_module": {"resources": [RESOURCE]}}}},
    ],
)
def test_secrets_are_collected_from_a_plan(document: dict[str, object]) -> None:
    assert SECRET in collect_secrets(document)


NUMBERS = [91827364, 9182736.5, Decimal("91827364.25")]


@pytest.mark.parametrize("number", NUMBERS)
def test_sensitive_number_is_never_hashed(number: object) -> None:
    raw = {"change": {"actions": ["create"], "before": None, "after": {"a": number, "b": f"x{number}", "c": 7}}}
    document = {"variables": {"pin": {"value": number}, "few": {"value": 7}}, "resource_changes": [raw]}
    secrets = collect_secrets(document)
    told = list_planned_values(raw, Action.CREATE, secrets)
    assert told['["a"]'].digest == told['["b"]'].digest == SENSITIVE
    assert told['["a"]'].after is Marker.SENSITIVE
    assert told['["c"]'].digest not in (SENSITIVE, UNKNOWN)
    assert [each.after for each in diff_attributes(raw["change"], secrets)] == [Marker.SENSITIVE, f"x{number}", 7]


def test_values_are_redacted_and_addresses_stay() -> None:
    change = AttributeChange("url", f"a {SECRET}", {"b": [f"{SECRET} c", 1]})
    resource = ResourceChange(
        address=f'aws_vpc.this["{SECRET}"]', type="aws_vpc", action=Action.UPDATE, attributes=(change,)
    )
    output = OutputChange("x", Action.UPDATE, SECRET, f"<{SECRET}>")
    found = redact_plan(
        StackPlan("web", resources=(resource,), outputs=(output,), drifted=(resource,)), frozenset([SECRET])
    )
    assert found.resources[0].address == resource.address
    assert found.resources[0].attributes == (AttributeChange("url", "a (sensitive)", {"b": ["(sensitive) c", 1]}),)
    assert found.drifted == found.resources
    assert found.outputs == (OutputChange("x", Action.UPDATE, "(sensitive)", "<(sensitive)>"),)


def test_plan_is_redacted_by_its_own_secrets_only() -> None:
    plan = StackPlan("web", outputs=(OutputChange("x", Action.UPDATE, "web-1234", "web"),))
    assert redact_plan(plan, frozenset(["web", "dev", "true"])) is plan
