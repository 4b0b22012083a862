"""Projection of what people and checks say: verifications, drift, approvals, rules, locks and holds."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from envctl.domain.ledger import events
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DriftChecked, VerificationFailed, VerificationPassed
from envctl.domain.ledger.people.person_names import has_same_name
from envctl.domain.ledger.people.principals import build_reviewer
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import (
    Approval,
    Deployment,
    DriftCheck,
    EnvironmentState,
    Evidence,
    Hold,
    Lock,
)

# Limits per environment keep the checkpoint small. Dropped approvals no longer count.
MAX_APPROVALS = 300
MAX_RULES_APPROVALS = 50


def apply_verification(
    state: EnvironmentState, now: datetime, event: VerificationPassed | VerificationFailed
) -> EnvironmentState:
    """Apply a verification. One of a release no longer running there is ignored."""
    proof, open_one = state.current_evidence, state.unfinished_deployment
    if isinstance(event, VerificationFailed) and open_one and open_one.seq == event.started:
        return _apply_rollout_failure(state, event)
    if proof is None or (proof.deployment.seq, proof.deployment.release) != (event.started, event.release):
        return state
    if isinstance(event, VerificationPassed):
        if proof.deployment.unpinned:
            # A deployment with other providers than the pinned ones can never be verified.
            return state
        # Soak time does not count during drift. A start in the future comes from a wrong clock, and becomes now.
        since = None if state.drifted else min(proof.since or now, now)
        # Earlier passes of the same deployment still count.
        passed = {**proof.passed, **dict.fromkeys(event.marks or event.checks, now)}
        proof = replace(proof, verified_at=now, checks=event.checks, revoked="", since=since, passed=passed)
    else:
        proof = Evidence(proof.deployment, revoked=f"its verification failed: {event.reason}")
    return replace(state, evidence={**state.evidence, event.release: proof})


def _apply_rollout_failure(state: EnvironmentState, event: VerificationFailed) -> EnvironmentState:
    """Revoke the evidence of a release after a failed check stopped its rollout. The deployment's end follows as a
    failure: `current` stays the earlier release, with all traffic, and `last` is the failed one.
    """
    proof = state.evidence.get(event.release)
    if proof is None:
        return state
    proof = Evidence(proof.deployment, revoked=f"its verification failed: {event.reason}")
    return replace(state, evidence={**state.evidence, event.release: proof})


def apply_drift_check(state: EnvironmentState, entry: Entry, event: DriftChecked) -> EnvironmentState:
    seen = DriftCheck(event.release, entry.actor, entry.at, event.drifted, event.resources)
    state = replace(state, drift=seen)
    proof = state.evidence.get(event.release)
    if proof is None or state.current is None or state.current.release != event.release:
        return state
    if event.drifted:
        proof = Evidence(proof.deployment, revoked="drift was found there")
    elif state.whole and proof.verified:
        proof = replace(proof, since=min(proof.since or entry.at, entry.at))
    return replace(state, evidence={**state.evidence, event.release: proof})


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
            bound = (event.plan, event.place, event.unseen, event.rules, event.recorded)
            given = Approval(event.gate, event.release, event.settings, by, entry.at, *bound)
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
