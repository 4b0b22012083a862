"""The ledger entries of a rollout: its start, each traffic shift, its end, and the reason of an abort."""

from collections.abc import Callable

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Event, RolloutStarted, TrafficShifted, VerificationFailed
from envctl.domain.ledger.state import LedgerState
from envctl.domain.rollout.traffic import Live, Traffic, TrafficWeight
from envctl.usecases.deployment.rollout.monitor import StoppedError
from envctl.usecases.deployment.run import Run
from envctl.usecases.deployment.traffic.rollout_model import Share, StackRollout
from envctl.usecases.ledger import journal


def record_start(run: Run, rolling: StackRollout) -> None:
    """Record the start before any change: a recovery after a kill needs the original traffic."""
    end = rolling.end
    _append_if_unfinished(
        run,
        lambda _: RolloutStarted(
            run.target, run.identity, run.started, rolling.stack, end.color, end.value, rolling.live.value
        ),
    )


def record_shift(run: Run, rolling: StackRollout, step: TrafficWeight) -> None:
    entry = _append_if_unfinished(run, lambda _: _build_shift(run, rolling.stack, step))
    if entry is not None:
        run.shares.setdefault(rolling.stack, []).append(Share(step.percent, entry.at))


def record_at_rest(run: Run, stack: str, position: TrafficWeight) -> None:
    """Record all traffic at `position`, unless the ledger has it already."""
    rest = Traffic(Live(position.color, position.value))

    def decide_event(present: LedgerState) -> Event | None:
        known = present.find_environment(run.target).traffic.get(stack)
        return None if known == rest else _build_shift(run, stack, position)

    _append_if_unfinished(run, decide_event)


def record_unknown_traffic(run: Run, stack: str) -> None:
    """Record that the live color is unknown, before an apply without colors."""

    def decide_event(present: LedgerState) -> Event | None:
        if stack not in present.find_environment(run.target).traffic:
            return None
        return TrafficShifted(run.target, run.identity, run.started, stack)

    _append_if_unfinished(run, decide_event)


def record_verification_failure(run: Run, error: StoppedError) -> None:
    # Without the message of the check or alarm: it may quote a secret, and entries are permanent.
    reason = f"{error.problems[0].code} at {error.place}"
    _append_if_unfinished(run, lambda _: VerificationFailed(run.target, run.identity, run.started, error.what, reason))


def _build_shift(run: Run, stack: str, position: TrafficWeight) -> TrafficShifted:
    return TrafficShifted(
        run.target,
        run.identity,
        run.started,
        stack,
        position.color,
        position.value,
        position.percent,
        position.stable,
    )


def _append_if_unfinished(run: Run, decide_event: Callable[[LedgerState], Event | None]) -> Entry | None:
    """Append only while this deployment is unfinished: a recovery has already restored the traffic."""

    def while_open(present: LedgerState) -> Event | None:
        unfinished = present.find_environment(run.target).unfinished_deployment
        if unfinished is None or unfinished.seq != run.started:
            run.shifting.clear()
            message = f"the deployment to {run.target} was declared over by somebody else while it ran"
            raise OperationFailedError(Problem("E408", message, "envctl status shows where things stand"))
        return decide_event(present)

    _, entry = journal.append(run.ports, while_open)
    return entry
