"""A plan without what is sensitive within texts that nothing marks, like an address with a password in it.

By the secrets of this very plan alone: whoever makes it anew, wherever, shall read the same.
"""

from dataclasses import replace

from envctl.domain.changes import ResourceChange, StackPlan
from envctl.domain.redaction import Redactor


def redact_plan(plan: StackPlan, secrets: frozenset[str]) -> StackPlan:
    """Values alone: addresses and names decide what is done."""
    redactor = Redactor.of(secrets, (plan.stack,))
    if not redactor.parts:
        return plan
    return replace(
        plan,
        resources=_resources(plan.resources, redactor),
        outputs=tuple(
            replace(each, before=redactor.redact_all(each.before), after=redactor.redact_all(each.after))
            for each in plan.outputs
        ),
        drifted=_resources(plan.drifted, redactor),
    )


def _resources(resources: tuple[ResourceChange, ...], redactor: Redactor) -> tuple[ResourceChange, ...]:
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
