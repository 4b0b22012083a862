"""Conditions of the pipeline requiring attention, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from envctl.cli.render.console.approval.guards import format_guards
from envctl.cli.render.console.inspect.events import format_names
from envctl.cli.render.console.project.signing_keys import describe_untrusted
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.operation_nouns import describe_operation
from envctl.cli.render.terminal.text import format_actor, to_one_line
from envctl.cli.render.terminal.times import Zone, format_age, format_future, format_past
from envctl.domain.guards.rule_views import RESET_DELAY
from envctl.domain.ledger.state import Debt, Deployment, DriftCheck, EnvironmentState, Hold, Lock
from envctl.domain.rollout.traffic import other_color
from envctl.domain.text.lists import join_names
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.inspect.pending_changes import PendingChanges
from envctl.usecases.inspect.status import EnvironmentStatus, Status
from envctl.usecases.project.removed_environments import GoneEnvironment, describe_gone

NEVER_VERIFIED = "nobody has verified it since it was deployed"


@dataclass(frozen=True)
class AttentionItem:
    """A condition requiring attention. Serious ones are failures and debts, others only block."""

    environment: str
    sentence: str
    is_serious: bool


def list_attention_items(status: Status, zone: Zone = None) -> tuple[AttentionItem, ...]:
    """Return all items in pipeline order, after those about the ledger and removed environments."""
    entry = status.environments[0].environment if status.environments else ""
    ledger = tuple(
        AttentionItem("ledger", sentence, is_serious=True) for sentence in describe_untrusted(status.unbelieved, zone)
    )
    gone = tuple(
        AttentionItem(each.environment, _describe_gone_environment(each), is_serious=True) for each in status.gone
    )
    return (
        *ledger,
        *gone,
        *(
            AttentionItem(each.environment, sentence, grave)
            for each in status.all_environments
            for sentence, grave in (
                *_StateDescriber(each.environment, status.now, zone, entry).describe_state(each.present),
                *((sentence, True) for sentence in describe_rules_reset(each, status.now, zone)),
                *((sentence, False) for sentence in describe_leaving(each)),
                *((sentence, False) for sentence in describe_pending_changes(each.pending)),
                *((sentence, False) for sentence in describe_rule_changes(each)),
            )
        ),
    )


def describe_leaving(status: EnvironmentStatus) -> Iterator[str]:
    """Name the deployed stacks missing from the running release."""
    if status.leaving:
        shown = add_sandbox_flag(f"envctl plan {status.environment}")
        yield f"it holds {join_names(status.leaving)}, which its release no longer has: {shown}"


def _describe_gone_environment(gone: GoneEnvironment) -> str:
    problem = describe_gone(gone)
    return f"{problem.code} {problem.message}: {add_sandbox_flag(problem.hint)}"


def describe_pending_changes(pending: PendingChanges | None) -> Iterator[str]:
    """Describe differences of the working tree from the deployed release."""
    if pending is None:
        return
    for what, part in (("settings", pending.settings), ("code", pending.code)):
        if part is None or part.state == "same":
            continue
        if part.state == "unknown":
            yield f"unknown whether its {what} changed: {to_one_line(part.why)}"
        else:
            yield f"its {what} changed since it was deployed{format_names(part.names, len(part.names))}"


def describe_rule_changes(each: EnvironmentStatus) -> Iterator[str]:
    """Describe rule changes made by the last deployment and pending for the next one."""
    if each.rules_changed and each.present.rules:
        entry = each.present.rules.started
        changes = "; ".join(map(to_one_line, each.rules_changed))
        yield f"its rules changed with the deployment of entry {entry}: {changes}"
    if each.rules_differ:
        differences = "; ".join(map(to_one_line, each.rules_differ))
        yield f"envctl.toml and its recorded rules differ, and both count: {differences}"


def describe_rules_reset(each: EnvironmentStatus, now: datetime, zone: Zone) -> Iterator[str]:
    reset = each.present.rules_reset
    if reset is None:
        return
    end = reset.at + RESET_DELAY
    due = format_future(end, now, zone) if end > now else format_past(end, now, zone)
    stop = add_sandbox_flag(f"envctl rules reset {each.environment} --withdraw")
    when = format_past(reset.at, now, zone)
    asked = f"RESET of its rules by {format_actor(reset.by)}, {when}: {to_one_line(reset.reason)}"
    yield f"{asked}; the recorded rules count until {due} ({stop} stops it)"


@dataclass(frozen=True)
class _StateDescriber:
    environment: str
    now: datetime
    zone: Zone
    entry_environment: str

    def describe_state(self, state: EnvironmentState) -> Iterator[tuple[str, bool]]:
        if state.last and state.last.outcome != "succeeded":
            yield self._describe_last_deployment(state.last), True
        if state.last and state.last.lost:
            yield f"what {join_names(state.last.lost)} held may remain: its state was lost when it was destroyed", True
        for begun in state.imports:
            when = format_age(begun.at, self.now)
            what = f"the import of {to_one_line(begun.address)} by {format_actor(begun.by)}"
            yield f"{what} began {when}, and its end is not recorded (it may still run)", True
        for stack, shift in state.open_shifts.items():
            rest = other_color(shift.color)
            what = f"{shift.percent} % of the requests of {stack} go to {shift.color}, the rest to {rest}"
            yield what, state.unfinished_deployment is None
        for debt in state.debts:
            yield self._describe_debt(debt), True
        if state.drift and state.drift.drifted:
            yield self._describe_drift(state.drift), False
        if state.current_evidence and not state.current_evidence.verified:
            why = to_one_line(state.current_evidence.revoked or NEVER_VERIFIED)
            yield f"release {shorten_id(state.current_evidence.deployment.release)} is not verified: {why}", False
        if state.lock:
            yield f"locked by {self._format_holder(state.lock)}", False
        for hold in state.holds.values():
            yield f"release {shorten_id(hold.release)} is on hold, by {self._format_holder(hold)}", False

    def _describe_last_deployment(self, last: Deployment) -> str:
        when = format_age(last.ended_at or last.started_at, self.now)
        what = f"the {describe_operation(last)}"
        match last.outcome:
            case "unfinished":
                by = format_actor(last.by)
                return f"{what} by {by} began {when}, and its end is not recorded (it may still run)"
            case "partial":
                only = " and ".join(last.only)
                whole = add_sandbox_flag(f"envctl {last.action} {self.environment}")
                return f"{what} was of {only} alone, {when}: it proves nothing until it is whole ({whole})"
            case "interrupted":
                return f"{what} was interrupted {when}"
            case _:
                was = "was " if last.outcome == "abandoned" else ""
                log = f" (log: {last.by.run_url})" if last.by.run_url else ""
                return f"{what} {was}{last.outcome} {when}: {to_one_line(last.reason)}{log}"

    def _describe_debt(self, debt: Debt) -> str:
        until = f"a normal promotion into {self.environment}"
        if self.environment == self.entry_environment:
            until = f"other code comes to {self.environment} without it"
        return (
            f"BREAK-GLASS by {format_actor(debt.by)}, {format_past(debt.at, self.now, self.zone)},"
            f" with release {shorten_id(debt.release)} over {format_guards(debt.guards)}: {to_one_line(debt.reason)};"
            f" owed until {until}"
        )

    def _describe_drift(self, seen: DriftCheck) -> str:
        when = format_past(seen.at, self.now, self.zone)
        what = f"{format_count(seen.drifted, 'difference')} from the state"
        named = format_names(seen.resources, seen.drifted)
        return f"drift: {what}{named}, seen {when} by {format_actor(seen.by)}"

    def _format_holder(self, held: Lock | Hold) -> str:
        return f"{format_actor(held.by)} since {format_past(held.at, self.now, self.zone)}: {to_one_line(held.reason)}"
