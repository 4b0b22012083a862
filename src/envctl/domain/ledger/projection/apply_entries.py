"""The projection: a pure fold of ledger entries into the ledger state; deployments, locks and holds themselves."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from envctl.domain.ledger import events
from envctl.domain.ledger.entries import READINGS_FORMAT, Entry, NewerEntryError
from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.people.person_names import list_names
from envctl.domain.ledger.projection.approvals import apply_approval, apply_rules_event, drop_approvals
from envctl.domain.ledger.projection.evidence import apply_drift_check, apply_verification
from envctl.domain.ledger.projection.stacks import apply_import_event, apply_state_move, apply_traffic_event
from envctl.domain.ledger.projection.waivers import apply_waiver_event, list_unpaid_debts, start_debts
from envctl.domain.ledger.recorded_rules import RulesRecord
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import (
    EMPTY_ENVIRONMENT,
    Approval,
    Deployment,
    DistrustedEntry,
    EnvironmentState,
    Evidence,
    Hold,
    LedgerState,
    Lock,
    Outcome,
)
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed
from envctl.domain.plan.cluster_identity import decode_clusters

# Limits per environment keep the checkpoint small. Dropped evidence and approvals no longer count.
MAX_EVIDENCE = 100
MAX_UNBELIEVED = 20
MAX_UNNAMED = 20


def apply_entries(
    entries: Iterable[Entry], start: LedgerState | None = None, doubt: Callable[[Entry], str] = lambda _: ""
) -> LedgerState:
    """Return the state after these entries, applied to `start`: by default the empty ledger. `doubt` returns the reason
    to distrust an entry, or an empty string.
    """
    ledger = start or LedgerState()
    for entry in entries:
        ledger = apply_entry(ledger, entry, doubt(entry))
    return ledger


def apply_entry(
    ledger: LedgerState, entry: Entry, doubt: str = "", use: str = "", *, unsigned: bool = False
) -> LedgerState:
    """Return the state after one more entry. A distrusted entry keeps its place in the chain, and changes nothing else.
    No entry counts as earlier than the one before it. `use` names the key that signed it; empty if none did.
    `unsigned` tells that the pipeline signs, and this entry beside it need not.
    """
    event, head, latest = entry.event, entry.digest, max(entry.at, ledger.at or entry.at)
    # After an entry from a fast clock, `stored_at` is the true time.
    entry = replace(entry, at=entry.stored_at or latest)
    if doubt:
        unbelieved = (*ledger.unbelieved, to_unbelieved(entry, doubt))[-MAX_UNBELIEVED:]
        return replace(ledger, seq=entry.seq, head=head, unbelieved=unbelieved)
    releases, environments, came = ledger.releases, ledger.environments, ledger.came
    if isinstance(event, ReleaseCreated):
        releases = {**releases, event.release: _add_release(releases.get(event.release), entry, event, unsigned)}
    else:
        for each in events.split_event(event):
            before = environments.get(each.environment, EMPTY_ENVIRONMENT)
            state = _apply_event(ledger, before, entry, each)
            environments = {**environments, each.environment: state}
            came = _record_arrival(came, each.environment, before, state)
    return LedgerState(
        seq=entry.seq,
        head=head,
        releases=releases,
        environments=environments,
        unbelieved=ledger.unbelieved,
        at=latest,
        came=came,
        has_readings=ledger.has_readings or entry.format >= READINGS_FORMAT,
        began={use: entry.seq, **ledger.began} if use and use not in ledger.began else ledger.began,
    )


def _add_release(
    known: KnownRelease | None, entry: Entry, event: ReleaseCreated, unsigned: bool = False
) -> KnownRelease:
    """Return the created release. A second entry of the same content adds its environment, or its commit by now.

    An unsigned one says nothing of a release that was signed.
    """
    if known is not None and known.uncommitted and not event.uncommitted and event.beside in known.made_for:
        return _add_commit(known, entry, event)
    if known is not None and event.beside in known.made_for:
        return known
    made_for = (*known.made_for, event.beside) if known is not None else (event.beside,)
    if known is not None and unsigned and not known.unsigned:
        return replace(known, made_for=made_for)
    if known is not None and unsigned == known.unsigned:
        others, unknown = _join_makers(known, entry, event), known.unknown_authors or event.unknown_authors
        return replace(known, made_for=made_for, others=others, unknown_authors=unknown)
    return KnownRelease(
        release=event.release,
        seq=entry.seq,
        at=entry.at,
        by=entry.actor,
        commit=event.commit,
        uncommitted=event.uncommitted,
        author=event.author,
        made_for=made_for,
        others=event.others,
        subject=event.subject,
        request=event.request,
        unknown_authors=event.unknown_authors,
        differences=event.differences,
        different=event.different,
        unsigned=unsigned,
    )


def _add_commit(known: KnownRelease, entry: Entry, event: ReleaseCreated) -> KnownRelease:
    """Return the release as one of a commit. The makers of both entries are its makers."""
    return replace(
        known,
        commit=event.commit,
        uncommitted=False,
        author=event.author,
        others=_join_makers(known, entry, event),
        subject=event.subject,
        request=event.request,
        unknown_authors=event.unknown_authors,
        differences=(),
        different=0,
    )


def _join_makers(known: KnownRelease, entry: Entry, event: ReleaseCreated) -> tuple[str, ...]:
    makers = (*known.others, known.author, *event.others, event.author, *list_names(entry.actor))
    return tuple(dict.fromkeys(name for name in makers if name))


def _record_arrival(
    came: Mapping[str, Mapping[str, int]], environment: str, before: EnvironmentState, state: EnvironmentState
) -> Mapping[str, Mapping[str, int]]:
    """Record the arrival of a release in an environment, if another one ran before. Rollbacks do not count."""
    done, ran = state.current, before.current
    if done is None or done.action not in {"apply", "promote"} or (ran is not None and ran.release == done.release):
        return came
    known, number = came.get(done.release, {}), done.seq
    if done.behind:
        number = known.get(environment, came.get(done.behind, {}).get(environment, done.seq))
    return {**came, done.release: {**known, environment: number}}


def skip_newer(ledger: LedgerState, entry: NewerEntryError, head: str, why: str) -> LedgerState:
    """Return the state after a distrusted entry of a newer format: it keeps its place, and changes nothing else."""
    at = ledger.at or datetime.fromtimestamp(0, UTC)
    what = "an entry of a newer format"
    unbelieved = DistrustedEntry(entry.seq, entry.environment, what, events.ANONYMOUS, at, why)
    return replace(ledger, seq=entry.seq, head=head, unbelieved=(*ledger.unbelieved, unbelieved)[-MAX_UNBELIEVED:])


def to_unbelieved(entry: Entry, why: str) -> DistrustedEntry:
    environment = "" if isinstance(entry.event, ReleaseCreated) else entry.event.environment
    return DistrustedEntry(entry.seq, environment, entry.event.kind, entry.actor, entry.at, why)


def to_deployment(entry: Entry, event: events.DeploymentStarted) -> Deployment:
    """Return the deployment started by the entry."""
    release, settings, action, source = event.release, event.settings, event.action, event.source
    return Deployment(
        seq=entry.seq,
        release=release,
        settings=settings,
        action=action,
        source=source,
        by=entry.actor,
        started_at=entry.at,
        waiver=event.waiver,
        only=event.only,
        unpinned=event.unpinned,
        place=event.place,
        rules=event.rules,
        rules_before=event.rules_before,
        older=event.older,
        behind=event.behind,
        program=event.program,
        program_sha256=event.program_sha256,
        commit=event.commit,
        least_version=event.least_version,
    )


def close_deployment(begun: Deployment, event: events.Ending, at: datetime) -> Deployment:
    """Return the deployment with its outcome."""
    match event:
        case events.DeploymentSucceeded():
            whole: Outcome = "partial" if begun.only else "succeeded"
            return replace(begun, outcome=whole, ended_at=at, changed=event.changed, lost=event.lost)
        case events.DeploymentFailed():
            outcome: Outcome = "interrupted" if event.interrupted else "failed"
        case events.DeploymentAbandoned():
            outcome = "abandoned"
    existing = event.existing if isinstance(event, events.DeploymentFailed) else ()
    return replace(begun, outcome=outcome, ended_at=at, reason=event.reason, existing=existing)


def _apply_event(  # noqa: C901, PLR0912 (one case a kind of event)
    ledger: LedgerState, state: EnvironmentState, entry: Entry, event: events.LocalEvent
) -> EnvironmentState:
    match event:
        case events.DeploymentStarted():
            return _apply_start(state, entry, event)
        case events.DeploymentSucceeded():
            return _apply_success(ledger, state, entry, event)
        case events.DeploymentFailed() | events.DeploymentAbandoned():
            return _apply_failure(state, entry, event)
        case events.VerificationPassed() | events.VerificationFailed():
            return apply_verification(state, entry.at, event)
        case events.DriftChecked():
            return apply_drift_check(state, entry, event)
        case events.WaiverUsed() | WaiverGiven() | WaiverReviewed():
            return apply_waiver_event(state, entry, event)
        case RolloutStarted() | TrafficShiftStarted() | TrafficShifted():
            return apply_traffic_event(state, entry.at, event)
        case RulesApproved() | RulesResetRequested() | RulesResetWithdrawn():
            return apply_rules_event(state, entry, event, has_readings=ledger.has_readings)
        case ImportStarted() | ImportEnded():
            return apply_import_event(state, entry, event)
        case StateMoved():
            return apply_state_move(state, event)
        case HistoryVouched():
            return replace(state, vouched=max(state.vouched, event.number))
        case events.ApprovalGiven() | events.ApprovalWithdrawn():
            return apply_approval(state, entry, event, has_readings=ledger.has_readings)
        case _:
            return _apply_lock_or_hold(state, entry, event)


def _apply_start(state: EnvironmentState, entry: Entry, event: events.DeploymentStarted) -> EnvironmentState:
    begun = to_deployment(entry, event)
    # A deployment interrupts the soak time of all releases.
    evidence = {release: proof.end_stay(entry.at) for release, proof in state.evidence.items()}
    coming = state.half_made | set(event.creates)
    if state.last is None:
        state = replace(state, began_with_rules=bool(event.rules))
    if state.waivers:
        state = start_debts(state, event.waiver)
    state = replace(state, last=begun, evidence=evidence, half_made=coming)
    if event.clusters:
        known = {**state.clusters, **decode_clusters(event.clusters)}
        state = replace(state, clusters={stack: recorded for stack, recorded in known.items() if recorded})
    if named := event.only or event.stacks:
        return replace(state, begun=state.begun | set(named))
    return replace(state, unnamed=(*state.unnamed, entry.seq)[-MAX_UNNAMED:])


def _apply_success(
    ledger: LedgerState, state: EnvironmentState, entry: Entry, event: events.DeploymentSucceeded
) -> EnvironmentState:
    begun = state.unfinished_deployment
    if begun is None or (begun.seq, begun.release) != (event.started, event.release):
        # An end without its open deployment is ignored.
        return state
    done = close_deployment(begun, event, entry.at)
    if begun.only:
        return _apply_partial_end(state, done, event)
    if done.action == "destroy":
        empty: frozenset[str] = frozenset()
        state = replace(state, stacks=empty, begun=empty, half_made=empty, unnamed=(), renamed={}, clusters={})
        return replace(state, current=None, last=done, drift=None, traffic={})
    before = state.evidence.get(done.release)
    proof = (
        Evidence(deployment=done, longest=before.longest, until=before.until) if before else Evidence(deployment=done)
    )
    if done.unpinned:
        # Other provider code ran: earlier evidence of the release is void.
        # Part of recorded checkpoints: this text must not change.
        why = f"it was deployed there with {', '.join(done.unpinned)} in place of what the release pins"
        proof = Evidence(deployment=done, revoked=why)
    # The evidence of the releases deployed last, oldest first.
    others = [(release, each) for release, each in state.evidence.items() if release != done.release]
    evidence = {**dict(others[-(MAX_EVIDENCE - 1) :]), done.release: proof}
    return replace(
        _record_rules(_apply_stacks(state, event), done),
        current=done,
        last=done,
        evidence=evidence,
        performed=_add_performed(state, done.release, event.performed),
        # Its stacks are recorded now.
        unnamed=tuple(number for number in state.unnamed if number != done.seq),
        drift=None,
        holds=_lift_holds(ledger, state, done),
        approvals=_end_approvals(state, done),
        debts=list_unpaid_debts(state, done) if state.debts else (),
    )


def _apply_failure(
    state: EnvironmentState, entry: Entry, event: events.DeploymentFailed | events.DeploymentAbandoned
) -> EnvironmentState:
    begun = state.unfinished_deployment
    if begun is None or (begun.seq, begun.release) != (event.started, event.release):
        # An end without its open deployment is ignored.
        return state
    return _apply_partial_end(state, close_deployment(begun, event, entry.at), event)


def _apply_partial_end(state: EnvironmentState, done: Deployment, event: events.Ending) -> EnvironmentState:
    """Apply the end of a deployment of some stacks, or of one that failed: parts of several releases may run."""
    if isinstance(event, events.DeploymentFailed | events.DeploymentSucceeded):
        state = _apply_stacks(state, event)
    performed = _add_performed(state, event.release, event.performed)
    left = {release: each for release, each in state.evidence.items() if release != done.release}
    return replace(state, last=done, evidence=left, performed=performed)


def _apply_stacks(
    state: EnvironmentState, event: events.DeploymentSucceeded | events.DeploymentFailed
) -> EnvironmentState:
    """Apply what a deployment did to the stacks, at the end of any but a complete destroy."""
    done, gone = set(event.stacks), set(event.left)
    forgot = set(event.forgot if isinstance(event, events.DeploymentSucceeded) else ())
    untouched = set(event.untouched if isinstance(event, events.DeploymentFailed) else ())
    renamed, traffic, clusters = dict(state.renamed), dict(state.traffic), dict(state.clusters)
    if isinstance(event, events.DeploymentSucceeded) and event.clusters:
        clusters |= decode_clusters(event.clusters)
    for name in done | gone | forgot:
        renamed.pop(name, None)
    for name in gone | forgot:
        traffic.pop(name, None)
        clusters.pop(name, None)
    return replace(
        state,
        stacks=(state.stacks | done) - gone - forgot,
        half_made=state.half_made - done - gone - forgot - untouched,
        renamed=renamed,
        traffic=traffic,
        clusters=clusters,
        # A deployed stack is managed again.
        forgotten=(state.forgotten | forgot) - done,
    )


def _end_approvals(state: EnvironmentState, done: Deployment) -> tuple[Approval, ...]:
    """Return the approvals, with those ended that the deployment of a whole release rested on: given before it."""
    approvals = list(state.approvals)
    for index, each in enumerate(approvals):
        if each.release == done.release and each.seq < done.seq and not each.ended:
            approvals[index] = replace(each, ended=done.seq)
    return tuple(approvals)


def _lift_holds(ledger: LedgerState, state: EnvironmentState, done: Deployment) -> Mapping[str, Hold]:
    """Return the holds, without those on releases older than the one just promoted or applied. The gates have lifted
    that of a promoted release.
    """
    if done.action == "rollback" or not state.holds:
        return state.holds
    lifted = done.release if done.action == "promote" and not done.waiver else ""
    holds = state.holds.items()
    return {name: hold for name, hold in holds if name != lifted and not ledger.is_newer(done.release, name)}


def _add_performed(state: EnvironmentState, release: str, more: Iterable[str]) -> dict[str, frozenset[str]]:
    """Add to what all deployments of a release did, whatever came between them. The releases deployed last remain."""
    others = dict(state.performed)
    done = others.pop(release, frozenset()) | frozenset(more)
    latest = list(others.items())[-(MAX_EVIDENCE - 1) :]
    return dict([*latest, (release, done)] if done else latest)


def _record_rules(state: EnvironmentState, done: Deployment) -> EnvironmentState:
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


def _apply_lock_or_hold(
    state: EnvironmentState,
    entry: Entry,
    event: events.EnvironmentLocked | events.EnvironmentUnlocked | events.HoldSet | events.HoldLifted,
) -> EnvironmentState:
    match event:
        case events.EnvironmentLocked():
            # A lock ends the waivers given before it.
            return replace(state, lock=Lock(entry.actor, entry.at, event.reason), given_waivers=())
        case events.EnvironmentUnlocked():
            return replace(state, lock=None)
        case events.HoldSet():
            hold = Hold(event.release, entry.actor, entry.at, event.reason)
            return replace(drop_approvals(state, event.release), holds={**state.holds, event.release: hold})
        case events.HoldLifted():
            return replace(state, holds={name: h for name, h in state.holds.items() if name != event.release})
        case _:
            assert_never(event)
