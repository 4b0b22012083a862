"""A plan without what is sensitive within texts that nothing marks, like an address with a password in it.

By the secrets of this very plan alone: whoever makes it anew, wherever, shall read the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from envctl.adapters.terraform.plans.attributes import all_secrets
from envctl.domain.plan.changes import ResourceChange, StackPlan
from envctl.domain.redaction import Redactor


def redact_by(plan: StackPlan, documents: Iterable[Mapping[str, Any]]) -> StackPlan:
    """Without what is a secret in any of these."""
    secrets = frozenset[str]().union(*map(all_secrets, documents))
    return redact_plan(plan, secrets) if secrets else plan


def redact_plan(plan: StackPlan, secrets: frozenset[str]) -> StackPlan:
    """Values alone: addresses and names decide what is done, and their keys were hidden before they were read."""
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
