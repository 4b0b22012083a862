"""The present as a pure fold of the ledger's entries."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from envctl.domain.ledger.entries import Entry, digest, encode
from envctl.domain.ledger.events import (
    ApprovalGiven,
    ApprovalWithdrawn,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    DriftChecked,
    Ending,
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldLifted,
    HoldSet,
    LocalEvent,
    ReleaseCreated,
    RolloutStarted,
    TrafficShifted,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.people.person_names import has_same_name
from envctl.domain.ledger.people.principals import reviewer
from envctl.domain.ledger.projection.evidence import follow_drift, follow_verification
from envctl.domain.ledger.projection.imports import follow_import
from envctl.domain.ledger.projection.rules import follow_rules, record_rules
from envctl.domain.ledger.projection.stacks import change_stacks, move_state
from envctl.domain.ledger.projection.traffic import shifted
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import (
    Approval,
    Debt,
    Deployment,
    EnvironmentPresent,
    Evidence,
    Hold,
    KnownRelease,
    Lock,
    Outcome,
    Present,
    Unbelieved,
)
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved

# Of how many releases an environment knows what they proved there, and of how many approvals what they were for: what
# is read on every command stays short. Whatever is forgotten counts no longer.
REMEMBERED = 100
APPROVALS = 300
UNBELIEVED = 20
UNNAMED = 20


def fold(
    entries: Iterable[Entry], start: Present | None = None, doubt: Callable[[Entry], str] = lambda _: ""
) -> Present:
    """The present after these entries. They must follow `start`, which is the empty ledger by default. `doubt` says why
    an entry is not believed, and nothing where it is.
    """
    present = start or Present()
    for entry in entries:
        present = follow(present, entry, doubt(entry))
    return present


def follow(present: Present, entry: Entry, doubt: str = "") -> Present:
    """The present after one more entry. One that is not believed has its place in the chain, and changes nothing. None
    counts as earlier than the one before it.
    """
    event, head, latest = entry.event, digest(encode(entry)), max(entry.at, present.at or entry.at)
    # Where the one before came from a clock that was ahead, the entry says what time it was in truth.
    entry = replace(entry, at=entry.stored_at or latest)
    if doubt:
        unbelieved = (*present.unbelieved, disbelieved(entry, doubt))[-UNBELIEVED:]
        return replace(present, seq=entry.seq, head=head, unbelieved=unbelieved)
    releases, environments, came = present.releases, present.environments, present.came
    if isinstance(event, ReleaseCreated):
        releases = {**releases, event.release: _made(releases.get(event.release), entry, event)}
    else:
        before = present.of(event.environment)
        there = _follow_in(present, before, entry, event)
        environments = {**environments, event.environment: there}
        came = _arrive(came, event.environment, before, there)
    return Present(entry.seq, head, releases, environments, present.unbelieved, latest, came)


def _made(known: KnownRelease | None, entry: Entry, event: ReleaseCreated) -> KnownRelease:
    """Who made it first made it; another may say that it is for them as well, with the same content."""
    if known is not None:
        made_for = tuple(dict.fromkeys((*known.made_for, event.beside)))
        return replace(known, made_for=made_for)
    revision = (event.commit, event.uncommitted, event.author)
    return KnownRelease(event.release, entry.seq, entry.at, entry.actor, *revision, (event.beside,), event.others)


def _arrive(
    came: Mapping[str, Mapping[str, int]], environment: str, before: EnvironmentPresent, there: EnvironmentPresent
) -> Mapping[str, Mapping[str, int]]:
    """Which release came where, once another one runs in an environment. A rollback brings none."""
    done, ran = there.current, before.current
    if done is None or done.action not in {"apply", "promote"} or (ran is not None and ran.release == done.release):
        return came
    known, number = came.get(done.release, {}), done.seq
    if done.behind:
        number = known.get(environment, came.get(done.behind, {}).get(environment, done.seq))
    return {**came, done.release: {**known, environment: number}}


def disbelieved(entry: Entry, why: str) -> Unbelieved:
    environment = "" if isinstance(entry.event, ReleaseCreated) else entry.event.environment
    return Unbelieved(entry.seq, environment, entry.event.kind, entry.actor, entry.at, why)


def begin(entry: Entry, event: DeploymentStarted) -> Deployment:
    """The deployment that an entry begins."""
    release, settings, action, source = event.release, event.settings, event.action, event.source
    return Deployment(
        entry.seq,
        release,
        settings,
        action,
        source,
        entry.actor,
        entry.at,
        waiver=event.waiver,
        only=event.only,
        unpinned=event.unpinned,
        place=event.place,
        rules=event.rules,
        rules_before=event.rules_before,
        older=event.older,
        behind=event.behind,
    )


def end(begun: Deployment, event: Ending, at: datetime) -> Deployment:
    """The deployment as it ended."""
    match event:
        case DeploymentSucceeded():
            whole: Outcome = "partial" if begun.only else "succeeded"
            return replace(begun, outcome=whole, ended_at=at, changed=event.changed, lost=event.lost)
        case DeploymentFailed():
            outcome: Outcome = "interrupted" if event.interrupted else "failed"
        case DeploymentAbandoned():
            outcome = "abandoned"
    return replace(begun, outcome=outcome, ended_at=at, reason=event.reason)


def _follow_in(present: Present, there: EnvironmentPresent, entry: Entry, event: LocalEvent) -> EnvironmentPresent:
    match event:
        case DeploymentStarted():
            return _start(there, entry, event)
        case DeploymentSucceeded() | DeploymentFailed() | DeploymentAbandoned():
            return _end(present, there, entry, event)
        case VerificationPassed() | VerificationFailed():
            return follow_verification(there, entry.at, event)
        case DriftChecked():
            return follow_drift(there, entry, event)
        case WaiverUsed():
            return _waive(there, entry, event)
        case RolloutStarted() | TrafficShifted():
            return shifted(there, event)
        case RulesApproved() | RulesResetRequested() | RulesResetWithdrawn():
            return follow_rules(there, entry, event)
        case ImportStarted() | ImportEnded():
            return follow_import(there, entry, event)
        case StateMoved():
            return move_state(there, event)
        case _:
            return _say(there, entry, event)


def _say(
    there: EnvironmentPresent,
    entry: Entry,
    event: ApprovalGiven | ApprovalWithdrawn | EnvironmentLocked | EnvironmentUnlocked | HoldSet | HoldLifted,
) -> EnvironmentPresent:
    """What people say, which changes nothing of what runs."""
    match event:
        case ApprovalGiven():
            by = reviewer(event.reviewer, entry.actor, event.environment) if event.reviewer else entry.actor
            bound = (event.plan, event.place, event.unseen, event.rules, event.recorded)
            given = Approval(event.gate, event.release, event.settings, by, entry.at, *bound)
            return replace(there, approvals=(*there.approvals, given)[-APPROVALS:])
        case ApprovalWithdrawn():
            said = (event.gate, event.release)
            mine = [a for a in there.approvals if (a.gate, a.release) == said and has_same_name(a.by, entry.actor)]
            return replace(there, approvals=tuple(a for a in there.approvals if a not in mine))
        case EnvironmentLocked():
            return replace(there, lock=Lock(entry.actor, entry.at, event.reason))
        case EnvironmentUnlocked():
            return replace(there, lock=None)
        case HoldSet():
            hold = Hold(event.release, entry.actor, entry.at, event.reason)
            return replace(there, holds={**there.holds, event.release: hold})
        case HoldLifted():
            return replace(there, holds={name: h for name, h in there.holds.items() if name != event.release})
        case _:
            assert_never(event)


def _start(there: EnvironmentPresent, entry: Entry, event: DeploymentStarted) -> EnvironmentPresent:
    begun = begin(entry, event)
    # Whatever ran until now does not run undisturbed any longer.
    evidence = {release: proof.rest(entry.at) for release, proof in there.evidence.items()}
    debts = there.debts + tuple(waiver for waiver in there.waivers if waiver.waiver == event.waiver)
    coming = there.half_made | set(event.creates)
    if there.last is None:
        there = replace(there, began_with_rules=bool(event.rules))
    there = replace(there, last=begun, evidence=evidence, waivers=(), debts=debts, half_made=coming)
    if named := event.only or event.stacks:
        return replace(there, begun=there.begun | set(named))
    return replace(there, unnamed=(*there.unnamed, entry.seq)[-UNNAMED:])


def _end(present: Present, there: EnvironmentPresent, entry: Entry, event: Ending) -> EnvironmentPresent:
    begun = there.unfinished
    if begun is None or (begun.seq, begun.release) != (event.started, event.release):
        # An end that belongs to no open deployment says nothing about the present, least of all that it went well.
        return there
    done = end(begun, event, entry.at)
    if isinstance(event, DeploymentSucceeded) and not begun.only:
        return _succeed(present, there, done, event)
    if isinstance(event, DeploymentFailed | DeploymentSucceeded):
        there = replace(change_stacks(there, event), performed=_performed(there, event.release, event.performed))
    return replace(there, last=done, evidence=_without(there.evidence, begun.release))


def _succeed(
    present: Present, there: EnvironmentPresent, done: Deployment, event: DeploymentSucceeded
) -> EnvironmentPresent:
    if done.action == "destroy":
        empty: frozenset[str] = frozenset()
        there = replace(there, stacks=empty, begun=empty, half_made=empty, unnamed=(), renamed={})
        return replace(there, current=None, last=done, drift=None, traffic={})
    before = there.evidence.get(done.release)
    proof = Evidence(done, longest=before.longest, until=before.until) if before else Evidence(done)
    if done.unpinned:
        # Other code of a provider was at work: whatever was proven of the release is over, too.
        proof = Evidence(done, revoked=_unpinned(done))
    evidence = _latest(there.evidence, done.release, proof)
    performed = _performed(there, done.release, event.performed)
    return replace(
        record_rules(change_stacks(there, event), done),
        current=done,
        last=done,
        evidence=evidence,
        performed={release: did for release, did in performed.items() if release in evidence},
        # Now it is recorded which stacks it was of.
        unnamed=tuple(number for number in there.unnamed if number != done.seq),
        drift=None,
        holds=_holds_after(present, there, done),
        debts=() if _clears(there, done) else there.debts,
    )


def _latest(evidence: Mapping[str, Evidence], release: str, proof: Evidence) -> dict[str, Evidence]:
    """The proofs of the releases that were deployed last, oldest first."""
    kept = list(_without(evidence, release).items())[-(REMEMBERED - 1) :]
    return {**dict(kept), release: proof}


def _holds_after(present: Present, there: EnvironmentPresent, done: Deployment) -> Mapping[str, Hold]:
    """A newer release that came by the normal way lifts the hold on those before it."""
    if done.action == "rollback":
        return there.holds
    return {release: hold for release, hold in there.holds.items() if not present.newer(done.release, release)}


def _clears(there: EnvironmentPresent, done: Deployment) -> bool:
    """Whether that was a normal promotion; in the entry environment, where nothing is promoted to, other code."""
    if done.waiver:
        return False
    other = there.current is None or there.current.release != done.release
    return done.action == "promote" or (done.action == "apply" and other)


def _unpinned(done: Deployment) -> str:
    return f"it was deployed there with {', '.join(done.unpinned)} in place of what the release pins"


def _waive(there: EnvironmentPresent, entry: Entry, event: WaiverUsed) -> EnvironmentPresent:
    debt = Debt(entry.seq, event.release, entry.actor, entry.at, event.reason, event.guards, event.refusals)
    begun = there.unfinished
    if begun and begun.seq == event.started:
        return replace(there, last=replace(begun, waiver=entry.seq), debts=(*there.debts, debt))
    # Owed once the deployment that it is for has begun.
    return replace(there, waivers=(*there.waivers, debt))


def _performed(there: EnvironmentPresent, release: str, more: Iterable[str]) -> dict[str, frozenset[str]]:
    done = there.performed.get(release, frozenset()) | frozenset(more)
    return {**there.performed, release: done} if done else dict(there.performed)


def _without(evidence: Mapping[str, Evidence], release: str) -> dict[str, Evidence]:
    return {name: proof for name, proof in evidence.items() if name != release}
