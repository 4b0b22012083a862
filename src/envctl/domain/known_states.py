"""States that hold resources which no deployment of this ledger made: of another store, or of a renamed environment."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from envctl.domain.changes import StackPlan
from envctl.domain.enumeration import listed

if TYPE_CHECKING:
    # A plan of what lies ready reads no ledger.
    from envctl.domain.present import EnvironmentPresent


def find_unknown_states(here: "EnvironmentPresent", plans: Iterable[StackPlan]) -> tuple[StackPlan, ...]:
    """Returns the plans of the stacks whose states hold resources although no deployment there ever began with them."""
    return tuple(plan for plan in plans if plan.in_state and not here.has_begun(plan.stack))


def describe_unknown_states(environment: str, plans: Iterable[StackPlan]) -> str:
    held = [f"{plan.stack} ({plan.in_state} {'resource' if plan.in_state == 1 else 'resources'})" for plan in plans]
    states = "the state of" if len(held) == 1 else "the states of"
    return (
        f"{states} {listed(held)} in {environment} hold{'s' if len(held) == 1 else ''} what this ledger never deployed"
        f" there: it was deployed with another [store], or {environment} had another name"
    )


def remark_unknown_states(
    environment: str, here: "EnvironmentPresent", plans: Iterable[StackPlan]
) -> tuple[StackPlan, ...]:
    """Returns the plans, those of such stacks with a warning: a deployment would be refused."""
    return tuple(_remark(environment, plan) if find_unknown_states(here, [plan]) else plan for plan in plans)


def _remark(environment: str, plan: StackPlan) -> StackPlan:
    warning = f"G304 known_state: {describe_unknown_states(environment, [plan])}"
    return replace(plan, warnings=(*plan.warnings, warning))
