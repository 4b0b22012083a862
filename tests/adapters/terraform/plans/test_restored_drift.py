"""Which drift comes back with what is planned beside it, from small documents in the form of `terraform show -json`."""

from typing import Any

import pytest

from envctl.adapters.terraform.plans.plan_document import parse_plan
from envctl.usecases.ports.terraform import PreparedStack

GROUP = {"id": "sg-1", "name": "ruled", "ingress": [443]}
RULE = {"security_group_id": "sg-1", "from_port": 443}


def change(address: str, action: str, before: object, after: object) -> dict[str, Any]:
    told = {"actions": [action], "before": before, "after": after, "after_unknown": {}}
    return {"address": f"module.web.{address}", "type": address.partition(".")[0], "mode": "managed", "change": told}


def restored(drift: list[dict[str, Any]], planned: list[dict[str, Any]]) -> tuple[str, ...]:
    return parse_plan(PreparedStack("web"), {"resource_drift": drift, "resource_changes": planned}, ()).restored


group_lost_a_rule = change("aws_security_group.this", "update", GROUP, {**GROUP, "ingress": []})
rule_is_gone = change("aws_security_group_rule.https", "delete", RULE, None)
rule_is_made = change("aws_security_group_rule.https", "create", None, RULE)
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], tuple[str, ...]]] = {
    "a group whose rule is made again": (
        [group_lost_a_rule, rule_is_gone],
        [rule_is_made],
        ("aws_security_group.this",),
    ),
    "a group alone": ([group_lost_a_rule], [], ()),
    "a group beside a rule of another group": (
        [group_lost_a_rule, rule_is_gone],
        [change("aws_security_group_rule.https", "create", None, {**RULE, "security_group_id": "sg-2"})],
        (),
    ),
    "a group whose rule is new and has not drifted": ([group_lost_a_rule], [rule_is_made], ()),
    "a group that is planned itself": (
        [group_lost_a_rule, rule_is_gone],
        [rule_is_made, change("aws_security_group.this", "update", {**GROUP, "ingress": []}, GROUP)],
        (),
    ),
    "a rule that is looked at and not changed": (
        [group_lost_a_rule, rule_is_gone],
        [change("aws_security_group_rule.https", "no-op", RULE, RULE)],
        (),
    ),
}


@pytest.mark.parametrize(("drift", "planned", "wanted"), CASES.values(), ids=CASES)
def test_restored_drift_is_named_by_planned_changes(
    drift: list[dict[str, Any]], planned: list[dict[str, Any]], wanted: tuple[str, ...]
) -> None:
    assert restored(drift, planned) == wanted
