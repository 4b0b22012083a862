"""Which secrets a plan tells of, and how its values are shown without them."""

import base64
import shlex
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

import pytest

from envctl.adapters.terraform.plans.attributes import collect_secrets, diff_attributes
from envctl.adapters.terraform.plans.plan_document import parse_plan
from envctl.adapters.terraform.plans.planned_values import list_planned_values
from envctl.adapters.terraform.plans.redaction import redact_plan
from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.plan.fingerprint import SENSITIVE, UNKNOWN, PlanFingerprint, fingerprint_plan
from envctl.domain.redaction.plan_secrets import build_search
from envctl.usecases.ports.terraform import PreparedStack

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
    assert SECRET in collect_secrets("web", document).texts


NUMBERS = [91827364, 9182736.5, Decimal("91827364.25")]


@pytest.mark.parametrize("number", NUMBERS)
def test_sensitive_number_is_never_hashed(number: object) -> None:
    raw = {"change": {"actions": ["create"], "before": None, "after": {"a": number, "b": f"x{number}", "c": 7}}}
    document = {"variables": {"pin": {"value": number}, "few": {"value": 7}}, "resource_changes": [raw]}
    secrets = collect_secrets("web", document)
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
        StackPlan("web", resources=(resource,), outputs=(output,), drifted=(resource,)),
        build_search(frozenset([SECRET]), "web"),
    )
    assert found.resources[0].address == resource.address
    assert found.resources[0].attributes == (AttributeChange("url", "a (sensitive)", {"b": ["(sensitive) c", 1]}),)
    assert found.drifted == found.resources
    assert found.outputs == (OutputChange("x", Action.UPDATE, "(sensitive)", "<(sensitive)>"),)


def test_plan_is_redacted_by_its_own_secrets_only() -> None:
    plan = StackPlan("web", outputs=(OutputChange("x", Action.UPDATE, "web-1234", "web"),))
    assert redact_plan(plan, build_search(frozenset(["web", "dev", "true"]), "web")) is plan


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "reversed": lambda text: text[::-1],
    "without the first": lambda text: text[1:],
    "without the last": lambda text: text[:-1],
    "base64": lambda text: base64.b64encode(f"ann:{text}@x".encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "hex": lambda text: text.encode().hex(),
    "URL": lambda text: f"https://ann:{quote(text, safe='')}@db",
    "shell": lambda text: f"export P={shlex.quote(text)}",
}


@pytest.mark.parametrize("form", FORMS)
def test_secret_has_no_digest_in_any_form(form: str) -> None:
    secret = "Hunter2's & <more>"
    after = {"a": FORMS[form](secret), "b": "nothing of it", "c": [{"d": FORMS[form](secret)}]}
    raw = {"change": {"actions": ["create"], "before": None, "after": after}}
    document = {"variables": {"password": {"value": secret}}, "resource_changes": [raw]}
    planned = list_planned_values(raw, Action.CREATE, collect_secrets("web", document))
    signs = {path for path, each in planned.items() if each.digest == SENSITIVE}
    assert signs == {'["a"]', '["c",0,"d"]'}


@pytest.mark.parametrize(
    ("secret", "text"),
    [("abc", "xabcx"), ("true", "it is true"), ("2026", "in 2026"), ("web", "web-1"), ("(sensi", "a (sensi")],
)
def test_text_with_a_short_secret_has_no_digest(secret: str, text: str) -> None:
    secrets = build_search(frozenset([secret]), "web")
    assert secrets.has_secret(text)
    assert not secrets.has_secret("other")


@pytest.mark.parametrize("number", [12345678, 87654321, 2345678])
def test_number_that_is_a_form_of_a_secret_is_hidden(number: int) -> None:
    secrets = build_search(frozenset(["12345678"]), "web")
    assert secrets.is_secret(number)
    assert not secrets.is_secret(99123456789)


def fingerprint_document(after: object, **more: object) -> PlanFingerprint:
    raw = {"address": "x.y", "type": "x", "change": {"actions": ["create"], "before": None, "after": after}}
    plan = parse_plan(PreparedStack("web"), {"resource_changes": [raw], **more}, ())
    return fingerprint_plan(EnvironmentPlan(environment="prod", release="r1", stacks=(plan,)))


def test_approval_of_a_digest_does_not_cover_a_sign() -> None:
    """An earlier envctl stored a digest of such a value: the person is asked again."""
    after = {"user_data": FORMS["base64"](SECRET)}
    variables = {"password": {"value": SECRET}}
    earlier, now = fingerprint_document(after), fingerprint_document(after, variables=variables)
    (change,) = now.changes
    assert change.values['["user_data"]'] == SENSITIVE != earlier.changes[0].values['["user_data"]']
    assert find_unapproved_changes(now, earlier) == now.changes
    assert find_unapproved_changes(now, now) == ()
