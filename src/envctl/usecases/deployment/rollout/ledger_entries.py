"""The ledger entries of a rollout: its start, each traffic shift, its end, and the reason of an abort."""

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Event, RolloutStarted, TrafficShifted, VerificationFailed
from envctl.domain.ledger.state import LedgerState
from envctl.domain.rollout.traffic import Live, Traffic, TrafficWeight
from envctl.usecases.deployment.ledger_entries import append_if_unfinished
from envctl.usecases.deployment.rollout.monitor import ALARM_PREFIX, StoppedError
from envctl.usecases.deployment.run import Run
from envctl.usecases.deployment.traffic.rollout_model import Share, StackRollout


def record_start(run: Run, rolling: StackRollout) -> None:
    """Record the start before any change: a recovery after a kill needs the original traffic."""
    rollout = (rolling.stack, rolling.end.color, rolling.end.value, rolling.live.value)
    append_if_unfinished(run, lambda _: RolloutStarted(run.target, run.identity, run.started, *rollout))


def record_shift(run: Run, rolling: StackRollout, step: TrafficWeight) -> None:
    entry = append_if_unfinished(run, lambda _: _build_shift(run, rolling.stack, step))
    if entry is not None:
        run.shares.setdefault(rolling.stack, []).append(Share(step.percent, entry.at))


def record_at_rest(run: Run, stack: str, position: TrafficWeight) -> None:
    """Record all traffic at `position`, unless the ledger has it already."""
    rest = Traffic(Live(position.color, position.value))

    def decide_event(present: LedgerState) -> Event | None:
        known = present.find_environment(run.target).traffic.get(stack)
        return None if known == rest else _build_shift(run, stack, position)

    append_if_unfinished(run, decide_event)


def record_unknown_traffic(run: Run, stack: str) -> None:
    """Record that the live color is unknown, before an apply without colors."""

    def decide_event(present: LedgerState) -> Event | None:
        if stack not in present.find_environment(run.target).traffic:
            return None
        return TrafficShifted(run.target, run.identity, run.started, stack)

    append_if_unfinished(run, decide_event)


def record_verification_failure(run: Run, error: EnvctlError) -> None:
    """Record a failed alarm or check. A failed or interrupted step is no verdict on the release."""
    if not isinstance(error, StoppedError):
        return
    # Without the message of the check or alarm: it may quote a secret, and entries are permanent.
    first = error.what[0]
    reason = f"{error.problems[0].code} at {'' if first.startswith(ALARM_PREFIX) else 'check '}{first}"
    append_if_unfinished(run, lambda _: VerificationFailed(run.target, run.identity, run.started, error.what, reason))


def _build_shift(run: Run, stack: str, position: TrafficWeight) -> TrafficShifted:
    return TrafficShifted(
        run.target, run.identity, run.started, stack, position.color, position.value, position.percent, position.stable
    )
