"""Redaction of secrets within unmarked texts of a plan, such as a password in an address.

Only secrets of the plan itself count: the same plan reads the same on every machine.
"""

from dataclasses import replace
from typing import TypeVar

from envctl.domain.plan.changes import AttributeChange, OutputChange, PlannedValue, ResourceChange, StackPlan
from envctl.domain.redaction import Redactor
from envctl.domain.redaction.plan_secrets import PlanSecrets


def redact_plan(plan: StackPlan, secrets: PlanSecrets) -> StackPlan:
    """Redact values only: addresses and names identify changes, and their secret keys are renamed before."""
    redactor = secrets.redactor
    if redactor.check_all(plan):
        return plan
    return replace(
        plan,
        resources=_redact_resources(plan.resources, redactor),
        outputs=tuple(_redact_sides(each, redactor) for each in plan.outputs),
        drifted=_redact_resources(plan.drifted, redactor),
    )


def _redact_resources(resources: tuple[ResourceChange, ...], redactor: Redactor) -> tuple[ResourceChange, ...]:
    return tuple(
        replace(
            resource,
            attributes=tuple(_redact_sides(each, redactor) for each in resource.attributes),
            planned={path: _redact_sides(each, redactor) for path, each in resource.planned.items()},
        )
        for resource in resources
    )


_Change = TypeVar("_Change", AttributeChange, OutputChange, PlannedValue)


def _redact_sides(change: _Change, redactor: Redactor) -> _Change:
    before, after = redactor.redact_all(change.before), redactor.redact_all(change.after)
    return change if before is change.before and after is change.after else replace(change, before=before, after=after)
