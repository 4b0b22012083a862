"""States with resources unknown to this ledger: of another store, or of a renamed environment."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envctl.domain.plan.changes import StackPlan
from envctl.domain.text.lists import join_names

if TYPE_CHECKING:
    # Some plans need no ledger.
    from envctl.domain.ledger.state import EnvironmentState


def find_unknown_states(state: "EnvironmentState", plans: Iterable[StackPlan]) -> tuple[StackPlan, ...]:
    """Return the plans of stacks with resources but without any started deployment. Forgotten stacks are known."""
    known = state.forgotten
    return tuple(p for p in plans if p.in_state and p.stack not in known and not state.has_begun(p.stack))


def find_forgotten_states(state: "EnvironmentState", plans: Iterable[StackPlan]) -> tuple[StackPlan, ...]:
    """Return the plans of forgotten stacks with remaining resources."""
    return tuple(plan for plan in plans if plan.in_state and plan.stack in state.forgotten)


def describe_forgotten_states(environment: str, plans: Sequence[StackPlan]) -> str:
    it, states = ("it", "its state") if len(plans) == 1 else ("they", "their states")
    held = _format_held(plans)
    return f"{environment} forgot {held}: with this plan {it} take{'s' if it == 'it' else ''} {states} over again"


def describe_unknown_states(environment: str, plans: Iterable[StackPlan]) -> str:
    plans = tuple(plans)
    states, hold = ("the state of", "holds") if len(plans) == 1 else ("the states of", "hold")
    why = f"it was deployed with another [store], or {environment} had another name"
    return f"{states} {_format_held(plans)} in {environment} {hold} what this ledger never deployed there: {why}"


def warn_of_unknown_states(
    environment: str, state: "EnvironmentState", plans: Iterable[StackPlan]
) -> tuple[StackPlan, ...]:
    """Return the plans, with a warning on those of unknown and forgotten states: a deployment would refuse them."""
    return tuple(_add_warning(environment, state, plan) for plan in plans)


def _add_warning(environment: str, state: "EnvironmentState", plan: StackPlan) -> StackPlan:
    if find_unknown_states(state, [plan]):
        message = describe_unknown_states(environment, [plan])
    elif find_forgotten_states(state, [plan]):
        message = describe_forgotten_states(environment, [plan])
    else:
        return plan
    return replace(plan, warnings=(*plan.warnings, f"G304 known_state: {message}"))


def _format_held(plans: Iterable[StackPlan]) -> str:
    return join_names([f"{p.stack} ({p.in_state} {'resource' if p.in_state == 1 else 'resources'})" for p in plans])
