"""Projection of what people and drift checks say: drift, approvals, rules, locks and holds."""

from dataclasses import replace
from typing import assert_never

from envctl.domain.ledger import events
from envctl.domain.ledger.approval_binding import read_binding
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DriftChecked
from envctl.domain.ledger.people.person_names import has_same_name
from envctl.domain.ledger.people.principals import build_reviewer
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesReset
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import (
    DriftCheck,
    EnvironmentState,
    Evidence,
    Hold,
    Lock,
)

# Limits per environment keep the checkpoint small. Dropped approvals no longer count.
MAX_APPROVALS = 300
MAX_RULES_APPROVALS = 50


def apply_drift_check(state: EnvironmentState, entry: Entry, event: DriftChecked) -> EnvironmentState:
    """Apply a drift check. A look without the lock that found nothing restores no evidence, and clears no drift: a
    deployment may have been at work, or the job may not be one to say so.
    """
    # A forged count may be negative.
    if event.drifted <= 0 and not event.locked and state.drift is not None and state.drifted:
        return replace(state, drift=replace(state.drift, not_seen_at=entry.at))
    known = state.drift.unplanned if state.drift and state.drift.release == event.release else ()
    unplanned = event.unplanned or tuple(name for name in known if name in event.resources)
    seen = DriftCheck(
        release=event.release,
        by=entry.actor,
        at=entry.at,
        drifted=event.drifted,
        resources=event.resources,
        unplanned=unplanned,
    )
    state = replace(state, drift=seen)
    proof = state.evidence.get(event.release)
    if proof is None or state.current is None or state.current.release != event.release:
        return state
    if event.drifted:
        proof = Evidence(deployment=proof.deployment, revoked="drift was found there")
    elif event.locked and state.whole and proof.verified:
        proof = replace(proof, since=min(proof.since or entry.at, entry.at))
    return replace(state, evidence={**state.evidence, event.release: proof})


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
            return replace(state, rules_approvals=(*state.rules_approvals, given)[-MAX_RULES_APPROVALS:])
        case RulesResetRequested():
            if state.rules_reset is not None:
                # The delay runs from the first request.
                return state
            reset = RulesReset(entry.seq, event.recorded, entry.actor, entry.at, event.reason)
            return replace(state, rules_reset=reset)
        case RulesResetWithdrawn():
            return replace(state, rules_reset=None)


def apply_statement(
    state: EnvironmentState,
    entry: Entry,
    event: events.ApprovalGiven
    | events.ApprovalWithdrawn
    | events.EnvironmentLocked
    | events.EnvironmentUnlocked
    | events.HoldSet
    | events.HoldLifted,
) -> EnvironmentState:
    """Apply an event without effect on running releases: approvals, locks and holds."""
    match event:
        case events.ApprovalGiven():
            by = build_reviewer(event.reviewer, entry.actor, event.environment) if event.reviewer else entry.actor
            given = read_binding(event).to_approval(by, entry.at)
            return replace(state, approvals=(*state.approvals, given)[-MAX_APPROVALS:])
        case events.ApprovalWithdrawn():
            said = (event.gate, event.release)
            mine = [a for a in state.approvals if (a.gate, a.release) == said and has_same_name(a.by, entry.actor)]
            return replace(state, approvals=tuple(a for a in state.approvals if a not in mine))
        case events.EnvironmentLocked():
            return replace(state, lock=Lock(entry.actor, entry.at, event.reason))
        case events.EnvironmentUnlocked():
            return replace(state, lock=None)
        case events.HoldSet():
            hold = Hold(event.release, entry.actor, entry.at, event.reason)
            return replace(state, holds={**state.holds, event.release: hold})
        case events.HoldLifted():
            return replace(state, holds={name: h for name, h in state.holds.items() if name != event.release})
        case _:
            assert_never(event)
