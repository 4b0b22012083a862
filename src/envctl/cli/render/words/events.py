"""Ledger events in one line each."""

from typing import assert_never

from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import format_count, shorten_actor
from envctl.cli.render.text.times import Zone, format_time
from envctl.cli.render.words.release_changes import describe_uncommitted
from envctl.cli.render.words.tones import Tone
from envctl.domain.command_lines import format_command
from envctl.domain.ledger import events
from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import DistrustedEntry, ForeignObject, NewerEntries
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed
from envctl.domain.release_label import ReleaseLabel, format_label_name
from envctl.domain.text.lists import join_first, join_names

MAX_NAMED = 3


def choose_tone(event: events.Event) -> Tone:
    match event:
        case events.DeploymentSucceeded() if event.lost:
            return "warn"
        case events.DeploymentSucceeded() | events.VerificationPassed():
            return "good"
        case (
            events.DeploymentFailed() | events.DeploymentAbandoned() | events.VerificationFailed() | events.WaiverUsed()
        ):
            return "bad"
        case RulesResetRequested():
            return "bad"
        case ImportEnded() if event.outcome != "imported":
            return "bad"
        case events.EnvironmentLocked() | events.HoldSet() | WaiverGiven():
            return "warn"
        case events.DriftChecked() if event.drifted:
            return "warn"
        case _:
            return ""


def describe_event(event: events.Event) -> str:  # noqa: C901, PLR0912 (one case a kind of event)
    match event:
        case ReleaseCreated():
            return _describe_release(event)
        case events.DeploymentStarted():
            only = f" with {' and '.join(event.only)} only" if event.only else ""
            back = ", over a newer release (--older)" if event.older else ""
            return f"{_describe_action(event)} started{only}{' by break-glass' if event.waiver else ''}{back}"
        case events.DeploymentSucceeded():
            return _describe_success(event)
        case events.DeploymentFailed():
            finished = f" after {', '.join(event.stacks)}" if event.stacks else ""
            if event.interrupted:
                return f"interrupted in {event.environment}{finished}"
            return f"failed in {event.environment}{finished}{_format_reason(event.reason.partition(chr(10))[0])}"
        case events.DeploymentAbandoned():
            return f"abandoned in {event.environment}{_format_reason(event.reason)}"
        case events.VerificationPassed():
            return f"verified in {event.environment} ({_format_checks(event.checks)})"
        case events.VerificationFailed():
            also = f" ({_format_checks(event.checks)})" if len(event.checks) > 1 else ""
            return f"verification failed in {event.environment}{also}{_format_reason(event.reason)}"
        case events.DriftChecked() if event.drifted:
            named = format_names(event.resources, event.drifted)
            return f"drift in {event.environment}: {format_count(event.drifted, 'difference')}{named}"
        case events.DriftChecked():
            names = join_names(events.list_environments(event))
            return f"no drift in {names}{'' if event.locked else ' (checked without the lock)'}"
        case events.ApprovalGiven():
            reviewer = f"{event.reviewer}, reviewer in GitHub, " if event.reviewer else ""
            unseen = f", and {join_names(event.unseen)} unseen" if event.unseen else ""
            return f"{reviewer}approved for {event.environment} (gate {event.gate}){unseen}"
        case events.ApprovalWithdrawn():
            return f"approval for {event.environment} withdrawn (gate {event.gate})"
        case events.WaiverUsed():
            given = f" (waiver {event.given} of {to_one_line(event.giver)})" if event.given else ""
            over = f"{' '.join(event.guards)}{given}{_format_reason(event.reason)}"
            return f"break-glass in {event.environment} over {over}"
        case WaiverGiven():
            return f"waived {' '.join(event.guards)} in {event.environment}{_format_reason(event.reason)}"
        case WaiverReviewed():
            return f"waiver {event.waiver} in {event.environment} reviewed{_format_reason(event.reason)}"
        case events.EnvironmentLocked():
            return f"locked {event.environment}{_format_reason(event.reason)}"
        case events.EnvironmentUnlocked():
            return f"unlocked {event.environment}{_format_reason(event.reason)}"
        case events.HoldSet():
            return f"on hold in {event.environment}{_format_reason(event.reason)}"
        case events.HoldLifted():
            return f"hold lifted in {event.environment}{_format_reason(event.reason)}"
        case RulesApproved():
            return f"new rules of {event.environment} approved{f' (gate {event.gate})' if event.gate else ''}"
        case RulesResetRequested():
            return f"reset of the rules of {event.environment} requested{_format_reason(event.reason)}"
        case RulesResetWithdrawn():
            return f"reset of the rules of {event.environment} withdrawn{_format_reason(event.reason)}"
        case RolloutStarted() | TrafficShiftStarted() | TrafficShifted():
            return _describe_rollout(event)
        case ImportStarted():
            return f"import of {to_one_line(event.address)} into {event.environment} started"
        case ImportEnded():
            done = f"done: it is in the state of {event.stack}"
            outcome = done if event.outcome == "imported" else f"{event.outcome}{_format_reason(event.reason)}"
            return f"import of {to_one_line(event.address)} into {event.environment} {outcome}"
        case StateMoved():
            return f"the state of {event.stack} in {event.environment} moved to {event.to}"
        case HistoryVouched():
            return f"people of {event.environment} vouched for entries 1 to {event.number}"
        case _:
            assert_never(event)


