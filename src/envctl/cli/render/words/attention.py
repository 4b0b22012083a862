"""Conditions of the pipeline requiring attention, in sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import format_actor, format_count
from envctl.cli.render.text.times import Zone, format_age, format_future, format_past
from envctl.cli.render.words.approval.guards import format_guards
from envctl.cli.render.words.deployment import describe_operation
from envctl.cli.render.words.events import describe_foreign, describe_unread, describe_untrusted, format_names
from envctl.domain.command_lines import format_command
from envctl.domain.guards.rules import RESET_DELAY
from envctl.domain.guards.waivers import describe_waiver
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Debt, Deployment, DriftCheck, EnvironmentState, Hold, Lock
from envctl.domain.release_label import ReleaseLabel, format_label_or_id
from envctl.domain.rollout.traffic import Shift, other_color
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.status import EnvironmentStatus, Status
from envctl.usecases.project.environment_selection import describe_gone
from envctl.usecases.project.terraform_program import UNPINNED
from envctl.usecases.release.pending_changes import PendingChanges

PROGRAM = "terraform"
_PIN = format_command("terraform pin", "VERSION")


@dataclass(frozen=True)
class AttentionItem:
    """A condition requiring attention. Serious ones are failures and debts, others only block."""

    environment: str
    sentence: str
    is_serious: bool


def list_attention_items(status: Status, zone: Zone = None) -> tuple[AttentionItem, ...]:
    """Return all items in pipeline order, after those about the ledger and removed environments."""
    entry = status.environments[0].environment if status.environments else ""
    items = [
        AttentionItem("ledger", sentence, is_serious=True)
        for sentence in (*describe_unread(status.newer), *describe_untrusted(status.unbelieved, zone))
    ]
    items += [AttentionItem("ledger", sentence, is_serious=False) for sentence in describe_foreign(status.foreign)]
    for gone in status.gone:
        problem = describe_gone(gone)
        sentence = f"{problem.code} {problem.message}: {add_sandbox_flag(problem.hint)}"
        items.append(AttentionItem(gone.environment, sentence, is_serious=True))
    for each in status.all_environments:
        describer = _StateDescriber(each.environment, status.now, zone, entry, each.running, each.labels)
        changes = (*describe_leaving(each), *describe_pending_changes(each.pending), *describe_rule_changes(each))
        found = (
            *describer.describe_state(each.present),
            *((sentence, True) for sentence in describe_rules_reset(each, status.now, zone)),
            *((each.moved, True) for _ in (each.moved,) if each.moved),
            *((sentence, False) for sentence in changes),
        )
        items += [AttentionItem(each.environment, sentence, is_serious) for sentence, is_serious in found]
    if status.unpinned:
        items.append(AttentionItem(PROGRAM, f"{UNPINNED}: {add_sandbox_flag(_PIN)}", is_serious=False))
    return tuple(items)


def describe_leaving(status: EnvironmentStatus) -> Iterator[str]:
    """Name the deployed stacks missing from the running release."""
    if status.leaving:
        shown = add_sandbox_flag(format_command("plan", status.environment))
        yield f"it still has the stacks {join_names(status.leaving)}, not in its release: {shown}"


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
    stop = add_sandbox_flag(format_command("rules reset", each.environment, withdraw=True))
    when = format_past(reset.at, now, zone)
    asked = f"RESET of its rules by {format_actor(reset.by)}, {when}: {to_one_line(reset.reason)}"
    yield f"{asked}; the recorded rules count until {due} ({stop} stops it)"


@dataclass(frozen=True)
class _StateDescriber:
    environment: str
    now: datetime
    zone: Zone
    entry_environment: str
    running: str = ""  # the command at work on the unfinished deployment
    labels: Mapping[str, ReleaseLabel] = field(default_factory=dict)

    def describe_state(self, state: EnvironmentState) -> Iterator[tuple[str, bool]]:
        if state.last and state.last.outcome != "succeeded":
            yield self._describe_last_deployment(state.last), not self.running
        if state.last and state.last.lost:
            yield (
                f"resources of {join_names(state.last.lost)} may remain: its state was lost before the destruction",
                True,
            )
        for begun in state.imports:
            when = format_age(begun.at, self.now)
            yield _describe_unfinished(f"the import of {to_one_line(begun.address)}", begun.by, when), True
        for stack, shift in state.open_shifts.items():
            yield self._describe_shift(stack, shift, state), state.unfinished_deployment is None
        yield from ((self._describe_debt(debt), True) for debt in state.debts)
        given = (each for each in state.given_waivers if each.ends_at > self.now)
        yield from ((to_one_line(describe_waiver(each, self.now)), False) for each in given)
        if state.drift and state.drift.drifted:
            yield self._describe_drift(state.drift), False
        if state.current_evidence and not state.current_evidence.verified:
            why = to_one_line(state.current_evidence.revoked or "not checked since its deployment")
            yield (
                f"release {self._format_release(state.current_evidence.deployment.release)} is not verified: {why}",
                False,
            )
        if state.lock:
            yield f"locked by {self._format_holder(state.lock)}", False
        for hold in state.holds.values():
            yield f"release {self._format_release(hold.release)} is on hold, by {self._format_holder(hold)}", False

    def _describe_drift(self, drift: DriftCheck) -> str:
        what = f"{format_count(drift.drifted, 'difference')} from the state"
        seen = f"seen {format_past(drift.at, self.now, self.zone)} by {format_actor(drift.by)}"
        if drift.not_seen_at:
            seen += f"; not found {format_past(drift.not_seen_at, self.now, self.zone)} by a check without the lock"
        return f"drift: {what}{format_names(drift.resources, drift.drifted)}, {seen}"

    def _describe_shift(self, stack: str, shift: Shift, state: EnvironmentState) -> str:
        requests, colors = f"of the requests of {stack}", f"{shift.color}, the rest to {other_color(shift.color)}"
        step = shift.step
        if step is None:
            return f"{shift.percent} % {requests} go to {colors}, as last recorded"
        if state.unfinished_deployment is None:
            # The way back was tried, and is recorded only once it is done.
            return f"up to {shift.highest_percent} % {requests} may go to {colors}"
        when = f"step {step.number} of {step.count} {'started' if shift.running_step else 'was done'}"
        share = f"{shift.percent} %"
        if shift.running_step:
            share = f"between {share} and {step.percent} %"
        return (
            f"{share} {requests} go to {colors} ({when} {format_age(step.at, self.now)}; fewer if they are going back)"
        )

    def _describe_last_deployment(self, last: Deployment) -> str:
        when = format_age(last.ended_at or last.started_at, self.now)
        what = f"the {describe_operation(last)}"
        match last.outcome:
            case "unfinished" if self.running:
                return f"{what} by {format_actor(last.by)} started {when}, and runs now: {to_one_line(self.running)}"
            case "unfinished":
                return _describe_unfinished(what, last.by, when)
            case "partial":
                only = " and ".join(last.only)
                whole = add_sandbox_flag(format_command(last.action, self.environment))
                return f"{what} was of {only} only, {when}: not verified until an apply of all stacks ({whole})"
            case "interrupted":
                return f"{what} was interrupted {when}"
            case _:
                was = "was " if last.outcome == "abandoned" else ""
                log = f" (log: {last.by.run_url})" if last.by.run_url else ""
                return f"{what} {was}{last.outcome} {when}: {to_one_line(last.reason)}{log}"

    def _describe_debt(self, debt: Debt) -> str:
        review = add_sandbox_flag(format_command("review", self.environment, waiver=str(debt.waiver)))
        until, given = f"until a normal promotion to {self.environment}, or", ""
        if self.environment == self.entry_environment:
            until = f"until a deployment of other code to {self.environment} without it, or"
        if debt.given:
            until, given = "until", f" (waiver {debt.given}{f' of {format_actor(debt.giver)}' if debt.giver else ''})"
        release = self._format_release(debt.release)
        return (
            f"BREAK-GLASS by {format_actor(debt.by)}, {format_past(debt.at, self.now, self.zone)},"
            f" with release {release} over {format_guards(debt.guards)}{given}: {to_one_line(debt.reason)};"
            f" owed {until} a review by another person ({review})"
        )

    def _format_release(self, release: str) -> str:
        return format_label_or_id(self.labels.get(release), release)

    def _format_holder(self, held: Lock | Hold) -> str:
        return f"{format_actor(held.by)} since {format_past(held.at, self.now, self.zone)}: {to_one_line(held.reason)}"


def _describe_unfinished(what: str, by: Actor, when: str) -> str:
    return f"{what} by {format_actor(by)} started {when}; its end is not recorded (it may still run)"
