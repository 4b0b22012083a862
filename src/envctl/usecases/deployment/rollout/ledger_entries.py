"""The ledger entries of a rollout: its start, each traffic shift, its end, and the reason of an abort."""

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Event, VerificationFailed
from envctl.domain.ledger.state import LedgerState
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.rollout.traffic import Live, Traffic, TrafficWeight
from envctl.usecases.deployment.ledger_entries import append_if_unfinished
from envctl.usecases.deployment.progress import Attempt, RolloutProgress
from envctl.usecases.deployment.rollout.monitor import ALARM_PREFIX, StoppedError
from envctl.usecases.deployment.rollout_model import Share, StackRollout


def record_start(attempt: Attempt, rollout: StackRollout) -> None:
    """Record the start before any change: a recovery after a kill needs the original traffic."""
    event = RolloutStarted(
        environment=attempt.request.target,
        release=attempt.guard_request.identity,
        started=attempt.started,
        stack=rollout.stack,
        color=rollout.end.color,
        value=rollout.end.value,
        stable=rollout.live.value,
    )
    append_if_unfinished(attempt, lambda _: event)


def record_shift_start(attempt: Attempt, progress: RolloutProgress, step: TrafficWeight) -> None:
    """Record the start of a step before its apply: the traffic lies between two weights until its end."""
    rollout = progress.rollout
    event = TrafficShiftStarted(
        environment=attempt.request.target,
        release=attempt.guard_request.identity,
        started=attempt.started,
        stack=rollout.stack,
        percent=step.percent,
        step=rollout.steps.index(step) + 1,
        steps=len(rollout.steps),
    )
    append_if_unfinished(attempt, lambda _: event)
    progress.highest_percent = step.percent


def record_shift(attempt: Attempt, progress: RolloutProgress, step: TrafficWeight) -> None:
    event = _build_shift(attempt, progress.rollout.stack, step)
    if entry := append_if_unfinished(attempt, lambda _: event):
        progress.shares.append(Share(step.percent, entry.at))


def record_at_rest(attempt: Attempt, stack: str, position: TrafficWeight) -> None:
    """Record all traffic at `position`, unless the ledger has it already."""
    rest = Traffic(Live(position.color, position.value))

    def decide_event(present: LedgerState) -> Event | None:
        known = present.find_environment(attempt.request.target).traffic.get(stack)
        return None if known == rest else _build_shift(attempt, stack, position)

    append_if_unfinished(attempt, decide_event)


def record_unknown_traffic(attempt: Attempt, stack: str) -> None:
    """Record that the live color is unknown, before an apply without colors."""
    target, identity = attempt.request.target, attempt.guard_request.identity

    def decide_event(present: LedgerState) -> Event | None:
        if stack not in present.find_environment(target).traffic:
            return None
        return TrafficShifted(environment=target, release=identity, started=attempt.started, stack=stack)

    append_if_unfinished(attempt, decide_event)


def record_verification_failure(attempt: Attempt, error: EnvctlError) -> None:
    """Record a failed alarm or check. A failed or interrupted step is no verdict on the release."""
    if not isinstance(error, StoppedError):
        return
    # Without the message of the check or alarm: it may quote a secret, and entries are permanent.
    first = error.what[0]
    reason = f"{error.problems[0].code} at {'' if first.startswith(ALARM_PREFIX) else 'check '}{first}"
    target, identity = attempt.request.target, attempt.guard_request.identity
    event = VerificationFailed(target, identity, attempt.started, error.what, reason)
    append_if_unfinished(attempt, lambda _: event)


def _build_shift(attempt: Attempt, stack: str, position: TrafficWeight) -> TrafficShifted:
    return TrafficShifted(
        environment=attempt.request.target,
        release=attempt.guard_request.identity,
        started=attempt.started,
        stack=stack,
        color=position.color,
        value=position.value,
        percent=position.percent,
        stable=position.stable,
    )
