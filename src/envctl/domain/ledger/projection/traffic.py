"""Projection of rollout events: the color of a stack with the traffic.

After any sequence of events a known stack is at rest, or has one open shift of a deployment.
"""

from dataclasses import replace

from envctl.domain.ledger.events import RolloutStarted, TrafficShifted
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.rollout.traffic import Live, Shift, Traffic, other_color


def apply_traffic_event(state: EnvironmentState, event: RolloutStarted | TrafficShifted) -> EnvironmentState:
    """Apply a traffic event. Events of any deployment but the last one are ignored."""
    if state.last is None or state.last.seq != event.started:
        return state
    others = {name: traffic for name, traffic in state.traffic.items() if name != event.stack}
    traffic = _to_traffic(event)
    return replace(state, traffic=others if traffic is None else {**others, event.stack: traffic})


def _to_traffic(event: RolloutStarted | TrafficShifted) -> Traffic | None:
    if not event.color:
        return None
    if not event.stable:
        return Traffic(Live(event.color, event.value))
    percent = event.percent if isinstance(event, TrafficShifted) else 0
    return Traffic(
        Live(other_color(event.color), event.stable), Shift(event.started, event.color, event.value, percent)
    )
