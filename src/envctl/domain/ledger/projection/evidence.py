"""What a verification and a look at reality make of the proof of a release."""

from dataclasses import replace
from datetime import datetime

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DriftChecked, VerificationFailed, VerificationPassed
from envctl.domain.ledger.state import DriftCheck, EnvironmentPresent, Evidence


def follow_verification(
    there: EnvironmentPresent, now: datetime, event: VerificationPassed | VerificationFailed
) -> EnvironmentPresent:
    proof = there.proof
    if isinstance(event, VerificationFailed) and there.unfinished and there.unfinished.seq == event.started:
        return _stopped(there, event)
    if proof is None or (proof.deployment.seq, proof.deployment.release) != (event.started, event.release):
        # It looked at something that does not run there any more.
        return there
    if isinstance(event, VerificationPassed):
        if proof.deployment.unpinned:
            # What was made with other providers stays unproven, whatever a check says of it.
            return there
        # A stay in which reality is known to be another one proves nothing, however long it lasts.
        # And one that began in the future begins now: the clock was wrong that told its beginning.
        since = None if there.drifted else min(proof.since or now, now)
        # Of one deployment: what passed an hour ago and is not asked any more has passed all the same.
        passed = {**proof.passed, **dict.fromkeys(event.marks or event.checks, now)}
        proof = replace(proof, verified_at=now, checks=event.checks, revoked="", since=since, passed=passed)
    else:
        proof = _revoked(proof, _reason(event))
    return replace(there, evidence={**there.evidence, event.release: proof})


def _stopped(there: EnvironmentPresent, event: VerificationFailed) -> EnvironmentPresent:
    """A rollout was stopped by what it looked at, and went back. What the release proved here before is over.

    The end of the deployment follows, and says that it failed: then all is as after any other failure. `current` stays
    the release from before, which is what the requests have, and what a rollback brings back whole, with its own code
    and settings; `last` is the one that failed, so that nothing whole runs here until somebody deploys again. Promoting
    anew begins anew, since the position is at rest where it was before.
    """
    proof = there.evidence.get(event.release)
    if proof is None:
        return there
    return replace(there, evidence={**there.evidence, event.release: _revoked(proof, _reason(event))})


def _reason(event: VerificationFailed) -> str:
    return f"its verification failed: {event.reason}"


def follow_drift(there: EnvironmentPresent, entry: Entry, event: DriftChecked) -> EnvironmentPresent:
    seen = DriftCheck(event.release, entry.actor, entry.at, event.drifted, event.resources)
    there = replace(there, drift=seen)
    proof = there.evidence.get(event.release)
    if proof is None or there.current is None or there.current.release != event.release:
        return there
    if event.drifted:
        proof = _revoked(proof, "drift was found there")
    elif there.whole and proof.verified:
        proof = replace(proof, since=min(proof.since or entry.at, entry.at))
    return replace(there, evidence={**there.evidence, event.release: proof})


def _revoked(proof: Evidence, reason: str) -> Evidence:
    return Evidence(proof.deployment, revoked=reason)
