"""What a rollout writes into the ledger: that it begins, how far it got, where it ended, and why it was stopped."""

from collections.abc import Callable

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Event, RolloutStarted, TrafficShifted, VerificationFailed
from envctl.domain.ledger.state import Present
from envctl.domain.rollout.traffic import Live, Position, Traffic
from envctl.usecases.deployment.rollout.monitor import StoppedError
from envctl.usecases.deployment.run import Run
from envctl.usecases.deployment.traffic.rollout_model import Rolling, Share
from envctl.usecases.ledger import journal


def begin(run: Run, rolling: Rolling) -> None:
    """Before anything is changed: who comes after a kill has to know where the requests were."""
    end = rolling.end
    _append(
        run,
        lambda _: RolloutStarted(
            run.target, run.identity, run.started, rolling.stack, end.color, end.value, rolling.live.value
        ),
    )


def shifted(run: Run, rolling: Rolling, step: Position) -> None:
    entry = _append(run, lambda _: _shifted(run, rolling.stack, step))
    if entry is not None:
        run.shares.setdefault(rolling.stack, []).append(Share(step.percent, entry.at))


def arrived(run: Run, stack: str, position: Position) -> None:
    """At rest there, as far as that is not known already."""
    rest = Traffic(Live(position.color, position.value))

    def decide(present: Present) -> Event | None:
        known = present.of(run.target).traffic.get(stack)
        return None if known == rest else _shifted(run, stack, position)

    _append(run, decide)


def forget(run: Run, stack: str) -> None:
    """Before it is changed in a way that says nothing of colours: nobody knows any more which one is live."""

    def decide(present: Present) -> Event | None:
        if stack not in present.of(run.target).traffic:
            return None
        return TrafficShifted(run.target, run.identity, run.started, stack)

    _append(run, decide)


def unverified(run: Run, error: StoppedError) -> None:
    # Not what the check or the alarm said: an entry is for ever.
    reason = f"{error.problems[0].code} at {error.place}"
    _append(run, lambda _: VerificationFailed(run.target, run.identity, run.started, error.what, reason))


def _shifted(run: Run, stack: str, position: Position) -> TrafficShifted:
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


def _append(run: Run, decide: Callable[[Present], Event | None]) -> Entry | None:
    """For one's own open deployment only: who declared it to be over has also said where the requests go."""

    def while_open(present: Present) -> Event | None:
        unfinished = present.of(run.target).unfinished
        if unfinished is None or unfinished.seq != run.started:
            run.shifting.clear()
            message = f"the deployment to {run.target} was declared over by somebody else while it ran"
            raise OperationFailedError(Problem("E408", message, "envctl status shows where things stand"))
        return decide(present)

    _, entry = journal.append(run.ports, while_open)
    return entry
