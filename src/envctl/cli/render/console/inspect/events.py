"""What happened, an entry of the ledger in a line."""

from typing import assert_never

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import one_line
from envctl.domain.ledger.events import (
    ApprovalGiven,
    ApprovalWithdrawn,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    DriftChecked,
    EnvironmentLocked,
    EnvironmentUnlocked,
    Event,
    HoldLifted,
    HoldSet,
    ReleaseCreated,
    RolloutStarted,
    TrafficShifted,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved
from envctl.domain.text.lists import first_of, listed

NAMED = 3
_Deploying = DeploymentStarted | DeploymentSucceeded | DeploymentFailed | DeploymentAbandoned
_Proving = VerificationPassed | VerificationFailed | DriftChecked
_Allowing = ApprovalGiven | ApprovalWithdrawn | WaiverUsed
_Stopping = EnvironmentLocked | EnvironmentUnlocked | HoldSet | HoldLifted


def style(event: Event) -> str:
    match event:
        case DeploymentSucceeded() if event.lost:
            return "yellow"
        case DeploymentSucceeded() | VerificationPassed():
            return "green"
        case DeploymentFailed() | DeploymentAbandoned() | VerificationFailed() | WaiverUsed():
            return "bold red"
        case RulesResetRequested():
            return "bold red"
        case ImportEnded() if event.outcome != "imported":
            return "bold red"
        case EnvironmentLocked() | HoldSet():
            return "yellow"
        case DriftChecked() if event.drifted:
            return "yellow"
        case _:
            return ""


def told(event: Event) -> str:
    match event:
        case ReleaseCreated():
            return _made(event)
        case DeploymentStarted() | DeploymentSucceeded() | DeploymentFailed() | DeploymentAbandoned():
            return _deployed(event)
        case VerificationPassed() | VerificationFailed() | DriftChecked():
            return _proven(event)
        case ApprovalGiven() | ApprovalWithdrawn() | WaiverUsed():
            return _allowed(event)
        case EnvironmentLocked() | EnvironmentUnlocked() | HoldSet() | HoldLifted():
            return _stopped(event)
        case RolloutStarted() | TrafficShifted():
            return _shifted(event)
        case RulesApproved() | RulesResetRequested() | RulesResetWithdrawn():
            return _ruled(event)
        case ImportStarted() | ImportEnded():
            return _imported(event)
        case StateMoved():
            return f"the state of {event.stack} in {event.environment} became that of {event.to}"
        case _:
            assert_never(event)


def is_failure(event: Event) -> bool:
    """Whether something was said of it that no entry holds."""
    if isinstance(event, ImportEnded):
        return event.outcome == "failed" and event.reason != "interrupted"
    return isinstance(event, VerificationFailed) or (isinstance(event, DeploymentFailed) and not event.interrupted)


def in_brackets(names: tuple[str, ...], number: int) -> str:
    """What the first of so many resources are called; nothing where that is not known."""
    return f" ({first_of(names, NAMED, number)})" if names else ""


def _made(event: ReleaseCreated) -> str:
    whom = f" for {event.beside}" if event.beside else ""
    if not event.commit:
        return f"release made{whom} of an uncommitted tree"
    also = " and uncommitted changes" if event.uncommitted else ""
    return f"release made{whom} of commit {event.commit[:10]}{also}"


def _deployed(event: _Deploying) -> str:
    match event:
        case DeploymentStarted():
            only = f" with {' and '.join(event.only)} alone" if event.only else ""
            back = ", over a newer release as --older said" if event.older else ""
            return f"{_way(event)} began{only}{' by break-glass' if event.waiver else ''}{back}"
        case DeploymentSucceeded() if event.lost:
            remains = f"what {listed(event.lost)} held may remain, since its state is lost"
            return f"{event.environment} is given up ({event.changed} destroyed): {remains}"
        case DeploymentSucceeded() if not event.stacks:
            return f"{event.environment} holds nothing any more ({event.changed} destroyed)"
        case DeploymentSucceeded(partial=True):
            return f"{event.environment} has {' and '.join(event.stacks)} of it ({event.changed} changed)"
        case DeploymentSucceeded():
            return f"{event.environment} runs it ({event.changed} changed{_left(event)})"
        case DeploymentFailed() if event.interrupted:
            return f"interrupted in {event.environment}{_kept(event)}"
        case DeploymentFailed():
            summary, _, _ = event.reason.partition("\n")
            return f"failed in {event.environment}{_kept(event)}: {one_line(summary)}"
        case DeploymentAbandoned():
            return f"abandoned in {event.environment}: {one_line(event.reason)}"
        case _:
            assert_never(event)


def _way(event: DeploymentStarted) -> str:
    match event.action:
        case "rollback" | "destroy":
            return f"{event.action} of {event.environment}"
        case "promote":
            return f"promote {event.source} → {event.environment}"
        case "apply":
            return f"apply to {event.environment}"
        case _:
            assert_never(event.action)


def _left(event: DeploymentSucceeded) -> str:
    """What became of the stacks that it has no more."""
    destroyed = f"; {listed(event.left)} destroyed" if event.left else ""
    return f"{destroyed}; {listed(event.forgot)} forgotten" if event.forgot else destroyed


def _kept(event: DeploymentFailed) -> str:
    return f" after {', '.join(event.stacks)}" if event.stacks else ""


def _proven(event: _Proving) -> str:
    match event:
        case VerificationPassed():
            return f"verified in {event.environment} ({_checks(event.checks)})"
        case VerificationFailed():
            also = f" ({_checks(event.checks)})" if len(event.checks) > 1 else ""
            return f"verification failed in {event.environment}{also}: {one_line(event.reason)}"
        case DriftChecked() if event.drifted:
            named = in_brackets(event.resources, event.drifted)
            return f"drift in {event.environment}: {counted(event.drifted, 'difference')}{named}"
        case DriftChecked():
            return f"no drift in {event.environment}"
        case _:
            assert_never(event)


def _checks(names: tuple[str, ...]) -> str:
    if not names:
        return "without a check"
    return f"{'check' if len(names) == 1 else 'checks'} {', '.join(names)}"


def _allowed(event: _Allowing) -> str:
    match event:
        case ApprovalGiven():
            where = f"for {event.environment} (gate {event.gate})"
            where += f", and {listed(event.unseen)} unseen" if event.unseen else ""
            return f"{event.reviewer}, reviewer in GitHub, approved {where}" if event.reviewer else f"approved {where}"
        case ApprovalWithdrawn():
            return f"approval for {event.environment} withdrawn (gate {event.gate})"
        case WaiverUsed():
            return f"break-glass in {event.environment} over {' '.join(event.guards)}: {one_line(event.reason)}"
        case _:
            assert_never(event)


def _stopped(event: _Stopping) -> str:
    why = f": {one_line(event.reason)}" if event.reason.strip() else ""
    match event:
        case EnvironmentLocked():
            return f"locked {event.environment}{why}"
        case EnvironmentUnlocked():
            return f"unlocked {event.environment}{why}"
        case HoldSet():
            return f"on hold in {event.environment}{why}"
        case HoldLifted():
            return f"hold lifted in {event.environment}{why}"
        case _:
            assert_never(event)


def _ruled(event: RulesApproved | RulesResetRequested | RulesResetWithdrawn) -> str:
    match event:
        case RulesApproved():
            at = f" (gate {event.gate})" if event.gate else ""
            return f"other rules of {event.environment} approved{at}"
        case RulesResetRequested():
            return f"reset of the rules of {event.environment} requested: {one_line(event.reason)}"
        case RulesResetWithdrawn():
            why = f": {one_line(event.reason)}" if event.reason.strip() else ""
            return f"reset of the rules of {event.environment} withdrawn{why}"
        case _:
            assert_never(event)


def _shifted(event: RolloutStarted | TrafficShifted) -> str:
    where = f"the requests of {event.stack} in {event.environment}"
    match event:
        case RolloutStarted():
            return f"{where} begin to go to {event.color}"
        case TrafficShifted(color=""):
            return f"nobody knows any more which colour has {where}"
        case TrafficShifted(stable=""):
            return f"all of {where} go to {event.color}"
        case TrafficShifted():
            return f"{event.percent} % of {where} go to {event.color}"
        case _:
            assert_never(event)


def _imported(event: ImportStarted | ImportEnded) -> str:
    what = f"import of {one_line(event.address)} into {event.environment}"
    match event:
        case ImportStarted():
            return f"{what} began"
        case ImportEnded(outcome="imported"):
            return f"{what} done: it is in the state of {event.stack}"
        case ImportEnded():
            return f"{what} {event.outcome}" + (f": {one_line(event.reason)}" if event.reason else "")
        case _:
            assert_never(event)
