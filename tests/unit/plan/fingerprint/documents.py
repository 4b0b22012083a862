"""Documents as `terraform show -json` gives them of a plan, with every key that the form has."""

import json
from copy import deepcopy
from typing import Any

from envctl.adapters.terraform.plans import completeness, plan_document
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import PlanFingerprint, fingerprint_plan
from envctl.usecases.ports.terraform import PreparedStack

Json = dict[str, Any]

WEB = "registry.terraform.io/hashicorp/aws"
CHANGE: Json = {
    "actions": ["update"],
    "before": {"id": "sg-1", "size": 1, "rules": [{"allow": [], "block": [{}]}], "stays": 7},
    "after": {"id": "sg-1", "size": 2, "rules": [{"allow": [{}], "block": []}], "stays": 7},
    "after_unknown": {"arn": True},
    "before_sensitive": {"token": True},
    "after_sensitive": {"token": True},
    "replace_paths": [["size"]],
    "importing": {"id": "sg-1", "unknown": False, "identity": {"account": "1"}},
    "generated_config": 'resource "aws_x" "y" {}',
    "before_identity": {"id": "sg-1"},
    "after_identity": {"id": "sg-1"},
}
RESOURCE: Json = {
    "address": 'module.web.aws_x.y["a"]',
    "previous_address": "module.web.aws_x.old",
    "module_address": "module.web",
    "mode": "managed",
    "type": "aws_x",
    "name": "y",
    "index": "a",
    "provider_name": WEB,
    "full_provider": WEB,
    "deposed": "1a2b3c4d",
    "action_reason": "replace_by_request",
    "change": CHANGE,
}
TRIGGER: Json = {
    "triggering_resource_address": "module.web.aws_x.y",
    "action_trigger_event": "AfterCreate",
    "action_trigger_block_index": 0,
    "actions_list_index": 0,
    "on_failure": "halt",
}
INVOCATION: Json = {
    "address": "module.web.action.aws_do.it",
    "type": "aws_do",
    "name": "it",
    "config_values": {"what": "a"},
    "config_sensitive": {"token": True},
    "config_unknown": {"arn": True},
    "provider_name": WEB,
    "lifecycle_action_trigger": TRIGGER,
}
PLAN: Json = {
    "format_version": "1.2",
    "terraform_version": "1.15.5",
    "variables": {"envctl_session": {"value": "envctl-ann"}},
    "planned_values": {"root_module": {}},
    "resource_drift": [{**RESOURCE, "change": {**CHANGE, "actions": ["update"]}}],
    "resource_changes": [RESOURCE],
    "output_changes": {"url": {"actions": ["update"], "before": "a", "after": "b", "after_unknown": False}},
    "action_invocations": [INVOCATION, {**INVOCATION, "lifecycle_action_trigger": None, "invoke_action_trigger": {}}],
    "prior_state": {"values": {"root_module": {}}},
    "configuration": {"root_module": {}},
    "relevant_attributes": [{"resource": "aws_x.y", "attribute": ["id"]}],
    "checks": [{"status": "fail"}],
    "timestamp": "2026-11-27T00:00:00Z",
    "applyable": True,
    "complete": True,
    "errored": False,
}


def full() -> Json:
    return deepcopy(PLAN)


def read(document: Json, allowed: tuple[str, ...] = ()) -> StackPlan:
    """As the adapter reads it, from its text on."""
    parsed = plan_document.parse_document(json.dumps(document))
    completeness.check_completeness("web", parsed, allowed)
    plan = plan_document.parse_plan(PreparedStack("web"), parsed, ())
    completeness.check_changes_found("web", parsed, seen=bool(plan.resources or plan.outputs))
    return plan


def meant(document: Json) -> PlanFingerprint:
    return fingerprint_plan(EnvironmentPlan(environment="prod", release="r1", stacks=(read(document),)))


def print_of(document: Json) -> str:
    return meant(document).digest


def created(after: object, **more: object) -> Json:
    """A plan that creates one resource."""
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}, **more}
    return {"resource_changes": [{"address": "module.web.aws_x.y", "type": "aws_x", "name": "y", "change": change}]}


def updated(before: object, after: object, **more: object) -> Json:
    return created(after, **{"actions": ["update"], "before": before, **more})
