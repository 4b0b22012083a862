"""Which colour of a stack has the requests, as a fold of what the ledger says of it.

Whatever sequence of shares, failures and ends there is: a stack of which something is known is at rest, or on a way
that a deployment has begun and nobody has ended.
"""

from dataclasses import replace

from envctl.domain.ledger.events import RolloutStarted, TrafficShifted
from envctl.domain.ledger.state import EnvironmentPresent
from envctl.domain.rollout.traffic import Live, Shift, Traffic, other


def shifted(there: EnvironmentPresent, event: RolloutStarted | TrafficShifted) -> EnvironmentPresent:
    """Of a deployment that is not the last one nothing is believed: another one has taken up what it left."""
    if there.last is None or there.last.seq != event.started:
        return there
    others = {name: traffic for name, traffic in there.traffic.items() if name != event.stack}
    traffic = _traffic(event)
    return replace(there, traffic=others if traffic is None else {**others, event.stack: traffic})


def _traffic(event: RolloutStarted | TrafficShifted) -> Traffic | None:
    if not event.color:
        return None
    if not event.stable:
        return Traffic(Live(event.color, event.value))
    percent = event.percent if isinstance(event, TrafficShifted) else 0
    return Traffic(Live(other(event.color), event.stable), Shift(event.started, event.color, event.value, percent))
