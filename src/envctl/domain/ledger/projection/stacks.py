"""Projection of the stacks of an environment: states, traffic and imports; and states unknown to this ledger.

An unknown state is one of another store, or of a renamed environment. After any sequence of events a known stack is at
rest, or has one open shift of a deployment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.state import EnvironmentState, OpenImport
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.plan.changes import StackPlan
from envctl.domain.rollout.traffic import Live, Shift, Step, Traffic, other_color
from envctl.domain.text.lists import join_names

MAX_IMPORTS = 100


def apply_state_move(state: EnvironmentState, event: StateMoved) -> EnvironmentState:
    """Apply the move of a stack state to a new name, during an open deployment."""
    begun = state.unfinished_deployment
    if begun is None or begun.seq != event.started or event.stack not in state.held_stacks:
        return state
    was_applied = event.stack in state.stacks
    traffic = {event.to if name == event.stack else name: each for name, each in state.traffic.items()}
    return replace(
        state,
        stacks=(state.stacks - {event.stack}) | ({event.to} if was_applied else set()),
        half_made=(state.half_made - {event.stack}) | (set() if was_applied else {event.to}),
        begun=state.begun | {event.to},
        traffic=traffic,
        renamed={**state.renamed, event.to: event.stack},
    )


def apply_traffic_event(
    state: EnvironmentState, at: datetime, event: RolloutStarted | TrafficShiftStarted | TrafficShifted
) -> EnvironmentState:
    """Apply a traffic event. Events of any deployment but the last one are ignored."""
    if state.last is None or state.last.seq != event.started:
        return state
    others = {name: traffic for name, traffic in state.traffic.items() if name != event.stack}
    known = state.traffic.get(event.stack)
    shift = known.shift if known and known.shift and known.shift.started == event.started else None
    if isinstance(event, TrafficShiftStarted):
        if known is None or shift is None:
            return state
        step = Step(event.step, event.steps, at, event.percent)
        return replace(state, traffic={**others, event.stack: replace(known, shift=replace(shift, step=step))})
    traffic = _to_traffic(event, shift.step if shift else None, at)
    return replace(state, traffic=others if traffic is None else {**others, event.stack: traffic})


def _to_traffic(event: RolloutStarted | TrafficShifted, step: Step | None, at: datetime) -> Traffic | None:
    """Return the traffic after the event. `step` is the step ended by it, if recorded."""
    if not event.color:
        return None
    if not event.stable:
        return Traffic(Live(event.color, event.value))
    live = Live(other_color(event.color), event.stable)
    if isinstance(event, RolloutStarted):
        return Traffic(live, Shift(event.started, event.color, event.value))
    done = replace(step, at=at, percent=event.percent) if step else None
    return Traffic(live, Shift(event.started, event.color, event.value, event.percent, done))


def apply_import_event(state: EnvironmentState, entry: Entry, event: ImportStarted | ImportEnded) -> EnvironmentState:
    match event:
        case ImportStarted():
            begun = OpenImport(entry.seq, event.stack, event.address, entry.actor, entry.at)
            # An import makes the stack known to this ledger, even before its first deployment.
            return replace(
                state, imports=(*state.imports, begun)[-MAX_IMPORTS:], begun=state.begun | frozenset({event.stack})
            )
        case ImportEnded():
            return replace(state, imports=tuple(each for each in state.imports if each.seq != event.started))
        case _:
            assert_never(event)


def describe_forgotten_states(environment: str, plans: Sequence[StackPlan]) -> str:
    states = "its state" if len(plans) == 1 else "their states"
    held = _format_held(plans)
    return f"{environment} forgot {held}; this plan takes over {states} again"


def describe_unknown_states(environment: str, plans: Iterable[StackPlan]) -> str:
    plans = tuple(plans)
    states, hold = ("the state of", "holds") if len(plans) == 1 else ("the states of", "hold")
    why = f"they come from another tool, another [store], or another name of {environment}"
    return f"{states} {_format_held(plans)} in {environment} {hold} resources never deployed by this ledger: {why}"


def warn_of_unknown_states(
    environment: str, state: EnvironmentState, plans: Iterable[StackPlan]
) -> tuple[StackPlan, ...]:
    """Return the plans, with a warning on those of unknown and forgotten states: a deployment would refuse them."""
    return tuple(_add_warning(environment, state, plan) for plan in plans)


def _add_warning(environment: str, state: EnvironmentState, plan: StackPlan) -> StackPlan:
    if state.find_unknown([plan]):
        message = describe_unknown_states(environment, [plan])
    elif state.find_forgotten([plan]):
        message = describe_forgotten_states(environment, [plan])
    else:
        return plan
    return replace(plan, warnings=(*plan.warnings, f"G304 known_state: {message}"))


def _format_held(plans: Iterable[StackPlan]) -> str:
    return join_names([f"{p.stack} ({p.in_state} {'resource' if p.in_state == 1 else 'resources'})" for p in plans])
