"""Projection of approvals: of releases, of rules and of their resets."""

from dataclasses import replace

from envctl.domain.ledger.approval_binding import read_binding
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import ApprovalGiven, ApprovalWithdrawn
from envctl.domain.ledger.people.person_names import has_same_name
from envctl.domain.ledger.people.principals import build_reviewer
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesReset
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import EnvironmentState

# Limits per environment keep the checkpoint small. Dropped approvals no longer count.
MAX_APPROVALS = 300
MAX_RULES_APPROVALS = 50


def apply_approval(
    state: EnvironmentState, entry: Entry, event: ApprovalGiven | ApprovalWithdrawn, *, has_readings: bool
) -> EnvironmentState:
    """Apply an approval. Once the ledger `has_readings`, one without is of an old envctl: a way round what is shown."""
    key = entry.signature.key if entry.signature else ""
    match event:
        case ApprovalGiven():
            by = build_reviewer(event.reviewer, entry.actor, event.environment) if event.reviewer else entry.actor
            given = read_binding(event).to_approval(
                by, entry.at, unread=has_readings and not event.reading, seq=entry.seq, key=key
            )
            return replace(state, approvals=(*state.approvals, given)[-MAX_APPROVALS:])
        case ApprovalWithdrawn():
            said = (event.gate, event.release)
            mine = [a for a in state.approvals if (a.gate, a.release) == said and has_same_name(a.by, entry.actor)]
            return replace(state, approvals=tuple(a for a in state.approvals if a not in mine))


def drop_approvals(state: EnvironmentState, release: str) -> EnvironmentState:
    """Return the state without the approvals of a release that must not be deployed: an incident ends them."""
    return replace(state, approvals=tuple(each for each in state.approvals if each.release != release))


def apply_rules_event(
    state: EnvironmentState,
    entry: Entry,
    event: RulesApproved | RulesResetRequested | RulesResetWithdrawn,
    *,
    has_readings: bool,
) -> EnvironmentState:
    """Apply a rules event. One about rules no longer recorded is ignored, and an approval of an old envctl too."""
    recorded = state.rules.digest if state.rules else ""
    if event.recorded != recorded:
        return state
    key = entry.signature.key if entry.signature else ""
    match event:
        case RulesApproved():
            if has_readings and not event.reading:
                return state
            given = RulesApproval(event.gate, event.recorded, event.rules, entry.actor, entry.at, key)
            return replace(state, rules_approvals=(*state.rules_approvals, given)[-MAX_RULES_APPROVALS:])
        case RulesResetRequested():
            if state.rules_reset is not None:
                # The delay runs from the first request.
                return state
            reset = RulesReset(entry.seq, event.recorded, entry.actor, entry.at, event.reason, key)
            return replace(state, rules_reset=reset)
        case RulesResetWithdrawn():
            return replace(state, rules_reset=None)
