"""Redaction of secrets within unmarked texts of a plan, such as a password in an address.

Only secrets of the plan itself count: the same plan reads the same on every machine.
"""

from dataclasses import replace

from envctl.domain.plan.changes import ResourceChange, StackPlan
from envctl.domain.redaction import Redactor


def redact_plan(plan: StackPlan, secrets: frozenset[str]) -> StackPlan:
    """Redact values only: addresses and names identify changes, and their secret keys are renamed before."""
    redactor = Redactor.from_values(secrets, (plan.stack,))
    if not redactor.parts:
        return plan
    return replace(
        plan,
        resources=_redact_resources(plan.resources, redactor),
        outputs=tuple(
            replace(each, before=redactor.redact_all(each.before), after=redactor.redact_all(each.after))
            for each in plan.outputs
        ),
        drifted=_redact_resources(plan.drifted, redactor),
    )


def _redact_resources(resources: tuple[ResourceChange, ...], redactor: Redactor) -> tuple[ResourceChange, ...]:
    return tuple(
        replace(
            resource,
            attributes=tuple(
                replace(each, before=redactor.redact_all(each.before), after=redactor.redact_all(each.after))
                for each in resource.attributes
            ),
        )
        for resource in resources
    )
