"""States that hold resources which no deployment of this ledger made: of another store, or of a renamed environment."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envctl.domain.plan.changes import StackPlan
from envctl.domain.text.lists import listed

if TYPE_CHECKING:
    # A plan of what lies ready reads no ledger.
    from envctl.domain.ledger.state import EnvironmentPresent


def find_unknown_states(here: "EnvironmentPresent", plans: Iterable[StackPlan]) -> tuple[StackPlan, ...]:
    """Returns the plans of the stacks whose states hold resources although no deployment there ever began with them.
    What was forgotten there is still known.
    """
    known = here.forgotten
    return tuple(p for p in plans if p.in_state and p.stack not in known and not here.has_begun(p.stack))


def find_forgotten_states(here: "EnvironmentPresent", plans: Iterable[StackPlan]) -> tuple[StackPlan, ...]:
    """Returns the plans of the stacks that come back to a state which was forgotten, and still holds resources."""
    return tuple(plan for plan in plans if plan.in_state and plan.stack in here.forgotten)


def describe_forgotten_states(environment: str, plans: Sequence[StackPlan]) -> str:
    it, states = ("it", "its state") if len(plans) == 1 else ("they", "their states")
    held = _list_held(plans)
    return f"{environment} forgot {held}: with this plan {it} take{'s' if it == 'it' else ''} {states} over again"


def describe_unknown_states(environment: str, plans: Iterable[StackPlan]) -> str:
    plans = tuple(plans)
    states, hold = ("the state of", "holds") if len(plans) == 1 else ("the states of", "hold")
    why = f"it was deployed with another [store], or {environment} had another name"
    return f"{states} {_list_held(plans)} in {environment} {hold} what this ledger never deployed there: {why}"


def remark_unknown_states(
    environment: str, here: "EnvironmentPresent", plans: Iterable[StackPlan]
) -> tuple[StackPlan, ...]:
    """Returns the plans, those of such stacks with a warning: a deployment would be refused. Those of stacks that were
    forgotten have one as well.
    """
    return tuple(_remark(environment, here, plan) for plan in plans)


def _remark(environment: str, here: "EnvironmentPresent", plan: StackPlan) -> StackPlan:
    if find_unknown_states(here, [plan]):
        told = describe_unknown_states(environment, [plan])
    elif find_forgotten_states(here, [plan]):
        told = describe_forgotten_states(environment, [plan])
    else:
        return plan
    return replace(plan, warnings=(*plan.warnings, f"G304 known_state: {told}"))


def _list_held(plans: Iterable[StackPlan]) -> str:
    return listed([f"{p.stack} ({p.in_state} {'resource' if p.in_state == 1 else 'resources'})" for p in plans])
