"""Projection of the evidence of a release: verified by checks, revoked by a failed check or by drift."""

from dataclasses import replace
from datetime import datetime

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DriftChecked, VerificationFailed, VerificationPassed
from envctl.domain.ledger.state import DriftCheck, EnvironmentState, Evidence


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
        proof = Evidence(deployment=proof.deployment, revoked=f"its verification failed: {event.reason}")
    return replace(state, evidence={**state.evidence, event.release: proof})


def _apply_rollout_failure(state: EnvironmentState, event: VerificationFailed) -> EnvironmentState:
    """Revoke the evidence of a release after a failed check stopped its rollout. The deployment's end follows as a
    failure: `current` stays the earlier release, with all traffic, and `last` is the failed one.
    """
    proof = state.evidence.get(event.release)
    if proof is None:
        return state
    proof = Evidence(deployment=proof.deployment, revoked=f"its verification failed: {event.reason}")
    return replace(state, evidence={**state.evidence, event.release: proof})


def apply_drift_check(state: EnvironmentState, entry: Entry, event: DriftChecked) -> EnvironmentState:
    """Apply a drift check. A look without the lock that found nothing restores no evidence, and clears no drift: a
    deployment may have been at work, or the job may not be one to say so.
    """
    state = replace(state, drift_checked_at=entry.at)
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
