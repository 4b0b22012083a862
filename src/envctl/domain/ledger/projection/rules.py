"""Projection of rules events: the recorded rules of an environment, their approvals and resets."""

from dataclasses import replace

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import Deployment, EnvironmentState

# Approvals of rules kept per environment.
MAX_APPROVALS = 50


def record_rules(state: EnvironmentState, done: Deployment) -> EnvironmentState:
    """Record the rules of a successful whole deployment. Under a waiver they are unapproved: earlier ones stay."""
    if not done.rules or done.waiver:
        return state
    known, before = state.rules, done.rules_before
    if known is not None and known.digest == done.rules:
        # Unchanged rules keep their first deployment and their predecessor.
        return replace(state, rules_approvals=(), rules_reset=None)
    rules = RulesRecord(done.rules, done.seq, done.ended_at or done.started_at, before)
    # Approvals and resets of the earlier rules are void.
    return replace(state, rules=rules, rules_approvals=(), rules_reset=None)


def apply_rules_event(
    state: EnvironmentState, entry: Entry, event: RulesApproved | RulesResetRequested | RulesResetWithdrawn
) -> EnvironmentState:
    """Apply a rules event. One about rules no longer recorded is ignored."""
    recorded = state.rules.digest if state.rules else ""
    if event.recorded != recorded:
        return state
    match event:
        case RulesApproved():
            given = RulesApproval(event.gate, event.recorded, event.rules, entry.actor, entry.at)
            return replace(state, rules_approvals=(*state.rules_approvals, given)[-MAX_APPROVALS:])
        case RulesResetRequested():
            if state.rules_reset is not None:
                # The delay runs from the first request.
                return state
            reset = RulesReset(entry.seq, event.recorded, entry.actor, entry.at, event.reason)
            return replace(state, rules_reset=reset)
        case RulesResetWithdrawn():
            return replace(state, rules_reset=None)