def _format_reason(reason: str) -> str:
    return f": {to_one_line(reason)}" if reason.strip() else ""


def is_failure(event: events.Event) -> bool:
    """Check if the event is a failure with its text in the job log only."""
    if isinstance(event, ImportEnded):
        return event.outcome == "failed" and event.reason != "interrupted"
    return isinstance(event, events.VerificationFailed) or (
        isinstance(event, events.DeploymentFailed) and not event.interrupted
    )


def format_names(names: tuple[str, ...], number: int) -> str:
    """Return the first names of `number` resources in brackets; empty if the names are unknown."""
    return f" ({join_first(names, MAX_NAMED, number)})" if names else ""


def _describe_release(event: ReleaseCreated) -> str:
    whom = f" for {event.beside}" if event.beside else ""
    label = ReleaseLabel(event.release, subject=event.subject, request=event.request)
    name = f": {name}" if (name := format_label_name(label)) else ""
    if not event.commit:
        return f"release made{whom} of an uncommitted tree"
    return f"release made{whom} of commit {event.commit[:10]}{describe_uncommitted(event)}{name}"


def _describe_success(event: events.DeploymentSucceeded) -> str:
    if event.lost:
        remains = f"resources of {join_names(event.lost)} may remain: its state is lost"
        return f"{event.environment} is destroyed ({event.changed} destroyed): {remains}"
    if not event.stacks:
        return f"{event.environment} is empty ({event.changed} destroyed)"
    if event.partial:
        return f"{event.environment} has {' and '.join(event.stacks)} of it ({event.changed} changed)"
    removed = f"; {join_names(event.left)} destroyed" if event.left else ""
    removed += f"; {join_names(event.forgot)} forgotten" if event.forgot else ""
    return f"{event.environment} runs it ({event.changed} changed{removed})"


def _describe_action(event: events.DeploymentStarted) -> str:
    match event.action:
        case "rollback" | "destroy":
            return f"{event.action} of {event.environment}"
        case "promote":
            return f"promote {event.source} → {event.environment}"
        case "apply":
            return f"apply to {event.environment}"
        case _:
            assert_never(event.action)


def _format_checks(names: tuple[str, ...]) -> str:
    if not names:
        return "no checks configured"
    return f"{'check' if len(names) == 1 else 'checks'} {', '.join(names)}"


def _describe_rollout(event: RolloutStarted | TrafficShiftStarted | TrafficShifted) -> str:
    where = f"the requests of {event.stack} in {event.environment}"
    match event:
        case RolloutStarted():
            return f"{where} start to move to {event.color}"
        case TrafficShiftStarted():
            return f"step {event.step} of {event.steps} started: {event.percent} % of {where} to the new color"
        case TrafficShifted(color=""):
            return f"active color of {where} is unknown"
        case TrafficShifted(stable=""):
            return f"all of {where} go to {event.color}"
        case TrafficShifted():
            return f"{event.percent} % of {where} go to {event.color}"
        case _:
            assert_never(event)


def describe_unread(newer: NewerEntries | None) -> list[str]:
    """Describe the entries that this envctl can't read."""
    return [f"{newer}. What you see is the state before: update envctl on this machine"] if newer else []


def describe_foreign(found: tuple[ForeignObject, ...], most: int = MAX_NAMED) -> list[str]:
    """Describe objects in the folder of the entries that are none, and the command for the others."""
    sentences = [
        f"{to_one_line(each.key)} in the store is not an entry, and changes nothing (E056): {to_one_line(each.why)}"
        for each in found[:most]
    ]
    others = add_sandbox_flag(f"there are {len(found)} such objects; list all: {format_command('ledger verify')}")
    return [*sentences, others] if len(found) > most else sentences


def describe_untrusted(found: tuple[DistrustedEntry, ...], zone: Zone = None) -> list[str]:
    """Describe the latest untrusted entries, newest first, and the command for older ones."""
    sentences = [
        f"{each} is not trusted: {each.why}. It names {to_one_line(shorten_actor(each.by))} as its author,"
        f" {format_time(each.at, zone)}"
        for each in found[-MAX_NAMED:][::-1]
    ]
    others = add_sandbox_flag(f"older untrusted entries are not shown; list all: {format_command('ledger verify')}")
    return [*sentences, others] if len(found) > MAX_NAMED else sentences
